"""What is found out about a ticket: the verdict, the links, the receipt. Values only, no decisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType
from typing import Self


class Loudness(IntEnum):
    """How loudly a verdict is said. All but the quiet ones get a line of their own among many tickets."""

    ALARM = 1
    DOUBT = 2
    NOTE = 3
    QUIET = 4


class WarningEnding(StrEnum):
    """How a warning ends: what has become of its ticket. Stored with the warning."""

    INVOICED = "invoiced"
    SCHEDULED = "scheduled"
    NON_BILLABLE = "non_billable"
    COVERED = "covered"
    NOTHING_RECORDED = "nothing_recorded"
    REOPENED = "reopened"
    GONE = "gone"


class Assurance(IntEnum):
    """What may be claimed of tickets that have only such verdicts."""

    NOTHING = 0
    NONE_MISSING = 1
    """No invoice is missing, as there is none yet and none is due."""
    NONE_WITHOUT = 2
    """None is without an invoice that should have one."""


@dataclass(frozen=True)
class Traits:
    """What a verdict means wherever verdicts are told apart."""

    loudness: Loudness
    assurance: Assurance
    ending: WarningEnding | None
    """How it ends a warning that stands about the ticket; None lets the warning stand."""
    has_section: bool = False
    """Whether its tickets are listed in a digest (Slack, terminal, CSV, JSON), and not only counted."""
    is_counted: bool = True
    """Whether the `counts` of a digest's JSON name it."""
    exit_status: int = 0


class Verdict(StrEnum):
    """The answers to "is this ticket billed?": the one table of what each means. `bot.words.verdicts` has the words."""

    traits: Traits

    INVOICED = "invoiced", Traits(Loudness.QUIET, Assurance.NONE_WITHOUT, WarningEnding.INVOICED)
    PARTIALLY_INVOICED = (
        "partially_invoiced",
        Traits(Loudness.NOTE, Assurance.NONE_WITHOUT, WarningEnding.INVOICED, has_section=True),
    )
    SCHEDULED = (
        "scheduled",
        Traits(Loudness.QUIET, Assurance.NONE_MISSING, WarningEnding.SCHEDULED, has_section=True),
    )
    NON_BILLABLE = "non_billable", Traits(Loudness.QUIET, Assurance.NONE_WITHOUT, WarningEnding.NON_BILLABLE)
    COVERED = "covered", Traits(Loudness.QUIET, Assurance.NONE_WITHOUT, WarningEnding.COVERED)
    OPEN = "open", Traits(Loudness.QUIET, Assurance.NONE_MISSING, WarningEnding.REOPENED)
    NOTHING_RECORDED = (
        "nothing_recorded",
        Traits(Loudness.QUIET, Assurance.NOTHING, WarningEnding.NOTHING_RECORDED, has_section=True),
    )
    NOT_INVOICED = "not_invoiced", Traits(Loudness.ALARM, Assurance.NOTHING, None, has_section=True, exit_status=1)
    UNVERIFIED = "unverified", Traits(Loudness.DOUBT, Assurance.NOTHING, None, has_section=True, exit_status=2)
    NOT_FOUND = "not_found", Traits(Loudness.NOTE, Assurance.NOTHING, WarningEnding.GONE, is_counted=False)

    def __new__(cls, word: str, traits: Traits) -> Self:
        """`word` is the verdict in JSON."""
        verdict = str.__new__(cls, word)
        verdict._value_ = word
        verdict.traits = traits
        return verdict

    @classmethod
    def loudest_first(cls) -> list[Verdict]:
        """All verdicts in the order in which people should read of them."""
        return sorted(cls, key=lambda verdict: verdict.traits.loudness)

    @property
    def is_billed(self) -> bool:
        """Whether an invoice bills the ticket, at least in part."""
        return self.traits.ending is WarningEnding.INVOICED


def exit_status(verdicts: Iterable[Verdict]) -> int:
    """0 all accounted for, 1 at least one not invoiced, 2 at least one unverified and none not invoiced."""
    return min((each.traits.exit_status for each in verdicts if each.traits.exit_status), default=0)


class Due(Enum):
    """Whether an invoice is to be expected."""

    YES = "finished and billable"
    NOTHING = "finished, and nothing on it that could be billed"
    NOT_YET = "work not finished"
    NEVER = "no invoice expected"
    COVERED = "finished, and a contract, customer or rule covers it"

    @property
    def needs_proof(self) -> bool:
        """Whether what is said of the ticket rests on there being no invoice."""
        return self in (Due.YES, Due.NOTHING)


