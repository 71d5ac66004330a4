"""The job behind reminders: once per person and day, of their own finished work that nobody billed."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from bot.billing.rules.technicians import Technician
from bot.billing.search.queries import Failed
from bot.billing.search.selection import technician_of
from bot.billing.verifier import Verifier
from bot.digest.nudges import Colleague, NudgeRules, aside, due, matched
from bot.jobs.audit import AuditTrail
from bot.jobs.digest_making import DigestRules
from bot.jobs.look import Look, OldNewsError
from bot.jobs.outbox import Outbox
from bot.jobs.recorded import OpenSession, recorded_session
from bot.jobs.request import MOST_TICKETS, CheckRequest
from bot.jobs.steps import Steps
from bot.messages.nudges import nudge
from bot.messages.poster import Poster
from bot.store.audit import Act, AuditEntry
from bot.store.memory import Memory
from bot.ticket_references import ID_PREFIX

log = logging.getLogger(__name__)

_COLLEAGUES = TypeAdapter(list[Colleague])
Tickets = Mapping[str, str]
"""Numbers by Syncro's internal id."""


@dataclass(frozen=True)
class NudgeJob:
    """One round, an hour's: everybody who is at work now and was not looked after today."""

    verifier: Verifier
    session: OpenSession
    poster: Poster
    memory: Memory
    trail: AuditTrail
    rules: DigestRules
    nudges: NudgeRules
    clock: Callable[[], datetime]
    is_refused: Callable[[str], bool]
    """Whether a person may not ask the bot, so that nothing is said to them."""

    def run(self, _stored: dict[str, Any], steps: Steps, key: str) -> None:
        """Remind them. What could not be listed or read waits for the next round, or for tomorrow."""
        now = self._now(steps)
        colleagues = _COLLEAGUES.validate_python(steps.run("list people", lambda _: self._colleagues()))
        if not any(self.nudges.day_at(now, each.zone) for each in colleagues):
            return
        with recorded_session(steps, partial(self.session, fresh=False)) as session:
            listed = self.verifier.finished(self.rules.window(now), session, started_at=now)
        if isinstance(listed, Failed):
            log.warning("Nobody is reminded now: %s", listed.sentence)
            return
        work: dict[Technician, dict[str, str]] = {}
        for row in sorted(listed, key=lambda row: row.updated_at or now):
            if row.id and row.user:
                work.setdefault(technician_of(row), {})[row.id] = row.number or f"{ID_PREFIX}{row.id}"
        for technician, person in matched(work, colleagues).items():
            if person is None:
                self._leave(technician.name, work[technician], steps, now)
            else:
                outbox = Outbox(steps, self.poster, key=f"{key}:{person.user}", clock=self.clock)
                self._remind(person, work[technician], steps, outbox)

    def _leave(self, technician: str, tickets: Tickets, steps: Steps, now: datetime) -> None:
        if steps.run("note nobody", lambda _: self.memory.nudged(tickets, "", now.date())):
            log.warning("Nobody, or more than one, in Slack is called %s: nobody is reminded", technician)

    def _remind(self, person: Colleague, tickets: Tickets, steps: Steps, outbox: Outbox) -> None:
        """Look at a person's tickets, again until it is said while it is fresh."""
        day = self.nudges.day_at(self._now(steps), person.zone)
        if day is None or not steps.run("claim", lambda _: self._claimed(person.user, day, outbox.key)):
            return
        asked = CheckRequest(tuple(tickets.values())[:MOST_TICKETS], person.user, person.user)
        for look in itertools.count():
            began = self._now(steps)
            with recorded_session(steps, partial(self.session, fresh=False)) as session:
                report = self.verifier.check(asked.references, session, started_at=began)
            settled = steps.run("recall", partial(self._aside, began))
            found = due(report.findings, settled, began, self.rules.grace)
            if not found or self.nudges.day_at(began, person.zone) != day:
                return
            outbox.basis = Look(began, began + timedelta(seconds=report.seconds), look > 0)
            with contextlib.suppress(OldNewsError):
                # Left out where it may stand already: nobody is reminded twice.
                if not outbox.post("remind", person.user, nudge(found), passing=True).refused:
                    reminded = {each.ticket_id or "": each.ticket_number for each in found}
                    steps.run("note reminded", partial(self._note, reminded, person.user, day))
                    self.trail.answered(steps, outbox, asked, found)
                return

    def _now(self, steps: Steps) -> datetime:
        return datetime.fromisoformat(steps.run("look", lambda _: self.clock().isoformat()))

    def _colleagues(self) -> Any:
        return _COLLEAGUES.dump_python(self.poster.colleagues(), mode="json")

    def _aside(self, now: datetime, _: bool) -> list[str]:
        return aside(self.memory.history(now))

    def _note(self, tickets: Tickets, user: str, day: date, _: bool) -> None:
        self.memory.nudged(tickets, user, day)

    def _claimed(self, user: str, day: date, key: str) -> bool:
        """Whether this round may remind the person today: the first one that comes to them, where they may ask."""
        if self.is_refused(user):
            return False
        entry = AuditEntry(self.clock(), Act.NUDGED, who=user, what=f"looked at their finished tickets ({key})")
        return self.memory.note_first(entry, key=f"nudge:{user}:{day.isoformat()}")
