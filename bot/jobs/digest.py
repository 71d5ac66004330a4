"""The job behind a digest: audit, remember, post to everybody who gets it, take back what no longer stands."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from bot.billing.rules.policy import fold
from bot.billing.rules.verdicts import Finding, Verdict
from bot.billing.search.finished_tickets import Window
from bot.billing.search.scheduler import Progress, Session
from bot.billing.verifier import Verifier
from bot.digest.build import build_digest
from bot.digest.csv import digest_csv
from bot.digest.groups import part_of
from bot.digest.headline import is_quiet
from bot.digest.model import Digest, History, Mark, TrendPoint
from bot.jobs.audit import SCHEDULE, AuditTrail
from bot.jobs.digest_request import DigestRequest
from bot.jobs.outbox import Outbox
from bot.jobs.recorded import OpenSession, recorded_session
from bot.jobs.steps import Steps
from bot.jobs.warnings import WarningBook
from bot.messages.check_messages import cannot_post
from bot.messages.digest_messages import (
    DigestMessages,
    digest_failed,
    digest_messages,
    list_not_attached,
    monthly_marks,
    quiet_line,
    sign_of_life,
)
from bot.messages.poster import Posted, Poster
from bot.messages.rendered import Rendered
from bot.store.memory import Memory
from bot.store.records import Subscription

log = logging.getLogger(__name__)

PROVED_ANEW_DAYS = 7
_HISTORY = TypeAdapter(History)
_MARKS = TypeAdapter(list[Mark])


@dataclass(frozen=True)
class DigestRules:
    """What a digest looks at, and how it speaks. `lookback` and `grace` reckon from the moment it is made."""

    lookback: timedelta
    grace: timedelta
    zone: ZoneInfo
    labor_rate: Decimal | None = None
    silent_when_empty: bool = False
    managers: tuple[str, ...] = ()
    """People who are told when the digest's channel refuses the bot."""

    def window(self, now: datetime, *, since: datetime | None = None, customer_id: str | None = None) -> Window:
        """The tickets that a digest made at `now` looks at."""
        return Window(since or now - self.lookback, now - self.grace, customer_id)


class DigestFailedError(Exception):
    """The audit could not be made; the text says why."""


