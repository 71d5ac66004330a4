"""Warnings are remembered when they are posted, and taken back in Slack when they no longer stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bot.billing.rules.verdicts import Finding, Verdict
from bot.digest.model import Digest, Resolved, Standing, WarningEnding
from bot.jobs.outbox import Outbox
from bot.jobs.steps import Steps
from bot.messages.digest_messages import retracted_warning
from bot.messages.poster import Posted
from bot.messages.rendered import Rendered, with_updates
from bot.store.memory import Memory
from bot.store.records import KeptPost, Source
from bot.words.finding_json import finding_as_json

_ON_AN_INVOICE = (Verdict.INVOICED, Verdict.PARTIALLY_INVOICED)
_ALONE = "alone_in_message"
"""Kept with a warning's evidence: its message is about nothing else, so that it can be replaced as a whole."""


@dataclass(frozen=True)
class WarningBook:
    """Remembers and retracts. Every effect is a step of the job that is given."""

    memory: Memory
    clock: Callable[[], datetime]

    def remember(
        self,
        steps: Steps,
        place: Posted,
        message: Rendered,
        findings: Iterable[Finding],
        source: Source,
        *,
        thread_ts: str | None = None,
    ) -> None:
        """Keep a posted message with the evidence of each ticket that it says is on no invoice.

        `thread_ts` is the root of the thread in which the message stands, if it does: only there can be replied.
        """
        said = list(findings)
        warned = [finding for finding in said if finding.verdict is Verdict.NOT_INVOICED and finding.ticket_id]
        if not warned:
            return
        alone = source == "check" and len(said) == 1

        def remember(_: bool) -> None:
            now = self.clock()
            evidence = {str(finding.ticket_id): {**evidence_as_json(finding), _ALONE: alone} for finding in warned}
            self.memory.keep_post(place, KeptPost(message.text, message.blocks, (), evidence), at=now)
            for finding in warned:
                self.memory.warn(finding, place, at=now, source=source, thread_ts=thread_ts)

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
        """Take back every warning that a digest has resolved by an invoice, or an earlier one without taking it back.

        An earlier one did so when it was only to be remembered (`--no-post`), or when Slack was away for too long.
        """
        for resolved in digest.resolved:
            if resolved.ending is WarningEnding.INVOICED:
                self.retract(steps, outbox, resolved)
        for each in steps.run("look for warnings left over", lambda _: self._left_over()):
            self.retract(steps, outbox, _resolved_earlier(each))

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
            alone = edited is None or edited["alone"]
            message = retraction.parent if alone else with_updates(edited["text"], edited["blocks"], edited["updates"])
            outbox.edit("edit warning", place, message)
            outbox.post("say which invoice", place.channel, retraction.thread, thread_ts=each["thread_ts"] or place.ts)

        def forget(_: bool) -> None:
            places = [Posted(each["channel"], each["ts"]) for each in found]
            number = resolved.invoice_number or ""
            self.memory.retract(ticket_id, invoice_number=number, at=self.clock(), messages=places)

        steps.run("forget warning", forget)

    def _left_over(self) -> list[dict[str, str]]:
        """Warnings that have ended by an invoice, while a message in Slack still says them."""
        found = []
        for ticket_id in dict.fromkeys(each.ticket_id for each in self.memory.posted_warnings()):
            *_, last = self.memory.warnings_of(ticket_id)
            if last.ending is WarningEnding.INVOICED and last.retracted_at is None:
                found.append(
                    {
                        "id": ticket_id,
                        "number": last.ticket_number,
                        "customer": last.customer,
                        "first_said": last.first_said.isoformat(),
                        "amount": str(last.amount),
                        "invoice": last.invoice_number or "",
                    }
                )
        return found

    def _noting(self, place: Posted, update: str) -> Callable[[bool], dict[str, Any] | None]:
        def note(_: bool) -> dict[str, Any] | None:
            kept = self.memory.add_update(place, update)
            if kept is None:
                return None
            return {
                "text": kept.text,
                "blocks": list(kept.blocks),
                "updates": list(kept.updates),
                "alone": all(each.get(_ALONE) for each in kept.evidence.values()),
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
    return Resolved(said, WarningEnding.INVOICED, finding, number)


def _resolved_earlier(warning: dict[str, str]) -> Resolved:
    said = Standing(
        ticket_id=warning["id"],
        ticket_number=warning["number"],
        customer=warning["customer"],
        first_said=date.fromisoformat(warning["first_said"]),
        amount=Decimal(warning["amount"]),
    )
    return Resolved(said, WarningEnding.INVOICED, None, warning["invoice"])


def evidence_as_json(finding: Finding) -> dict[str, Any]:
    """Everything behind a warning, for the operator who looks into a wrong one."""
    looked: Sequence[dict[str, str]] = [{"place": each.place, "outcome": each.outcome} for each in finding.receipt]
    return {**finding_as_json(finding), "looked": list(looked), "failures": list(finding.failures)}
