"""Which finished tickets a selection holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.billing.rules.policy import Policy
from bot.billing.search.selection import Choice, Selected, Selection, select
from bot.syncro.models import TicketRow

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SINCE = NOW - timedelta(days=7)


def row(
    number: str, customer: str = "Kittle", technician: str = "Anna Smith", *, days: float = 1, **more: object
) -> TicketRow:
    moment = (NOW - timedelta(days=days)).isoformat()
    about = {"status": "Resolved", "updated_at": moment, "resolved_at": moment, "user": {"full_name": technician}}
    identity = {"id": f"9{number}", "number": number, "customer_id": customer, "customer_business_then_name": customer}
    return TicketRow.model_validate({**identity, **about, **more})


ROWS = [
    row("1", days=3),
    row("2", days=2),
    row("3", "Kittle Labs", "Anna Smithson"),
    row("4", "Smith & Sons"),
    row("5", status="In Progress", resolved_at=""),
    row("6", days=8),
]


@pytest.mark.parametrize(
    ("choice", "name", "selected"),
    [
        (Choice.CUSTOMER, "kittle", Selected(("2", "1"), ("Kittle",))),
        (Choice.CUSTOMER, "labs", Selected(("3",), ("Kittle Labs",))),
        (Choice.CUSTOMER, "kit", Selected(names=("Kittle", "Kittle Labs"))),
        (Choice.CUSTOMER, "smith & sons", Selected(("4",), ("Smith & Sons",))),
        (Choice.CUSTOMER, "nobody", Selected()),
        (Choice.CUSTOMER, " - ", Selected()),
        (Choice.TECHNICIAN, "anna smith", Selected(("4", "2", "1"))),
        (Choice.TECHNICIAN, "", Selected()),
        (Choice.SINCE, "", Selected(("3", "4", "2", "1"))),
    ],
)
def test_finished_tickets_are_selected_by_name_and_time_newest_first(
    choice: Choice, name: str, selected: Selected
) -> None:
    assert select(Selection(choice, name, SINCE), ROWS, Policy(), NOW) == selected


def test_of_two_technicians_of_one_name_none_is_guessed_and_an_address_tells_them_apart() -> None:
    rows = [
        row(str(number), user={"id": number, "full_name": "Anna Smith", "email": f"anna{number}@example.com"})
        for number in (1, 2)
    ]

    by_name = select(Selection(Choice.TECHNICIAN, "anna smith", SINCE), rows, Policy(), NOW)
    by_address = select(Selection(Choice.TECHNICIAN, "Anna2@example.com", SINCE), rows, Policy(), NOW)

    assert by_name == Selected(names=("anna1@example.com", "anna2@example.com"))
    assert by_address.references == ("2",)
