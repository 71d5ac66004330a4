"""The words for verdicts, and for how a warning ends. What they mean stands in `bot.billing.rules.verdicts`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.billing.rules.verdicts import Finding, Loudness, Verdict, WarningEnding
from bot.words.findings import REST_UNKNOWN
from bot.words.plain import one_line

NO_STATEMENT: Final = "this is not a statement that the invoice is missing"
"""Belongs to every "could not verify"."""


@dataclass(frozen=True, kw_only=True)
class VerdictWords:
    """How a verdict is said to people. The signs never stand without the label."""

    glyph: str
    """Its sign in Slack."""
    mark: str
    """Its sign in a terminal, one column wide."""
    label: str
    meaning: str
    """For the help: what the answer means."""
    sentence: str
    """What is said of the ticket; the invoices or the recurring invoice follow by themselves."""
    count: str = ""
    """The word after a count, where it is not the label."""
    to_do: str = ""
    """The next step, where the verdict asks for one."""
    caution: str = ""
    """What it must not be taken for."""
    names_work: bool = False
    """Whether the unbilled work is named with the verdict, since it is what the verdict is about."""

    @property
    def inline(self) -> str:
        """The label within a sentence."""
        return self.label if self.label.isupper() else self.label.lower()

    @property
    def counted(self) -> str:
        """The word after a count: "2 non-billable", "1 could not be verified"."""
        return self.count or self.inline


_VERDICTS: Final[Mapping[Verdict, VerdictWords]] = {
    Verdict.INVOICED: VerdictWords(
        glyph="✅",
        mark="✓",
        label="Invoiced",
        meaning="an invoice bills this ticket, and it is named.",
        sentence="invoiced",
    ),
    Verdict.PARTIALLY_INVOICED: VerdictWords(
        glyph="🟡",
        mark="◑",
        label="Partly invoiced",
        to_do="bill the rest",
        meaning="an invoice bills part of it; some of its charges are still unbilled.",
        sentence="partly invoiced",
        names_work=True,
    ),
    Verdict.SCHEDULED: VerdictWords(
        glyph="🗓️",
        mark="◷",
        label="Scheduled",
        meaning="its charges are expected on the next invoice of a recurring invoice, on the date given.",
        sentence="scheduled",
        names_work=True,
    ),
    Verdict.NON_BILLABLE: VerdictWords(
        glyph="\u2796",
        mark="-",
        label="Non-billable",
        meaning="no invoice is expected, and the answer says why.",
        sentence="non-billable",
    ),
    Verdict.COVERED: VerdictWords(
        glyph="☂️",
        mark="=",
        label="Covered",
        meaning="a contract, customer or rule covers its time, and no charge with a price is unbilled.",
        sentence="covered",
    ),
    Verdict.OPEN: VerdictWords(
        glyph="🔧",
        mark="…",
        label="Still open",
        meaning="the work is not finished, so an invoice is not due yet.",
        sentence="still open",
    ),
    Verdict.NOTHING_RECORDED: VerdictWords(
        glyph="📭",
        mark="○",
        label="Nothing is recorded",
        count="with nothing recorded",
        meaning="it is finished and on no invoice, and nothing on it could be billed: no charge, no time.",
        sentence="nothing is recorded on it, no charge and no time",
    ),
    Verdict.NOT_INVOICED: VerdictWords(
        glyph="🚨",
        mark="✗",
        label="NOT INVOICED",
        to_do="make the invoice",
        meaning="it is finished and billable, and every place where its invoice could be was searched: there is none.",
        sentence="NOT INVOICED, on no invoice",
        names_work=True,
    ),
    Verdict.UNVERIFIED: VerdictWords(
        glyph="❓",
        mark="?",
        label="Could not verify",
        to_do="ask again later",
        count="could not be verified",
        meaning=f"it could not be proved either way; {NO_STATEMENT}.",
        sentence=f"could not verify; {NO_STATEMENT}",
        caution=NO_STATEMENT,
    ),
    Verdict.NOT_FOUND: VerdictWords(
        glyph="🔎",
        mark="∅",
        label="No such ticket",
        to_do="check the number",
        count="not found",
        meaning="Syncro has no ticket of that number.",
        sentence="no such ticket in Syncro",
    ),
}


@dataclass(frozen=True)
class EndingWords:
    """How the end of a warning is said."""

    label: str
    sentence: str
    """The end of a sentence about the ticket; the invoices follow by themselves."""
    gives_reason: bool = False
    """Whether the reason of the new verdict belongs to it."""


_ENDINGS: Final[Mapping[WarningEnding, EndingWords]] = {
    WarningEnding.INVOICED: EndingWords("recovered", "is on invoice"),
    WarningEnding.SCHEDULED: EndingWords(
        "scheduled", "is waiting for a recurring invoice, on which its charges are expected"
    ),
    WarningEnding.NON_BILLABLE: EndingWords(
        "non-billable now", "is non-billable, so no invoice is expected", gives_reason=True
    ),
    WarningEnding.COVERED: EndingWords("covered now", "is covered, so no invoice is owed", gives_reason=True),
    WarningEnding.NOTHING_RECORDED: EndingWords(
        "nothing recorded", "has nothing on it that could be billed, no charge and no time"
    ),
    WarningEnding.REOPENED: EndingWords(
        "reopened, so an invoice is not due yet", "was reopened, so an invoice is not due yet"
    ),
    WarningEnding.GONE: EndingWords("no longer in Syncro", "is no longer in Syncro"),
}


def verdict_words(verdict: Verdict) -> VerdictWords:
    """How this verdict is said."""
    return _VERDICTS[verdict]


def ending_words(ending: WarningEnding) -> EndingWords:
    """How this end of a warning is said."""
    return _ENDINGS[ending]


def counts(findings: Sequence[Finding], *, cautious: bool = False) -> list[str]:
    """1 NOT INVOICED, 29 invoiced, 2 non-billable: alarms first. `cautious`: with what each must not be taken for."""
    found = Counter(finding.verdict for finding in findings)
    alarms_first = sorted(Verdict, key=lambda verdict: verdict.traits.loudness is not Loudness.ALARM)
    said = [f"{found[verdict]:,} {_counted(verdict, cautious=cautious)}" for verdict in alarms_first if found[verdict]]
    unread = sum(finding.rest_is_unknown for finding in findings)
    return [*said, *([f"of {unread:,} of them {REST_UNKNOWN}"] if unread else [])]


_SIGNS: Final = frozenset(
    sign for said in _VERDICTS.values() for sign in (said.glyph[0], said.mark) if sign not in "-=…?"
)
_LABELS: Final = tuple(
    said.label.casefold()
    for verdict, said in _VERDICTS.items()
    if verdict.is_billed or verdict.traits.loudness is Loudness.ALARM
)


def passes_for_verdict(text: str) -> bool:
    """Whether what somebody else wrote could be read as a verdict of ours."""
    return any(sign in text for sign in _SIGNS) or text.lstrip().casefold().startswith(_LABELS)


def as_theirs(text: str) -> str:
    """What somebody else wrote, in one line; in quotation marks where it could be read as a verdict of ours."""
    shown = one_line(text)
    return f"“{shown}”" if passes_for_verdict(shown) else shown


def _counted(verdict: Verdict, *, cautious: bool) -> str:
    said = verdict_words(verdict)
    return f"{said.counted} ({said.caution})" if cautious and said.caution else said.counted
