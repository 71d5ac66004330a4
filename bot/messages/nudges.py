"""What a technician is told about their own unbilled work, and asked about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.billing.rules.verdicts import Finding
from bot.counting import counted
from bot.messages import phrases
from bot.messages.digest_rows import RECHECK, button_value
from bot.messages.rendered import Part, Rendered, actions, button, joined, line, paragraphs, section

NOTHING: Final = "nudge_nothing"
TOMORROW: Final = "nudge_tomorrow"
_MOST: Final = 8
"""As many as Slack takes in one message, however long their texts are."""


def nudge(findings: Sequence[Finding]) -> Rendered:
    """All finished tickets of a technician that no invoice bills, those that wait longest first."""
    waits = "waits" if len(findings) == 1 else "wait"
    parts = paragraphs([line(f"*{counted(len(findings), 'finished ticket')} of yours {waits} to be billed*")])
    for each in findings[:_MOST]:
        said, value = phrases.headline_line(each), button_value(each) or ""
        about = "\n".join(filter(None, (said.mrkdwn, phrases.about(each))))
        buttons = [button(label, act, value) for label, act in (("Recheck", RECHECK), ("Nothing to bill…", NOTHING))]
        parts.append(Part(said.words, (section(about), actions(*buttons)) if value else (section(about),)))
    more = len(findings) - _MOST
    if more > 0:
        parts += paragraphs([line(f"…and {counted(more, 'more ticket')}: `/invoice-check mine`")])
    parts.append(Part("", (actions(button("Remind tomorrow", TOMORROW, "tomorrow")),)))
    return joined(parts)
