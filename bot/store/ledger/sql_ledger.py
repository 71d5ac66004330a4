"""The ledger of what was read from Syncro, in SQLite or Postgres.

It holds nothing that could not be read again, so it may be emptied at any time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa

from bot.billing.ledger.freshness import CLOCKS_APART
from bot.billing.ledger.model import ACCOUNT, Known, RememberedInvoice, RememberedTicket, SearchedPlace
from bot.billing.rules.invoice import READING_RULES
from bot.billing.rules.matching import TicketKeys
from bot.store.database import Database
from bot.store.ledger.rows import (
    books,
    empty_book,
    find_or_make_book,
    forget_gone,
    forget_old,
    invoices_by,
    keep_invoices,
    keep_places,
    keep_tickets,
    newest,
    only_one,
    parts,
    place_from,
    question_for_known,
    question_for_unclaimed,
    questions_for_linked,
    ticket_from,
)
from bot.store.migrations import migrate
from bot.store.tables import (
    ledger_books,
    ledger_invoices,
    ledger_places,
    ledger_tickets,
)
from bot.syncro.models import InvoiceRow

log = logging.getLogger(__name__)

_LOCK = "invoice_bot_ledger"
NEWEST = 2
"""How many of the account's latest changes are told: one of them may have been deleted since."""
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_Value = TypeVar("_Value")


