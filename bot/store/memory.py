"""What the bot remembers between digests: runs, standing warnings, posted messages, snoozes, marks, subscriptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from bot.billing.rules.verdicts import Finding, WarningEnding
from bot.digest.close import Close, Remembered
from bot.digest.model import NOTHING, Digest, Expected, History, Mark, Snooze
from bot.store import audit, closes, decisions, expected, nudges, people, posts, runs, settings_seen, standing
from bot.store.audit import SELF, Act, AuditEntry, AuditQuery
from bot.store.database import Database
from bot.store.migrations import migrate
from bot.store.records import (
    Claim,
    KeptPost,
    MarkRecord,
    PostAddress,
    PostedWarning,
    Source,
    Statistics,
    Subscription,
    WarningRecord,
    WrongReport,
)

_HASTY_SECONDS = 0.5


class Memory:
    """The bot's memory, in the job engine's own SQLite file or Postgres database. Build it, `open` it, `close` it.

    Safe to share between threads and with other processes; every method is one transaction. Tickets are named by
    Syncro's internal id, as text; times must be aware and come back in UTC; money is exact. Whatever changes
    something may be repeated with the same arguments, as a job does that was cut off, and changes nothing more.

    Any method raises `sqlalchemy.exc.SQLAlchemyError` when the database is away, was busy for 30 s, or is given a
    value that cannot be kept (a time without its zone, an amount that is no number).
    """

    def __init__(self, database: sa.URL | str) -> None:
        self._database = Database(database)
        self._hasty = Database(database, patience=_HASTY_SECONDS)

    def open(self) -> None:
        """Create the tables or bring them up to date. Processes may do so at the same time.

        Raises:
            StoreTooNewError: a newer release has been here; nothing was changed.

        """
        migrate(self._database)

    def close(self) -> None:
        """Close the connections to the database."""
        self._database.close()
        self._hasty.close()

    def history(self, now: datetime) -> History:
        """Return what the next digest must know: all of one moment, without the snoozes that have ended by `now`."""
        with self._database.reading() as connection:
            return History(
                standing=standing.standing(connection),
                settled=standing.settled(connection, runs.last_made(connection)),
                trend=runs.trend(connection),
                snoozes=decisions.snoozes_at(connection, now),
                marks=decisions.standing_marks(connection),
                has_warned=standing.has_been_said(connection, "digest"),
                expected=expected.recall(connection),
                nudges=nudges.recall(connection),
            )

    def remember_run(self, digest: Digest, *, key: str) -> bool:
        """Keep a run: its point in the trend, its unbilled tickets as standing warnings, its resolved ones as ended.

        Only what `digest.resolved` names is ended: a ticket that the run could not look at stands as before. A run of
        a part only makes no point in the trend. The same `key` again changes nothing and returns False.

        Raises:
            ValueError: an unbilled line is not a proved `not_invoiced`; nothing was kept.

        """
        with self._database.writing() as connection:
            return runs.remember(connection, digest, key)

    def expect(self, findings: Iterable[Finding], day: date) -> tuple[Expected, ...]:
        """Return what recurring invoices were expected to take, and bring it up to date with what was found."""
        with self._database.writing() as connection:
            known = expected.recall(connection)
            expected.remember(connection, findings, day)
        return known

    def last_digest(self) -> datetime | None:
        """Return when the last digest of everything was made; None where there was none."""
        with self._database.reading() as connection:
            return runs.last_made(connection)

    def for_close(self, month: date, now: datetime) -> Remembered:
        """Return what the close of a month must know, all of one moment: it is of its own tickets, and no others."""
        began = datetime(month.year, month.month, 1, tzinfo=UTC)
        history = replace(self.history(now), settled=(), expected=())
        with self._database.reading() as connection:
            settled = {each.standing.ticket_id: each.standing.amount for each in standing.settled(connection, began)}
            earlier, others = closes.recall(connection, month), closes.counted_elsewhere(connection, month)
        return Remembered(history, settled, earlier, others)

    def keep_close(self, close: Close) -> None:
        """Keep the close of a month in place of its last one."""
        with self._database.writing() as connection:
            closes.remember(connection, close)

    def warn(
        self,
        finding: Finding,
        posted: PostAddress | None,
        *,
        at: datetime,
        source: Source,
        thread_ts: str | None = None,
        amount: Decimal | None = None,
    ) -> None:
        """Keep that a ticket was said to be on no invoice, and where that stands in Slack, so it can be taken back.

        `posted` is None when it was said nowhere in Slack. A new warning is said on the day that `at` is in its own
        time zone. `amount` is the money at risk, without one the finding's unbilled charges; what a digest says of
        it replaces what was said before, what a question says does not.

        Raises:
            ValueError: the finding is not a proved `not_invoiced`.

        """
        charges = NOTHING if finding.unbilled.charges is None else finding.unbilled.charges
        said = standing.Said(finding, at, at.date(), source, charges if amount is None else amount)
        with self._database.writing() as connection:
            standing.say(connection, said)
            if posted is not None:
                standing.add_message(connection, said, posted, thread_ts)

    def keep_post(self, place: PostAddress, post: KeptPost, *, at: datetime) -> None:
        """Keep a warning message as it was posted, so that it can be edited and its evidence shown."""
        with self._database.writing() as connection:
            posts.keep(connection, place, post, at)

    def add_update(self, place: PostAddress, update: str) -> KeptPost | None:
        """Note a line that is added to a message; returns the message with it, None where it was not kept."""
        with self._database.writing() as connection:
            return posts.add_update(connection, place, update)

    def post_at(self, place: PostAddress) -> KeptPost | None:
        """Return the warning message at a place; None where it was not kept."""
        with self._database.reading() as connection:
            return posts.post_at(connection, place)

    def evidence_of(self, ticket_id: str) -> Mapping[str, Any] | None:
        """Return the finding (JSON) behind the latest message that warns about a ticket; None where there is none."""
        with self._database.reading() as connection:
            return posts.evidence_of(connection, ticket_id)

    def purge(self, before: datetime) -> int:
        """Forget what was said before a moment and stands no more: its words, its evidence, the subjects in it.

        Returns how many messages. Totals, warnings, marks and reports stay.
        """
        with self._database.writing() as connection:
            return posts.forget_old(connection, before)

    def warned_in(self, channel: str, thread_ts: str) -> tuple[PostedWarning, ...]:
        """Return the warnings in a thread or at its root that were not retracted."""
        with self._database.reading() as connection:
            return standing.warned_in(connection, channel, thread_ts)

    def posted_warnings(self, ticket_ids: Iterable[str] | None = None) -> tuple[PostedWarning, ...]:
        """Return the messages that warn about these tickets and were not retracted, oldest first; None means any.

        They stay after the warning itself has ended, until `retract`: the message can still be read.
        """
        with self._database.reading() as connection:
            return standing.posted_warnings(connection, ticket_ids)

    def warnings_of(self, ticket_id: str) -> tuple[WarningRecord, ...]:
        """Return every warning ever said of a ticket, oldest first."""
        with self._database.reading() as connection:
            return standing.warnings_of(connection, ticket_id)

    def claim_retraction(self, ticket_id: str, *, by: str, at: datetime) -> Claim:
        """Return the messages about a ticket that the job `by` may take back: no other job gets the same ones.

        The same job may claim again; a claim lapses after a day.
        """
        with self._database.writing() as connection:
            return standing.claim_messages(connection, ticket_id, by, at)

    def retract(
        self,
        ticket_id: str,
        *,
        invoice_number: str,
        at: datetime,
        messages: Iterable[PostAddress] | None = None,
        by: str = "",
        ending: WarningEnding = WarningEnding.INVOICED,
    ) -> None:
        """An invoice bills the ticket after all, or none is due: its warning ends, and its messages are forgotten.

        Edit the messages first. Give those that were edited as `messages`, and one that another process posted
        meanwhile is not forgotten unedited; None means all. What the job `by` had claimed besides is free again.
        """
        with self._database.writing() as connection:
            standing.retract(connection, ticket_id, ending, invoice_number, at)
            forgotten = standing.forget_messages(connection, ticket_id, messages)
            standing.release_claims(connection, ticket_id, by)
            for message in forgotten:
                entry = AuditEntry(
                    at,
                    Act.RETRACTED,
                    who=SELF,
                    where=message.channel,
                    ticket_number=message.ticket_number,
                    ticket_id=ticket_id,
                    invoices=(invoice_number,) if invoice_number else (),
                )
                audit.add(connection, entry)

    def snooze(self, snooze: Snooze) -> None:
        """Put a ticket aside until a moment; a later word about the same ticket replaces the earlier."""
        with self._database.writing() as connection:
            decisions.snooze(connection, snooze)

    def wake(self, ticket_id: str, *, by: str, at: datetime) -> None:
        """End a snooze before its time. Harmless where there is none."""
        with self._database.writing() as connection:
            decisions.wake(connection, ticket_id, by, at)

    def mark(self, mark: Mark) -> None:
        """Mark a ticket as non-billable. One that was marked before gets the new mark; the old is kept as undone."""
        with self._database.writing() as connection:
            decisions.mark(connection, mark)

    def unmark(self, ticket_id: str, *, by: str, at: datetime) -> bool:
        """Take a ticket's mark back, and keep who did and when. False when it had none."""
        with self._database.writing() as connection:
            return decisions.unmark(connection, ticket_id, by, at)

    def marks_since(self, moment: datetime) -> tuple[MarkRecord, ...]:
        """Return the marks made at `moment` or later, undone ones too, oldest first: the list of a month."""
        with self._database.reading() as connection:
            return decisions.marks_since(connection, moment)

    def nudged(self, tickets: Mapping[str, str], person: str, day: date) -> int:
        """Keep that a person (nobody where it is empty) was reminded of tickets, numbers by id; how many are new."""
        with self._database.writing() as connection:
            return nudges.remember(connection, tickets, person, day)

    def nothing_to_bill(self, ticket_id: str, *, by: str, reason: str, at: datetime) -> bool:
        """Keep that the person who was reminded of a ticket says so. False where it was not this person."""
        with self._database.writing() as connection:
            return nudges.nothing_to_bill(connection, ticket_id, by, reason, at)

    def subscribe(self, subscription: Subscription, *, at: datetime) -> None:
        """Keep what a person wants in their own digest, in place of what they wanted before."""
        with self._database.writing() as connection:
            people.subscribe(connection, subscription, at)

    def unsubscribe(self, user: str, *, by: str, at: datetime) -> bool:
        """End a person's subscription. False when they had none."""
        with self._database.writing() as connection:
            return people.unsubscribe(connection, user, by, at)

    def subscriptions(self) -> tuple[Subscription, ...]:
        """Return every subscription, by the person's id."""
        with self._database.reading() as connection:
            return people.subscribers(connection)

    def report_wrong(
        self, ticket_id: str, ticket_number: str, *, by: str, at: datetime, evidence: Mapping[str, Any]
    ) -> None:
        """Keep that a person says a ticket's last warning was wrong, with what the bot had seen (JSON values)."""
        with self._database.writing() as connection:
            people.report_wrong(connection, WrongReport(ticket_id, ticket_number, by, at, evidence))

    def wrong_reports(self) -> tuple[WrongReport, ...]:
        """Return every report of a wrong warning, oldest first."""
        with self._database.reading() as connection:
            return people.reports(connection)

    def note(self, entries: Iterable[AuditEntry], *, key: str = "") -> None:
        """Add entries to the audit table. The same `key` again changes nothing."""
        with self._database.writing() as connection:
            for index, entry in enumerate(entries):
                audit.add(connection, entry, key=f"{key}/{index}" if key else "")

    def note_first(self, entry: AuditEntry, *, key: str) -> bool:
        """Add an entry unless another has this key. Whether it stands; the same one again does."""
        with self._database.writing() as connection:
            return audit.add_first(connection, entry, key)

    def note_at_once(self, entry: AuditEntry) -> None:
        """Add an entry while Slack waits: it fails when the database is busy for half a second."""
        with self._hasty.writing() as connection:
            audit.add(connection, entry)

    def note_settings(self, plain: Mapping[str, str], secret: Mapping[str, str], *, where: str, at: datetime) -> None:
        """Note which settings have changed since the last start; the values of `plain` ones are noted too."""
        with self._database.writing() as connection:
            settings_seen.note(connection, plain, secret, where, at)

    def audit(self, query: AuditQuery) -> tuple[AuditEntry, ...]:
        """Return the latest entries of the audit table that fit, oldest first."""
        with self._database.reading() as connection:
            return audit.entries(connection, query)

    def purge_audit(self, before: datetime) -> int:
        """Forget older entries of the audit table, and what older reports say. Returns how many entries."""
        with self._database.writing() as connection:
            people.purge(connection, before)
            return audit.purge(connection, before)

    def statistics(self) -> Statistics:
        """Count the warnings ever said, those reported wrong, and those retracted."""
        with self._database.reading() as connection:
            return people.statistics(connection)
