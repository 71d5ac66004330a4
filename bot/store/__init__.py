"""What the bot remembers between runs, in SQLite or Postgres."""
