"""The words of a finding: exact, plain, and a warning only where it is proved."""

from __future__ import annotations

import re

import pytest

from bot.billing.rules.verdicts import InvoiceLink, LinkKind, Unbilled, Verdict
from bot.messages import phrases
from bot.words.verdicts import verdict_words

from .factory import CHECKED_AT, INVOICE, TRUSTED, a_finding

LABELS = {
    Verdict.INVOICED: "Invoiced",
    Verdict.PARTIALLY_INVOICED: "Partly invoiced",
    Verdict.SCHEDULED: "Scheduled",
    Verdict.NON_BILLABLE: "Non-billable",
    Verdict.COVERED: "Covered",
    Verdict.OPEN: "Still open",
    Verdict.NOTHING_RECORDED: "Nothing is recorded",
    Verdict.NOT_INVOICED: "NOT INVOICED",
    Verdict.UNVERIFIED: "Could not verify",
    Verdict.NOT_FOUND: "No such ticket",
}

SENTENCES = {
    Verdict.INVOICED: "Ticket #32223 (Kittle): invoiced on invoice 67469, total 75.00.",
    Verdict.PARTIALLY_INVOICED: "Ticket #32223 (Kittle): partly invoiced on invoice 67469, total 75.00."
    " Unbilled: 180.00 in charges.",
    Verdict.SCHEDULED: "Ticket #32223 (Kittle): scheduled; expected on the invoice of Tue 1 Dec"
    " (recurring invoice “Monthly care”). Unbilled: 180.00 in charges.",
    Verdict.NON_BILLABLE: "Ticket #32223 (Kittle): non-billable.",
    Verdict.COVERED: "Ticket #32223 (Kittle): covered.",
    Verdict.NOTHING_RECORDED: "Ticket #32223 (Kittle): nothing is recorded on it, no charge and no time.",
    Verdict.OPEN: "Ticket #32223 (Kittle): still open.",
    Verdict.NOT_INVOICED: "Warning. Ticket #32223 (Kittle): NOT INVOICED, on no invoice."
    " Unbilled: 180.00 in charges, 1 h 30 min not yet charged.",
    Verdict.UNVERIFIED: "Ticket #32223 (Kittle): could not verify;"
    " this is not a statement that the invoice is missing.",
    Verdict.NOT_FOUND: "Ticket #32223: no such ticket in Syncro.",
}


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_has_a_label_and_a_glyph_that_never_stands_alone(verdict: Verdict) -> None:
    said = verdict_words(verdict)
    assert said.label == LABELS[verdict]
    assert f"{said.glyph} *{said.label}*" in phrases.headline(a_finding(verdict))


def test_no_two_verdicts_share_a_glyph() -> None:
    assert len({verdict_words(verdict).glyph for verdict in Verdict}) == len(Verdict)


@pytest.mark.parametrize("verdict", Verdict)
def test_the_plain_headline_says_the_verdict_in_a_sentence(verdict: Verdict) -> None:
    assert phrases.plain_headline(a_finding(verdict)) == SENTENCES[verdict]


def test_the_headline_links_the_ticket_and_the_invoice() -> None:
    assert phrases.headline(a_finding(Verdict.INVOICED)) == (
        f"✅ *Invoiced* · *<{TRUSTED}/tickets/109554336|#32223>* · Kittle"
        f" · invoice <{TRUSTED}/invoices/1650000001|67469>, 75.00"
    )


def test_an_invoice_of_another_customer_names_it() -> None:
    third_party = InvoiceLink("67469", "1", LinkKind.TICKET_ID, None, f"{TRUSTED}/1", billed_to="Landlord & Co")
    finding = a_finding(Verdict.INVOICED, invoices=(third_party,))
    assert phrases.plain_headline(finding).endswith("invoiced on invoice 67469, billed to Landlord &amp; Co.")
    assert phrases.headline(finding).endswith("|67469>, billed to Landlord &amp; Co")


def test_many_invoices_are_counted_after_the_third() -> None:
    finding = a_finding(Verdict.INVOICED, invoices=(INVOICE,) * 5)
    assert phrases.headline(finding).endswith("; and 2 more in the thread")
    assert phrases.plain_headline(finding).endswith("; and on 2 more.")


def test_a_date_is_shown_in_the_readers_zone_and_said_in_utc() -> None:
    assert phrases.moment(CHECKED_AT) == "<!date^1795338131^{date_short_pretty} {time}|2026-11-22 09:02 UTC>"


def test_a_schedule_without_name_and_date_is_still_said() -> None:
    finding = a_finding(Verdict.SCHEDULED, schedule_name="", scheduled_for=None, unbilled=Unbilled())
    said = "expected on the next invoice of the recurring invoice (Syncro names no date)"
    assert phrases.plain_headline(finding) == f"Ticket #32223 (Kittle): scheduled; {said}."


def test_a_long_list_of_numbers_says_how_many_more() -> None:
    assert phrases.numbers(str(n) for n in range(62)).endswith("#59 and 2 more")


def test_no_name_from_syncro_passes_for_a_verdict() -> None:
    sham = "✅ Invoiced — invoice 67469"
    finding = a_finding(Verdict.SCHEDULED, customer=sham, schedule_name=sham)
    for said in (phrases.headline(finding), phrases.plain_headline(finding), phrases.reason(finding)):
        assert all(
            said[: place.start()].count("“") > said[: place.start()].count("”") for place in re.finditer(sham, said)
        )
