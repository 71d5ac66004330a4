"""How the ledger's entries stand in their tables: the statements that find, keep and remove them."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from bot.billing.ledger.freshness import line_is_no_newer_than
from bot.billing.ledger.model import RememberedInvoice, RememberedTicket, SearchedPlace, TicketLabels
from bot.billing.rules import matching
from bot.billing.rules.invoice import BilledLine, InvoiceFacts
from bot.billing.rules.matching import Span, TicketKeys
from bot.store.columns import PlainText
from bot.store.database import insert
from bot.store.tables import (
    ledger_books,
    ledger_invoices,
    ledger_lines,
    ledger_places,
    ledger_references,
    ledger_ticket_items,
    ledger_tickets,
)
from bot.syncro.models import InvoiceRow, Record, TicketCharge, TicketTimer

LONGEST_NAME = 100
"""Characters kept of what an invoice is found by. No id or number is as long; one cut short is still found."""
_AT_ONCE = 500
"""Ids in one question: databases limit the parameters of a statement."""
_WITHOUT_ID = ""
_TEXT = PlainText()
_IN_BOOKS = (
    ledger_invoices,
    ledger_lines,
    ledger_references,
    ledger_tickets,
    ledger_ticket_items,
    ledger_places,
)

_Value = TypeVar("_Value")
_Entry = TypeVar("_Entry", RememberedInvoice, RememberedTicket)
_Rows = list[dict[str, Any]]


class _Charged(Record):
    """What is kept of a ticket as JSON; the id as it was, with what a key cannot hold."""

    id: str
    timers: tuple[TicketTimer, ...]
    charges: tuple[TicketCharge, ...]
    labels: TicketLabels = TicketLabels()


# --- books ---


def books(connection: sa.Connection, account: str, *conditions: sa.ColumnElement[bool]) -> Sequence[int]:
    """The books of an account."""
    return (
        connection.execute(sa.select(ledger_books.c.id).where(ledger_books.c.account == account, *conditions))
        .scalars()
        .all()
    )


def find_or_make_book(connection: sa.Connection, account: str, rules: int) -> int:
    """The book of the account under these rules. A book's row is never deleted, so ids are never used twice."""
    for book in books(connection, account, ledger_books.c.rules == rules):
        return book
    making = sa.insert(ledger_books).values(account=account, rules=rules).returning(ledger_books.c.id)
    return int(connection.execute(making).scalar_one())


def empty_book(connection: sa.Connection, book: int, now: datetime) -> None:
    """Remove all that stands in a book; searches begun before `now` are not noted in it any more."""
    for table in _IN_BOOKS:
        connection.execute(sa.delete(table).where(table.c.book_id == book))
    connection.execute(sa.update(ledger_books).where(ledger_books.c.id == book).values(emptied_at=now))


# --- recalling ---


def questions_for_linked(connection: sa.Connection, book: int, ticket: TicketKeys) -> Iterator[sa.Executable]:
    """Questions for the ids of all invoices that may refer to the ticket."""
    columns = ledger_references.c
    for link in matching.LINKS:
        of_kind = sa.select(columns.invoice_id).where(columns.book_id == book, columns.kind == link.kind.value)
        wanted = list(link.names_of(ticket))
        names = _kept_as(connection, (each[:LONGEST_NAME] for each in wanted if isinstance(each, str)))
        for some in parts(names):
            yield of_kind.where(columns.name.in_(some))
        for number in wanted:
            if isinstance(number, int):
                yield of_kind.where(columns.lowest <= number, columns.highest >= number)


def question_for_known(book: int, customer_id: str | None, since: datetime | None) -> sa.Select[str]:
    """A question for the ids of a customer's or the account's invoices that may have changed since a moment."""
    columns = ledger_invoices.c
    asked = sa.select(columns.id).where(columns.book_id == book)
    if customer_id is not None:
        asked = asked.where(columns.customer_id == customer_id)
    if since is not None:
        asked = asked.where(sa.or_(columns.updated_at.is_(None), columns.updated_at >= since))
    return asked


