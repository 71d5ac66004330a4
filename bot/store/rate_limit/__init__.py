"""One rate budget for all processes on a database."""
