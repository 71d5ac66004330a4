"""Does the reads of a search: over HTTP, many at a time, and from the ledger."""