BY_POLICY: Mapping[Due, Verdict] = MappingProxyType(
    {
        Due.NEVER: Verdict.NON_BILLABLE,
        Due.NOT_YET: Verdict.OPEN,
        Due.COVERED: Verdict.COVERED,
        Due.NOTHING: Verdict.NOTHING_RECORDED,
    }
)
"""The verdict on a ticket that no invoice bills, where policy settles it."""


class Ground(StrEnum):
    """What of a ticket tells whether an invoice is due."""

    STATUS = "status"
    BILLING_STATUS = "billing_status"
    TAG = "tag"
    TICKET_TYPE = "ticket_type"
    PROBLEM_TYPE = "problem_type"
    CUSTOMER = "customer"
    CONTRACT = "contract"
    SUBJECT = "subject"
    PRODUCT = "product"
    """Its charges have no price, and one is of a product that stands for free work."""
    TIME = "time"
    """None of its time is billable, and it has no unbilled charge."""
    CHARGES = "charges"
    """None of its charges has a price."""


@dataclass(frozen=True)
class Expectation:
    """What policy says: whether an invoice is due, by what of the ticket, and what stands there in Syncro.

    `rule` is the setting that says so, or the name of a rule that needs none.
    """

    due: Due
    by: Ground
    value: str = ""
    rule: str = ""
    time: Expectation | None = None
    """What covers the ticket's time, where something else on it is owed all the same."""

    @property
    def covers_time(self) -> bool:
        """Whether no invoice is owed for the ticket's time."""
        return self.due is Due.COVERED or self.time is not None


class LinkKind(StrEnum):
    """How an invoice bills a ticket, strongest first."""

    TICKET_ID = "ticket_id"
    LINE_ITEM = "line_item"
    LINE_TEXT = "line_text"


@dataclass(frozen=True)
class InvoiceLink:
    """An invoice that bills the ticket, as its own detail says."""

    number: str
    id: str
    link: LinkKind
    total: Decimal | None
    url: str
    paid: bool | None = None
    """None where Syncro does not say."""
    billed_to: str = ""
    """The invoice's customer, where it is not the ticket's (third-party billing); empty otherwise."""


@dataclass(frozen=True)
class PossibleMention:
    """An invoice that might bill the ticket: its text holds the bare number, which proves nothing either way."""

    number: str
    id: str
    url: str
    text: str


@dataclass(frozen=True)
class Labour:
    """An unbilled charge for hours of work, which a block of prepaid hours can cover."""

    hours: Decimal
    amount: Decimal


@dataclass(frozen=True)
class ProductTime:
    """Billable time that has not become a charge, and the products that it may be of, by name or id."""

    minutes: int
    products: tuple[str, ...]


@dataclass(frozen=True)
class Unbilled:
    """Work on the ticket that no invoice carries yet. None is not known, which is not nothing."""

    minutes: int | None = 0
    """Billable time that has not become a charge."""
    charges: Decimal | None = Decimal("0.00")
    """Charges that have not become invoice lines, price times quantity less discounts, before tax."""
    labour: tuple[Labour, ...] = ()
    """Those of the charges that are for hours of work."""
    repeated: Decimal = Decimal("0.00")
    """What of the charges may be recorded twice: charges equal to one that came of a timer, and of no timer themselves.
    They are counted, as an invoice made now would bill them."""
    time: tuple[ProductTime, ...] = ()
    """The part of the minutes of which the ticket shows a product."""

    @property
    def is_unknown(self) -> bool:
        """Whether some of it could not be read."""
        return None in (self.minutes, self.charges)


@dataclass(frozen=True)
class Coverage:
    """How much of the evidence was seen. `complete` is False when a needed read failed."""

    listed: int = 0
    read: int = 0
    from_ledger: int = 0
    skipped: int = 0
    complete: bool = True
    unchanged_since: datetime | None = None
    """When the last of those `from_ledger` was read; none of them has changed since."""


class ConcernKind(StrEnum):
    """What may be wrong with an invoice."""

    BILLED_TWICE = "billed_twice"
    ZERO_TOTAL = "zero_total"
    EMPTY = "empty"
    CREDIT = "credit"
    BILLED_FOR_LESS = "billed_for_less"
    MISSED_RUN = "missed_run"


