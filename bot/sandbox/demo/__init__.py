"""`invoice-bot demo`: what it plays, shows and asks."""
