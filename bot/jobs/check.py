"""The job behind a question: verify, talk, and leave a record of each effect."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.billing.reads import Read
from bot.billing.verifier import Batch, Perform, Progress, Verifier
from bot.jobs.conversation import Conversation
from bot.jobs.recorded import batch_from_json, batch_to_json
from bot.jobs.request import CheckRequest
from bot.jobs.steps import Steps
from bot.messages.check_messages import checking, failed, outcome, progress, receipt
from bot.messages.poster import Poster

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CheckJob:
    """Answers one `CheckRequest` in Slack."""

    verifier: Verifier
    perform: Perform
    poster: Poster
    clock: Callable[[], datetime]

    def run(self, request: CheckRequest, steps: Steps, *, key: str, is_engine_error: type[Exception]) -> None:
        """Check the tickets and answer. An error of our own still gives the person an answer.

        `is_engine_error` is what the job engine raises when it stops under us: that job goes on later.
        """
        conversation = Conversation(request, steps, self.poster, key=key, clock=self.clock)
        started_at = conversation.open(checking(request.references))
        try:
            self._check(request, steps, conversation, started_at)
        except is_engine_error:
            raise
        except Exception:
            log.exception("The check %s broke down", key)
            explanation = "an error inside the bot, which its operator finds in the log."
            conversation.close(failed(request.references, explanation), [])

    def _check(self, request: CheckRequest, steps: Steps, conversation: Conversation, started_at: datetime) -> None:
        def perform(reads: Sequence[Read[Any]]) -> Batch:
            recorded = steps.run("read from Syncro", lambda _: batch_to_json(self.perform(reads)))
            return batch_from_json(reads, recorded)

        def show(now: Progress) -> None:
            def message() -> Any:
                what = f"{now.invoices_read:,} invoices read" if now.invoices_read else "reading tickets"
                return progress(now.tickets_done, now.tickets, what)

            conversation.show_progress(now.at, message)

        report = self.verifier.check(
            request.references,
            perform,
            started_at=started_at,
            exhaustive=request.exhaustive,
            on_progress=show,
        )
        conversation.close(outcome(report.findings, request.user), receipt(report.findings, report))
