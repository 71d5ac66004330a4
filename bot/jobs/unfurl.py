"""The job behind an address that somebody posted: one line below it, once per address, channel and hour."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.billing.rules.verdicts import Finding
from bot.billing.verifier import Verifier
from bot.jobs.audit import AuditTrail
from bot.jobs.look import Look, OldNewsError
from bot.jobs.outbox import Outbox
from bot.jobs.recorded import OpenSession, recorded_session
from bot.jobs.request import CheckRequest
from bot.jobs.steps import Steps
from bot.messages.poster import Posted, Poster
from bot.messages.unfurls import unfurl
from bot.store.audit import Act, AuditEntry
from bot.store.memory import Memory

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class UnfurlRequest:
    """Addresses of our tickets in a person's message, each with the reference of its ticket."""

    channel: str
    ts: str
    user: str
    links: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `UnfurlRequest(**values)` gives it back."""
        return asdict(self)


@dataclass(frozen=True)
class UnfurlJob:
    """Shows what is proved of tickets below their addresses. Nobody asked, so what fails is only logged."""

    verifier: Verifier
    session: OpenSession
    poster: Poster
    memory: Memory
    trail: AuditTrail
    clock: Callable[[], datetime]

    def run(self, stored: dict[str, Any], steps: Steps, key: str) -> None:
        """Check the tickets, again until it is said while it is fresh. An outage is passed over in silence."""
        request = UnfurlRequest(**stored)
        wanted: list[str] = steps.run("claim addresses", lambda _: self._claimed(request))
        links = {url: request.links[url] for url in wanted}
        if not links:
            return
        outbox = Outbox(steps, self.poster, key=key, clock=self.clock)
        asked = CheckRequest(tuple(dict.fromkeys(links.values())), request.channel, request.user)
        for look in itertools.count():
            with recorded_session(steps, partial(self.session, fresh=False)) as session:
                began = datetime.fromisoformat(steps.run("look", lambda _: self.clock().isoformat()))
                report = self.verifier.check(asked.references, session, started_at=began)
            if report.outage:
                return
            outbox.basis = Look(began, began + timedelta(seconds=report.seconds), look > 0)
            with contextlib.suppress(OldNewsError):
                self._show(request, links, dict(zip(asked.references, report.findings, strict=True)), outbox)
                self.trail.answered(steps, outbox, asked, report.findings)
                return

    def _show(self, request: UnfurlRequest, links: dict[str, str], found: dict[str, Finding], outbox: Outbox) -> None:
        shown = {url: unfurl(found[reference]) for url, reference in links.items()}
        refused = outbox.unfurl("unfurl", Posted(request.channel, request.ts), shown).refused
        if refused:
            log.warning("Addresses in channel %s are left as they are: %s", request.channel, refused)

    def _claimed(self, request: UnfurlRequest) -> list[str]:
        """The addresses of tickets that no other message in this channel has shown within the hour."""
        now = self.clock()
        return [
            url
            for url, reference in request.links.items()
            if self.memory.note_first(
                AuditEntry(now, Act.UNFURLED, who=request.user, where=request.channel, what=f"{url} in {request.ts}"),
                key=f"unfurl:{request.channel}:{reference}:{now:%Y-%m-%dT%H}",
            )
        ]
