"""Every message that the code can make, on one page: `python -m tests.samples`."""