def question_for_unclaimed(
    book: int, since: datetime, amounts: frozenset[str], customer_id: str | None
) -> sa.Select[str]:
    """A question for a line that came after a moment and may be a charge of the customer's ticket."""
    lines, items, invoices = ledger_lines.c, ledger_ticket_items.c, ledger_invoices.c
    claimed = sa.exists().where(items.book_id == book, items.item_id == lines.line_id)
    is_own = sa.or_(invoices.customer_id.is_(None), invoices.customer_id == customer_id)
    on_own_invoice = sa.exists().where(invoices.book_id == book, invoices.id == lines.invoice_id, is_own)
    may_be = sa.or_(lines.amount.is_(None), lines.amount.in_(sorted(amounts)), sa.and_(lines.is_stray, on_own_invoice))
    return sa.select(lines.line_id).where(lines.book_id == book, lines.there_since > since, may_be, ~claimed).limit(1)


def invoices_by(
    connection: sa.Connection,
    book: int,
    column: sa.Column[Any],
    names: Collection[str],
) -> Iterator[RememberedInvoice]:
    """The remembered invoices whose column holds one of the names."""
    for some in parts(names):
        asked = sa.select(ledger_invoices.c.facts, ledger_invoices.c.read_at).where(
            ledger_invoices.c.book_id == book, column.in_(some)
        )
        for row in connection.execute(asked):
            yield RememberedInvoice(facts=InvoiceFacts.model_validate(json.loads(row.facts)), read_at=row.read_at)


def only_one(row: InvoiceRow, numbered: Sequence[RememberedInvoice]) -> RememberedInvoice | None:
    """The one invoice of the row's number that its customer can have; None where there are several."""
    own = [each for each in numbered if row.customer_id is None or each.facts.customer_id in (None, row.customer_id)]
    return own[0] if len(own) == 1 else None


def ticket_from(row: sa.Row[Any]) -> RememberedTicket:
    """The ticket that a row holds."""
    detail = _Charged.model_validate(json.loads(row.detail))
    return RememberedTicket(updated_at=row.updated_at, read_at=row.read_at, **dict(detail))


def place_from(row: sa.Row[Any]) -> SearchedPlace:
    """The place that a row holds."""
    return SearchedPlace(
        name=row.name, since=row.since, as_of=row.as_of, searched_at=row.searched_at, skipped=row.skipped
    )


# --- remembering ---


def keep_invoices(
    connection: sa.Connection, book: int, invoices: Mapping[str, RememberedInvoice], now: datetime, furthest: datetime
) -> None:
    """Keep invoices, by their ids as the database has them, in place of what was read of them before `furthest`."""
    kept = _read_before(connection, book, ledger_invoices, invoices)
    newer = {
        key: each
        for key, each in invoices.items()
        if key not in kept or _is_newer(each.facts.updated_at, each.read_at, *kept[key], furthest)
    }
    replaced = [key for key in newer if key in kept]
    known = _known_lines(connection, book, replaced) if replaced else {}
    _replace(connection, ledger_invoices, [_invoice_row(book, each) for each in newer.values()])
    if replaced:
        forget_texts(connection, book, replaced)
    lines: _Rows = []
    references: _Rows = []
    for key, each in newer.items():
        lines += _line_rows(connection, book, key, each, known, now)
        references += _reference_rows(connection, book, key, each.facts)
    _add(connection, ledger_lines, lines)
    _add(connection, ledger_references, references)


def keep_tickets(
    connection: sa.Connection, book: int, tickets: Mapping[str, RememberedTicket], furthest: datetime
) -> None:
    """Keep tickets, by their ids as the database has them, in place of what was read of them before `furthest`."""
    kept = _read_before(connection, book, ledger_tickets, tickets)
    newer = {
        key: each
        for key, each in tickets.items()
        if key not in kept or _is_newer(each.updated_at, each.read_at, *kept[key], furthest)
    }
    if replaced := [key for key in newer if key in kept]:
        items = ledger_ticket_items.c
        connection.execute(sa.delete(ledger_ticket_items).where(items.book_id == book, items.ticket_id.in_(replaced)))
    _replace(connection, ledger_tickets, [_ticket_row(book, each) for each in newer.values()])
    claimed: _Rows = []
    for key, each in newer.items():
        item_ids = _kept_as(connection, filter(None, (charge.invoice_line for charge in each.charges)))
        claimed += [{"book_id": book, "ticket_id": key, "item_id": item_id} for item_id in item_ids]
    _add(connection, ledger_ticket_items, claimed)


