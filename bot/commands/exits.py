"""How a command ends. Status 1 says that a ticket is not invoiced, and nothing else ever ends with it."""

from __future__ import annotations

import logging
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from bot.terminal.output import discard
from bot.words.plain import one_line

log = logging.getLogger(__name__)

CANNOT_RUN = 3
"""Exit status: configuration, authentication, or a service out of reach."""
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""
NO_READER = 141
"""Exit status when nobody reads the output any more (`| head -1`), as shells have it."""


class StoppedError(Exception):
    """Ctrl-C, with a line for people of its own."""


def refuse(*sentences: str, status: int = CANNOT_RUN) -> int:
    """Say on stderr, a line each, why the command cannot run. Returns its exit status."""
    with suppress(OSError, ValueError):  # there may be nobody to tell
        for sentence in sentences:
            sys.stderr.write(f"invoice-bot: {one_line(sentence)}\n")
    return status


def interrupted(_: BaseException) -> int:
    """Ctrl-C."""
    return refuse("Stopped by Ctrl-C.", status=INTERRUPTED)


def ended(leaving: SystemExit) -> int:
    """Left with a status of its own, as completion does and signals do. 1 is Rich's, where nobody reads any more."""
    code = leaving.code or 0
    return code if isinstance(code, int) and code != 1 else no_reader(leaving)


def no_reader(_: BaseException) -> int:
    """Nobody reads the output any more."""
    discard(sys.stdout)
    return refuse("Stopped, because nobody reads the output any more.", status=NO_READER)


def system_said_no(error: OSError) -> int:
    """The disk is full, a file may not be read, and the like."""
    discard(sys.stdout)
    about = f": {error.filename}" if error.filename else ""
    return refuse(f"{error.strerror or type(error).__name__}{about}.")


def unforeseen(error: BaseException) -> int:
    """An error of our own. Its text is not shown: nobody knows what it holds."""
    log.debug("Unforeseen", exc_info=error)
    root = Path(__file__).parents[1]
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if root in Path(frame.filename).parents]
    where = f" in bot/{Path(places[-1].filename).relative_to(root)}, line {places[-1].lineno}" if places else ""
    return refuse(
        f"Stopped by an error that nobody foresaw ({type(error).__name__}{where}). "
        "Please report it; with LOG_LEVEL=DEBUG the log says more."
    )


def flushed(status: int) -> int:
    """Write out what is still kept back. Returns the status to end with, another one where that failed."""
    try:
        sys.stdout.flush()
    except BrokenPipeError as error:
        status = no_reader(error)
    except OSError as error:
        status = system_said_no(error)
    try:
        sys.stderr.flush()
    except OSError:
        discard(sys.stderr)
    return status


def leave(status: int) -> NoReturn:
    """End without waiting for threads."""
    os._exit(flushed(status))
