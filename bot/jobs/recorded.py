"""A session whose answers are steps of a durable job: what was answered once is never asked again.

A job that is run again takes its answers from the record, so what is recorded here must give back the same values.
Reads are known by their ordinal: their place in the order of submission, which is the same each time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol

from pydantic import TypeAdapter

from bot.billing.ledger.model import Known, RememberedInvoice, RememberedTicket, SearchedPlace
from bot.billing.search.queries import (
    Answer,
    Failed,
    FindTicket,
    ForgetInvoices,
    ListInvoices,
    ListSchedules,
    ListTickets,
    NotePlaces,
    Read,
    ReadCustomer,
    ReadInvoice,
    ReadTicket,
    RecallInvoices,
    RecallKnown,
    RecallLinked,
    RecallPlaces,
    RecallTicket,
    RecallUnclaimedLine,
)
from bot.billing.search.scheduler import Batch, Session
from bot.jobs.steps import Steps
from bot.syncro.errors import FailureKind
from bot.syncro.models import CustomerDetail, InvoiceDetail, InvoiceRow, Page, Schedule, TicketDetail, TicketRow

RECORDED_FORMS: Mapping[type[Read[Any]], TypeAdapter[Any]] = MappingProxyType(
    {
        FindTicket: TypeAdapter(Page[TicketRow]),
        ListTickets: TypeAdapter(Page[TicketRow]),
        ReadTicket: TypeAdapter(TicketDetail),
        ListInvoices: TypeAdapter(Page[InvoiceRow]),
        ReadInvoice: TypeAdapter(InvoiceDetail),
        ListSchedules: TypeAdapter(Page[Schedule]),
        ReadCustomer: TypeAdapter(CustomerDetail),
        RecallTicket: TypeAdapter(RememberedTicket | None),
        RecallLinked: TypeAdapter(tuple[RememberedInvoice, ...] | None),
        RecallInvoices: TypeAdapter(tuple[RememberedInvoice | None, ...]),
        RecallKnown: TypeAdapter(Known),
        RecallPlaces: TypeAdapter(tuple[SearchedPlace | None, ...]),
        RecallUnclaimedLine: TypeAdapter(bool),
        ForgetInvoices: TypeAdapter(None),
        NotePlaces: TypeAdapter(None),
    }
)
"""What answers each kind of read. Changing one changes the record: see `bot.jobs.engine.RECORD_FORM`.

A test holds that number against what is recorded (`tests.fingerprints`).
"""


class OpenSession(Protocol):
    """Opens a session for one request; `fresh` reads everything anew from Syncro."""

    def __call__(self, *, fresh: bool = False) -> AbstractContextManager[Session]:
        """Open it; leaving the context drops what was not begun."""
        ...


@contextmanager
def recorded_session(steps: Steps, open_session: Callable[[], AbstractContextManager[Session]]) -> Iterator[Session]:
    """Open a session with each `collect` as a step of the job.

    While the record lasts nothing is read; `open_session` is called when it ends.
    """
    with ExitStack() as stack:
        yield _RecordedSession(steps, lambda: stack.enter_context(open_session()))


class _RecordedSession:
    """Gives back recorded answers, then those of a live session."""

    def __init__(self, steps: Steps, go_live: Callable[[], Session]) -> None:
        self._steps = steps
        self._go_live = go_live
        self._live: Session | None = None
        self._reads: list[Read[Any]] = []
        """Every read, by its ordinal."""
        self._unanswered: dict[int, None] = {}
        self._asked: dict[Read[Any], deque[int]] = {}
        """What the live session was asked, and the ordinals that its answers are for."""
        self._resumed = False

    def submit(self, reads: Sequence[Read[Any]]) -> None:
        """See `Session`."""
        first = len(self._reads)
        self._reads.extend(reads)
        ordinals = range(first, len(self._reads))
        self._unanswered.update(dict.fromkeys(ordinals))
        if self._live is not None:
            self._ask(self._live, ordinals)

    def collect(self) -> Batch:
        """See `Session`. What was read just now is given as it is; only on a later run is it read from the record."""
        read_now: list[Batch] = []

        def read(_: bool) -> dict[str, Any]:
            ordinals, batch = self._collect_live()
            read_now[:] = [batch]
            return batch_to_json(ordinals, batch)

        recorded = self._steps.run("read from Syncro", read)
        self._resumed = self._resumed or self._live is None
        (batch,) = read_now or [batch_from_json(self._reads, recorded)]
        for each in recorded["answers"]:
            del self._unanswered[each["of"]]
        return batch

    def _collect_live(self) -> tuple[list[int], Batch]:
        """The ordinals of the reads that were answered, and their answers."""
        if self._live is None:
            self._live = self._go_live()
            self._ask(self._live, tuple(self._unanswered))
        batch = self._live.collect()
        ordinals = [self._asked[read].popleft() for read, _ in batch.answers]
        answers = zip(ordinals, batch.answers, strict=True)
        # A read may have been asked in another form than it was submitted in: see `_as_asked`.
        return ordinals, Batch(tuple((self._reads[of], answer) for of, (_, answer) in answers), batch.at)

    def _ask(self, live: Session, ordinals: Sequence[int]) -> None:
        asked = [self._as_asked(self._reads[ordinal]) for ordinal in ordinals]
        for read, ordinal in zip(asked, ordinals, strict=True):
            self._asked.setdefault(read, deque()).append(ordinal)
        live.submit(asked)

    def _as_asked(self, read: Read[Any]) -> Read[Any]:
        """A job that was cut off notes no places: what was read before may not have been kept, and nobody knows."""
        return NotePlaces(()) if self._resumed and isinstance(read, NotePlaces) else read


def batch_to_json(ordinals: Sequence[int], batch: Batch) -> dict[str, Any]:
    """A batch as JSON values; `ordinals` are those of its reads."""
    answers = [
        {"of": ordinal, **_answer_to_json(read, answer)}
        for ordinal, (read, answer) in zip(ordinals, batch.answers, strict=True)
    ]
    return {"at": batch.at.isoformat(), "answers": answers}


def batch_from_json(reads: Sequence[Read[Any]], recorded: dict[str, Any]) -> Batch:
    """The batch that was recorded, where `reads` are all that were submitted."""
    answers = ((reads[each["of"]], each) for each in recorded["answers"])
    return Batch(
        tuple((read, _answer_from_json(read, each)) for read, each in answers),
        datetime.fromisoformat(recorded["at"]),
    )


def _answer_to_json(read: Read[Any], answer: Answer[Any]) -> dict[str, Any]:
    if isinstance(answer.value, Failed):
        failed = {"kind": answer.value.kind.value, "sentence": answer.value.sentence}
        return {"calls": answer.calls, "failed": failed}
    return {"calls": answer.calls, "value": RECORDED_FORMS[type(read)].dump_python(answer.value, mode="json")}


def _answer_from_json(read: Read[Any], recorded: dict[str, Any]) -> Answer[Any]:
    failed = recorded.get("failed")
    if failed is not None:
        return Answer(Failed(FailureKind(failed["kind"]), failed["sentence"]), recorded["calls"])
    return Answer(RECORDED_FORMS[type(read)].validate_python(recorded["value"]), recorded["calls"])
