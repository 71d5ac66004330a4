"""The command line: which commands there are, and how each error ends."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from bot.commands import check, demo, digest, doctor, policy, serve, sync, version
from bot.commands.exits import CANNOT_RUN, INTERRUPTED, leave, refuse
from bot.jobs.digest_making import DigestFailedError
from bot.jobs.engine import DatabaseInUseError, DatabaseUnavailableError
from bot.messages.poster import SlackUnavailableError
from bot.settings import SettingsError
from bot.slack_connection import SlackRefusedError
from bot.store.migrations import StoreTooNewError

_COMMANDS = (
    check.check,
    digest.digest,
    sync.sync,
    policy.policy,
    serve.serve,
    serve.worker,
    demo.demo,
    doctor.doctor,
    version.version,
)
"""In the order of the help. A command is a file of its own in `bot.commands`, and a line here."""

_REFUSALS = (
    DatabaseInUseError,
    DatabaseUnavailableError,
    DigestFailedError,
    SlackUnavailableError,
    StoreTooNewError,
    SlackRefusedError,
)
"""Errors whose text is for people: what happened, to what, and what to do."""


cli = typer.Typer(
    name="invoice-bot",
    help="Is this Syncro ticket billed? Answers with proof, in Slack or here.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _command in _COMMANDS:
    cli.command()(_command)


def main() -> NoReturn:
    """Run the command line. Every error is one clear line on stderr; a wrong call ends with status 3."""
    try:
        status = cli(standalone_mode=False)
    except typer.Exit as done:
        status = done.exit_code
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except SettingsError as error:
        status = refuse(*error.problems)
    except _REFUSALS as error:
        status = refuse(str(error))
    except TyperException as error:
        # Called without a command it has printed its help, and has nothing to add.
        message = error.format_message()
        status = refuse(message) if message else 0
    except BrokenPipeError:
        sys.stderr.close()
        status = CANNOT_RUN
    if status == INTERRUPTED:
        # Threads that wait for the rate limit would hold the exit, for minutes. What was read is kept already.
        leave(INTERRUPTED)
    sys.exit(status if isinstance(status, int) else 0)