class SqlLedger:
    """A `bot.billing.ledger.model.Ledger` in a database, for one Syncro account. Build it, then `open` it.

    `account` is the address of the account's API; `max_age` is how long what was read is recalled;
    `clock` tells aware times. Safe to share between threads and with other processes; every method is one
    transaction. The methods of the protocol raise nothing when the database is away, or the ledger was never opened:
    they log a warning and know nothing.
    """

    def __init__(self, database: Database, account: str, *, max_age: timedelta, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._account = account
        self._max_age = max_age
        self._clock = clock
        self._opened: int | None = None

    def open(self) -> None:
        """Bring the tables up to date; drop what was read under older rules, and tickets and places that are too old.

        Processes may do so at once.

        Raises:
            StoreTooNewError: a newer release has been here; nothing was changed.
            sqlalchemy.exc.SQLAlchemyError: the database is away, or was busy for 30 s.

        """
        migrate(self._database)
        with self._database.writing(lock=_LOCK) as connection:
            self._opened = find_or_make_book(connection, self._account, READING_RULES)
            for older in books(connection, self._account, ledger_books.c.rules < READING_RULES):
                empty_book(connection, older, self._clock())
            forget_old(connection, self._opened, self._oldest())

    # --- recalling ---

    def recall_ticket(self, ticket_id: str, updated_at: datetime) -> RememberedTicket | None:
        """See `Ledger`."""

        def question(connection: sa.Connection) -> RememberedTicket | None:
            asked = sa.select(ledger_tickets).where(
                ledger_tickets.c.book_id == self._book,
                ledger_tickets.c.id == ticket_id,
                ledger_tickets.c.updated_at == updated_at,
                ledger_tickets.c.read_at.between(self._oldest(), self._furthest()),
            )
            row = connection.execute(asked).first()
            ticket = None if row is None else ticket_from(row)
            return ticket if ticket is not None and ticket.id == ticket_id else None

        return self._ask(question, None)

    def recall_linked(self, ticket: TicketKeys) -> tuple[RememberedInvoice, ...] | None:
        """See `Ledger`. By id, and however long ago they were read: before a link is said it is read again."""

        def question(connection: sa.Connection) -> tuple[RememberedInvoice, ...]:
            ids: set[str] = set()
            for linked in questions_for_linked(connection, self._book, ticket):
                ids.update(connection.execute(linked).scalars())
            found = invoices_by(connection, self._book, ledger_invoices.c.id, ids)
            return tuple(sorted(found, key=lambda invoice: invoice.facts.id))

        return self._ask(question, None)

    def recall_invoices(self, rows: Sequence[InvoiceRow]) -> tuple[RememberedInvoice | None, ...]:
        """See `Ledger`. A row that names a customer is not looked for among other customers' invoices."""
        nothing = (None,) * len(rows)

        def question(connection: sa.Connection) -> tuple[RememberedInvoice | None, ...]:
            ids = {row.id for row in rows if row.id is not None}
            by_id = {each.facts.id: each for each in invoices_by(connection, self._book, ledger_invoices.c.id, ids)}
            numbers = {row.number for row in rows if row.id is None and row.number is not None}
            by_number: dict[str, list[RememberedInvoice]] = {}
            for each in invoices_by(connection, self._book, ledger_invoices.c.number, numbers):
                by_number.setdefault(each.facts.number, []).append(each)
            oldest, furthest = self._oldest(), self._furthest()
            found = (
                only_one(row, by_number.get(row.number or "", ())) if row.id is None else by_id.get(row.id)
                for row in rows
            )
            return tuple(each if each is not None and oldest <= each.read_at <= furthest else None for each in found)

        return self._ask(question, nothing)

    def recall_known(self, customer_id: str | None, since: datetime | None) -> Known:
        """See `Ledger`."""

        def question(connection: sa.Connection) -> Known:
            known = question_for_known(self._book, customer_id, since)
            count = connection.execute(sa.select(sa.func.count()).select_from(known.subquery())).scalar_one()
            latest = known
            if customer_id is None:
                columns = ledger_invoices.c
                dated = known.where(columns.updated_at <= columns.read_at)
                latest = dated.order_by(columns.updated_at.desc()).limit(NEWEST)
            ids = set(connection.execute(latest).scalars())
            found = invoices_by(connection, self._book, ledger_invoices.c.id, ids)
            return Known(count=count, invoices=tuple(sorted(found, key=lambda each: each.facts.id)))

        return self._ask(question, Known())

    def recall_places(self, names: Sequence[str]) -> tuple[SearchedPlace | None, ...]:
        """See `Ledger`."""
        nothing = (None,) * len(names)

        def question(connection: sa.Connection) -> tuple[SearchedPlace | None, ...]:
            found: dict[str, SearchedPlace] = {}
            for some in parts(set(names)):
                asked = sa.select(ledger_places).where(
                    ledger_places.c.book_id == self._book,
                    ledger_places.c.name.in_(some),
                    ledger_places.c.searched_at >= self._oldest(),
                    ledger_places.c.as_of <= self._furthest(),
                )
                found.update((row.name, place_from(row)) for row in connection.execute(asked))
            return tuple(found.get(name) for name in names)

        return self._ask(question, nothing)

    def has_unclaimed_line(self, since: datetime, amounts: frozenset[str], customer_id: str | None) -> bool:
        """See `Ledger`. However long ago it was read: one line too many only costs a read, and so does a failure."""

        def question(connection: sa.Connection) -> bool:
            asked = question_for_unclaimed(self._book, since, amounts, customer_id)
            return connection.execute(asked).first() is not None

        return self._ask(question, True)  # noqa: FBT003 - there may be one

    # --- remembering ---

    def remember(self, invoices: Sequence[RememberedInvoice], tickets: Sequence[RememberedTicket]) -> bool:
        """See `Ledger`. All of it or nothing."""

        def deed(connection: sa.Connection) -> None:
            for some in parts(newest(connection, invoices, lambda invoice: invoice.facts.id).items()):
                keep_invoices(connection, self._book, dict(some), self._clock(), self._furthest())
            for part in parts(newest(connection, tickets, lambda ticket: ticket.id).items()):
                keep_tickets(connection, self._book, dict(part), self._furthest())

        return self._write(deed)

    def forget_invoices(self, gone: Mapping[str, datetime]) -> None:
        """See `Ledger`."""

        def deed(connection: sa.Connection) -> None:
            for some in parts(gone):
                forget_gone(connection, self._book, {invoice_id: gone[invoice_id] for invoice_id in some})

        if gone:
            self._write(deed)

    def note_places(self, places: Sequence[SearchedPlace]) -> None:
        """See `Ledger`. What is known up to a later moment stays, unless a later search began from scratch.

        A search that began before everything was forgotten is not noted: what it had kept may be gone. Whoever forgot
        it may have another clock.
        """

        def deed(connection: sa.Connection) -> None:
            emptied_at = connection.execute(
                sa.select(ledger_books.c.emptied_at).where(ledger_books.c.id == self._book)
            ).scalar()
            noted = [place for place in places if emptied_at is None or place.searched_at >= emptied_at + CLOCKS_APART]
            if noted:
                keep_places(connection, self._book, noted, self._furthest())

        if places:
            self._write(deed)

    # --- looking after it ---

    def count_invoices(self) -> int:
        """How many invoices are remembered, however old; 0 when the database is away."""
        asked = sa.select(sa.func.count()).select_from(ledger_invoices)
        return self._ask(
            lambda connection: connection.execute(asked.where(ledger_invoices.c.book_id == self._book)).scalar_one(), 0
        )

    def current_as_of(self) -> datetime | None:
        """The moment up to which the account's changes are known; None where they are not, or the database is away."""
        (account,) = self.recall_places([ACCOUNT])
        return None if account is None else account.as_of

    def readings_since(self, since: datetime | None) -> dict[str, datetime]:
        """The remembered invoices that changed at this moment or later, or all, and when each was read.

        There are none when the database is away.
        """

        def question(connection: sa.Connection) -> dict[str, datetime]:
            columns = ledger_invoices.c
            asked = sa.select(columns.id, columns.read_at).where(columns.book_id == self._book)
            if since is not None:
                asked = asked.where(columns.updated_at >= since)
            return {row.id: row.read_at for row in connection.execute(asked)}

        return self._ask(question, {})

    @property
    def _book(self) -> int:
        if self._opened is None:
            raise sa.exc.InvalidRequestError("the ledger was not opened")
        return self._opened

    def _oldest(self) -> datetime:
        """What was read before is too old to be recalled."""
        try:
            return self._clock() - self._max_age
        except OverflowError:
            return _BEGINNING

    def _furthest(self) -> datetime:
        """What was read later, by a clock that was wrong, is not recalled, and is replaced by what is read now."""
        return self._clock() + CLOCKS_APART

    def _ask(self, question: Callable[[sa.Connection], _Value], otherwise: _Value) -> _Value:
        """The answer, or `otherwise` when the database is away or holds what cannot be read."""
        try:
            with self._database.reading() as connection:
                return question(connection)
        except (sa.exc.SQLAlchemyError, ValueError) as error:
            log.warning("The ledger could not be asked (%s); going on without it", type(error).__name__)
            return otherwise

    def _write(self, deed: Callable[[sa.Connection], None]) -> bool:
        try:
            with self._database.writing(lock=_LOCK) as connection:
                deed(connection)
        except (sa.exc.SQLAlchemyError, ValueError) as error:
            log.warning("The ledger could not be written (%s); going on without it", type(error).__name__)
            return False
        return True
