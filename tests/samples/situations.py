"""Situations in which people read a message, each with its thread; the answers are the real search's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from typing import Any

from bot.billing.rules.verdicts import Concern, ConcernKind, Coverage, InvoiceLink, LinkKind, Verdict, WarningEnding
from bot.billing.search.finished_tickets import Window
from bot.digest.close import EarlierClose, Remembered, close_month
from bot.digest.model import Digest, Resolved, Standing, TrendPoint
from bot.messages.check_messages import outcome
from bot.messages.close import close_messages
from bot.messages.digest_messages import digest_messages, retracted_warning
from bot.messages.rendered import Rendered
from bot.messages.settled import redrawn
from bot.sandbox.syncro.sample_worlds import demo_world
from tests.digest.factory import FRIDAY, a_digest, audited, history, mark, second_run, snooze, standing
from tests.messages.factory import TRUSTED
from tests.samples import looks
from tests.samples.looks import NOW, a_ticket, about_invoice, answered, asked, asked_for_invoice

NAMES = ("Kittle", "Harbor Dental", "Acme Manufacturing GmbH", "Bluebird School", "Nguyen & Sons")
SUBJECTS = ("Printer does not print", "VPN drops every hour", "New laptop for reception", "Backup failed twice")


def _found(number: int, total: str = "75.00") -> InvoiceLink:
    return InvoiceLink(
        str(number), f"16500{number}", LinkKind.TICKET_ID, Decimal(total), f"{TRUSTED}/invoices/{number}"
    )


UNREAD = Coverage(1, 1, complete=False)


def _concern(kind: ConcernKind) -> Concern:
    if kind is ConcernKind.MISSED_RUN:
        return Concern(kind, (), schedule="Monthly care", day=date(2026, 11, 1), taken=3, left=("32223",))
    twice = ("67469", "67470")[: 1 + (kind is ConcernKind.BILLED_TWICE)]
    return Concern(kind, twice, Decimal("60.00"))


def _invoiced(**changes: Any) -> list[Rendered]:
    report = looks.report_on(looks.billed(), looks.NUMBER)
    return answered(replace(report, findings=(replace(report.findings[0], **changes),)))


def fifty_unbilled() -> list[Rendered]:
    """Nothing was billed at all."""
    return answered(looks.unbilled(50))


def some(*numbers: str) -> list[Rendered]:
    """Tickets of the demo."""
    return asked(demo_world(NOW).world, *numbers)


@cache
def a_month(unbilled: int, doubtful: int = 3) -> Digest:
    """A digest with something in every section: half of what is unbilled was so on Friday too."""
    friday = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    kept = unbilled // 2
    listed = [
        audited(
            number=str(32_000 + index),
            charges=f"{45 + 5 * index}.00",
            minutes=30 if index % 4 == 0 else 0,
            finished=friday - timedelta(days=1 + index % 45)
            if index < kept
            else friday + timedelta(minutes=10 * index),
            technician=("Anna Smith", "Ben Ode", "")[index % 3],
            customer=NAMES[index % len(NAMES)],
            customer_id=str(500 + index % len(NAMES)),
            subject=SUBJECTS[index % len(SUBJECTS)],
        )
        for index in range(unbilled)
    ]
    others = [
        *(
            audited(
                Verdict.INVOICED,
                str(33_000 + index),
                invoices=(_found(68_000 + index),),
                customer=NAMES[index % len(NAMES)],
                customer_id=str(500 + index % len(NAMES)),
            )
            for index in range(90)
        ),
        *(audited(Verdict.SCHEDULED, str(34_000 + index), charges="95.00", customer_id="500") for index in range(12)),
        *(audited(Verdict.UNVERIFIED, str(35_000 + index), charges="0") for index in range(doubtful)),
        audited(Verdict.PARTIALLY_INVOICED, "36000", invoices=(_found(69_000),)),
        audited(Verdict.INVOICED, "36001", minutes=90, invoices=(_found(69_001),)),
        audited(Verdict.INVOICED, "36002", invoices=(_found(69_002, "330.00"),)),
        audited(Verdict.NOTHING_RECORDED, "36003"),
        audited(
            Verdict.INVOICED, "36006", invoices=(_found(69_003, "0.00"),), concerns=(_concern(ConcernKind.CREDIT),)
        ),
        audited(Verdict.INVOICED, "36007", invoices=(_found(69_004),), coverage=UNREAD),
        audited(number="36004"),
        audited(number="36005", charges="60.00"),
    ]
    trend = [TrendPoint(date(2026, 11, 16 + day), kept + 4 - day, Decimal(1_400 - 100 * day)) for day in range(4)]
    billed = audited(number="36002", charges="330.00")
    before = a_digest(*listed[:kept], billed, day=FRIDAY.day, made_at=friday, remembered=history(trend=trend))
    warned = [
        Standing(
            each.finding.ticket_id or "", each.finding.ticket_number, each.finding.customer, FRIDAY.day, each.amount
        )
        for each in before.unbilled
    ]
    known = history(*warned, standing("36008"), trend=before.trend, snoozes=(snooze("36004"),), marks=(mark("36005"),))
    return a_digest(*listed, *others, remembered=known)


def _digest(digest: Digest) -> list[Rendered]:
    made = digest_messages(digest)
    return [made.parent, *made.thread]


def _close(digest: Digest) -> list[Rendered]:
    window = Window(datetime(2026, 11, 1, tzinfo=UTC), digest.made_at)
    first = close_month(digest, window, window.since.date(), Remembered())
    before = Remembered(earlier=EarlierClose(digest.made_at - timedelta(days=1), first.kept[1:]))
    made = close_messages(close_month(digest, window, window.since.date(), before), "U0ASKER")
    return [made.parent, *made.thread]


_ENDED = {
    WarningEnding.SCHEDULED: Verdict.SCHEDULED,
    WarningEnding.NON_BILLABLE: Verdict.NON_BILLABLE,
    WarningEnding.COVERED: Verdict.COVERED,
    WarningEnding.NOTHING_RECORDED: Verdict.NOTHING_RECORDED,
    WarningEnding.REOPENED: Verdict.OPEN,
}
"""How a warning ends without an invoice, and what is found then."""


def _ended(ending: WarningEnding) -> Resolved:
    if ending is WarningEnding.INVOICED:
        return second_run().resolved[0]
    verdict = _ENDED.get(ending)
    return Resolved(standing("32229", "480.00"), ending, audited(verdict, "32229") if verdict else None)


def _taken_back(resolved: Resolved) -> list[Rendered]:
    said = retracted_warning(resolved)
    return [said.parent, said.thread]


def _settled(
    count: int, settled: int, how: WarningEnding = WarningEnding.INVOICED, *, is_answer: bool = True
) -> list[Rendered]:
    """A warning about so many tickets, of which so many are settled now."""
    findings = looks.unbilled(count).findings
    said = outcome(findings, "U0ASKER") if is_answer else digest_messages(a_digest(*findings)).parent
    ended, updates = [], []
    for index, finding in enumerate(findings[:settled]):
        warned = Standing(finding.ticket_id or "", finding.ticket_number, finding.customer, NOW.date(), Decimal(60))
        verdict = _ENDED.get(how, Verdict.INVOICED)
        invoices = (_found(67_501 + index),) if verdict is Verdict.INVOICED else ()
        resolved = Resolved(warned, how, replace(finding, verdict=verdict, invoices=invoices))
        updates.append(retracted_warning(resolved).update)
        ended.append(finding.ticket_number)
    words = "billed" if how is WarningEnding.INVOICED else "settled"
    return [redrawn(said, updates, count, words, is_answer=is_answer, settled=ended)]


SITUATIONS: Mapping[str, Callable[[], list[Rendered]]] = {
    "invoiced": lambda: asked(looks.billed()),
    "invoiced by five": lambda: asked(looks.billed(5)),
    "partly invoiced": lambda: asked(looks.partly_billed()),
    "scheduled": lambda: asked(looks.scheduled()),
    "not invoiced": lambda: asked(a_ticket("180.00")[0]),
    "not invoiced, mostly known from earlier reads": looks.remembered,
    "not invoiced, with everything to say": lambda: asked(looks.with_everything_to_say()),
    "could not verify, an invoice to look at": lambda: asked(looks.mentioned(1)),
    "could not verify, one read failed": lambda: asked(a_ticket("180.00")[0], away="/invoices/1649000001"),
    "could not verify, six reads failed": lambda: asked(looks.mentioned(2), away="/invoices/164900000[1-6]"),
    "could not verify, the token is refused": lambda: asked(looks.billed(), away=".*", status=401),
    "non-billable": lambda: asked(a_ticket(status="Non-Billable")[0]),
    "covered": lambda: some("32315"),
    "nothing recorded": lambda: some("32316"),
    "still open": lambda: some("32310"),
    "billed to another customer": lambda: some("32305"),
    "billed twice": lambda: some("32317"),
    "no such ticket": lambda: some("32399"),
    "three tickets": lambda: some("32223", "32312", "32313"),
    "fifty tickets": lambda: answered(looks.fifty()),
    "fifty tickets, none invoiced": fifty_unbilled,
    "invoiced, and not read to its end": lambda: _invoiced(coverage=UNREAD),
    **{
        f"concern: {kind.value}": partial(lambda each: _invoiced(concerns=(_concern(each),)), kind)
        for kind in ConcernKind
    },
    "an invoice": lambda: about_invoice(asked_for_invoice(looks.billed(), "67469")),
    "an invoice of two tickets": lambda: about_invoice(asked_for_invoice(demo_world(NOW).world, "61242")),
    "an invoice that may mean a ticket": lambda: about_invoice(asked_for_invoice(looks.mentioned(1), "67470")),
    "no such invoice": lambda: about_invoice(asked_for_invoice(looks.billed(), "67499")),
    "an invoice that could not be read": lambda: about_invoice(
        asked_for_invoice(looks.billed(), "67469", away="/invoices/.*")
    ),
    "digest of twelve": lambda: _digest(a_month(12)),
    "digest of two hundred": lambda: _digest(a_month(200)),
    "digest of three": lambda: _digest(second_run()),
    "close of a hundred tickets": lambda: _close(a_month(3, 1)),
    "close of 500 tickets": lambda: _close(a_month(390, 5)),
    **{
        f"a warning that ended: {each.value}": partial(lambda each: _taken_back(_ended(each)), each)
        for each in WarningEnding
    },
    "a warning that an invoice bills in part": lambda: _taken_back(
        replace(_ended(WarningEnding.INVOICED), remains=Decimal("60.00"))
    ),
    "a warning about two tickets, one settled": lambda: _settled(2, 1),
    "a warning about two tickets, both billed": lambda: _settled(2, 2),
    "a warning about two tickets, both covered": lambda: _settled(2, 2, WarningEnding.COVERED),
    "a warning in a digest, settled in part": lambda: _settled(12, 2, is_answer=False),
}
