"""`invoice-bot`, and `python -m bot`: what must hold before anything else is loaded.

Ctrl-C while modules load, and a module that cannot be loaded, would end in a traceback and with status 1, which says
that a ticket is not invoiced; SIGTERM with a failure that nobody sees.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

CANNOT_RUN = 3
INTERRUPTED = 130
SERVICES = frozenset({"serve", "worker"})
"""What a process manager runs. Told to stop, they end well, from the first moment."""


def main() -> NoReturn:
    """Load the command line and run it."""
    if SERVICES & set(sys.argv[1:2]):
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    try:
        from bot.cli import main as run
    except Exception as error:  # noqa: BLE001 - whatever it is, nothing can be run
        sys.stderr.write(f"invoice-bot: It cannot be loaded ({type(error).__name__}: {error}). Install it anew.\n")
        sys.exit(CANNOT_RUN)
    signal.signal(signal.SIGINT, usual)
    try:
        run()
    except KeyboardInterrupt:  # while another error was being told
        _leave()
    finally:
        if usual is signal.default_int_handler:
            signal.signal(signal.SIGINT, _leave)  # also while Python winds up


def _leave(*_: object) -> NoReturn:
    """End at once."""
    os.write(2, b"invoice-bot: Stopped by Ctrl-C.\n")
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()