@dataclass(frozen=True)
class Concern:
    """Something that somebody should look at, and the numbers of its invoices. `bot.words.concerns` says it."""

    kind: ConcernKind
    invoices: tuple[str, ...]
    amount: Decimal | None = None
    schedule: str = ""
    day: date | None = None
    taken: int = 0
    """Of a missed run: how many of its tickets it took."""
    left: tuple[str, ...] = ()
    """The numbers of those that it left; empty where not all of them were looked at."""
    is_unsure: bool = False
    """Whether it could not be read if prepaid hours explain it."""


@dataclass(frozen=True)
class Looked:
    """One place that was searched, for the receipt. `outcome` is a plain sentence fragment."""

    place: str
    outcome: str


@dataclass(frozen=True)
class Finding:
    """The answer for one ticket number, with its evidence; `bot.words` says it. Texts in it are raw: escape them."""

    ticket_number: str
    verdict: Verdict
    checked_at: datetime
    expectation: Expectation | None = None
    """What policy says; None where the ticket could not be looked up."""
    ticket_id: str | None = None
    ticket_url: str | None = None
    customer: str = ""
    subject: str = ""
    status: str = ""
    invoices: tuple[InvoiceLink, ...] = ()
    possible: tuple[PossibleMention, ...] = ()
    unbilled: Unbilled = field(default_factory=Unbilled)
    coverage: Coverage = field(default_factory=Coverage)
    receipt: tuple[Looked, ...] = ()
    failures: tuple[str, ...] = ()
    """What could not be read, and what to do about it; a sentence each."""
    scheduled_for: datetime | None = None
    schedule_id: str = ""
    schedule_name: str = ""
    paused_schedule: str | None = None
    """The name of the recurring invoice that would pick up the charges, were it not paused."""
    customer_id: str | None = None
    technician: str = ""
    technician_id: str = ""
    technician_email: str = ""
    finished_at: datetime | None = None
    """The resolved date, or the ticket's last change where there is none."""
    concerns: tuple[Concern, ...] = ()
    """Invoices that may bill it wrongly: a note, whatever the verdict."""
    prepaid_hours: Decimal | None = None
    """What is left of the customer's block of hours; None where there is none, or nobody has looked."""
    drawn_hours: Decimal = Decimal(0)
    """Hours of its work that an invoice has drawn from the block: it comes to nothing, and the customer has one."""
    contradiction: bool = False
    """The status says Invoiced, yet it is proved that no invoice bills the ticket."""
    currency: str = ""
    """The sign or code of its amounts; empty where the settings name none."""
    api_calls: int = 0

    @property
    def rule(self) -> str | None:
        """The rule of policy that decided; None where the evidence did."""
        said = self.expectation
        return said.rule if said is not None and BY_POLICY.get(said.due) is self.verdict else None

    @property
    def rest_is_unknown(self) -> bool:
        """Whether an invoice bills the ticket, and it could not be read whether more on it is unbilled."""
        return bool(self.invoices) and not self.coverage.complete


class Standing(StrEnum):
    """The answers to "which tickets does this invoice bill?". `bot.words.invoice_answers` has the words."""

    BILLS = "bills"
    NOTHING = "bills_nothing"
    """It gives money back, or has no line."""
    UNVERIFIED = "unverified"
    """It could not be read, or it names no ticket: then it may bill some all the same."""
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class InvoiceAnswer:
    """What is known of an invoice that was asked for; the tickets that it bills are the findings beside it."""

    reference: str
    """As it was asked for: its number, or "id:" and its internal id."""
    standing: Standing
    checked_at: datetime
    number: str = ""
    id: str = ""
    url: str = ""
    customer_id: str | None = None
    customer: str = ""
    total: Decimal | None = None
    paid: bool | None = None
    currency: str = ""
    is_credit: bool = False
    open_lines: int = 0
    """Its lines of which nothing shows whose they are."""
    tickets_searched: int | None = None
    """So many tickets of its customer were looked at for charges on it; None where none were."""
    possible: tuple[tuple[str, str], ...] = ()
    """Tickets that it may mean, by number and address."""
    unknown: tuple[str, ...] = ()
    """Tickets that it names and that Syncro does not have."""
    failures: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckReport:
    """The answers to one request, in the order asked."""

    findings: tuple[Finding, ...]
    api_calls: int
    seconds: float
    outage: str = ""
    """Set when nothing at all could be read (wrong token, no connection): what happened and what to do."""
    invoice: InvoiceAnswer | None = None
    """The invoice that was asked for; None where tickets were."""
