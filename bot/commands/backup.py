"""`invoice-bot backup`, `restore` and `move-to`: the database copied, put back, and moved to Postgres."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import sqlalchemy
import typer
from pydantic import SecretStr, ValidationError

from bot.commands.startup import prepare
from bot.composition import parts
from bot.counting import counted
from bot.jobs.moving import move
from bot.settings import Settings
from bot.store import backup as copies


def backup(
    file: Annotated[Path, typer.Argument(help="Where the copy goes; only its owner may read it.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file where there is one.")] = False,
) -> None:
    """Copy the database (SQLite) into a file while the bot runs, and look the copy over. Exit status: 0 or 3."""
    contents = copies.back_up(_database(), file, overwrite=force)
    sys.stdout.write(f"{file} holds {_in_words(contents)}, and is whole.\n")


def restore(
    file: Annotated[Path, typer.Argument(help="A copy that `invoice-bot backup` has made.")],
    force: Annotated[bool, typer.Option("--force", help="Do not keep the present database beside it.")] = False,
) -> None:
    """Put a backup in the place of the database (SQLite); the bot must be stopped. Exit status: 0 or 3."""
    database = _database()
    contents, kept = copies.restore(database, file, now=parts.utc_now(), overwrite=force)
    sys.stdout.write(f"{database.database} holds {_in_words(contents)}, from {file}.\n")
    if kept is not None:
        sys.stdout.write(f"What was there before is kept as {kept}.\n")


def move_to(
    address: Annotated[str, typer.Argument(help="An empty database: postgresql://USER:PASSWORD@HOST/DATABASE.")],
) -> None:
    """Copy the database (SQLite) with everything in it into a Postgres one; the bot must be stopped.

    Exit status: 0 or 3.
    """
    source, target = _database(), _postgres(address)
    if source.get_backend_name() != "sqlite":
        raise typer.BadParameter("DATABASE_URL is a Postgres database already; pg_dump and pg_restore move that.")
    if not Path(source.database or "").is_file():
        raise typer.BadParameter(f"There is no database {source.database} to move. Check DATABASE_URL.")
    with copies.held(source):
        moved = move(source, target)
    for table, rows in moved.items():
        if rows:
            sys.stdout.write(f"{rows:>9,}  {table}\n")
    sys.stdout.write(
        f"{counted(sum(moved.values()), 'row')} moved to {target.render_as_string()}, and counted there. "
        f"Set DATABASE_URL to it, and start the bot. {source.database} is as it was, and no longer needed.\n"
    )


def _postgres(address: str) -> sqlalchemy.URL:
    try:
        settings = Settings(_env_file=None, database_url=SecretStr(address))
        target = sqlalchemy.make_url(settings.database_url.get_secret_value())
    except ValidationError:
        target = None
    if target is None or target.get_backend_name() == "sqlite":
        raise typer.BadParameter("Give postgresql://USER:PASSWORD@HOST/DATABASE, the password percent-encoded.")
    return target


def _database() -> sqlalchemy.URL:
    return sqlalchemy.make_url(prepare().database)


def _in_words(contents: copies.Contents) -> str:
    rows = counted(sum(contents.rows.values()), "row")
    return f"{rows} in {counted(len(contents.rows), 'table')} ({contents.size / 1e6:,.1f} MB)"
