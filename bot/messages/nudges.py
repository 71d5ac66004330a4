"""What a technician is told about their own unbilled work, and asked about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.billing.rules.verdicts import Finding
from bot.counting import counted
from bot.messages import phrases
from bot.messages.digest_rows import RECHECK, button_value
from bot.messages.rendered import Part, Rendered, actions, button, fits, joined, line, paragraphs, section

NOTHING: Final = "nudge_nothing"
TOMORROW: Final = "nudge_tomorrow"
_MOST: Final = 8
"""Fewer where their texts leave no room for so many in one message."""


def nudge(findings: Sequence[Finding]) -> Rendered:
    """All finished tickets of a technician that no invoice bills, those that wait longest first."""
    shown = next(most for most in range(_MOST, -1, -1) if not most or fits(_parts(findings, most)))
    return joined(_parts(findings, shown))


def _parts(findings: Sequence[Finding], most: int) -> list[Part]:
    waits = "waits" if len(findings) == 1 else "wait"
    parts = paragraphs([line(f"*{counted(len(findings), 'finished ticket')} of yours {waits} to be billed*")])
    for each in findings[:most]:
        said, value = phrases.headline_line(each), button_value(each) or ""
        about = "\n".join(filter(None, (said.mrkdwn, phrases.about(each))))
        buttons = [button(label, act, value) for label, act in (("Recheck", RECHECK), ("Nothing to bill…", NOTHING))]
        parts.append(Part(said.words, (section(about), actions(*buttons)) if value else (section(about),)))
    more = len(findings) - most
    if more > 0:
        parts += paragraphs([line(f"…and {counted(more, 'more ticket')}: `/invoice-check mine`")])
    return [*parts, Part("", (actions(button("Remind tomorrow", TOMORROW, "tomorrow")),))]
