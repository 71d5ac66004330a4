"""A digest on its way to everybody who gets it, or the news that there is none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from pydantic import TypeAdapter

from bot.billing.rules.verdicts import Finding, Verdict
from bot.digest.csv import digest_csv
from bot.digest.groups import namesakes, part_of
from bot.digest.headline import is_quiet
from bot.digest.model import Digest, Mark
from bot.jobs.digest_making import DigestRules
from bot.jobs.outbox import Outbox
from bot.jobs.replies import OwnReplies
from bot.jobs.steps import Steps
from bot.jobs.warnings import WarningBook
from bot.messages.check_messages import cannot_post
from bot.messages.digest_messages import (
    digest_messages,
    list_not_attached,
    monthly_marks,
    quiet_line,
    sign_of_life,
)
from bot.messages.phrases import NAME_UNKNOWN, which_are_you
from bot.messages.poster import Posted
from bot.messages.rendered import Rendered, told

log = logging.getLogger(__name__)

_MARKS = TypeAdapter(list[Mark])


@dataclass(frozen=True)
class Target:
    """Who gets the digest: a channel, or a person (`user`); and which tickets they want, None for all.

    `name` is that of the technician in Syncro who wants their own; `is_nameless`: nobody knows it.
    """

    address: str
    user: str | None = None
    wanted: Callable[[Finding], bool] | None = None
    name: str = ""
    is_nameless: bool = False


class Delivery:
    """Delivers the digest of one job.

    Given a newer digest, because the first had grown old before all was said, it goes on with whom it has not reached
    yet, and brings up to date what it had begun to say. `on_said` is called when a digest has been said to somebody;
    `refusal` says why a manager may not have it.
    """

    def __init__(
        self,
        steps: Steps,
        outbox: Outbox,
        warnings: WarningBook,
        rules: DigestRules,
        *,
        on_said: Callable[[Digest], None],
        refusal: Callable[[str], str | None],
    ) -> None:
        self._refusal = refusal
        self._managers: list[str] | None = None
        self._steps = steps
        self._outbox = outbox
        self._warnings = warnings
        self._rules = rules
        self._on_said = on_said
        self._reached: set[str] = set()
        self._refused: dict[str, str] = {}
        """What Slack said of the channels that take nothing."""
        self._places: dict[tuple[str, str], Posted] = {}
        """Our messages, by who reads them and what they are about."""
        self._threads: dict[Posted, OwnReplies] = {}
        self._lists: dict[Posted, str] = {}
        """The files that were attached."""
        self.has_said = False
        """Whether anybody has a digest, wholly or in part."""

    def deliver(self, digest: Digest, targets: Iterable[Target]) -> None:
        """Say the digest to everybody who has not been reached yet.

        Raises:
            OldNewsError: it had grown old before all was said.

        """
        for target in targets:
            if target.address not in self._reached:
                self._deliver(target, digest)
                self._reached.add(target.address)

    def say(self, target: Target, message: Rendered, about: str) -> list[Posted]:
        """Say something to the target, or what is to be said now about the same.

        Where its channel refuses, the person who asked or the managers get it, with why.
        """
        if target.address not in self._refused:
            place = self._put(target.address, message, f"{target.address} {about}", "post digest")
            if place is not None:
                return [place]
            self._explain(target)
        copies = (
            self._put(person, message, f"{target.address} {about}", "post digest directly")
            for person in self._people(target)
        )
        return [copy for copy in copies if copy is not None]

    def _deliver(self, target: Target, digest: Digest) -> None:
        shown = digest if target.wanted is None else part_of(digest, target.wanted)
        alike = namesakes(digest, target.name)
        if alike or (target.is_nameless and is_quiet(shown)):
            if self.say(target, told(which_are_you(target.name, alike) if alike else NAME_UNKNOWN), "digest"):
                self._note_said(digest)
        elif is_quiet(shown):
            message = self._when_empty(shown)
            places = self.say(target, message, "digest") if message is not None else []
            if message is None or places:
                self._note_said(digest)
            for place in places:
                if place in self._threads:
                    self._threads[place].show([])
        else:
            messages = digest_messages(shown)
            for place in self.say(target, messages.parent, "digest"):
                self._note_said(digest)
                self._fill_thread(target, place, shown, messages.parent, messages.thread)
        self._monthly(target, digest)

    def _note_said(self, digest: Digest) -> None:
        if not self.has_said:
            self._on_said(digest)
        self.has_said = True

    def _fill_thread(
        self, target: Target, place: Posted, shown: Digest, parent: Rendered, thread: Iterable[Rendered]
    ) -> None:
        """Put the rest below a digest's message, and remember what it warns about."""
        findings = [line.finding for line in shown.unbilled]
        at_risk = {line.finding.ticket_number: line.amount for line in shown.unbilled}
        self._warnings.remember(self._steps, place, parent, findings, source="digest", at_risk=at_risk)
        below = self._threads.setdefault(place, OwnReplies(self._outbox, place.channel, place.ts, "digest thread"))
        refused = below.show(list(thread))
        if refused and target.address not in self._refused and place.channel == target.address:
            # The channel was shared or closed meanwhile: the people get the whole of it instead.
            self._refused[target.address] = refused
            self._explain(target)
            for copy in self.say(target, parent, "digest"):
                self._fill_thread(target, copy, shown, parent, thread)
        elif not refused and (shown.unbilled or shown.of(Verdict.UNVERIFIED)):
            self._attach_list(place, shown)

    def _attach_list(self, place: Posted, shown: Digest) -> None:
        content = digest_csv(shown)
        if self._lists.get(place) == content:
            return
        if attach_list(self._outbox, place, f"unbilled-{shown.day.isoformat()}.csv", content):
            self._lists[place] = content

    def _put(self, recipient: str, message: Rendered, about: str, step: str) -> Posted | None:
        known = self._places.get((recipient, about))
        if known is not None and self._outbox.edit("edit digest", known, message).done:
            return known
        sent = self._outbox.post(step, recipient, message)
        if sent.place is None:
            self._refused.setdefault(recipient, sent.refused)
            return None
        self._places[recipient, about] = sent.place
        return sent.place

    def _explain(self, target: Target) -> None:
        refused = self._refused[target.address]
        log.error("The digest cannot be posted in %s: %s", target.address, refused)
        for person in self._people(target):
            self._outbox.post("explain", person, Rendered(cannot_post(target.address, refused)), harmless=True)

    def _people(self, target: Target) -> list[str]:
        if target.user is None and self._managers is None:
            named = self._rules.managers
            self._managers = self._steps.run(
                "look which managers may have it", lambda _: [each for each in named if self._refusal(each) is None]
            )
        people = [target.user] if target.user else self._managers or []
        return [person for person in people if person != target.address]

    def _when_empty(self, digest: Digest) -> Rendered | None:
        if not self._rules.silent_when_empty:
            return quiet_line(digest)
        first_of_week = digest.previous is None or _week(digest.previous.day) != _week(digest.day)
        return sign_of_life(digest) if first_of_week else None

    def _monthly(self, target: Target, digest: Digest) -> None:
        """In the channel, on the first digest of a month: which tickets were marked as non-billable since the last."""
        if target.user is not None or digest.previous is None or _month(digest.previous.day) == _month(digest.day):
            return
        since = datetime.combine(digest.previous.day.replace(day=1), time(), self._rules.zone)
        marked = _MARKS.validate_python(self._steps.run("read marks", lambda _: self._marks_since(since)))
        for index, message in enumerate(monthly_marks(marked) if marked else ()):
            self.say(target, message, f"marks {index}")

    def _marks_since(self, moment: datetime) -> object:
        memory = self._warnings.memory
        standing = [each.mark for each in memory.marks_since(moment) if each.undone_at is None]
        return _MARKS.dump_python(standing, mode="json")


def attach_list(outbox: Outbox, place: Posted, name: str, content: str) -> bool:
    """Put the whole list into the thread of a message; where Slack does not take it, say so and return False."""
    comment = "The whole list, for a spreadsheet."
    if outbox.attach("attach list", place, name=name, content=content, comment=comment):
        return True
    missing = list_not_attached()
    outbox.post("say that the list is missing", place.channel, missing, thread_ts=place.ts, harmless=True)
    return False


def _week(day: date) -> tuple[int, int]:
    year, week, _ = day.isocalendar()
    return year, week


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month
