"""Warnings are remembered when they are posted, and taken back in Slack when they no longer stand."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from bot.billing.rules.verdicts import Finding, Verdict, WarningEnding
from bot.digest.amounts import Rates, amount_of
from bot.digest.missed_runs import AWAITED, with_missed_runs
from bot.digest.model import Digest, Expected, Resolved, Standing
from bot.jobs.outbox import Outbox
from bot.jobs.steps import Steps
from bot.messages.channel_guard import EXTERNAL_CHANNEL, UNKNOWN_CHANNEL
from bot.messages.digest_messages import Retraction, retracted_warning
from bot.messages.poster import Posted
from bot.messages.rendered import Rendered
from bot.messages.settled import redrawn
from bot.store.memory import Memory
from bot.store.records import KeptPost, Source
from bot.words.finding_json import finding_as_json

log = logging.getLogger(__name__)

_EXPECTED = TypeAdapter(tuple[Expected, ...])
_MAY_CHANGE = frozenset({EXTERNAL_CHANNEL, UNKNOWN_CHANNEL})
"""Refusals after which a warning is still there to be taken back one day."""
_ALONE = "alone_in_message"
"""Kept with a warning's evidence: its message is about nothing else, so that it can be replaced as a whole."""
_SOURCE = "source"
"""Kept with it too: whether its message is an answer or a digest."""


