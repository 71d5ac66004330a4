"""The command line: which commands there are, and how each error ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

from bot.commands import version
from bot.commands.exits import (
    CANNOT_RUN,
    INTERRUPTED,
    StoppedError,
    ended,
    flushed,
    interrupted,
    leave,
    no_reader,
    refuse,
    system_said_no,
    unforeseen,
)
from bot.commands.plain_help import PlainGroup
from bot.terminal.output import make_writable
from bot.told import ToldError

cli = typer.Typer(
    name="invoice-bot",
    cls=PlainGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@cli.callback()
def _options(
    *,
    version_wanted: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=version.print_and_stop, help="Print the version.")
    ] = False,
) -> None:
    """Is this Syncro ticket billed? Answers with proof, in Slack or here."""


_ENDINGS: tuple[tuple[tuple[type[BaseException], ...], Callable[[Any], int]], ...] = (
    ((StoppedError,), lambda stopped: refuse(str(stopped), status=INTERRUPTED)),
    ((typer.Abort, KeyboardInterrupt), interrupted),
    ((ToldError,), lambda error: refuse(*error.problems)),
    ((typer.BadParameter,), lambda error: refuse(_bad_value(error))),
    ((TyperException,), lambda error: _wrong_call(error.format_message())),
    ((SystemExit,), ended),
    ((BrokenPipeError,), no_reader),
    ((OSError,), system_said_no),
    ((BaseException,), unforeseen),
)
"""What becomes of each error, the first that fits: a line for people, and the exit status."""


_FOR_US_ALONE = 0o077
"""Whatever file is made (the database and what stands beside it, locks, copies), its owner alone may read it."""
_COMPLETION = (["--install-completion"], ["--show-completion"])


def main() -> NoReturn:
    """Run the command line. Every error is one clear line on stderr; a wrong call ends with status 3."""
    os.umask(_FOR_US_ALONE)
    make_writable()
    try:
        status = cli(standalone_mode=False)
        if status == INTERRUPTED:  # which is what typer makes of it
            raise KeyboardInterrupt
        if status and sys.argv[1:2] in _COMPLETION:  # a shell that typer does not know: 1 would say "not invoiced"
            status = CANNOT_RUN
    except BaseException as error:  # noqa: BLE001 - whatever comes, it is no traceback and not status 1
        status = next(end(error) for kinds, end in _ENDINGS if isinstance(error, kinds))
    if status == INTERRUPTED:
        # Threads that wait for the rate limit would hold the exit, for minutes. What was read is kept already.
        leave(INTERRUPTED)
    sys.exit(flushed(status if isinstance(status, int) else 0))


def _bad_value(error: typer.BadParameter) -> str:
    """A sentence of our own as it is, and no format of Python for a date."""
    if error.param is None:
        return str(error.message)
    if error.param.type_descriptor.is_datetime:
        return f"{error.param.opts[0]} takes a date, such as 2026-11-01."
    return str(error.format_message())


def _wrong_call(message: str) -> int:
    """Called without a command it has printed its help, and has nothing to add."""
    return refuse(message) if message else 0
