"""`python -m bot` is `invoice-bot`."""

from bot.cli import main

if __name__ == "__main__":
    main()
