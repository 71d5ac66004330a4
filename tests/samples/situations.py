"""Fifteen situations in which people read a message, each with its thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bot.billing.rules.verdicts import (
    Coverage,
    Finding,
    InvoiceLink,
    LinkKind,
    Looked,
    PossibleMention,
    Unbilled,
    Verdict,
    WarningEnding,
)
from bot.billing.search.finished_tickets import Window
from bot.digest.close import EarlierClose, Remembered, close_month
from bot.digest.model import Digest, Resolved
from bot.messages.check_messages import outcome, receipt
from bot.messages.close import close_messages
from bot.messages.digest_messages import digest_failed, digest_messages, monthly_marks, quiet_line, retracted_warning
from bot.messages.nudges import nudge
from bot.messages.rendered import Rendered
from bot.messages.settled import redrawn
from tests.digest.factory import a_digest, audited, history, mark, second_run, standing, the_incident
from tests.messages.factory import TRUSTED, a_finding, a_report

NAMES = ("Kittle", "Harbor Dental", "Acme Manufacturing GmbH", "Bluebird School", "Nguyen & Sons")
SUBJECTS = ("Printer does not print", "VPN drops every hour", "New laptop for reception", "Backup failed twice")
SLOW = "Invoice 67470 answered with status 500 three times. Try again in a few minutes."


def _found(number: int, total: str = "75.00") -> InvoiceLink:
    return InvoiceLink(
        str(number), f"16500{number}", LinkKind.TICKET_ID, Decimal(total), f"{TRUSTED}/invoices/{number}"
    )


def _one(verdict: Verdict, **changes: Any) -> list[Rendered]:
    finding = a_finding(verdict, **changes)
    return [outcome([finding], "U0ASKER"), *receipt([finding], a_report(finding))]


def _many(*findings: Finding) -> list[Rendered]:
    return [outcome(findings, "U0ASKER"), *receipt(findings, a_report(*findings))]


def _numbered(verdict: Verdict, index: int, **changes: Any) -> Finding:
    number = str(32_200 + index)
    known: dict[str, Any] = {
        "ticket_id": f"1095{number}",
        "ticket_url": None if verdict is Verdict.NOT_FOUND else f"{TRUSTED}/tickets/1095{number}",
        "customer": "" if verdict is Verdict.NOT_FOUND else NAMES[index % len(NAMES)],
        "subject": SUBJECTS[index % len(SUBJECTS)],
    }
    if verdict in (Verdict.INVOICED, Verdict.PARTIALLY_INVOICED):
        known["invoices"] = (_found(67_400 + index),)
    if verdict is Verdict.NOT_INVOICED:
        known["unbilled"] = Unbilled(0, Decimal(60 + index))
    return a_finding(verdict, number, **{**known, **changes})


def fifty() -> list[Finding]:
    """An ordinary week: most are well, a few are not."""
    odd = {3: Verdict.NOT_INVOICED, 17: Verdict.NOT_INVOICED, 30: Verdict.UNVERIFIED, 41: Verdict.PARTIALLY_INVOICED}
    odd |= {8: Verdict.NON_BILLABLE, 22: Verdict.OPEN, 45: Verdict.NOT_FOUND, 46: Verdict.SCHEDULED}
    return [_numbered(odd.get(index, Verdict.INVOICED), index) for index in range(50)]


def fifty_unbilled() -> list[Finding]:
    """Nothing was billed at all."""
    return [_numbered(Verdict.NOT_INVOICED, index) for index in range(50)]


def a_month(unbilled: int, doubtful: int = 3) -> Digest:
    """A digest with something in every section."""
    finished = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    listed = [
        audited(
            number=str(32_000 + index),
            charges=f"{45 + 5 * index}.00",
            minutes=30 if index % 4 == 0 else 0,
            finished=finished - timedelta(days=index % 45),
            technician=("Anna Smith", "Ben Ode", "")[index % 3],
            customer=NAMES[index % len(NAMES)],
            customer_id=str(500 + index % len(NAMES)),
            subject=SUBJECTS[index % len(SUBJECTS)],
        )
        for index in range(unbilled)
    ]
    others = [
        *(audited(Verdict.INVOICED, str(33_000 + index), invoices=(_found(68_000 + index),)) for index in range(90)),
        *(audited(Verdict.SCHEDULED, str(34_000 + index), charges="95.00") for index in range(12)),
        *(audited(Verdict.UNVERIFIED, str(35_000 + index), charges="0") for index in range(doubtful)),
        audited(Verdict.PARTIALLY_INVOICED, "36000", invoices=(_found(69_000),)),
        audited(Verdict.INVOICED, "36001", minutes=90, invoices=(_found(69_001),)),
        audited(Verdict.INVOICED, "36002", invoices=(_found(69_002, "330.00"),)),
        audited(Verdict.NOTHING_RECORDED, "36003"),
    ]
    known = [standing(each.ticket_number, "60.00") for each in listed[: unbilled // 2]]
    return a_digest(*listed, *others, remembered=history(*known, standing("36002", "330.00")))


def _digest(digest: Digest) -> list[Rendered]:
    made = digest_messages(digest)
    return [made.parent, *made.thread]


def _close(digest: Digest) -> list[Rendered]:
    window = Window(datetime(2026, 11, 1, tzinfo=UTC), digest.made_at)
    first = close_month(digest, window, window.since.date(), Remembered())
    before = Remembered(earlier=EarlierClose(digest.made_at - timedelta(days=1), first.kept[1:]))
    made = close_messages(close_month(digest, window, window.since.date(), before), "U0ASKER")
    return [made.parent, *made.thread]


def _taken_back(resolved: Resolved) -> tuple[Rendered, Rendered]:
    said = retracted_warning(resolved)
    return said.parent, said.thread


def _remembered() -> list[Rendered]:
    """A question of which nearly everything is known from earlier reads."""
    receipt_of_it = (
        Looked(
            "Invoices that Syncro offers for this ticket",
            "none when last asked, and none that changed since bills this ticket",
        ),
        Looked(
            "This customer's invoices since 12 Nov 2026",
            "7 invoices, 3 read now, 4 known from earlier reads: none bills this ticket",
        ),
    )
    return _one(
        Verdict.NOT_INVOICED,
        coverage=Coverage(7, 3, 4, unchanged_since=datetime(2026, 11, 20, 15, 4, tzinfo=UTC)),
        receipt=receipt_of_it,
    )


SITUATIONS: Mapping[str, Callable[[], list[Rendered]]] = {
    "invoiced": lambda: _one(
        Verdict.INVOICED,
        coverage=Coverage(1, 1),
        receipt=(Looked("Invoices that Syncro offers for this ticket", "1 invoice offered, link found"),),
    ),
    "invoiced by five": lambda: _one(Verdict.INVOICED, invoices=tuple(_found(67_460 + n) for n in range(5))),
    "partly invoiced": lambda: _one(Verdict.PARTIALLY_INVOICED),
    "scheduled": lambda: _one(Verdict.SCHEDULED),
    "not invoiced": _remembered,
    "not invoiced, with everything to say": lambda: _one(
        Verdict.NOT_INVOICED,
        status="Invoiced",
        contradiction=True,
        prepaid_hours=Decimal("12.5"),
        paused_schedule="Monthly care",
    ),
    "could not verify": lambda: _one(Verdict.UNVERIFIED, failures=()),
    "could not verify, six reads failed": lambda: _one(
        Verdict.UNVERIFIED,
        possible=tuple(
            PossibleMention(str(67_470 + n), str(n), f"{TRUSTED}/invoices/{n}", "Toner model 32223") for n in range(3)
        ),
        failures=(SLOW, *(SLOW.replace("67470", str(67_480 + n)) for n in range(5))),
    ),
    "non-billable": lambda: _one(Verdict.NON_BILLABLE),
    "no such ticket": lambda: _one(Verdict.NOT_FOUND),
    "three tickets": lambda: _many(
        _numbered(Verdict.INVOICED, 1), _numbered(Verdict.NOT_INVOICED, 2), _numbered(Verdict.UNVERIFIED, 3)
    ),
    "fifty tickets": lambda: _many(*fifty()),
    "fifty tickets, none invoiced": lambda: _many(*fifty_unbilled()),
    "digest of twelve": lambda: _digest(a_month(12)),
    "digest of two hundred": lambda: _digest(a_month(200)),
    "digest of three": lambda: _digest(second_run()),
    "close of 500 tickets": lambda: _close(a_month(390, 5)),
    "a warning that is billed now": lambda: list(_taken_back(second_run().resolved[0])),
    "a warning that was reopened": lambda: list(
        _taken_back(Resolved(standing("1"), WarningEnding.REOPENED, audited(Verdict.OPEN, "1")))
    ),
    "a warning about two tickets, one settled": lambda: [
        redrawn(
            _many(*fifty_unbilled()[:2])[0],
            ["Ticket #32200 (Kittle) is covered, so no invoice is owed."],
            2,
            "settled",
            is_answer=True,
            settled=["32200"],
        )
    ],
    "a reminder of two tickets": lambda: [nudge(fifty_unbilled()[:2])],
    "a digest that failed": lambda: [digest_failed("Syncro refused the API token. Set SYNCRO_API_TOKEN anew.")],
    "a digest's marks": lambda: monthly_marks([mark("1"), mark("2")]),
    "quiet digest": lambda: [quiet_line(the_incident())],
}
