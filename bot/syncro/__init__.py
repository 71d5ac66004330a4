"""Read-only client of Syncro's API: session, rate budget, retries, paging, typed models."""
