"""What happens to a ledger that is in use, when a process of another release or an operator is at work on it."""

from __future__ import annotations

from bot.store.ledger.rows import books, empty_book
from bot.store.ledger.sql_ledger import SqlLedger


def forget_everything(ledger: SqlLedger) -> None:
    """Empty all books of the account, as a process does that opens it with newer reading rules."""
    with ledger._database.writing(lock="invoice_bot_ledger") as connection:
        for book in books(connection, ledger._account):
            empty_book(connection, book, ledger._clock())
