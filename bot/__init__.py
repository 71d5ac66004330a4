"""A Slack bot for managed service providers on Syncro: it proves whether a ticket is billed."""

__version__ = "0.1.0"
