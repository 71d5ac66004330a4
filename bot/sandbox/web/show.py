"""`invoice-bot demo --web`: the sample Slack as a page in the browser."""

from __future__ import annotations

import os
import sys
import webbrowser
from contextlib import ExitStack, suppress

from rich.console import Console

from bot.sandbox.demo.screen import Screen
from bot.sandbox.demo.show import OpenStage, ending_on_signals, refuse
from bot.sandbox.demo.stage import StageError, open_stage
from bot.sandbox.web.server import address_of, listen, serve


def run_web(port: int, opening: OpenStage = open_stage) -> int:
    """Serve the page until Ctrl-C, and return the exit status; at the end neither a process nor a file is left."""
    screen = Screen(Console(highlight=False))
    try:
        with ending_on_signals(), ExitStack() as stack:
            listening = stack.enter_context(listen(port))
            screen.header()
            with screen.waiting("Starting the bot…"):
                stage = stack.enter_context(opening())
            serve(stage, listening, lambda: _invite(screen, address_of(listening)))
    except StageError as error:
        return refuse(str(error), error.log)
    except OSError as error:
        return refuse(f"Port {port} cannot be used ({error.strerror}). Choose another with --port, or leave it out.")
    except KeyboardInterrupt:
        pass
    return 0


def _invite(screen: Screen, address: str) -> None:
    screen.say(f"\nOpen {address} in your browser. Ctrl-C ends the demo.")
    if sys.stdout.isatty() and _has_windows():
        with suppress(webbrowser.Error):
            webbrowser.open(address)


def _has_windows() -> bool:
    """Say whether a browser can open a window. Without one, Python would open a browser of text in the terminal."""
    return sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
