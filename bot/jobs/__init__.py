"""Durable work: a question, once stored, gets its one answer, whatever happens to the process."""
