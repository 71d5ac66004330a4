"""What a finding holds, as every surface says it."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.billing.rules.verdicts import Coverage, InvoiceLink, LinkKind, Unbilled
from bot.words.findings import coverage, how_linked, unbilled


def test_how_each_link_reads() -> None:
    read = [how_linked(InvoiceLink("1", "1", kind, None, "")) for kind in LinkKind]
    assert read == [
        "it was made for this ticket",
        "it carries a charge of this ticket",
        "it names this ticket in a line",
    ]


def test_nothing_unbilled_is_said_with_nothing() -> None:
    assert unbilled(Unbilled(), "€") == ""


def test_an_invoice_of_another_customer_names_it() -> None:
    third_party = InvoiceLink("67469", "1", LinkKind.TICKET_ID, None, "", billed_to="Landlord & Co")
    assert how_linked(third_party) == "it was made for this ticket, billed to Landlord & Co"


def test_how_much_was_seen_says_when_it_is_not_all_and_counts_no_invoice_twice() -> None:
    seen = "Read now: 1 of 20 invoices"
    assert coverage(Coverage(20, 1, 3, 0)) == seen
    assert coverage(Coverage(20, 1, 3, 0, complete=False)) == f"{seen}; the search is not complete"


def test_how_much_was_seen_names_no_zeros_and_says_since_when_nothing_has_changed() -> None:
    since = datetime(2026, 11, 24, 9, 2, tzinfo=UTC)
    assert coverage(Coverage(7, 3, 4, unchanged_since=since)) == (
        "Read now: 3 of 7 invoices; 4 unchanged since 2026-11-24 09:02 UTC"
    )
    assert coverage(Coverage(7, 7, 4, unchanged_since=since)) == "Read now: 7 invoices", "some were read once more"
    assert coverage(Coverage(7, 4, 4, unchanged_since=since)).startswith("Read now: 4 of 7 invoices; 3 unchanged since")
    assert coverage(Coverage(7, 0, 7, unchanged_since=since), lambda when: f"{when:%d %b}") == (
        "Known from earlier reads: 7 invoices, unchanged since 24 Nov"
    )
    assert coverage(Coverage(1, 1, skipped=30)).endswith("30 older not read, as nothing on them has changed"
                                                         " since before the ticket was opened")  # fmt: skip
    assert coverage(Coverage()) == "No invoice to read"