@dataclass(frozen=True)
class WarningBook:
    """Remembers and retracts. Every effect is a step of the job that is given."""

    memory: Memory
    clock: Callable[[], datetime]
    rates: Rates

    def remember(
        self,
        steps: Steps,
        place: Posted,
        message: Rendered,
        findings: Iterable[Finding],
        source: Source,
        *,
        thread_ts: str | None = None,
        at_risk: Mapping[str, Decimal] = MappingProxyType({}),
    ) -> None:
        """Keep a posted message with the evidence of each ticket that it says is on no invoice.

        `thread_ts` is the root of the thread in which the message stands, if it does: only there can be replied.
        `at_risk` is what the message says of the money of tickets, by number.
        """
        said = list(findings)
        warned = [finding for finding in said if finding.verdict is Verdict.NOT_INVOICED and finding.ticket_id]
        if not warned:
            return
        alone = source == "check" and len(said) == 1

        def remember(_: bool) -> None:
            now = self.clock()
            about = {_ALONE: alone, _SOURCE: source}
            evidence = {str(finding.ticket_id): {**evidence_as_json(finding), **about} for finding in warned}
            self.memory.keep_post(place, KeptPost(message.text, message.blocks, (), evidence), at=now)
            for finding in warned:
                amount = at_risk.get(finding.ticket_number, amount_of(finding.unbilled, self.rates))
                self.memory.warn(finding, place, at=now, source=source, thread_ts=thread_ts, amount=amount)

        steps.run("remember warnings", remember)

    def look_after_runs(self, steps: Steps, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The findings with the runs of recurring invoices that left them; what is expected now is kept."""
        awaited = [finding for finding in findings if finding.verdict in AWAITED]
        if not awaited:
            return tuple(findings)
        day = awaited[0].checked_at.date()

        def expect(_: bool) -> Any:
            return _EXPECTED.dump_python(self.memory.expect(findings, day), mode="json")

        known = _EXPECTED.validate_python(steps.run("look after runs", expect))
        return tuple(with_missed_runs(findings, known, day))

    def retract_found(self, steps: Steps, outbox: Outbox, findings: Iterable[Finding]) -> None:
        """Take back the warnings about tickets that a check has just found on an invoice, or to be owed none."""
        found = {f.ticket_id: f for f in findings if f.verdict.traits.ending and f.ticket_id}
        if not found:
            return

        def standing(_: bool) -> list[dict[str, str]]:
            known = self.memory.history(self.clock()).standing
            return [
                {"id": each.ticket_id, "first_said": each.first_said.isoformat(), "amount": str(each.amount)}
                for each in known
                if each.ticket_id in found
            ]

        for each in steps.run("look for warnings", standing):
            self.retract(steps, outbox, resolved_by(found[each["id"]], each))

    def retract_all(self, steps: Steps, outbox: Outbox, digest: Digest) -> None:
        """Take back every warning that a digest has resolved, or an earlier one without taking it back.

        An earlier one did so when it was only to be remembered (`--no-post`), or when Slack was away for too long.
        """
        for resolved in digest.resolved:
            self.retract(steps, outbox, resolved)
        seen = {resolved.standing.ticket_id for resolved in digest.resolved}
        for each in steps.run("look for warnings left over", lambda _: self._left_over(seen)):
            self.retract(steps, outbox, _resolved_earlier(each))

    def retract(self, steps: Steps, outbox: Outbox, resolved: Resolved) -> None:
        """Edit each message that warned about the ticket, and say in its thread what became of the ticket."""
        ticket_id = resolved.standing.ticket_id
        retraction = retracted_warning(resolved)
        claim = steps.run("claim retraction", lambda _: self._claim(ticket_id, outbox.key))
        if claim["others_at_work"] and not claim["messages"]:
            return  # they say it, once
        taken_back = [each for each in claim["messages"] if self._take_back(steps, outbox, each, resolved, retraction)]

        def forget(_: bool) -> None:
            number = resolved.invoice_number or ""
            places = [Posted(each["channel"], each["ts"]) for each in taken_back]
            how, now = resolved.ending, self.clock()
            self.memory.retract(ticket_id, invoice_number=number, at=now, messages=places, by=outbox.key, ending=how)

        steps.run("forget warning", forget)

    def _take_back(
        self, steps: Steps, outbox: Outbox, said: dict[str, Any], resolved: Resolved, retraction: Retraction
    ) -> bool:
        """Edit one message; False where that is to be tried again another day."""
        place = Posted(said["channel"], said["ts"])
        steps.run("note retraction", partial(self._note, place, retraction.update))
        edited = outbox.edit("edit warning", place, partial(self._drawn, place, resolved, retraction.parent))
        if edited.refused in _MAY_CHANGE:
            number, why = resolved.standing.ticket_number, edited.refused
            log.warning("The warning about ticket %s stays in channel %s for now (%s)", number, place.channel, why)
            return False
        outbox.post("say which invoice", place.channel, retraction.thread, thread_ts=said["thread_ts"] or place.ts)
        return True

    def _claim(self, ticket_id: str, by: str) -> dict[str, Any]:
        claim = self.memory.claim_retraction(ticket_id, by=by, at=self.clock())
        places = [{"channel": each.channel, "ts": each.ts, "thread_ts": each.thread_ts} for each in claim.messages]
        return {"messages": places, "others_at_work": claim.others_at_work}

    def _note(self, place: Posted, update: str, _: bool) -> None:
        self.memory.add_update(place, update)

    def _drawn(self, place: Posted, resolved: Resolved, alone: Rendered) -> Rendered:
        """The message as it is to read now: with every update noted so far, or replaced by `alone`."""
        kept = self.memory.post_at(place)
        if kept is None or all(each.get(_ALONE) for each in kept.evidence.values()):
            return alone
        is_answer = all(each.get(_SOURCE) == "check" for each in kept.evidence.values())
        others = (each for each in kept.evidence if each != resolved.standing.ticket_id)
        known = [each for other in others for each in self.memory.warnings_of(other)[-1:]]
        how = "billed" if {resolved.ending, *(each.ending for each in known)} == {WarningEnding.INVOICED} else "settled"
        settled = [resolved.standing.ticket_number, *(each.ticket_number for each in known if each.ending)]
        message = Rendered(kept.text, kept.blocks)
        return redrawn(message, kept.updates, len(kept.evidence), how, is_answer=is_answer, settled=settled)

    def _left_over(self, seen: Set[str]) -> list[dict[str, str]]:
        """Warnings that have ended, while a message in Slack still says them; without those just seen."""
        found = []
        posted = dict.fromkeys(each.ticket_id for each in self.memory.posted_warnings())
        for ticket_id in (each for each in posted if each not in seen):
            *_, last = self.memory.warnings_of(ticket_id)
            if last.ending is not None:
                found.append(
                    {
                        "id": ticket_id,
                        "number": last.ticket_number,
                        "customer": last.customer,
                        "first_said": last.first_said.isoformat(),
                        "amount": str(last.amount),
                        "invoice": last.invoice_number or "",
                        "ending": last.ending.value,
                    }
                )
        return found


def resolved_by(finding: Finding, standing: dict[str, str]) -> Resolved:
    """The end of a warning by what was found: the invoice, or why none is due."""
    said = Standing(
        ticket_id=str(finding.ticket_id),
        ticket_number=finding.ticket_number,
        customer=finding.customer,
        first_said=datetime.fromisoformat(standing["first_said"]).date(),
        amount=Decimal(standing["amount"]),
    )
    number = finding.invoices[0].number if finding.invoices else None
    return Resolved(said, finding.verdict.traits.ending or WarningEnding.INVOICED, finding, number)


def _resolved_earlier(warning: dict[str, str]) -> Resolved:
    said = Standing(
        ticket_id=warning["id"],
        ticket_number=warning["number"],
        customer=warning["customer"],
        first_said=date.fromisoformat(warning["first_said"]),
        amount=Decimal(warning["amount"]),
    )
    ending = WarningEnding(warning.get("ending", WarningEnding.INVOICED))
    return Resolved(said, ending, None, warning["invoice"] or None)


def evidence_as_json(finding: Finding) -> dict[str, Any]:
    """Everything behind a warning, for the operator who looks into a wrong one."""
    looked: Sequence[dict[str, str]] = [{"place": each.place, "outcome": each.outcome} for each in finding.receipt]
    return {**finding_as_json(finding), "looked": list(looked), "failures": list(finding.failures)}
