"""The parts that are opened and must be closed again: what reads Syncro, the ledger, and the bot's memory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy

from bot.billing.decide import SyncroPages
from bot.billing.sync.backfill import Synchroniser
from bot.billing.verifier import Verifier
from bot.settings import Settings
from bot.store.database import Database, DatabaseUnavailableError, unavailable
from bot.store.ledger.sql_ledger import SqlLedger
from bot.store.memory import Memory
from bot.store.migrations import StoreTooNewError
from bot.store.rate_limit.shared_budget import SharedBudget
from bot.store.sole_process import sole_process
from bot.syncro.budget import CallBudget, RateBudget
from bot.syncro.client import SyncroClient
from bot.syncro.retries import FOR_NOBODY, FOR_PEOPLE, RetryPolicy
from bot.syncro_sessions.pooled import READS_IN_BACKGROUND, READS_IN_PARALLEL, SyncroReader

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Checker:
    """What answers questions about tickets: the verifier, and the readers that ask Syncro for it.

    `reader` serves people who wait; `background` serves digests and the sync, and leaves a third of the rate budget
    free. Both keep what they read in `ledger`; None where nothing is to be remembered. `clients` are those of both.
    """

    verifier: Verifier
    reader: SyncroReader
    background: SyncroReader
    ledger: SqlLedger | None
    seconds_held_back: Callable[[], float]
    """How long Syncro's rate limit holds back somebody who waits now; 0 where nobody does."""
    budget: RateBudget | SharedBudget
    clients: tuple[SyncroClient, SyncroClient]


def synchroniser(settings: Settings, check: Checker, ledger: SqlLedger) -> Synchroniser:
    """What keeps the ledger current."""
    return Synchroniser(
        ledger,
        check.background.session,
        policy=settings.policy,
        lookback=timedelta(days=settings.digest_lookback_days),
        clock=utc_now,
        alone=lambda: sole_process(settings.database, "sync"),
    )


def _uncounted(budget: CallBudget) -> CallBudget:
    return budget


@contextmanager
def checker(
    settings: Settings,
    *,
    ledger: SqlLedger | None = None,
    leaves_no_trace: bool = False,
    unattended: bool = False,
    counted: Callable[[CallBudget], CallBudget] = _uncounted,
) -> Iterator[Checker]:
    """A verifier with its readers, for the terminal or for jobs, within the rate budget of all processes.

    It keeps what it reads in `ledger`, or in one of its own. Without a database that can be opened it works as well,
    only with more calls. With `leaves_no_trace` no database file is made where there is none. Where it runs
    `unattended` the background waits for Syncro for minutes. `counted` may count the calls to Syncro.
    """
    verifier = Verifier(
        settings.policy,
        SyncroPages(settings.syncro_site),
        settings.scan_limit,
        settings.currency,
        ZoneInfo(settings.digest_timezone),
    )
    with ExitStack() as stack:
        has_place = not leaves_no_trace or has_memory(settings)
        if ledger is None and has_place:
            ledger = stack.enter_context(_ledger_if_there(settings))
        budget = (
            stack.enter_context(_shared_budget(settings))
            if has_place
            else RateBudget(settings.syncro_requests_per_minute)
        )
        patience = FOR_NOBODY if unattended else FOR_PEOPLE
        clients = (
            stack.enter_context(_client(settings, counted(budget), FOR_PEOPLE)),
            stack.enter_context(_client(settings, counted(budget.background()), patience)),
        )
        reader, background = (
            stack.enter_context(_reader(client, ledger, at_once))
            for client, at_once in zip(clients, (READS_IN_PARALLEL, READS_IN_BACKGROUND), strict=True)
        )
        yield Checker(verifier, reader, background, ledger, budget.seconds_held_back, budget, clients)


@contextmanager
def opened_ledger(settings: Settings) -> Iterator[SqlLedger]:
    """The ledger of this Syncro account.

    Raises:
        DatabaseUnavailableError: the database cannot be opened or written.
        StoreTooNewError: a newer release has written it.

    """
    database = Database(settings.database, is_expendable=True)
    max_age = timedelta(days=settings.ledger_max_age_days)
    ledger = SqlLedger(database, settings.syncro_api_url, max_age=max_age, clock=utc_now)
    try:
        try:
            ledger.open()
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise unavailable(sqlalchemy.make_url(settings.database), error) from None
        yield ledger
    finally:
        database.close()


@contextmanager
def _ledger_if_there(settings: Settings) -> Iterator[SqlLedger | None]:
    """The ledger; None where nothing is to be remembered, or where its database cannot be opened."""
    with ExitStack() as stack:
        ledger = None
        if settings.ledger_max_age_days:
            try:
                ledger = stack.enter_context(opened_ledger(settings))
            except (DatabaseUnavailableError, StoreTooNewError) as error:
                log.warning("Going on without what was read earlier. %s", error)
        yield ledger


@contextmanager
def _shared_budget(settings: Settings) -> Iterator[SharedBudget]:
    budget = SharedBudget(settings.database, settings.syncro_requests_per_minute)
    try:
        yield budget
    finally:
        budget.close()


@contextmanager
def _client(settings: Settings, budget: CallBudget, retries: RetryPolicy) -> Iterator[SyncroClient]:
    client = SyncroClient(settings.syncro_api_url, settings.syncro_token, budget=budget, retries=retries)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _reader(client: SyncroClient, ledger: SqlLedger | None, at_once: int) -> Iterator[SyncroReader]:
    reader = SyncroReader(client, utc_now, ledger=ledger, at_once=at_once)
    try:
        yield reader
    finally:
        reader.close()


@contextmanager
def opened_memory(settings: Settings) -> Iterator[Memory]:
    """What the bot remembers, opened.

    Raises:
        DatabaseUnavailableError: the database cannot be opened or written.
        StoreTooNewError: a newer release has written it.

    """
    memory = Memory(settings.database)
    try:
        memory.open()
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise unavailable(sqlalchemy.make_url(settings.database), error) from None
    try:
        yield memory
    finally:
        memory.close()


def has_memory(settings: Settings) -> bool:
    """Whether there is something to remember: looking must not create a database file."""
    url = sqlalchemy.make_url(settings.database)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()
