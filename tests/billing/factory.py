"""Tickets, invoices and evidence in a line each, for the tests of the pure functions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bot.billing.rules.invoice import facts_of
from bot.billing.rules.matching import TicketKeys
from bot.billing.rules.policy import Policy, Ticket, expectation
from bot.billing.rules.verdicts import LinkKind
from bot.billing.search.evidence import Case, Evidence, FoundLink, FoundMention
from bot.syncro.models import InvoiceDetail, Schedule, TicketDetail, TicketRow
from tests.policies import EVERY_TICKET

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def ticket(
    *, charges: list[dict[str, Any]] | None = None, timers: list[dict[str, Any]] | None = None, **row: Any
) -> Ticket:
    """A resolved ticket with number 32223; `row` goes into the list row, the detail holds charges and timers."""
    core = {"id": 109554336, "number": 32223, "status": "Resolved", "customer_id": 7, **row}
    numbered = [{"id": 100 + index, "converted": False, **charge} for index, charge in enumerate(charges or [])]
    timed = [{"id": 200 + index, "recorded": False, **timer} for index, timer in enumerate(timers or [])]
    detail = {"id": core["id"], "number": core["number"], "status": core["status"]}
    return Ticket(
        TicketRow.model_validate(core),
        TicketDetail.model_validate({**detail, "ticket_timers": timed, "line_items": numbered}),
    )


def unread(of: Ticket) -> Ticket:
    """The ticket as it is known when its detail could not be read."""
    return Ticket(of.row, None)


def invoice(number: str = "67469", *, lines: tuple[int, ...] = (), **fields: Any) -> InvoiceDetail:
    return InvoiceDetail.model_validate(
        {
            "id": 9_000 + int(number),
            "number": number,
            "ticket_id": None,
            "customer_id": 7,
            "total": "75.0",
            "line_items": [{"id": line, "name": "Sample work"} for line in lines],
            **fields,
        }
    )


def schedule(next_run: str | None, *, picks_up: bool = True, paused: bool = False, **fields: Any) -> Schedule:
    return Schedule.model_validate(
        {
            "id": 1,
            "customer_id": 7,
            "name": "Monthly",
            "next_run": next_run,
            "invoice_unbilled_ticket_charges": picks_up,
            "paused": paused,
            **fields,
        }
    )


def case(of: Ticket, *, failure: str | None = None, policy: Policy | None = None) -> Case:
    """The ticket with an expectation by policy and no evidence yet: everything was searched, nothing was found."""
    evidence = Evidence(TicketKeys.of(of, "https://sample.example"))
    return Case(of, expectation(of, policy or EVERY_TICKET), evidence, failure)


def linked(to: Case, detail: InvoiceDetail, link: LinkKind = LinkKind.TICKET_ID) -> Case:
    to.evidence.links.append(FoundLink(facts_of(detail), link))
    return to


def mentioned(to: Case, detail: InvoiceDetail, text: str = "Toner 32223") -> Case:
    to.evidence.mentions.append(FoundMention(facts_of(detail), text))
    return to


def failed(to: Case, sentence: str = "Reading page 1 of the invoice list: sample.") -> Case:
    to.evidence.fail(sentence)
    return to


def scheduled(to: Case, *schedules: Schedule) -> Case:
    to.evidence.schedules.extend(schedules)
    return to
