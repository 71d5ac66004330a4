"""The job behind an address that somebody posted: one line below it, once per address, channel and hour."""

from __future__ import annotations

import contextlib
import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.billing.rules.verdicts import CheckReport
from bot.billing.search.scheduler import Session
from bot.billing.verifier import Verifier
from bot.jobs.audit import AuditTrail
from bot.jobs.look import Look, OldNewsError
from bot.jobs.outbox import Outbox
from bot.jobs.recorded import OpenSession, recorded_session
from bot.jobs.request import CheckRequest
from bot.jobs.steps import Steps
from bot.messages.poster import Posted, Poster
from bot.messages.unfurls import unfurl, unfurl_invoice
from bot.store.audit import Act, AuditEntry
from bot.store.memory import Memory

log = logging.getLogger(__name__)

INVOICE = "invoice "


@dataclass(frozen=True)
class UnfurlRequest:
    """Addresses in a person's message, each with the reference of our ticket, or `INVOICE` and that of our invoice."""

    channel: str
    ts: str
    user: str
    links: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        """As JSON values; `UnfurlRequest(**values)` gives it back."""
        return asdict(self)


@dataclass(frozen=True)
class UnfurlJob:
    """Shows what is proved of tickets and invoices below their addresses. Nobody asked: what fails is only logged."""

    verifier: Verifier
    session: OpenSession
    poster: Poster
    memory: Memory
    trail: AuditTrail
    clock: Callable[[], datetime]

    def run(self, stored: dict[str, Any], steps: Steps, key: str) -> None:
        """Check what is posted, again until it is said while it is fresh. An outage is passed over in silence."""
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
                reports = self._reports(asked.references, session, began)
            if any(report.outage for report in reports):
                return
            took = max(report.seconds for report in reports)
            outbox.basis = Look(began, began + timedelta(seconds=took), look > 0)
            with contextlib.suppress(OldNewsError):
                self._show(request, links, reports, outbox)
                self.trail.answered(steps, outbox, asked, [each for report in reports for each in report.findings])
                return

    def _reports(self, references: tuple[str, ...], session: Session, began: datetime) -> list[CheckReport]:
        """What is known of the tickets, together, and of each invoice. No list is read to its end for an address."""
        tickets = [each for each in references if not each.startswith(INVOICE)]
        invoices = [each.removeprefix(INVOICE) for each in references if each.startswith(INVOICE)]
        return [
            self.verifier.check(tickets, session, started_at=began),
            *(self.verifier.check_invoice(each, session, started_at=began, most_listed=0) for each in invoices),
        ]

    def _show(
        self, request: UnfurlRequest, links: dict[str, str], reports: Sequence[CheckReport], outbox: Outbox
    ) -> None:
        tickets, *invoices = reports
        references = [each for each in dict.fromkeys(links.values()) if not each.startswith(INVOICE)]
        said = {each: unfurl(finding) for each, finding in zip(references, tickets.findings, strict=True)}
        for report in invoices:
            if report.invoice is not None and report.invoice.number:
                said[f"{INVOICE}{report.invoice.reference}"] = unfurl_invoice(report, report.invoice)
        shown = {url: said[reference] for url, reference in links.items() if reference in said}
        refused = outbox.unfurl("unfurl", Posted(request.channel, request.ts), shown).refused if shown else ""
        if refused:
            log.warning("Addresses in channel %s are left as they are: %s", request.channel, refused)

    def _claimed(self, request: UnfurlRequest) -> list[str]:
        """The addresses of what no other message in this channel has shown within the hour."""
        now = self.clock()
        return [
            url
            for url, reference in request.links.items()
            if self.memory.note_first(
                AuditEntry(now, Act.UNFURLED, who=request.user, where=request.channel, what=f"{url} in {request.ts}"),
                key=f"unfurl:{request.channel}:{reference}:{now:%Y-%m-%dT%H}",
            )
        ]
