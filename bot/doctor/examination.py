"""The whole examination: builds the clients, with little patience, and puts the checks together."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from slack_sdk import WebClient

from bot.doctor import account, database, policy, safety, slack, syncro, technicians
from bot.doctor.results import Result, Subject, examine_all, is_well, skipped
from bot.doctor.settings import SettingsRead, check_settings
from bot.messages.channel_guard import ChannelGuard
from bot.messages.poster import Poster
from bot.messages.slack_http import SlackClient
from bot.syncro.budget import RateBudget
from bot.syncro.client import SyncroClient
from bot.syncro.exchange import Timeouts
from bot.syncro.retries import RetryPolicy
from bot.syncro.tokens import other_form

PATIENCE = 12.0
"""Seconds for a single check: whatever is out of reach, the doctor ends within 15."""
_ANSWER_SECONDS = 4
_ACCOUNT_CHECKS = (*account.ACCOUNT_CHECKS, *policy.POLICY_CHECKS, technicians.NAME)
_SYNCRO_CHECKS = (*syncro.SYNCRO_CHECKS, *_ACCOUNT_CHECKS)
_SYNCRO_RETRIES = RetryPolicy(attempts=2, first_wait=0.2, longest_wait=0.5, patience=6.0, rate_limit_patience=6.0)
_SYNCRO_TIMEOUTS = Timeouts(connect=3.0, read=_ANSWER_SECONDS, total=8.0)


def examine(read: SettingsRead, file: Path = Path(".env")) -> list[Result]:
    """Make every check that the settings allow; those that cannot be made are listed as skipped, with the reason.

    `file` is the one that the settings were read from, beside the environment.
    """
    subjects = [_syncro(read), _clock(read), _slack(read), _socket(read), _database(read)]
    alone = [check_settings(read), *safety.examine_safety(read.settings, os.environ, file), syncro.check_limit(read)]
    return [*alone, *examine_all(subjects, patience=PATIENCE)]


def _syncro(read: SettingsRead) -> Subject:
    if read.without_syncro:
        return _skipped(_SYNCRO_CHECKS, read.without_syncro)
    return Subject(_SYNCRO_CHECKS, partial(_ask_syncro, read))


def _ask_syncro(read: SettingsRead) -> Iterator[Result]:
    settings = read.settings
    budget = RateBudget(settings.syncro_requests_per_minute)
    client, otherwise = (
        SyncroClient(settings.syncro_api_url, token, budget=budget, retries=_SYNCRO_RETRIES, timeouts=_SYNCRO_TIMEOUTS)
        for token in (settings.syncro_token, other_form(settings.syncro_token))
    )
    try:
        results: list[Result] = []
        for result in syncro.examine_syncro(read, client, otherwise):
            results.append(result)
            yield result
        if is_well(results):
            yield from account.examine_account(client)
            yield from policy.examine_policy(client, settings.policy)
            yield _technicians(read, client)
        else:
            yield from skipped(_ACCOUNT_CHECKS, "see what Syncro did not let us read")
    finally:
        client.close()
        otherwise.close()


def _technicians(read: SettingsRead, client: SyncroClient) -> Result:
    if read.without_bot_token:
        return next(skipped((technicians.NAME,), read.without_bot_token))
    slack_client, settled = _slack_client(read, read.settings.bot_token), dict(read.settings.technicians)
    people = Poster(slack_client, ChannelGuard(slack_client), technicians=settled)
    return technicians.examine_technicians(client, people, read.settings.policy, settled)


def _clock(read: SettingsRead) -> Subject:
    names, url = (syncro.CLOCK,), read.settings.syncro_api_url
    if not url:
        return _skipped(names, "Syncro's address is not set, see the settings")
    ask = partial(syncro.server_time, url, _ANSWER_SECONDS)
    return Subject(names, lambda: iter([syncro.check_clock(ask, lambda: datetime.now(UTC))]))


def _slack(read: SettingsRead) -> Subject:
    if read.without_bot_token:
        return _skipped(slack.SLACK_CHECKS, read.without_bot_token)
    client = _slack_client(read, read.settings.bot_token)
    return Subject(slack.SLACK_CHECKS, partial(slack.examine_slack, read, client))


def _socket(read: SettingsRead) -> Subject:
    names, token = (slack.SOCKET,), read.settings.app_token
    if read.without_app_token:
        return _skipped(names, read.without_app_token)
    client = _slack_client(read, token)
    greet = partial(slack.first_message, timeout=2 * _ANSWER_SECONDS)
    return Subject(names, lambda: iter([slack.check_socket(client, token, greet)]))


def _slack_client(read: SettingsRead, token: str) -> WebClient:
    quiet = logging.getLogger("bot.doctor.slack")
    quiet.setLevel(logging.CRITICAL)  # the client would log what the report says anyway
    return SlackClient(
        token=token, base_url=read.settings.slack_api_url, timeout=_ANSWER_SECONDS, retry_handlers=[], logger=quiet
    )


def _database(read: SettingsRead) -> Subject:
    names = (database.NAME,)
    if read.without_database:
        return _skipped(names, read.without_database)
    return Subject(names, partial(database.examine_database, read.settings.database, timeout=_ANSWER_SECONDS))


def _skipped(names: tuple[str, ...], why: str) -> Subject:
    return Subject(names, partial(skipped, names, why))
