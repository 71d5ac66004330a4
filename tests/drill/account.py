"""What became of each question: counted from what stands in Slack in the end, and from every call that it took."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.sandbox.slack.workspace import BOT, Message
from tests.drill.questions import Pool, Question
from tests.e2e.house import House, says_verdict
from tests.standins.slack_faults import ApiCall

FRESH_SECONDS = 60.0
_ON_ITS_WAY_SECONDS = 2.0
"""From the last look at the clock in the bot to the arrival in Slack, on a busy machine."""
_ACCUSES = re.compile(r"NOT INVOICED")
_CLEARS = re.compile(r"[Ii]nvoiced on")


@dataclass
class Figures:
    """The result of a drill. What has no bound is for the reader."""

    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    accepted: int = 0
    answered: int = 0
    told_otherwise: int = 0
    lost: int = 0
    doubled: int = 0
    doubled_evidence: int = 0
    false: int = 0
    old: int = 0
    left_checking: int = 0
    left_looking: int = 0
    messages: Counter[int] = field(default_factory=Counter)
    not_ended: int = 0
    failed_jobs: int = 0
    log_bytes: int = 0
    log_bytes_of_outages: int = 0
    tracebacks: int = 0
    seconds: float = 0.0
    examples: list[str] = field(default_factory=list)

    def broken(self, *, can_look_back: bool) -> list[str]:
        """The bounds that were not held. Without history scopes a message may be posted twice, and one may be left."""
        never = {
            "questions lost": self.lost,
            "false verdicts": self.false,
            "verdicts older than 60 s": self.old,
            "jobs not ended 90 s after the last fault": self.not_ended,
            "jobs that failed": self.failed_jobs,
        }
        if can_look_back:
            never |= {
                "answers doubled": self.doubled,
                "evidence doubled": self.doubled_evidence,
                'messages left at "checking…"': self.left_checking,
                'messages left at "Still looking"': self.left_looking,
            }
        return [f"{name}: {count}" for name, count in never.items() if count]


def account(figures: Figures, house: House, pool: Pool, questions: Sequence[Question]) -> None:
    """Fill in what became of the questions."""
    by_place: dict[str, list[Message]] = {}
    for message in house.slack.workspace.messages:
        by_place.setdefault(message.channel, []).append(message)
    figures.asked = len(questions)
    for question in questions:
        if question.is_accepted:
            figures.accepted += 1
            _look_at(figures, question, by_place)
    _judge(figures, pool, questions, house.slack.calls)


def _look_at(figures: Figures, question: Question, by_place: dict[str, list[Message]]) -> None:
    said = [m for place in {question.channel, question.direct} for m in by_place.get(place, ()) if m.user == BOT]
    public = [message for message in said if not message.ephemeral_to]
    outcomes = [m for m in public if m.thread_ts is None and says_verdict(m)]
    evidence = [m for m in public if m.thread_ts is not None and "to Syncro in" in m.text]
    figures.messages[len(public)] += 1
    figures.answered += bool(outcomes)
    figures.told_otherwise += bool(said and not outcomes)
    figures.lost += not said or (not outcomes and all(_is_unfinished(m) for m in said))
    figures.doubled += len(outcomes) > 1
    figures.doubled_evidence += len(evidence) > max(1, len(outcomes))
    figures.left_checking += sum("checking…" in m.text for m in public)
    figures.left_looking += sum(m.text.startswith("Still looking") for m in public)
    if not outcomes or len(public) > 2:
        texts = [f"{m.ts} {m.text.splitlines()[0][:70]}" for m in said]
        figures.examples.append(f"{question.ticket} {question.channel}: {texts}")


def _is_unfinished(message: Message) -> bool:
    return "checking…" in message.text or message.text.startswith("Still looking")


def _judge(figures: Figures, pool: Pool, questions: Iterable[Question], calls: Iterable[ApiCall]) -> None:
    """Hold every verdict that Slack took against what was true when it came."""
    tickets = {place: question.ticket for question in questions for place in (question.channel, question.direct)}
    for call in calls:
        ticket = tickets.get(str(call.args.get("channel")))
        if ticket is None or not call.ok or not call.method.startswith("chat."):
            continue
        text, billed_at = str(call.args.get("text")), pool.billed_at.get(ticket)
        if _CLEARS.search(text):
            figures.false += billed_at is None or billed_at > call.at
        elif _ACCUSES.search(text) and billed_at is not None:
            age = call.at - billed_at
            if billed_at == 0:
                figures.false += 1
            elif age > FRESH_SECONDS + _ON_ITS_WAY_SECONDS:
                figures.old += 1
                figures.examples.append(f"{ticket}: said {age:.0f} s after it was billed: {text[:80]}")
