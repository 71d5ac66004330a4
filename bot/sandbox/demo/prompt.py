"""The demo's prompt: whoever has seen the tour asks the bot themselves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from bot.sandbox.demo.screen import Screen
from bot.sandbox.demo.stage import Exchange, Question, as_question

PROMPT = "demo> "
THREAD_LINES = 20
_QUIT = frozenset({"quit", "exit", "q", ":q"})
_HELP = (
    "  /invoice-check 32223   ask the bot; several numbers and ranges work too\n"
    "  /invoice-check help    the bot's own help\n"
    "  @bot 32223             mention the bot in #billing\n"
    "  tickets                the sample tickets, and what each shows\n"
    "  blocks                 Block Kit Builder links of the last answer's messages\n"
    "  quit                   or Ctrl-D: end"
)


class Prompt:
    """Reads lines until the person has had enough. `ask` puts a question to the bot and shows its answer."""

    def __init__(self, screen: Screen, ask: Callable[[Question, int], Exchange], last: Exchange | None) -> None:
        self._screen = screen
        self._ask = ask
        self._last = last

    def run(self) -> None:
        """Answer each line; Ctrl-D and Ctrl-C end it as `quit` does."""
        with suppress(ImportError):
            import readline  # noqa: F401 - gives input() line editing and a history, where there is one
        self._screen.say("\nYour turn. These tickets are there to ask for:")
        self._screen.tickets()
        self._screen.say("Type /invoice-check 32311, or @bot 32223, tickets, blocks, help, quit.")
        while True:
            try:
                line = input(PROMPT).strip()
            except (EOFError, KeyboardInterrupt):
                self._screen.say("")
                return
            if line.lower() in _QUIT:
                return
            self._answer(line)

    def _answer(self, line: str) -> None:
        question = as_question(line)
        if question is not None:
            self._last = self._ask(question, THREAD_LINES)
        elif line.lower() == "tickets":
            self._screen.tickets()
        elif line.lower() == "blocks":
            self._blocks()
        elif line.lower() in ("help", "?"):
            self._screen.say(_HELP)
        elif line:
            self._screen.say(f"The bot would not hear that. Type one of these:\n{_HELP}")

    def _blocks(self) -> None:
        if self._last is None:
            self._screen.say("Nothing was answered yet.")
        else:
            self._screen.builder_links(self._last)
