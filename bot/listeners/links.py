"""Addresses of our own tickets and invoices that somebody posts where people may ask."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from slack_bolt import App, BoltResponse

from bot.jobs.unfurl import INVOICE, UnfurlRequest
from bot.listeners.access import Access, Asker
from bot.ticket_references.words import invoice_at, ticket_at

log = logging.getLogger(__name__)

MOST_LINKS = 5
"""In one message; of further ones nothing is shown."""


def register(
    app: App, access: Access, enqueue: Callable[[str, UnfurlRequest], None], site: str, *, is_on: bool
) -> None:
    """Listen for addresses; unless it `is_on`, to let them be. Nobody has asked, so who may not ask gets no word."""

    @app.event("link_shared")
    def shared(event: dict[str, Any], body: dict[str, Any]) -> BoltResponse | None:
        request = _request(event, site) if is_on else None
        if request is None or access.bystander_refusal(Asker.of_event(event, body)) is not None:
            return None
        try:
            enqueue(f"unfurl:{request.channel}:{request.ts}", request)
        except Exception as error:  # noqa: BLE001 - whatever ails the database, Slack delivers it again
            log.warning("An address is left as it is for now (%s)", type(error).__name__)
            return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)  # not acknowledged
        return None


def _request(event: dict[str, Any], site: str) -> UnfurlRequest | None:
    """What is to be shown; None for what is still being written, in a conversation of people, or not ours."""
    channel, ts, user = (str(event.get(name) or "") for name in ("channel", "message_ts", "user"))
    if event.get("source") == "composer" or not channel.startswith(("C", "G")) or not ts or not user:
        return None
    urls = [str(each.get("url") or "") for each in event.get("links") or [] if isinstance(each, dict)]
    ours = {url: reference for url in urls if (reference := ticket_at(url, site) or _invoice(url, site))}
    return UnfurlRequest(channel, ts, user, dict(list(ours.items())[:MOST_LINKS])) if ours else None


def _invoice(url: str, site: str) -> str:
    reference = invoice_at(url, site)
    return f"{INVOICE}{reference}" if reference else ""