def keep_places(connection: sa.Connection, book: int, places: Sequence[SearchedPlace], furthest: datetime) -> None:
    """Keep that places were searched. What is known up to a later moment stays, unless a later search began anew.

    What claims to be known up to a moment after `furthest` was written by a clock that was wrong.
    """
    adding = insert(connection, ledger_places)
    new, kept = adding.excluded, ledger_places.c
    connection.execute(
        adding.on_conflict_do_update(
            index_elements=[kept.book_id, kept.name],
            set_={name: new[name] for name in ("since", "as_of", "searched_at", "skipped")},
            where=sa.or_(new.as_of >= kept.as_of, new.searched_at > kept.searched_at, kept.as_of > furthest),
        ),
        [
            {
                "book_id": book,
                "name": place.name,
                "since": place.since,
                "as_of": place.as_of,
                "searched_at": place.searched_at,
                "skipped": place.skipped,
            }
            for place in places
        ],
    )


def newest(connection: sa.Connection, read: Sequence[_Entry], name: Callable[[_Entry], str]) -> dict[str, _Entry]:
    """What was read last of each, by its name as the database will have it."""
    newest: dict[str, _Entry] = {}
    for each in sorted(read, key=lambda entry: entry.read_at):
        (key,) = _kept_as(connection, [name(each)])
        newest[key] = each
    return newest


def _read_before(
    connection: sa.Connection, book: int, table: sa.Table, keys: Iterable[str]
) -> dict[str, tuple[datetime | None, datetime]]:
    """Of which state those are that are kept already, and when they were read."""
    asked = sa.select(table.c.id, table.c.updated_at, table.c.read_at).where(
        table.c.book_id == book, table.c.id.in_(list(keys))
    )
    return {row.id: (row.updated_at, row.read_at) for row in connection.execute(asked)}


def _is_newer(
    updated_at: datetime | None,
    read_at: datetime,
    kept_updated_at: datetime | None,
    kept_read_at: datetime,
    furthest: datetime,
) -> bool:
    """Whether a reading replaces the kept one: it shows a later state, or the same (or nobody knows) and came later.

    The time of change is Syncro's own; the times of reading may be of processes whose clocks differ. One after
    `furthest` is of a clock that was wrong.
    """
    if kept_read_at > furthest:
        return True
    if updated_at is not None and kept_updated_at is not None and updated_at != kept_updated_at:
        return updated_at > kept_updated_at
    return kept_read_at <= read_at


def _known_lines(connection: sa.Connection, book: int, keys: Sequence[str]) -> dict[tuple[str, str], datetime]:
    """Since when the lines of these invoices were there, by invoice and line. Of those without ids nobody can tell."""
    lines = ledger_lines.c
    asked = sa.select(lines.invoice_id, lines.line_id, lines.there_since).where(
        lines.book_id == book, lines.invoice_id.in_(keys), lines.line_id != _WITHOUT_ID
    )
    return {(row.invoice_id, row.line_id): row.there_since for row in connection.execute(asked)}


def forget_gone(connection: sa.Connection, book: int, gone: Mapping[str, datetime]) -> None:
    """Forget invoices, except what was read of one after the moment that stands with it."""
    moments = {key: moment for name, moment in gone.items() for key in _kept_as(connection, [name])}
    kept = _read_before(connection, book, ledger_invoices, moments)
    keys = [key for key, (_, read_at) in kept.items() if read_at <= moments[key]]
    forget_texts(connection, book, keys)
    invoices = ledger_invoices.c
    connection.execute(sa.delete(ledger_invoices).where(invoices.book_id == book, invoices.id.in_(keys)))


def forget_old(connection: sa.Connection, book: int, oldest: datetime) -> None:
    """Forget the tickets read and the places searched before a moment: they are never recalled."""
    tickets, items, places = ledger_tickets.c, ledger_ticket_items.c, ledger_places.c
    old = sa.select(tickets.id).where(tickets.book_id == book, tickets.read_at < oldest)
    connection.execute(sa.delete(ledger_ticket_items).where(items.book_id == book, items.ticket_id.in_(old)))
    connection.execute(sa.delete(ledger_tickets).where(tickets.book_id == book, tickets.read_at < oldest))
    connection.execute(sa.delete(ledger_places).where(places.book_id == book, places.searched_at < oldest))


