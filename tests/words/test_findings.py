"""What a finding holds, as every surface says it."""

from __future__ import annotations

from bot.billing.rules.verdicts import Coverage, InvoiceLink, LinkKind, Unbilled
from bot.words.findings import coverage, how_linked, unbilled


def test_how_each_link_reads() -> None:
    read = [how_linked(InvoiceLink("1", "1", kind, None, "")) for kind in LinkKind]
    assert read == [
        "its ticket field is this ticket",
        "it carries a charge of this ticket",
        "a line names this ticket",
    ]


def test_nothing_unbilled_is_said_with_nothing() -> None:
    assert unbilled(Unbilled(), "€") == ""


def test_an_invoice_of_another_customer_names_it() -> None:
    third_party = InvoiceLink("67469", "1", LinkKind.TICKET_ID, None, "", billed_to="Landlord & Co")
    assert how_linked(third_party) == "its ticket field is this ticket, billed to Landlord & Co"


def test_how_much_was_seen_says_when_it_is_not_all() -> None:
    seen = "20 invoices listed, 1 read, 3 known from earlier reads, 0 skipped"
    assert coverage(Coverage(20, 1, 3, 0)) == seen
    assert coverage(Coverage(20, 1, 3, 0, complete=False)) == f"{seen}; the search is not complete"
