"""A Slack bot for managed service providers on Syncro: is this ticket billed?"""

__version__ = "0.1.0"
