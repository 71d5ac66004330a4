"""Keeping the ledger current."""
