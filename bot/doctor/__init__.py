"""`invoice-bot doctor`: looks whether everything that the bot needs is in place. It changes nothing."""
