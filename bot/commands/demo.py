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
    web: Annotated[bool, typer.Option("--web", help="Show the sample Slack as a page in the browser.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="With --web: its port; 0 takes a free one.")] = 0,
) -> None:
    """See the bot at work on sample data. Needs neither Slack nor Syncro, nor any setting."""
    # The stand-ins are of no use to the other commands.
    if web:
        from bot.sandbox.web.show import run_web

        raise typer.Exit(run_web(port))
    from bot.sandbox.demo.show import Wishes, run

    raise typer.Exit(run(Wishes(tuple(command or ()), full=full, show_blocks=show_blocks)))
