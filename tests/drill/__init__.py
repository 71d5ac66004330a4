"""Power cuts and faults of every kind, at random moments, over the real processes; and what became of each question."""