def forget_texts(connection: sa.Connection, book: int, keys: Sequence[str]) -> None:
    """Forget the lines of these invoices and what they are found by."""
    for table in (ledger_lines, ledger_references):
        connection.execute(sa.delete(table).where(table.c.book_id == book, table.c.invoice_id.in_(keys)))


def _invoice_row(book: int, invoice: RememberedInvoice) -> dict[str, Any]:
    facts = invoice.facts
    return {
        "book_id": book,
        "id": facts.id,
        "number": facts.number,
        "customer_id": facts.customer_id,
        "updated_at": facts.updated_at,
        "read_at": invoice.read_at,
        "facts": _compact(facts.model_dump(mode="json", exclude_defaults=True)),
    }


def _ticket_row(book: int, ticket: RememberedTicket) -> dict[str, Any]:
    return {
        "book_id": book,
        "id": ticket.id,
        "updated_at": ticket.updated_at,
        "read_at": ticket.read_at,
        # Not `exclude_defaults`: a quantity of 1.00 is equal to the default, but not the same digit for digit.
        "detail": _compact(ticket.model_dump(mode="json", include=set(_Charged.model_fields), exclude_unset=True)),
    }


def _line_rows(
    connection: sa.Connection,
    book: int,
    key: str,
    invoice: RememberedInvoice,
    known: Mapping[tuple[str, str], datetime],
    now: datetime,
) -> _Rows:
    """The invoice's lines. One that was known before keeps its time, any other is new now."""
    facts = invoice.facts
    latest = line_is_no_newer_than(facts, max(now, invoice.read_at))
    unnamed = [BilledLine(id=_WITHOUT_ID)] if facts.has_unnamed_lines else []
    rows = {}
    for line in (*facts.lines, *unnamed):
        (line_id,) = _kept_as(connection, [line.id])
        rows[line_id] = {
            "book_id": book,
            "invoice_id": key,
            "line_id": line_id,
            "there_since": known.get((key, line_id), latest),
            "amount": line.amount,
            "is_stray": line.is_stray,
        }
    return list(rows.values())


def _reference_rows(connection: sa.Connection, book: int, key: str, facts: InvoiceFacts) -> _Rows:
    """What each kind of link finds the invoice by."""
    found = {
        (link.kind.value, name): ends
        for link in matching.LINKS
        for each in link.names_on(facts)
        for name, ends in _named(connection, each)
    }
    return [
        {"book_id": book, "invoice_id": key, "kind": kind, "name": name, "lowest": lowest, "highest": highest}
        for (kind, name), (lowest, highest) in found.items()
    ]


def _named(connection: sa.Connection, each: str | Span) -> Iterator[tuple[str, Span | tuple[None, None]]]:
    if isinstance(each, str):
        yield from ((name, (None, None)) for name in _kept_as(connection, [each[:LONGEST_NAME]]))
    else:
        yield f"{each[0]}-{each[1]}", each


def _replace(connection: sa.Connection, table: sa.Table, rows: _Rows) -> None:
    if rows:
        adding = insert(connection, table)
        keys = list(table.primary_key.columns)
        news = {column.name: adding.excluded[column.name] for column in table.columns if not column.primary_key}
        connection.execute(adding.on_conflict_do_update(index_elements=keys, set_=news), rows)


def _add(connection: sa.Connection, table: sa.Table, rows: _Rows) -> None:
    if rows:
        connection.execute(sa.insert(table), rows)


def _kept_as(connection: sa.Connection, texts: Iterable[str]) -> dict[str, None]:
    """The texts as the database will have them, each once: names that differ only in what it cannot hold are one."""
    return dict.fromkeys(_TEXT.process_bind_param(text, connection.dialect) or "" for text in texts)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def parts(values: Iterable[_Value]) -> Iterator[list[_Value]]:
    """The values, in portions that fit into one statement."""
    every = list(values)
    for start in range(0, len(every), _AT_ONCE):
        yield every[start : start + _AT_ONCE]
