"""What the demo prints: the narrator's words, the chat as people in Slack see it, and what each answer cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.live import Live
from rich.segment import Segment
from rich.spinner import Spinner
from rich.style import Style
from rich.table import Table
from rich.text import Text

from bot.counting import counted
from bot.sandbox.demo.stage import DEMO_LIMIT, SYNCRO_LIMIT, Exchange
from bot.sandbox.demo.tour import SAMPLE_TICKETS
from bot.sandbox.demo.transcript import block_kit_builder_url, render_workspace

FAINT = Style(dim=True)
LOUD = Style(bold=True, color="yellow")
STRONG = Style(bold=True)
BAR = "│ "


@dataclass(frozen=True)
class Shortened:
    """The first lines of something, and how many more there are. What is shown is not changed."""

    content: RenderableType
    most: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render in full, then leave lines out; a single line is not worth the hint in its place."""
        lines = console.render_lines(self.content, options, pad=False)
        left_out = len(lines) - self.most
        for line in lines if left_out <= 1 else lines[: self.most]:
            yield from line
            yield Segment.line()
        if left_out > 1:
            yield Text(f"… {left_out} more lines in this thread; --full shows them", Style(dim=True, italic=True))


@dataclass(frozen=True)
class Trimmed:
    """Something without the blanks at the ends of its lines, so that copied or piped text is clean.

    `bar` stands before each line: it sets what is seen in Slack apart from the narrator's words.
    """

    content: RenderableType
    bar: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render, then cut the ends."""
        inside = options.update_width(options.max_width - len(self.bar))
        for line in console.render_lines(self.content, inside, pad=False):
            while line and not line[-1].text.strip():
                line.pop()
            if self.bar:
                yield Segment(self.bar, FAINT)
            yield from line[:-1]
            if line:
                yield Segment(line[-1].text.rstrip(), line[-1].style)
            yield Segment.line()


class Screen:
    """Prints on a console. `full` leaves nothing out; `show_blocks` adds a Block Kit Builder link to each message."""

    def __init__(self, console: Console, *, full: bool = False, show_blocks: bool = False) -> None:
        self._console = console
        self._full = full
        self._show_blocks = show_blocks

    def say(self, text: str, style: Style | None = None) -> None:
        """Print a paragraph of plain words."""
        self._console.print(Trimmed(Text(text, style or "")))

    def header(self) -> None:
        """Say what this is, before anything else."""
        self._console.print(Text.assemble(("invoice-bot demo", STRONG), " · ", ("ALL DATA IS SAMPLE DATA", LOUD)))
        self.say(
            "The real bot runs here, between a stand-in Slack and a stand-in Syncro on this computer."
            " Customers, tickets and invoices are invented, and nothing leaves this machine."
        )
        self.say(
            f"Syncro allows {SYNCRO_LIMIT} requests a minute. So that you need not wait, the stand-in and the bot are"
            f" both set to {DEMO_LIMIT:,} here.",
            FAINT,
        )

    def gap(self) -> None:
        """Print an empty line."""
        self._console.print()

    def title(self, number: int, count: int, title: str, story: str) -> None:
        """Announce a scene."""
        self._console.print()
        self._console.print(Text.assemble((f"{number}/{count}  ", FAINT), (title, Style(bold=True, color="cyan"))))
        self.say(story)

    def exchange(self, exchange: Exchange, thread_lines: int) -> None:
        """Show the chat, its Block Kit Builder links where wanted, and what the answer cost."""
        frame = Group if self._full else partial(Shortened, most=thread_lines)
        self._console.print(Trimmed(render_workspace(exchange.chat, thread_frame=frame), BAR))
        if self._show_blocks:
            self.builder_links(exchange)
        calls = counted(exchange.calls, "API call")
        self.say(f"Cost: {calls} to Syncro · answered in {exchange.seconds:.1f} s · sample data", FAINT)

    def builder_links(self, exchange: Exchange) -> None:
        """Print an address for each message that has blocks; nothing is sent until somebody opens it."""
        messages = [message for message in exchange.from_bot if message.blocks]
        for number, message in enumerate(messages, 1):
            place = "thread" if message.thread_ts else "channel"
            self.say(f"Block Kit Builder, message {number} of {len(messages)} (in the {place}):", STRONG)
            address = block_kit_builder_url(message.blocks)
            self._console.print(Text(address, Style(link=address)), soft_wrap=True)
        if not messages:
            self.say("That answer has no blocks, only text.")

    def tickets(self) -> None:
        """List the sample tickets with what each shows."""
        table = Table.grid(padding=(0, 2))
        for ticket in SAMPLE_TICKETS:
            table.add_row(Text(ticket.typed, STRONG), Text(ticket.shows))
        self._console.print(Trimmed(table))

    def footer(self, exchanges: list[Exchange]) -> None:
        """Sum up, and say what to do next."""
        calls = sum(exchange.calls for exchange in exchanges)
        seconds = sum(exchange.seconds for exchange in exchanges)
        asked = counted(len(exchanges), "question")
        self._console.print()
        self.say(f"{asked}, {calls:,} API calls in {seconds:.1f} s. All of it was sample data.", STRONG)
        self.say(
            "Next, with your own account: follow the README's sections on setting up Slack and Syncro;"
            " `invoice-bot doctor` then tells you whether everything is in place."
        )

    @contextmanager
    def waiting(self, what: str, calls: Callable[[], int] | None = None) -> Iterator[None]:
        """Show a spinner on a terminal while the body runs, with a running count; nothing where output is piped."""
        if not self._console.is_terminal:
            yield
            return
        with Live(Spinner("dots", _Working(what, calls)), console=self._console, transient=True):
            yield


@dataclass(frozen=True)
class _Working:
    """What goes on, as it is at the moment of looking."""

    what: str
    calls: Callable[[], int] | None

    def __rich__(self) -> Text:
        count = f" {self.calls():,} calls to Syncro" if self.calls else ""
        return Text(f"{self.what}{count}", FAINT)