def make_digest(
    verifier: Verifier,
    session: Session,
    history: History,
    rules: DigestRules,
    *,
    now: datetime,
    window: Window,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Digest:
    """Audit the window and every warning that stands, and build the digest.

    Raises:
        DigestFailedError: the list of tickets, or anything at all, could not be read.

    """
    standing = [each.ticket_number for each in history.standing] if window.customer_id is None else []
    day = now.astimezone(rules.zone).date()
    audit = verifier.audit(
        window, standing, session, started_at=now, spared=proved_lately(history, day), on_progress=on_progress
    )
    if audit.failure or audit.report.outage:
        raise DigestFailedError(audit.failure or audit.report.outage)
    return build_digest(
        audit.report.findings,
        history,
        day=day,
        made_at=now,
        labor_rate=rules.labor_rate,
        zone=rules.zone,
        api_calls=audit.report.api_calls,
        seconds=audit.report.seconds,
    )


def proved_lately(history: History, day: date) -> frozenset[str]:
    """The tickets, by id, of which it need not be proved anew with everything read that they are on no invoice.

    That is done when a ticket is accused for the first time, and weekly after.
    """
    return frozenset(each.ticket_id for each in history.standing if (day - each.first_said).days % PROVED_ANEW_DAYS)


def _wanted(subscription: Subscription, name: str) -> Callable[[Finding], bool] | None:
    """Which tickets a subscriber wants: of some customers (by id or name), or their own (by their name in Syncro)."""
    customers = frozenset(fold(each) for each in subscription.customers)

    def wanted(finding: Finding) -> bool:
        if subscription.mine and name and fold(finding.technician) == fold(name):
            return True
        return bool(customers & {fold(finding.customer), fold(finding.customer_id or "")})

    return None if subscription.is_everything else wanted


@dataclass(frozen=True)
class _Target:
    """Who gets the digest: a channel, or a person (`user`); and which tickets they want, None for all."""

    address: str
    user: str | None = None
    wanted: Callable[[Finding], bool] | None = None


_NOWHERE = _Target("")
"""There is nowhere else to turn to."""


@dataclass(frozen=True)
class DigestJob:
    """Makes one `DigestRequest` and delivers it."""

    verifier: Verifier
    session: OpenSession
    poster: Poster
    memory: Memory
    warnings: WarningBook
    trail: AuditTrail
    rules: DigestRules
    clock: Callable[[], datetime]
    engine_error: type[Exception]

    def run(self, stored: dict[str, Any], steps: Steps, key: str) -> None:
        """Make the digest and post it. When that fails, the same places are told: silence never means "all is well"."""
        request = DigestRequest.from_json(stored)
        outbox = Outbox(steps, self.poster, key=key, clock=self.clock)
        try:
            digest = self._make(request, steps, key)
        except self.engine_error:
            raise
        except DigestFailedError as error:
            self._say_failed(request, steps, outbox, str(error))
            return
        except Exception:
            log.exception("The digest %s broke down", key)
            self._say_failed(request, steps, outbox, "An error inside the bot, which its operator finds in the log.")
            return
        self.deliver(digest, request, steps, outbox, who=request.asked_by or SCHEDULE)

    def deliver(self, digest: Digest, request: DigestRequest, steps: Steps, outbox: Outbox, *, who: str) -> None:
        """Post a digest to everybody who gets it, and take back the warnings that it has resolved."""
        for target in self._targets(request, steps):
            self._deliver(target, digest, steps, outbox)
        self.warnings.retract_all(steps, outbox, digest)
        where = request.channel or ""
        self.trail.digest(steps, outbox.key, digest, who=who, where=where, refusals=outbox.refusals)

    def _make(self, request: DigestRequest, steps: Steps, key: str) -> Digest:
        now = datetime.fromisoformat(steps.run("begin digest", lambda _: self.clock().isoformat()))
        recalled = steps.run("recall", lambda _: _HISTORY.dump_python(self.memory.history(now), mode="json"))
        with recorded_session(steps, self.session) as session:
            digest = make_digest(
                self.verifier,
                session,
                _HISTORY.validate_python(recalled),
                self.rules,
                now=now,
                window=self.rules.window(now),
            )
        if request.asked_by is None:
            steps.run("remember run", lambda _: self.memory.remember_run(digest, key=key))
        return digest

    def _targets(self, request: DigestRequest, steps: Steps) -> list[_Target]:
        if request.asked_by is not None:
            return [_Target(request.channel or request.asked_by, request.asked_by)]
        targets = [_Target(request.channel)] if request.channel is not None else []
        subscribed = steps.run("read subscriptions", lambda _: self._subscriptions())
        for each in subscribed:
            subscription = Subscription(each["user"], tuple(each["customers"]), each["mine"])
            targets.append(_Target(subscription.user, subscription.user, _wanted(subscription, each["name"])))
        return targets

    def _subscriptions(self) -> list[dict[str, Any]]:
        """Subscriptions, with the person's name where their own tickets are wanted: Syncro knows people by name."""
        return [
            {
                "user": each.user,
                "customers": list(each.customers),
                "mine": each.mine,
                "name": self.poster.real_name(each.user) if each.mine else "",
            }
            for each in self.memory.subscriptions()
        ]

    def _deliver(self, target: _Target, digest: Digest, steps: Steps, outbox: Outbox) -> None:
        shown = digest if target.wanted is None else part_of(digest, target.wanted)
        if is_quiet(shown):
            message = self._when_empty(shown, digest.previous)
            if message is not None:
                self._post(target, message, outbox)
            self._monthly(target, digest, steps, outbox)
            return
        messages = digest_messages(shown)
        for place in self._post(target, messages.parent, outbox):
            self._fill_thread(target, place, shown, messages, steps, outbox)
        self._monthly(target, digest, steps, outbox)

    def _fill_thread(
        self, target: _Target, place: Posted, shown: Digest, messages: DigestMessages, steps: Steps, outbox: Outbox
    ) -> None:
        """Put the rest below a digest's message, and remember what it warns about."""
        findings = [line.finding for line in shown.unbilled]
        self.warnings.remember(steps, place, messages.parent, findings, source="digest")
        for message in messages.thread:
            sent = outbox.post("post digest thread", place.channel, message, thread_ts=place.ts)
            if sent.place is None and place.channel == target.address:
                # The channel was shared or closed meanwhile: the people get the whole of it instead.
                for copy in self._post_to_people(target, sent.refused, messages.parent, outbox):
                    self._fill_thread(_NOWHERE, copy, shown, messages, steps, outbox)
                return
        if shown.unbilled or shown.of(Verdict.UNVERIFIED):
            name = f"unbilled-{shown.day.isoformat()}.csv"
            comment = "The whole list, for a spreadsheet."
            if not outbox.attach("attach list", place, name=name, content=digest_csv(shown), comment=comment):
                outbox.post("say that the list is missing", place.channel, list_not_attached(), thread_ts=place.ts)

    def _when_empty(self, digest: Digest, previous: TrendPoint | None) -> Rendered | None:
        if not self.rules.silent_when_empty:
            return quiet_line(digest)
        first_of_week = previous is None or _week(previous.day) != _week(digest.day)
        return sign_of_life(digest) if first_of_week else None

    def _monthly(self, target: _Target, digest: Digest, steps: Steps, outbox: Outbox) -> None:
        """In the channel, on the first digest of a month: which tickets were marked as non-billable since the last."""
        if target.user is not None or digest.previous is None or _month(digest.previous.day) == _month(digest.day):
            return
        since = datetime.combine(digest.previous.day.replace(day=1), time(), self.rules.zone)
        marked = _MARKS.validate_python(steps.run("read marks", lambda _: self._marks_since(since)))
        for message in monthly_marks(marked) if marked else ():
            self._post(target, message, outbox)

    def _marks_since(self, moment: datetime) -> Any:
        standing = [each.mark for each in self.memory.marks_since(moment) if each.undone_at is None]
        return _MARKS.dump_python(standing, mode="json")

    def _post(self, target: _Target, message: Rendered, outbox: Outbox) -> list[Posted]:
        """Post to the target; where its channel refuses, to the person who asked or to the managers, with why."""
        sent = outbox.post("post digest", target.address, message)
        return [sent.place] if sent.place is not None else self._post_to_people(target, sent.refused, message, outbox)

    def _post_to_people(self, target: _Target, refused: str, message: Rendered, outbox: Outbox) -> list[Posted]:
        log.error("The digest cannot be posted in %s: %s", target.address, refused)
        places = []
        for person in [target.user] if target.user else self.rules.managers:
            if person != target.address:
                outbox.post("explain", person, Rendered(cannot_post(target.address, refused)))
                places.append(outbox.post("post digest directly", person, message).place)
        return [place for place in places if place is not None]

    def _say_failed(self, request: DigestRequest, steps: Steps, outbox: Outbox, why: str) -> None:
        for target in self._targets(request, steps):
            self._post(target, digest_failed(why), outbox)


def _week(day: date) -> tuple[int, int]:
    year, week, _ = day.isocalendar()
    return year, week


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month
