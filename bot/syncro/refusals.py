"""What Syncro says when it gives no record: its own words, and what they ask of the operator."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from bot.syncro.errors import ForbiddenError, NotFoundError, SyncroError, UnauthorisedError, UnreadableError
from bot.syncro.json_answers import OversizedError, json_of
from bot.syncro.models import storable

LONGEST_WORDS = 160
"""Characters shown of what Syncro says; a sentence that helps is no longer."""
LONGEST_REFUSAL = 64 * 1024
"""Bytes of a refusal that are looked into."""

_PLAIN_KEYS = frozenset({"error", "errors", "message", "messages", "base", "detail"})
"""Names that say nothing beside what stands under them."""
_PERMISSION = re.compile(r"permi(?:ssion|tted)|not allowed|access denied|forbidden|privilege|\brole\b", re.IGNORECASE)
_TOKEN = re.compile(r"\btoken\b|api[ _-]?key|credential|expired|\blog ?in\b|sign in|authenticat", re.IGNORECASE)


def words_of(body: Any) -> str:
    """What an answer says under `error`, `errors` or `message`, in one short line; empty where it says nothing.

    Seen as text, as a list, and as a map of fields to texts or lists.
    """
    if not isinstance(body, dict):
        return ""
    said = dict.fromkeys(text for key in ("error", "errors", "message") for text in _texts("", body.get(key)))
    visible = "".join(map(_visible, storable("; ".join(said))))
    words = " ".join(visible.split()).rstrip(".")
    return words if len(words) <= LONGEST_WORDS else f"{words[: LONGEST_WORDS - 1]}…"


def _texts(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts("" if str(key).lower() in _PLAIN_KEYS else str(key), inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(name, inner)
    elif isinstance(value, str) and value.strip():
        yield f"{name}: {value.strip()}" if name else value.strip()


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    return " " if category == "Cc" else "" if category == "Cf" else character


def quoted(words: str) -> str:
    """The words as they follow a problem: `: "no such page"`; empty for none."""
    return f': "{words}"' if words else ""


def is_web_page(content: bytes | bytearray) -> bool:
    """Whether an answer is a page for people, so that something else than Syncro's API has answered."""
    return content[:64].lstrip()[:1] == b"<"


def words_in(content: bytes | bytearray) -> str:
    """The words of an answer as it came."""
    if len(content) > LONGEST_REFUSAL:
        return ""
    try:
        return words_of(json_of(content))
    except (ValueError, RecursionError, OversizedError):
        return ""


def says_which(words: str) -> bool | None:
    """Of a 401: whether a permission is missing (True) or the token is wrong (False); None where nothing tells."""
    if _PERMISSION.search(words):
        return True
    return False if _TOKEN.search(words) else None


_PERMISSIONS: Mapping[tuple[str, bool], str] = MappingProxyType(
    {
        ("tickets", False): "Tickets - List/Search",
        ("tickets", True): "Tickets - View Details",
        ("invoices", False): "Invoices - List/Search",
        ("invoices", True): "Invoices - View Details",
        ("schedules", False): "Recurring Invoices - List",
        ("customers", True): "Customers - View Detail",
    }
)
"""Which permission an endpoint takes, by its collection and whether it reads one record (OpenAPI document)."""


def missing_permission(what: str, path: str, status: int, words: str, calls: int) -> ForbiddenError:
    """The error for a token that works, but not here."""
    collection, slash, record = path.partition("/")
    is_record = bool(slash) and record != "settings"
    permission = _PERMISSIONS.get((collection, is_record), "")
    endpoint = f"/{collection}/{{id}}" if is_record else f"/{path}"
    advice = f"Give the API token this permission in Syncro: {permission}." if permission else ForbiddenError.advice
    problem = f"the API token may not read {endpoint} ({status}){quoted(words)}"
    return ForbiddenError(what, problem, calls=calls, advice=advice)


def wrong_token(what: str, words: str, calls: int) -> UnauthorisedError:
    """The error for a token that is refused."""
    return UnauthorisedError(what, f"Syncro refused the API token (401){quoted(words)}", calls=calls)


def refusal(what: str, path: str, status: int, words: str, calls: int, *, is_page: bool) -> SyncroError:
    """The error for any other status that is no answer and does not get better. `is_page`: with a page for people."""
    if status == 403:
        return missing_permission(what, path, status, words, calls)
    if status == 404 and not is_page:
        return NotFoundError(what, f"Syncro has no such record (404){quoted(words)}", calls=calls)
    if 300 <= status < 400:
        problem = f"Syncro redirects elsewhere ({status}); check SYNCRO_BASE_URL"
    elif is_page:
        problem = f"Syncro's answer ({status}) is a web page; check SYNCRO_BASE_URL"
    else:
        problem = f"Syncro refused the request ({status}){quoted(words)}"
    return UnreadableError(what, problem, calls=calls)
