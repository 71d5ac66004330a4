"""What a digest says: totals, ages, changes, and the forms for machines."""
