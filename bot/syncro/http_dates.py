"""Dates as HTTP headers have them."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime


def moment_from_http_date(text: str) -> datetime | None:
    """Read an HTTP date (RFC 9110): "Sun, 06 Nov 1994 08:49:37 GMT". None where it is none."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
