"""The algorithm of the memo that corrected the incident, as the yardstick for ours.

For each ticket it lists the customer's invoices and reads each one's detail, with a pause of 0.1 s after each call.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import requests

PAUSE_SECONDS = 0.1


def memo_invoices(
    base_url: str,
    token: str,
    tickets: Iterable[tuple[str, str]],
    *,
    pause: Callable[[float], None] = time.sleep,
) -> dict[str, str | None]:
    """The invoice number of each ticket, given (ticket id, customer id); None where the memo finds none."""
    with requests.Session() as session:
        session.headers["Authorization"] = token

        def get(path: str, **query: str) -> Any:
            answer = session.get(f"{base_url}/{path}", params=query, timeout=30)
            answer.raise_for_status()
            pause(PAUSE_SECONDS)
            return answer.json()

        return {ticket_id: _invoice_of(ticket_id, customer_id, get) for ticket_id, customer_id in tickets}


def _invoice_of(ticket_id: str, customer_id: str, get: Callable[..., Any]) -> str | None:
    found = None
    page, pages = 1, 1
    while page <= pages:
        listed = get("invoices", customer_id=customer_id, page=str(page))
        pages = listed["meta"]["total_pages"]
        for row in listed["invoices"]:
            detail = get(f"invoices/{row['number']}")["invoice"]
            if str(detail["ticket_id"]) == ticket_id:
                found = str(detail["number"])
        page += 1
    return found
