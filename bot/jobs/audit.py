"""What jobs note in the audit table: what was answered, to whom, on what evidence, and where it could not be said."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.billing.rules.verdicts import Finding, Verdict
from bot.digest.model import Digest
from bot.jobs.outbox import Outbox, Refusal
from bot.jobs.request import CheckRequest
from bot.jobs.steps import Steps
from bot.jobs.warnings import evidence_as_json
from bot.store.audit import Act, AuditEntry
from bot.store.memory import Memory
from bot.words.plain import strung

SCHEDULE = "schedule"
"""Who asks for the digest of every morning."""
TERMINAL = "terminal"
"""Where somebody asks who sits at the machine."""


def entry_of(finding: Finding, asked: AuditEntry) -> AuditEntry:
    """The answer about one ticket, as `asked`."""
    said = json.dumps(evidence_as_json(finding), sort_keys=True, separators=(",", ":")).encode()
    return replace(
        asked,
        ticket_number=finding.ticket_number,
        ticket_id=finding.ticket_id or "",
        verdict=finding.verdict.value,
        invoices=tuple(invoice.number for invoice in finding.invoices),
        evidence=hashlib.sha256(said).hexdigest(),
        evidence_bytes=len(said),
    )


def answers(request: CheckRequest, findings: Iterable[Finding], at: datetime) -> list[AuditEntry]:
    """The answers to a question; of an invoice that bills no ticket, that it was asked for."""
    asked = _asked(request, Act.ANSWERED, at)
    return [entry_of(finding, asked) for finding in findings] or [asked] * bool(request.invoice)


def _asked(request: CheckRequest, act: Act, at: datetime) -> AuditEntry:
    options = ("--exhaustive",) * request.exhaustive + ("--fresh",) * request.fresh
    what = " ".join(filter(None, (*request.named, *options)))
    return AuditEntry(at, act, who=request.user, where=request.channel, what=what)


def _uncounted(_: Iterable[Verdict]) -> None:
    """Nobody counts."""


@dataclass(frozen=True)
class AuditTrail:
    """Notes what a job did, as its last step. `tally` counts the verdicts that were said."""

    memory: Memory
    clock: Callable[[], datetime]
    tally: Callable[[Iterable[Verdict]], None] = _uncounted

    def answered(self, steps: Steps, outbox: Outbox, request: CheckRequest, findings: Iterable[Finding]) -> None:
        """A question was answered."""
        said = list(findings)
        entries = answers(request, said, self.clock())
        asked = _asked(request, Act.ANSWERED, self.clock())
        self._note(steps, outbox.key, entries, asked, outbox.refusals, (finding.verdict for finding in said))

    def failed(self, steps: Steps, outbox: Outbox, request: CheckRequest) -> None:
        """The answer to a question broke down."""
        asked = _asked(request, Act.FAILED, self.clock())
        entries = [replace(asked, ticket_number=number) for number in request.references] or [asked]
        self._note(steps, outbox.key, entries, asked, outbox.refusals)

    def digest(
        self,
        steps: Steps,
        key: str,
        digest: Digest,
        *,
        who: str,
        where: str,
        month: str = "",
        refusals: Iterable[Refusal] = (),
    ) -> None:
        """A digest, or a month's close, was made: what it says of each ticket that it names; the others are counted."""
        act, what = Act.CLOSED if month else Act.DIGEST, strung(", ", month, f"{digest.checked} tickets")
        made = AuditEntry(digest.made_at, act, who=who, where=where, what=what)
        quiet = {id(ticket) for ticket in digest.accounted}
        named = [ticket.finding for ticket in digest.tickets if id(ticket) not in quiet]
        entries = [made, *(entry_of(finding, replace(made, what="")) for finding in named)]
        self._note(steps, key, entries, made, refusals, (ticket.finding.verdict for ticket in digest.tickets))

    def _note(
        self,
        steps: Steps,
        key: str,
        entries: Iterable[AuditEntry],
        asked: AuditEntry,
        refusals: Iterable[Refusal],
        verdicts: Iterable[Verdict] = (),
    ) -> None:
        refused = [
            replace(asked, act=Act.REFUSED, where=each.channel, why=each.why) for each in dict.fromkeys(refusals)
        ]

        def note(_: bool) -> None:
            self.memory.note([*entries, *refused], key=key)
            self.tally(verdicts)

        steps.run("note what was done", note)
