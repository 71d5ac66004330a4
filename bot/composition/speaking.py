"""What speaks to Slack, and who may do what there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from slack_sdk import WebClient

from bot.composition.parts import utc_now
from bot.health.tally import Tally
from bot.listeners.access import Access, Rules
from bot.listeners.people import Own, People
from bot.listeners.user_groups import UserGroups
from bot.messages.channel_guard import ChannelGuard
from bot.messages.poster import Poster, slack_client
from bot.settings import Settings
from bot.store.audit import AuditEntry


@dataclass(frozen=True)
class Slack:
    """What speaks to Slack."""

    client: WebClient
    channels: ChannelGuard
    poster: Poster


def speaking(settings: Settings, tally: Tally) -> Slack:
    """Build it. `tally` counts what could not be posted."""
    client = slack_client(settings.bot_token, settings.slack_api_url)
    channels = ChannelGuard(client)
    return Slack(
        client, channels, Poster(client, channels, on_failure=tally.post_failed, technicians=dict(settings.technicians))
    )


def access_for(
    settings: Settings, client: WebClient, own: Callable[[], Own | None], trace: Callable[[AuditEntry], None]
) -> Access:
    """Who may do what. `client` looks people up with its own patience."""
    rules = Rules(
        channels=settings.allowed_channels,
        users=settings.allowed_users,
        usergroups=settings.allowed_usergroups,
        managers=settings.managers,
        allow_guests=settings.allow_guests,
    )
    return Access(rules, People(client, own), UserGroups(client), trace, utc_now)
