"""The connection to Slack, with everything that listens to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

from bot.billing.ledger.model import ACCOUNT
from bot.composition.jobs import Jobs
from bot.composition.parts import Checker, utc_now
from bot.composition.speaking import Slack, access_for
from bot.digest.home import Health
from bot.jobs.alarms import Alarms
from bot.jobs.home import HomeLook
from bot.listeners import (
    actions,
    cancel,
    channel_events,
    commands,
    digest_actions,
    home,
    links,
    list_shortcut,
    mentions,
    shortcuts,
)
from bot.listeners.access import noted_in
from bot.listeners.backlog import Backlog
from bot.listeners.close_command import CloseSubcommand
from bot.listeners.digest_commands import DigestSubcommand
from bot.listeners.digest_context import DigestContext
from bot.listeners.history_command import HistorySubcommand
from bot.listeners.home import HomeTab
from bot.listeners.intake import Intake
from bot.listeners.invoice_command import InvoiceSubcommand
from bot.listeners.people import Own
from bot.listeners.promptly import Promptly
from bot.listeners.replies import Replies
from bot.listeners.schedule_in_words import schedule_in_words
from bot.listeners.selection_commands import selection_subcommands
from bot.listeners.subcommands import Subcommand, help_page
from bot.listeners.warning_replies import WarningReplies
from bot.messages.poster import hasty_slack_client
from bot.settings import Settings
from bot.slack_connection import Identity, SlackConnection, bolt_app
from bot.store.memory import Memory

_REPLIES_AT_ONCE = 4


def _health(check: Checker, memory: Memory) -> Health:
    """How the bot does, for managers."""
    account = check.ledger.recall_places([ACCOUNT])[0] if check.ledger is not None else None
    return Health(
        last_digest=memory.last_digest(),
        calls_left=check.budget.left(),
        ledger_as_of=account.as_of if account is not None else None,
        ledger_since=account.since if account is not None else None,
        is_token_refused=any(client.is_refused for client in check.clients),
    )


def listening(
    settings: Settings, check: Checker, memory: Memory, slack: Slack, jobs: Jobs, look: HomeLook
) -> SlackConnection:
    """The connection to Slack, with everything that listens to it."""
    identity = Identity()
    app = bolt_app(slack.client, identity)
    hasty_client = hasty_slack_client(settings.bot_token, settings.slack_api_url)
    access = access_for(settings, hasty_client, lambda: Own.from_bolt(identity.tell()), noted_in(memory))
    promptly = Promptly()
    intake = Intake(
        access=access,
        enqueue=lambda *asked: promptly.do(lambda: jobs.check(*asked)),
        site=settings.syncro_site,
        backlog=Backlog(settings.limit_tickets_waiting, jobs.engine.under_way),
    )
    alarms = Alarms()
    alarms.start()
    later = ThreadPoolExecutor(_REPLIES_AT_ONCE, thread_name_prefix="reply").submit
    replies = Replies(slack.poster, later, alarms.after)
    zone = ZoneInfo(settings.digest_timezone)
    home_tab = HomeTab(
        look=look,
        memory=memory,
        access=access,
        client=hasty_client,
        name_of=slack.poster.technician,
        health=lambda: _health(check, memory),
        comes=lambda: f"When digests come: {schedule_in_words(settings.digest_schedule, zone, utc_now())}.",
        clock=utc_now,
        later=later,
    )
    digest = DigestContext(
        memory=memory,
        access=access,
        intake=intake,
        enqueue_digest=lambda *asked: promptly.do(lambda: jobs.digest(*asked)),
        replies=replies,
        client=hasty_client,
        zone=ZoneInfo(settings.digest_timezone),
        schedule=settings.digest_schedule,
        clock=utc_now,
        evidence_of=lambda ticket_id: dict(memory.evidence_of(ticket_id) or {}),
        at_home=lambda user, notice: home_tab.show(user, notice, anew=bool(notice)),
    )
    subcommands: list[Subcommand] = [  # what follows `/invoice-check` beside tickets: a line each
        DigestSubcommand(digest),
        HistorySubcommand(digest),
        CloseSubcommand(digest, lambda *asked: promptly.do(lambda: jobs.close(*asked))),
        InvoiceSubcommand(intake),
        *selection_subcommands(
            intake, timedelta(days=settings.digest_lookback_days), ZoneInfo(settings.digest_timezone), utc_now
        ),
    ]
    commands.register(app, intake, subcommands)
    digest_actions.register(app, digest)
    home.register(app, home_tab, digest)
    mentions.register(
        app, intake, replies, help_page(subcommands), WarningReplies(memory.warned_in, settings.syncro_site)
    )
    channel_events.register(app, slack.channels)
    links.register(
        app,
        access,
        lambda *asked: promptly.do(lambda: jobs.unfurl(*asked)),
        settings.syncro_site,
        is_on=settings.unfurl,
    )
    shortcuts.register(app, intake, replies)
    list_shortcut.register(app, intake, replies, hasty_client)
    actions.register(app, intake, replies)
    cancel.register(app, jobs.cancel, access, replies)
    return SlackConnection(app, settings.app_token, identity)
