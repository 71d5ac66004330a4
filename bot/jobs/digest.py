"""The job behind a digest: audit, remember, post to everybody who gets it, take back what no longer stands."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from bot.billing.rules.policy import fold
from bot.billing.rules.verdicts import Finding
from bot.billing.verifier import Verifier
from bot.digest.groups import technician_of
from bot.digest.model import Digest, History
from bot.jobs.audit import SCHEDULE, AuditTrail
from bot.jobs.digest_delivery import Delivery, Target
from bot.jobs.digest_making import DigestFailedError, DigestRules, accused_in, make_digest
from bot.jobs.digest_request import DigestRequest
from bot.jobs.look import Look, OldNewsError
from bot.jobs.outbox import Outbox
from bot.jobs.recorded import OpenSession, recorded_session
from bot.jobs.schedule import MAKE_UP
from bot.jobs.steps import Steps
from bot.jobs.warnings import WarningBook
from bot.messages.digest_messages import digest_failed, digest_made_after_all
from bot.messages.poster import Poster
from bot.messages.rendered import Rendered
from bot.store.memory import Memory
from bot.store.records import Subscription

log = logging.getLogger(__name__)

_HISTORY = TypeAdapter(History)
TRY_AGAIN_AFTER = timedelta(minutes=5)
"""A digest that could not be made is tried again so often, for as long as a missed one is made up."""


def _wanted(subscription: Subscription, name: str) -> Callable[[Finding], bool] | None:
    """Which tickets a subscriber wants: of some customers (by id or name), or their own (as Syncro names them)."""
    customers = frozenset(fold(each) for each in subscription.customers)

    def wanted(finding: Finding) -> bool:
        if subscription.mine and technician_of(finding).is_meant_by(name):
            return True
        return bool(customers & {fold(finding.customer), fold(finding.customer_id or "")})

    return None if subscription.is_everything else wanted


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
    refusal: Callable[[str], str | None]
    """Why a person may have no digest any more; None where they may. Raises SlackUnavailableError."""

    def run(self, stored: dict[str, Any], steps: Steps, key: str) -> None:
        """Make the digest and post it. When that fails, the same places are told: silence never means "all is well"."""
        request = DigestRequest.from_json(stored)
        outbox = Outbox(steps, self.poster, key=key, clock=self.clock)
        remember = partial(self._remember, steps, key) if request.asked_by is None else _nothing
        delivery = Delivery(steps, outbox, self.warnings, self.rules, on_said=remember, refusal=self.refusal)
        try:
            digest = self._make_and_deliver(request, steps, outbox, delivery)
        except self.engine_error:
            raise
        except Exception:
            log.exception("The digest %s broke down", key)
            outbox.basis = None
            why = "An error inside the bot, which its operator finds in the log."
            self._say_failed(delivery, self._targets(request, steps), digest_failed(why))
        else:
            if digest is not None:
                self._note(digest, request, steps, outbox, who=request.asked_by or SCHEDULE)

    def deliver(
        self,
        digest: Digest,
        request: DigestRequest,
        steps: Steps,
        outbox: Outbox,
        *,
        who: str,
        on_said: Callable[[Digest], None],
    ) -> None:
        """Post a digest to everybody who gets it, and take back the warnings that it has resolved.

        `on_said` is called once somebody has it.
        """
        delivery = Delivery(steps, outbox, self.warnings, self.rules, on_said=on_said, refusal=self.refusal)
        delivery.deliver(digest, self._targets(request, steps))
        self.warnings.retract_all(steps, outbox, digest)
        self._note(digest, request, steps, outbox, who=who)

    def _make_and_deliver(
        self, request: DigestRequest, steps: Steps, outbox: Outbox, delivery: Delivery
    ) -> Digest | None:
        """Make it until it is made, or as long as it is of use; and again until it is said while it is fresh.

        Returns what was said; None where it could not be made.
        """
        first_try: datetime | None = None
        has_failed = has_looked = False
        history: History | None = None
        proved: frozenset[str] = frozenset()
        while True:
            now = datetime.fromisoformat(steps.run("begin digest", lambda _: self.clock().isoformat()))
            first_try = first_try or now
            targets = self._targets(request, steps)
            if history is None or not delivery.has_said:
                # Once it has been said to somebody, the others get it with the same history.
                history = self._recall(now, steps)
            try:
                digest = self._make(now, history, steps, proved)
            except DigestFailedError as error:
                until = first_try + MAKE_UP
                is_over = request.asked_by is not None or now + TRY_AGAIN_AFTER >= until
                shown = None if is_over else until.astimezone(self.rules.zone)
                self._say_failed(delivery, targets, digest_failed(str(error), try_until=shown))
                if is_over:
                    return None
                has_failed = True
                steps.pause("wait for Syncro", TRY_AGAIN_AFTER)
                continue
            outbox.basis = Look(now, now + timedelta(seconds=digest.seconds), is_again=has_looked)
            has_looked, proved = True, proved | accused_in(digest)
            with contextlib.suppress(OldNewsError):
                delivery.deliver(digest, targets)
                self.warnings.retract_all(steps, outbox, digest)
                if has_failed:
                    outbox.basis = None
                    self._say_failed(delivery, targets, digest_made_after_all())
                return digest

    def _note(self, digest: Digest, request: DigestRequest, steps: Steps, outbox: Outbox, *, who: str) -> None:
        where = request.channel or ""
        self.trail.digest(steps, outbox.key, digest, who=who, where=where, refusals=outbox.refusals)

    def _recall(self, now: datetime, steps: Steps) -> History:
        recalled = steps.run("recall", lambda _: _HISTORY.dump_python(self.memory.history(now), mode="json"))
        return _HISTORY.validate_python(recalled)

    def _make(self, now: datetime, history: History, steps: Steps, proved: frozenset[str]) -> Digest:
        """Make it; of the tickets that this job has `proved` to be on no invoice it need not be proved anew."""
        window = self.rules.window(now)
        with recorded_session(steps, self.session) as session:
            return make_digest(self.verifier, session, history, self.rules, now=now, window=window, proved=proved)

    def _remember(self, steps: Steps, key: str, digest: Digest) -> None:
        steps.run("remember run", lambda _: self.memory.remember_run(digest, key=key))

    def _say_failed(self, delivery: Delivery, targets: Sequence[Target], message: Rendered) -> None:
        for target in targets:
            delivery.say(target, message, "failure")

    def _targets(self, request: DigestRequest, steps: Steps) -> list[Target]:
        if request.asked_by is not None:
            return [Target(request.channel or request.asked_by, request.asked_by)]
        targets = [Target(request.channel)] if request.channel is not None else []
        subscribed = steps.run("read subscriptions", lambda _: self._subscriptions())
        for each in subscribed:
            subscription = Subscription(each["user"], tuple(each["customers"]), each["mine"])
            wanted = _wanted(subscription, each["name"])
            is_nameless = subscription.mine and not each["name"]
            targets.append(Target(subscription.user, subscription.user, wanted, each["name"], is_nameless))
        return targets

    def _subscriptions(self) -> list[dict[str, Any]]:
        """Subscriptions of those who may still have them, with the name by which Syncro knows a technician."""
        return [
            {
                "user": each.user,
                "customers": list(each.customers),
                "mine": each.mine,
                "name": self.poster.technician(each.user) if each.mine else "",
            }
            for each in self.memory.subscriptions()
            if self._still_may(each.user)
        ]

    def _still_may(self, user: str) -> bool:
        refusal = self.refusal(user)
        if refusal is not None:
            log.warning("%s has subscribed to the digest and gets it no more (%s)", user, refusal)
        return refusal is None


def _nothing(_: Digest) -> None:
    """A digest that somebody asked for is no run of its own."""
