"""The job behind a question: verify, talk, and leave a record of each effect."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bot.billing.rules.verdicts import CheckReport, Finding
from bot.billing.search.scheduler import Session
from bot.billing.search.selection import Choice, Selection
from bot.billing.verifier import Verifier
from bot.jobs.audit import AuditTrail
from bot.jobs.cancellation import Cancellable
from bot.jobs.conversation import Conversation
from bot.jobs.look import Look
from bot.jobs.outbox import Outbox
from bot.jobs.recorded import OpenSession, recorded_session
from bot.jobs.request import MOST_TICKETS, CheckRequest, checked
from bot.jobs.steps import Steps, Turn, begun
from bot.jobs.warnings import WarningBook
from bot.messages.check_messages import checking, failed, looking_for, outcome, receipt
from bot.messages.escape import mrkdwn
from bot.messages.invoice_messages import checking_invoice, invoice_outcome, invoice_receipt
from bot.messages.poster import Poster
from bot.messages.rendered import told
from bot.words.selecting import instead_of_check, selection_in_words

BROKE_DOWN = "an error inside the bot, which its operator finds in the log."


@dataclass(frozen=True)
class CheckJob:
    """Answers one `CheckRequest` in Slack."""

    verifier: Verifier
    session: OpenSession
    large_session: OpenSession
    """For questions of many tickets: those of a few are served first."""
    seconds_held_back: Callable[[], float]
    """How long Syncro's limit holds back what is asked of it now; 0 where it does not."""
    poster: Poster
    clock: Callable[[], datetime]
    warnings: WarningBook
    trail: AuditTrail
    engine_error: type[Exception]
    """What the job engine raises when it stops under us: that job goes on later."""

    def run(self, stored: dict[str, Any], steps: Steps, key: str) -> dict[str, str] | None:
        """Check the tickets and answer. An error of our own still gives the person an answer.

        Returns where the answer stands.
        """
        request = CheckRequest.from_json(stored)
        outbox = Outbox(steps, self.poster, key=key, clock=self.clock)
        conversation = Conversation(request, outbox)
        cancel = Cancellable.of(request, key).to_text()
        conversation.open(
            looking_for(selection_in_words(Selection.from_json(request.selection), self.verifier.zone))
            if request.selection is not None
            else checking_invoice(request.invoice)
            if request.invoice
            else checking(request.references, waits=steps.is_busy_for(request.user), cancel=cancel)
        )
        findings: tuple[Finding, ...] | None = None

        def answer() -> None:
            nonlocal request, findings
            request = self._chosen(request, steps, conversation)
            has_question = request.references or request.invoice
            findings = self._check(request, steps, outbox, conversation) if has_question else ()

        def broke_down() -> None:
            conversation.close(failed(request.references, BROKE_DOWN), [])
            self.trail.failed(steps, outbox, request)

        place = conversation.hold(answer, broke_down, self.engine_error)
        if findings is not None:
            self.trail.answered(steps, outbox, request, findings)
        return place

    def _chosen(self, request: CheckRequest, steps: Steps, conversation: Conversation) -> CheckRequest:
        """The question with the tickets that its selection holds; without any where the person has been told why."""
        if request.selection is None:
            return request
        selection = Selection.from_json(request.selection)
        if selection.choice is Choice.TECHNICIAN and not selection.name:
            name = steps.run("look up name", lambda _: self.poster.technician(request.user))
            selection = replace(selection, name=name)

        with (
            steps.turn(request.user, is_large=True) as turn,
            recorded_session(steps, partial(self._opened, request, turn, fresh=False)) as session,
        ):
            began = begun(steps, "look for tickets", turn, self.clock)
            selected = self.verifier.select(selection, session, started_at=began)
        if said := instead_of_check(selection, selected, MOST_TICKETS, self.verifier.zone):
            conversation.close(told(mrkdwn(said, 2_000)), [])
            return request
        return replace(request, references=selected.references)

    def _check(
        self, request: CheckRequest, steps: Steps, outbox: Outbox, conversation: Conversation
    ) -> tuple[Finding, ...]:
        """Look, and say what was found. Returns what was said."""
        return conversation.say_fresh(
            lambda is_again: self._look(request, steps, conversation, is_again=is_again),
            lambda report: self._say(report, request, steps, outbox, conversation),
        ).findings

    def _look(
        self, request: CheckRequest, steps: Steps, conversation: Conversation, *, is_again: bool
    ) -> tuple[CheckReport, Look]:
        # What the first look has read anew is in memory now, and counts where it is proved not to have changed since.
        opened = partial(self._opened, request, fresh=request.fresh and not is_again)
        with (
            steps.turn(request.user, is_large=request.is_large) as turn,
            recorded_session(steps, partial(opened, turn)) as session,
        ):
            began = begun(steps, "look", turn, self.clock)
            report = checked(self.verifier, request, session, began, conversation.follow(self.seconds_held_back))
            # One ticket may have been named by its number and by its address.
            distinct = {each.ticket_id or each.ticket_number: each for each in report.findings}
            report = replace(report, findings=self.warnings.look_after_runs(steps, tuple(distinct.values())))
        return report, Look(began, began + timedelta(seconds=report.seconds), is_again)

    def _opened(self, request: CheckRequest, turn: Turn, *, fresh: bool) -> AbstractContextManager[Session]:
        turn.take()  # what was cut off has begun already
        return (self.large_session if request.is_large else self.session)(fresh=fresh)

    def _say(
        self, report: CheckReport, request: CheckRequest, steps: Steps, outbox: Outbox, conversation: Conversation
    ) -> None:
        if report.invoice is not None:
            answer = invoice_outcome(report, report.invoice, request.user)
            conversation.close(answer, invoice_receipt(report, report.invoice))
        else:
            answer = outcome(report.findings, request.user)
            conversation.close(answer, receipt(report.findings, report))
        for said in conversation.outcomes:
            self.warnings.remember(steps, said.place, answer, report.findings, source="check", thread_ts=said.thread_ts)
        self.warnings.retract_found(steps, outbox, report.findings)
