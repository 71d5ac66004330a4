"""What a setting may hold: lists, Slack ids, addresses, files. What cannot be repaired is refused in words.

Each function raises ValueError with what follows the setting's name in a sentence; none shows what may be a secret.
"""

from __future__ import annotations

import csv
import ipaddress
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

SLACK_TOKEN = re.compile(r"\b(?:xox[a-z]|xapp)-")
"""The beginning of each kind of token that Slack gives out."""
_LONG_WORD = re.compile(r"[\w.~+/=-]{20,}", re.ASCII)
_ID = re.compile(r"[A-Z0-9]{2,}")
_OF_THE_API = re.compile(r"/api(?:/|$)")
_MOST_BYTES = 1_000_000


@dataclass(frozen=True)
class IdKind:
    """A kind of Slack id: the letters that it begins with, and where people find one."""

    letters: str
    found: str


_PERSON = 'a person\'s (U0123ABCD) is in Slack in the menu of their profile, "Copy member ID"'
_GROUP = "a user group's (S0123ABCD) is in Slack's directory, in the group's menu, \"Copy group ID\""
_CHANNEL = "a channel's (C0123ABCD) is in Slack at the bottom of its details, under About"
CHANNEL = IdKind("CGD", _CHANNEL)
DIGEST_PLACE = IdKind("CGDUW", _CHANNEL)
PERSON = IdKind("UW", _PERSON)
GROUP = IdKind("S", _GROUP)
MANAGER = IdKind("UWS", f"{_PERSON}; {_GROUP}")


def shown(value: str) -> str:
    """A wrong value for a message, unless it looks like a secret."""
    has_key = any(any(map(str.isdigit, word)) for word in _LONG_WORD.findall(value))
    is_secret = has_key or SLACK_TOKEN.search(value) or (":/" in value and "@" in value)
    return "something that looks like a secret" if is_secret else repr(value)


def unquoted(value: str) -> str:
    """The value without quotation marks around all of it, which `docker --env-file` leaves where they stand."""
    text = value.strip()
    while len(text) > 1 and text[0] in "\"'" and text.find(text[0], 1) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def words(value: Any) -> Any:
    """The parts of "Resolved, Closed"; quotation marks or a JSON list serve names that hold a comma."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return _json_list(value)
    try:
        (parts,) = csv.reader([" ".join(value.split())], skipinitialspace=True, strict=True)
    except csv.Error:
        raise ValueError("has quotation marks that do not match") from None
    return tuple(word for part in parts if (word := unquoted(part)))


def _json_list(value: str) -> tuple[str, ...]:
    try:
        items = json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError("is neither a comma-separated list nor a JSON list of texts") from None
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError("is a JSON list, but not of texts only")
    return tuple(items)


def slack_ids(kind: IdKind, value: Any) -> Any:
    """The ids in a list. One that is set and holds none is refused: without ids a list may allow everybody."""
    ids = words(value)
    if ids == () and value:
        raise ValueError(f"is set, and names nobody and nothing: leave it out, or give Slack ids: {kind.found}")
    for each in ids if isinstance(ids, tuple) else ():
        if each[:1] not in kind.letters or not _ID.fullmatch(each):
            raise ValueError(f"holds {shown(each)}; give Slack ids, not names: {kind.found}")
    return ids


def hours(value: Any) -> Any:
    """From and until of "8-18"."""
    if not isinstance(value, str):
        return value
    said = re.fullmatch(r"([0-9]{1,2}) ?- ?([0-9]{1,2})", value.strip())
    if said is None or not int(said[1]) < int(said[2]) <= 24:
        raise ValueError('must be two hours of a day, such as "8-18"')
    return int(said[1]), int(said[2])


def technicians(value: Any) -> Any:
    """Pairs of "U0123ABCD = Anna Smith, U0456EFGH = bob@example.com"."""
    said = words(value)
    if not isinstance(said, tuple):
        return said
    pairs = tuple((person.strip(), name.strip()) for person, _, name in (each.partition("=") for each in said))
    slack_ids(PERSON, tuple(person for person, _ in pairs))
    if not all(name for _, name in pairs):
        raise ValueError('must be people with their name or e-mail address in Syncro: "U0123ABCD = Anna Smith"')
    return pairs


def slack_id(kind: IdKind, value: Any) -> Any:
    """The one id."""
    ids = slack_ids(kind, value)
    if not isinstance(ids, tuple):
        return ids
    if len(ids) > 1:
        raise ValueError("must be one Slack id")
    return ids[0] if ids else None


def file_text(path: Path) -> str:
    """What stands in a file that a setting names. A pipe or a device is refused: it might never end."""
    name = str(path)
    if not name.startswith(("/", ".", "~")) or SLACK_TOKEN.search(name):
        name = shown(name).strip("'")
    try:
        # Without waiting: opening a pipe for reading lasts until somebody writes to it.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ValueError(f"names {name}, which is no ordinary file")
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ValueError(f"names {name}, which is too large")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"names {name}, which is no text in UTF-8: save it as such") from None
    except OSError as error:
        raise ValueError(f"names {name}, which cannot be read ({type(error).__name__})") from None


def web_address(value: str) -> SplitResult:
    """An http(s) address without query, without the closing slash. Plain http only on this machine itself."""
    url = value.strip().rstrip("/")
    if re.search(r"[\s\\;]", url):
        raise ValueError("is not a valid address")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("is not a valid address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("must be an address that begins with https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must be a plain address without user name, password or query")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("must begin with https://, because the token would travel unencrypted")
    return parts


def syncro_api(value: str) -> str:
    """The address of Syncro's API, completed to its /api/v1."""
    parts = web_address(value)
    path = re.sub(r"/api(?:/v1)?$", "", parts.path)
    is_other = str(parts.hostname).endswith(".syncromsp.com") and path
    if is_other or _OF_THE_API.search(path):
        raise ValueError(f"leads to another place than the API: give {parts.scheme}://{parts.netloc}/api/v1")
    return f"{parts.scheme}://{parts.netloc}{path}/api/v1"


def slack_api(value: str) -> str:
    """The address of Slack's Web API, with the closing slash."""
    parts = web_address(value)
    path = "/api" if parts.hostname == "slack.com" else parts.path
    return f"{parts.scheme}://{parts.netloc}{path}/"


def host_and_port(value: Any) -> Any:
    """Read 127.0.0.1:9090 or [::1]:9090."""
    if not isinstance(value, str):
        return value
    host, _, port = value.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[\w.:-]{1,253}", host) or not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError('must be a host and a port, such as "127.0.0.1:9090"')
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Whether only this machine itself can reach a host of this name."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
