"""Which invoice people mean: a number is text, an address holds the id."""

from __future__ import annotations

import pytest

from bot.ticket_references.words import invoice_typed

SITE = "https://acme.syncromsp.com"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("67469", "67469"),
        ("#67469", "67469"),
        ("invoice 67469", "67469"),
        ("no. 0067469", "0067469"),
        ("INV-00123", "INV-00123"),
        ("2026/117", "2026/117"),
        ("67469 --fresh", "67469"),
        ("https://acme.syncromsp.com/invoices/1650000001", "id:1650000001"),
        ("<https://acme.syncromsp.com/invoices/1650000001?tab=1|67469>", "id:1650000001"),
        ("<https://acme.syncromsp.com/invoices/1650000001>", "id:1650000001"),
        ("https://other.syncromsp.com/invoices/1650000001", ""),
        ("https://acme.syncromsp.com/tickets/1650000001", ""),
        ("67469 67470", ""),
        ("please", ""),
        ("", ""),
        ("../me", ""),
        ("9" * 41, ""),
    ],
)
def test_one_invoice_is_meant_or_none(typed: str, meant: str) -> None:
    assert invoice_typed(typed, SITE) == meant
