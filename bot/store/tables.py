"""The tables as this release uses them. `migrations` makes them; a test compares the two."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.columns import Day, Json, Moment, Money, PlainText

metadata = sa.MetaData()

schema = sa.Table("invoice_bot_schema", metadata, sa.Column("version", sa.Integer, nullable=False))

runs = sa.Table(
    "invoice_bot_runs",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("run_key", PlainText, nullable=False, unique=True),
    sa.Column("day", Day, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("complete", sa.Boolean, nullable=False),
    sa.Column("checked", sa.Integer, nullable=False),
    sa.Column("unbilled", sa.Integer, nullable=False),
    sa.Column("at_risk", Money, nullable=False),
    sa.Column("failures", Json, nullable=False),
)

warnings = sa.Table(
    "invoice_bot_warnings",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("ticket_id", PlainText, nullable=False),
    sa.Column("ticket_number", PlainText, nullable=False),
    sa.Column("customer", PlainText, nullable=False),
    sa.Column("amount", Money, nullable=False),
    sa.Column("source", PlainText, nullable=False),
    sa.Column("first_said", Day, nullable=False),
    sa.Column("said_at", Moment, nullable=False),
    sa.Column("ended_at", Moment),
    sa.Column("ending", PlainText),
    sa.Column("invoice_number", PlainText),
    sa.Column("retracted_at", Moment),
)
"""Every warning ever said. A ticket has one at most that stands (`ended_at` is null)."""

messages = sa.Table(
    "invoice_bot_messages",
    metadata,
    sa.Column("channel", PlainText, primary_key=True),
    sa.Column("ts", PlainText, primary_key=True),
    sa.Column("ticket_id", PlainText, primary_key=True),
    sa.Column("ticket_number", PlainText, nullable=False),
    sa.Column("thread_ts", PlainText),
    sa.Column("source", PlainText, nullable=False),
    sa.Column("posted_at", Moment, nullable=False),
    sa.Column("claimed_by", PlainText),
    sa.Column("claimed_at", Moment),
)
"""Where warnings can be read in Slack; one message may name several tickets.

`claimed_by` is the job that is taking the warning back there.
"""

posts = sa.Table(
    "invoice_bot_posts",
    metadata,
    sa.Column("channel", PlainText, primary_key=True),
    sa.Column("ts", PlainText, primary_key=True),
    sa.Column("text", PlainText, nullable=False),
    sa.Column("blocks", Json, nullable=False),
    sa.Column("updates", Json, nullable=False),
    sa.Column("evidence", Json, nullable=False),
    sa.Column("posted_at", Moment, nullable=False),
)
"""Warning messages as they were posted, to be edited later; `evidence` holds the finding of each ticket by id."""

snoozes = sa.Table(
    "invoice_bot_snoozes",
    metadata,
    sa.Column("ticket_id", PlainText, primary_key=True),
    sa.Column("ticket_number", PlainText, nullable=False),
    sa.Column("ends_at", Moment, nullable=False),
    sa.Column("made_by", PlainText, nullable=False),
    sa.Column("reason", PlainText, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
)

marks = sa.Table(
    "invoice_bot_marks",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("ticket_id", PlainText, nullable=False),
    sa.Column("ticket_number", PlainText, nullable=False),
    sa.Column("customer", PlainText, nullable=False),
    sa.Column("made_by", PlainText, nullable=False),
    sa.Column("reason", PlainText, nullable=False),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("undone_by", PlainText),
    sa.Column("undone_at", Moment),
)

subscriptions = sa.Table(
    "invoice_bot_subscriptions",
    metadata,
    sa.Column("user_id", PlainText, primary_key=True),
    sa.Column("customers", Json, nullable=False),
    sa.Column("mine", sa.Boolean, nullable=False),
)

wrong_reports = sa.Table(
    "invoice_bot_wrong_reports",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("ticket_id", PlainText, nullable=False),
    sa.Column("ticket_number", PlainText, nullable=False),
    sa.Column("reported_by", PlainText, nullable=False),
    sa.Column("reported_at", Moment, nullable=False),
    sa.Column("evidence", Json, nullable=False),
    sa.Column("warning_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), sa.ForeignKey(warnings.c.id)),
)

audit = sa.Table(
    "invoice_bot_audit",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("entry_key", PlainText, nullable=False, unique=True),
    sa.Column("at", Moment, nullable=False),
    sa.Column("act", PlainText, nullable=False),
    sa.Column("person", PlainText, nullable=False),
    sa.Column("place", PlainText, nullable=False),
    sa.Column("subject", PlainText, nullable=False),
    sa.Column("reason", PlainText, nullable=False),
    sa.Column("ticket_number", PlainText, nullable=False),
    sa.Column("ticket_id", PlainText, nullable=False),
    sa.Column("verdict", PlainText, nullable=False),
    sa.Column("invoices", Json, nullable=False),
    sa.Column("evidence_sha256", PlainText, nullable=False),
    sa.Column("evidence_bytes", sa.Integer, nullable=False),
)
"""What happened (`bot.store.audit`). The database refuses to change a row; only old ones are removed."""

closes = sa.Table(
    "invoice_bot_closes",
    metadata,
    sa.Column("month", PlainText, primary_key=True),
    sa.Column("made_at", Moment, nullable=False),
    sa.Column("tickets", Json, nullable=False),
)

nudges = sa.Table(
    "invoice_bot_nudges",
    metadata,
    sa.Column("ticket_id", PlainText, primary_key=True),
    sa.Column("ticket_number", PlainText, nullable=False),
    sa.Column("person", PlainText, nullable=False),
    sa.Column("first_day", Day, nullable=False),
    sa.Column("reason", PlainText, nullable=False),
)

settings_seen = sa.Table(
    "invoice_bot_settings_seen",
    metadata,
    sa.Column("name", PlainText, primary_key=True),
    sa.Column("value", PlainText, nullable=False),
)
"""The settings of the last start; of a secret a salted digest."""

expected = sa.Table(
    "invoice_bot_expected",
    metadata,
    sa.Column("ticket_id", PlainText, primary_key=True),
    sa.Column("schedule_id", PlainText, primary_key=True),
    sa.Column("run_on", Day, primary_key=True),
    sa.Column("ticket_number", PlainText, nullable=False),
    sa.Column("schedule", PlainText, nullable=False),
    sa.Column("is_taken", sa.Boolean, nullable=False),
)
"""Which tickets the runs of recurring invoices were expected to bill (`bot.digest.missed_runs`)."""

ledger_books = sa.Table(
    "invoice_bot_ledger_books",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("account", PlainText, nullable=False),
    sa.Column("rules", sa.Integer, nullable=False),
    sa.Column("emptied_at", Moment),
)
"""One ledger for each Syncro account and each version of the reading rules; rows of another book are never read."""

ledger_invoices = sa.Table(
    "invoice_bot_ledger_invoices",
    metadata,
    sa.Column("book_id", sa.BigInteger, primary_key=True),
    sa.Column("id", PlainText, primary_key=True),
    sa.Column("number", PlainText, nullable=False),
    sa.Column("customer_id", PlainText),
    sa.Column("updated_at", Moment),
    sa.Column("read_at", Moment, nullable=False),
    sa.Column("facts", PlainText, nullable=False),
)
"""`facts` is the whole of it, as JSON; the other columns are there to be asked for."""

ledger_lines = sa.Table(
    "invoice_bot_ledger_lines",
    metadata,
    sa.Column("book_id", sa.BigInteger, primary_key=True),
    sa.Column("invoice_id", PlainText, primary_key=True),
    sa.Column("line_id", PlainText, primary_key=True),
    sa.Column("there_since", Moment, nullable=False),
    sa.Column("amount", PlainText),
    sa.Column("is_stray", sa.Boolean, nullable=False),
)
"""The lines of each invoice (`bot.billing.rules.invoice.BilledLine`); one without an id stands for all that have none.

