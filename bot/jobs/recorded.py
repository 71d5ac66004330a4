"""Reads and answers as plain JSON, for the record of a durable job.

A job that is run again takes its answers from the record, so what is recorded here must give back the same values.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from bot.billing.reads import (
    Answer,
    Failed,
    FindTicket,
    ListInvoices,
    ListSchedules,
    ListTickets,
    Read,
    ReadInvoice,
    ReadTicket,
)
from bot.billing.verifier import Batch, Perform
from bot.jobs.steps import Steps
from bot.syncro.errors import FailureKind
from bot.syncro.models import InvoiceDetail, InvoiceRow, Page, Schedule, TicketDetail, TicketRow

_MODELS: dict[type[Read[Any]], type[BaseModel]] = {
    FindTicket: Page[TicketRow],
    ListTickets: Page[TicketRow],
    ReadTicket: TicketDetail,
    ListInvoices: Page[InvoiceRow],
    ReadInvoice: InvoiceDetail,
    ListSchedules: Page[Schedule],
}


def recorded_perform(steps: Steps, perform: Perform) -> Perform:
    """`perform`, with each batch of reads as a step of the job."""

    def perform_once(reads: Sequence[Read[Any]]) -> Batch:
        recorded = steps.run("read from Syncro", lambda _: batch_to_json(perform(reads)))
        return batch_from_json(reads, recorded)

    return perform_once


def batch_to_json(batch: Batch) -> dict[str, Any]:
    """A batch as JSON values."""
    return {"at": batch.at.isoformat(), "answers": [_answer_to_json(answer) for answer in batch.answers]}


def batch_from_json(reads: Sequence[Read[Any]], recorded: dict[str, Any]) -> Batch:
    """The batch that answered `reads`."""
    answers = zip(reads, recorded["answers"], strict=True)
    return Batch(
        tuple(_answer_from_json(read, answer) for read, answer in answers),
        datetime.fromisoformat(recorded["at"]),
    )


def _answer_to_json(answer: Answer[Any]) -> dict[str, Any]:
    if isinstance(answer.value, Failed):
        failed = {"kind": answer.value.kind.value, "sentence": answer.value.sentence}
        return {"calls": answer.calls, "failed": failed}
    return {"calls": answer.calls, "value": answer.value.model_dump(mode="json")}


def _answer_from_json(read: Read[Any], recorded: dict[str, Any]) -> Answer[Any]:
    failed = recorded.get("failed")
    if failed is not None:
        return Answer(Failed(FailureKind(failed["kind"]), failed["sentence"]), recorded["calls"])
    return Answer(_MODELS[type(read)].model_validate(recorded["value"]), recorded["calls"])
