"""The composition root: where the parts of the bot are built and put together. Nothing here decides."""
