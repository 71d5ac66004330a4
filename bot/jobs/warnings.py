"""Warnings are remembered when they are posted, and taken back in Slack when they no longer stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from bot.billing.as_json import finding_as_json
from bot.billing.findings import Finding, Verdict
from bot.digest.model import Digest, Ending, Resolved, Standing
from bot.jobs.outbox import Outbox
from bot.jobs.steps import Steps
from bot.messages.digest_messages import retracted_warning
from bot.messages.poster import Posted
from bot.messages.rendered import Rendered, with_updates
from bot.store.memory import Memory
from bot.store.records import KeptPost, Source

_ON_AN_INVOICE = (Verdict.INVOICED, Verdict.PARTIALLY_INVOICED)


@dataclass(frozen=True)
class WarningBook:
    """Remembers and retracts. Every effect is a step of the job that is given."""

    memory: Memory
    clock: Callable[[], datetime]

    def remember(
        self, steps: Steps, place: Posted, message: Rendered, findings: Iterable[Finding], source: Source
    ) -> None:
        """Keep a posted message with the evidence of each ticket that it says is on no invoice."""
        warned = [finding for finding in findings if finding.verdict is Verdict.NOT_INVOICED and finding.ticket_id]
        if not warned:
            return

        def remember(_: bool) -> None:
            now = self.clock()
            evidence = {str(finding.ticket_id): evidence_as_json(finding) for finding in warned}
            self.memory.keep_post(place, KeptPost(message.text, message.blocks, (), evidence), at=now)
            for finding in warned:
                self.memory.warn(finding, place, at=now, source=source)

        steps.run("remember warnings", remember)

    def retract_found(self, steps: Steps, outbox: Outbox, findings: Iterable[Finding]) -> None:
        """Take back the warnings about tickets that a check has just found on an invoice."""
        billed = {f.ticket_id: f for f in findings if f.verdict in _ON_AN_INVOICE and f.ticket_id}
        if not billed:
            return

        def standing(_: bool) -> list[dict[str, str]]:
            known = self.memory.history(self.clock()).standing
            return [
                {"id": each.ticket_id, "first_said": each.first_said.isoformat(), "amount": str(each.amount)}
                for each in known
                if each.ticket_id in billed
            ]

        for each in steps.run("look for warnings", standing):
            self.retract(steps, outbox, resolved_by(billed[each["id"]], each))

    def retract_all(self, steps: Steps, outbox: Outbox, digest: Digest) -> None:
        """Take back every warning that a digest has resolved by an invoice."""
        for resolved in digest.resolved:
            if resolved.ending is Ending.INVOICED:
                self.retract(steps, outbox, resolved)

    def retract(self, steps: Steps, outbox: Outbox, resolved: Resolved) -> None:
        """Edit each message that warned about the ticket, and say in its thread which invoice bills it."""
        ticket_id = resolved.standing.ticket_id
        retraction = retracted_warning(resolved)

        def find(_: bool) -> list[dict[str, Any]]:
            return [
                {"channel": each.channel, "ts": each.ts, "thread_ts": each.thread_ts}
                for each in self.memory.posted_warnings([ticket_id])
            ]

        found = steps.run("find warning messages", find)
        for each in found:
            place = Posted(each["channel"], each["ts"])
            edited = steps.run("note retraction", self._noting(place, retraction.thread.text))
            alone = edited is None or edited["tickets"] == 1
            message = retraction.parent if alone else with_updates(edited["text"], edited["blocks"], edited["updates"])
            outbox.edit("edit warning", place, message)
            outbox.post("say which invoice", place.channel, retraction.thread, thread_ts=each["thread_ts"] or place.ts)

        def forget(_: bool) -> None:
            places = [Posted(each["channel"], each["ts"]) for each in found]
            number = resolved.invoice_number or ""
            self.memory.retract(ticket_id, invoice_number=number, at=self.clock(), messages=places)

        steps.run("forget warning", forget)

    def _noting(self, place: Posted, update: str) -> Callable[[bool], dict[str, Any] | None]:
        def note(_: bool) -> dict[str, Any] | None:
            kept = self.memory.add_update(place, update)
            if kept is None:
                return None
            tickets = len(kept.evidence)
            return {
                "text": kept.text,
                "blocks": list(kept.blocks),
                "updates": list(kept.updates),
                "tickets": tickets,
            }

        return note


def resolved_by(finding: Finding, standing: dict[str, str]) -> Resolved:
    """The end of a warning by the invoice that a finding names."""
    said = Standing(
        ticket_id=str(finding.ticket_id),
        ticket_number=finding.ticket_number,
        customer=finding.customer,
        first_said=datetime.fromisoformat(standing["first_said"]).date(),
        amount=Decimal(standing["amount"]),
    )
    number = finding.invoices[0].number if finding.invoices else None
    return Resolved(said, Ending.INVOICED, finding, number)


def evidence_as_json(finding: Finding) -> dict[str, Any]:
    """Everything behind a warning, for the operator who looks into a wrong one."""
    looked: Sequence[dict[str, str]] = [{"place": each.place, "outcome": each.outcome} for each in finding.receipt]
    return {**finding_as_json(finding), "looked": list(looked), "failures": list(finding.failures)}
