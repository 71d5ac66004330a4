"""The JSON object that `invoice-bot digest --json` prints."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from bot.billing.rules.verdicts import Verdict
from bot.digest.headline import headline
from bot.digest.model import Digest, DigestTicket
from bot.words.finding_json import finding_as_json
from bot.words.plain import in_hours


def digest_as_json(digest: Digest) -> str:
    """The digest as one JSON object, as text."""
    return json.dumps(digest_object(digest), ensure_ascii=False, indent=2)


def digest_object(digest: Digest) -> dict[str, Any]:
    """The digest as scripts read it.

    On the first run everything is `new`: nothing was named before.

    `counts` holds the verdicts as they were found. A ticket that is snoozed or marked is counted there as
    not_invoiced; it is named in `snoozed` or `marked`, and is neither in the list `not_invoiced` nor in `at_risk`.
    """
    return {
        "date": digest.day.isoformat(),
        "headline": headline(digest),
        "at_risk": f"{digest.at_risk:.2f}",
        "at_risk_hours": in_hours(digest.at_risk_hours),
        "counts": {
            "checked": digest.checked,
            **{verdict.value: digest.counts[verdict] for verdict in Verdict if verdict.traits.is_counted},
        },
        **{
            verdict.value: [finding_as_json(ticket.finding) for ticket in listed]
            for verdict, listed in digest.sections.items()
        },
        "new": _numbers(digest.unbilled if digest.is_first else digest.new),
        "still_open": [] if digest.is_first else _numbers(digest.still_open),
        "resolved": [
            {"ticket_number": each.standing.ticket_number, "invoice_number": each.invoice_number}
            for each in digest.resolved
        ],
        "contradictions": _numbers(digest.contradictions),
        "rest_unread": _numbers(digest.rest_unread),
        "concerns": [finding_as_json(ticket.finding) for ticket in digest.with_concerns],
        "snoozed": _numbers(digest.snoozed),
        "marked": _numbers(digest.marked),
        "failures": [],  # scripts may look for it; tickets that cannot be listed make no digest
        "api_calls": digest.api_calls,
        "seconds": round(digest.seconds, 3),
    }


def _numbers(lines: Iterable[DigestTicket]) -> list[str]:
    return [line.finding.ticket_number for line in lines]
