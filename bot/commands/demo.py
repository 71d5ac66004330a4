"""`invoice-bot demo`: the bot at work on sample data."""

from __future__ import annotations

from typing import Annotated

import typer


def demo(
    command: Annotated[
        list[str] | None, typer.Option(help='Ask only this, such as "/invoice-check 32223"; may be repeated.')
    ] = None,
    show_blocks: Annotated[
        bool, typer.Option("--show-blocks", help="Print a Block Kit Builder link for each message.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Show long threads in full.")] = False,
) -> None:
    """See the bot at work on sample data. Needs neither Slack nor Syncro, nor any setting."""
    from bot.sandbox.demo.show import Wishes, run  # the stand-ins are of no use to the other commands

    raise typer.Exit(run(Wishes(tuple(command or ()), full=full, show_blocks=show_blocks)))
