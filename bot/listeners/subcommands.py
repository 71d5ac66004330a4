"""What may follow the slash command beside tickets: each word of its own is one object of one shape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from bot.listeners.access import Asker
from bot.listeners.intake import COMMAND
from bot.messages.help import help_message
from bot.messages.rendered import Rendered


@dataclass(frozen=True)
class Use:
    """One use of the slash command. `text` is what was typed after it; a subcommand gets what follows its own name.

    `trigger` is the same when Slack delivers it again. `response_url` reaches the person for 30 minutes.
    """

    asker: Asker
    text: str
    trigger: str
    response_url: str | None

    @classmethod
    def from_slack(cls, command: dict[str, Any]) -> Use:
        """From the payload that Slack sends."""
        return cls(
            asker=Asker.of_command(command),
            text=str(command.get("text") or ""),
            trigger=command["trigger_id"],
            response_url=command.get("response_url"),
        )

    @property
    def user(self) -> str:
        """The person's id."""
        return self.asker.user

    @property
    def channel(self) -> str:
        """Where it was typed."""
        return self.asker.channel

    @property
    def is_direct(self) -> bool:
        """Whether it was typed in a direct message."""
        return self.asker.direct


class Subcommand(Protocol):
    """What a word after the slash command does."""

    @property
    def name(self) -> str:
        """The word, in small letters."""
        ...

    @property
    def help(self) -> Sequence[str]:
        """What the help says of it: lines of Slack's mrkdwn."""
        ...

    def refusal(self, use: Use) -> Rendered | None:
        """What to tell a person who may not use it here; None where they may."""
        ...

    def answer(self, use: Use) -> Rendered | None:
        """Do what was asked. Returns what to tell the person alone; it is done or stored, or said not to be."""
        ...


def help_page(subcommands: Iterable[Subcommand]) -> Rendered:
    """The help, with what these add to it."""
    return help_message(COMMAND, [said for each in subcommands for said in each.help])


def meant(subcommands: Iterable[Subcommand], use: Use) -> tuple[Subcommand, Use] | None:
    """The subcommand that the first word names, and its use; None where the text is about tickets."""
    word, *rest = use.text.split(maxsplit=1) or [""]
    found = next((each for each in subcommands if each.name == word.casefold()), None)
    return None if found is None else (found, replace(use, text="".join(rest).strip()))
