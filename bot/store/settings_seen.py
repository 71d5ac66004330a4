"""The settings with which the bot last started, so that the audit table tells which have changed since.

Of a secret only a salted digest is kept, which tells that it was changed and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from bot.store import audit
from bot.store.audit import SELF, Act, AuditEntry
from bot.store.database import insert
from bot.store.tables import settings_seen


def note(
    connection: sa.Connection, plain: Mapping[str, str], secret: Mapping[str, str], where: str, at: datetime
) -> None:
    """Keep the settings, by name; each that differs from the last time leaves an entry. `plain` ones show values."""
    before = {row.name: row.value for row in connection.execute(sa.select(settings_seen))}
    for name, value, entry in _changes(before, plain, secret, AuditEntry(at, Act.SETTINGS, who=SELF, where=where)):
        keeping = insert(connection, settings_seen).values(name=name, value=value)
        replaced = {"value": keeping.excluded.value}
        connection.execute(keeping.on_conflict_do_update(index_elements=[settings_seen.c.name], set_=replaced))
        audit.add(connection, entry)


def _changes(
    before: Mapping[str, str], plain: Mapping[str, str], secret: Mapping[str, str], start: AuditEntry
) -> Iterator[tuple[str, str, AuditEntry]]:
    for name, value in plain.items():
        known = before.get(name, "")
        if value != known:
            what = f"{name}={value}" if value else f"{name} as by default"
            why = f"was {known}" if known else ""
            yield name, value, replace(start, what=what, why=why)
    for name, value in secret.items():
        known = before.get(name, "")
        if not _is_same(value, known):
            what = f"{name} {'changed' if value and known else 'set' if value else 'removed'}"
            yield name, _sealed(value), replace(start, what=what)


def _sealed(value: str, salt: bytes | None = None) -> str:
    if not value:
        return ""
    salt = salt or secrets.token_bytes(16)
    return f"{salt.hex()}:{hashlib.scrypt(value.encode(), salt=salt, n=2**14, r=8, p=1, dklen=16).hex()}"


def _is_same(value: str, sealed: str) -> bool:
    if not value or not sealed:
        return not value and not sealed
    return hmac.compare_digest(_sealed(value, bytes.fromhex(sealed.partition(":")[0])), sealed)
