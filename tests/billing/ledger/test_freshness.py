"""When something remembered still counts as read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.billing.ledger.freshness import is_current, is_the_listed_one, sweep_of
from bot.billing.ledger.model import RememberedInvoice
from bot.billing.rules.invoice import facts_of
from bot.syncro.models import InvoiceRow
from tests.billing.factory import invoice

READ = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
CHANGED = READ - timedelta(days=1)
KNOWN = RememberedInvoice(facts=facts_of(invoice("67469", total="75.0", updated_at=CHANGED.isoformat())), read_at=READ)
NO_CHANGES = sweep_of([], READ)


def row(**fields: Any) -> InvoiceRow:
    return InvoiceRow.model_validate({"number": "67469", "customer_id": 7, **fields})


@pytest.mark.parametrize("updated_at", [CHANGED, None])
@pytest.mark.parametrize(
    ("total", "is_so"), [("75.00", True), (75, True), (None, True), ("80.0", False), ("0.0", False)]
)
def test_what_is_listed_with_another_total_has_changed_though_its_time_stood_still(
    updated_at: datetime | None, total: Any, is_so: bool
) -> None:
    assert is_current(row(updated_at=updated_at, total=total), KNOWN, NO_CHANGES) is is_so


@pytest.mark.parametrize("odd", [{"number": None}, {"is_twin": True}])
def test_a_row_by_which_no_invoice_can_be_asked_for_is_that_of_none(odd: dict[str, Any]) -> None:
    assert is_the_listed_one(row(), KNOWN.facts)
    assert not is_the_listed_one(row(**odd), KNOWN.facts)


@pytest.mark.parametrize("odd", [{"number": None}, {"number": "9", "is_twin": True}])
def test_changes_that_name_nobody_knows_which_invoice_vouch_for_none(odd: dict[str, Any]) -> None:
    assert sweep_of([row(number="9")], READ).vouches_for(KNOWN)
    assert not sweep_of([row(number="8"), row(**odd)], READ).vouches_for(KNOWN)