`there_since` is a moment at which the line was there for sure, and no earlier than it came.
"""

ledger_references = sa.Table(
    "invoice_bot_ledger_references",
    metadata,
    sa.Column("book_id", sa.BigInteger, primary_key=True),
    sa.Column("kind", PlainText, primary_key=True),
    sa.Column("name", PlainText, primary_key=True),
    sa.Column("invoice_id", PlainText, primary_key=True),
    sa.Column("lowest", sa.BigInteger),
    sa.Column("highest", sa.BigInteger),
)
"""What each kind of link finds an invoice by (`bot.billing.rules.matching.LINKS`): a name, or a span of numbers."""

ledger_tickets = sa.Table(
    "invoice_bot_ledger_tickets",
    metadata,
    sa.Column("book_id", sa.BigInteger, primary_key=True),
    sa.Column("id", PlainText, primary_key=True),
    sa.Column("updated_at", Moment, nullable=False),
    sa.Column("read_at", Moment, nullable=False),
    sa.Column("detail", PlainText, nullable=False),
)
"""`detail` holds the timers, charges and labels, as JSON."""

ledger_ticket_items = sa.Table(
    "invoice_bot_ledger_ticket_items",
    metadata,
    sa.Column("book_id", sa.BigInteger, primary_key=True),
    sa.Column("ticket_id", PlainText, primary_key=True),
    sa.Column("item_id", PlainText, primary_key=True),
)
"""The invoice lines that the charges of remembered tickets became."""

ledger_places = sa.Table(
    "invoice_bot_ledger_places",
    metadata,
    sa.Column("book_id", sa.BigInteger, primary_key=True),
    sa.Column("name", PlainText, primary_key=True),
    sa.Column("since", Moment),
    sa.Column("as_of", Moment, nullable=False),
    sa.Column("searched_at", Moment, nullable=False),
    sa.Column("skipped", sa.Integer, nullable=False),
)

rate_processes = sa.Table(
    "invoice_bot_rate_processes",
    metadata,
    sa.Column("process", sa.Text, primary_key=True),
    sa.Column("under_way", sa.Integer, nullable=False),
    sa.Column("counts_until", sa.Double, nullable=False),
    sa.Column("waits_until", sa.Double, nullable=False),
)
"""`under_way` calls count until the process says otherwise, or has been silent for a lease and a window."""

rate_ended = sa.Table(
    "invoice_bot_rate_ended",
    metadata,
    sa.Column("free_at", sa.Double, primary_key=True),
    sa.Column("calls", sa.Integer, nullable=False),
)

rate_restraint = sa.Table(
    "invoice_bot_rate_restraint",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("paused_until", sa.Double, nullable=False),
    sa.Column("share", sa.Double, nullable=False),
    sa.Column("lowered_at", sa.Double, nullable=False),
    sa.Column("calm_since", sa.Double, nullable=False),
)
"""One row, with the id 1 (`bot.syncro.restraint.Restraint`)."""

executors = sa.Table(
    "invoice_bot_executors",
    metadata,
    sa.Column("executor_id", sa.Text, primary_key=True),
    sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
)
"""Which processes live, on Postgres; SQLite has one at a time."""
