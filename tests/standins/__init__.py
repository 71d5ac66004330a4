"""The stand-ins of `bot.sandbox` as tests need them: told to go wrong, and with people who press buttons."""
