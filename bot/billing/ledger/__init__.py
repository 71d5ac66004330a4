"""What is remembered of invoices and tickets, and when it still counts as read."""
