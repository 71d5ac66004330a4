"""The search for an invoice that bills a ticket."""
