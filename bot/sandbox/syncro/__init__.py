"""A stand-in Syncro: a world of customers, tickets and invoices, and the API that reads it."""
