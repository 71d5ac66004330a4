"""App Home: drawn when somebody opens it, and again after each of its buttons. Who may see what is asked each time."""

from __future__ import annotations

import http.client
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from sqlalchemy.exc import SQLAlchemyError

from bot.digest.home import Desk, Health, Home, Looked, as_decided, home_of
from bot.jobs.history import questions
from bot.jobs.home import HomeLook
from bot.listeners.access import Access
from bot.listeners.digest_context import DigestContext
from bot.messages import home as messages
from bot.messages.digest_acts import not_stored_in_words
from bot.messages.help import not_allowed
from bot.messages.poster import SlackUnavailableError
from bot.store.audit import Act, AuditQuery
from bot.store.memory import Memory
from bot.store.records import Subscription

log = logging.getLogger(__name__)

_RECENT, _LOOKED_THROUGH = 8, 500
_QUESTIONS = frozenset({Act.ANSWERED, Act.FAILED, Act.CANCELLED})
Payload = dict[str, Any]


@dataclass(frozen=True)
class HomeTab:
    """Draws Homes. `later` runs a piece of work on another thread; `name_of` gives a person's name in Syncro."""

    look: HomeLook
    memory: Memory
    access: Access
    client: WebClient
    name_of: Callable[[str], str]
    health: Callable[[], Health]
    comes: Callable[[], str]
    clock: Callable[[], datetime]
    later: Callable[[Callable[[], None]], Any]

    def show(self, user: str, notice: str = "", *, anew: bool = False) -> None:
        """Draw it with what is known, and once more when that is fresh. `anew`: what is known does not do."""
        self.later(lambda: self._show(user, notice, anew=anew))

    def _show(self, user: str, notice: str = "", *, anew: bool = False) -> None:
        looked, is_old = self.look.last()
        refusal, is_manager = self.access.home(user)
        if refusal is not None:
            self._publish(user, messages.refused_view(not_allowed(refusal)))
            return
        is_refreshing = is_old or anew
        try:
            home = self._home(user, looked, is_manager=is_manager, is_refreshing=is_refreshing)
            self._publish(user, messages.home_view(replace(home, notice=notice)))
        except (SQLAlchemyError, SlackUnavailableError) as error:
            log.error("Home could not be drawn (%s)", type(error).__name__)
            self._publish(user, messages.unread_view())
            return
        if is_refreshing:
            self.look.renew(lambda: self._show(user, notice))

    def _home(self, user: str, looked: Looked, *, is_manager: bool, is_refreshing: bool) -> Home:
        digest = looked.digest
        if digest is not None:
            digest = as_decided(digest, self.memory.history(self.clock()))
        home = home_of(self.name_of(user), replace(looked, digest=digest), is_refreshing=is_refreshing)
        if not is_manager:
            return home
        noted = self.memory.audit(AuditQuery(limit=_LOOKED_THROUGH))[::-1]
        recent = questions([each for each in noted if each.act in _QUESTIONS])[:_RECENT]
        own = next((each for each in self.memory.subscriptions() if each.user == user), None)
        desk = Desk(
            team=digest,
            recent=tuple(recent),
            subscription="" if own is None else messages.subscription_in_words(own.customers, mine=own.mine),
            comes=self.comes(),
            health=self.health(),
        )
        return replace(home, desk=desk)

    def _publish(self, user: str, view: messages.View) -> None:
        try:
            self.client.views_publish(user_id=user, view=view)
        except (SlackApiError, SlackClientError, OSError, http.client.HTTPException) as error:
            code = error.response.get("error") if isinstance(error, SlackApiError) else type(error).__name__
            log.warning("The Home of %s could not be shown (%s)", user, code)


def register(app: App, home: HomeTab, digest: DigestContext) -> None:
    """Listen for whoever opens Home, and for the buttons that only Home has."""

    @app.event("app_home_opened")
    def opened(event: Payload) -> None:
        if event.get("tab") == "home":
            home.show(event["user"])

    def subscription(act: Callable[[str], None]) -> Callable[[Ack, Payload], None]:
        def pressed(ack: Ack, body: Payload) -> None:
            ack()
            home.later(lambda: _decide(home, body["user"]["id"], act))

        return pressed

    def subscribe(user: str, *, mine: bool) -> None:
        digest.memory.subscribe(Subscription(user, mine=mine), at=digest.clock())

    def unsubscribe(user: str) -> None:
        digest.memory.unsubscribe(user, by=user, at=digest.clock())

    app.action(messages.SUBSCRIBE)(subscription(lambda user: subscribe(user, mine=False)))
    app.action(messages.SUBSCRIBE_MINE)(subscription(lambda user: subscribe(user, mine=True)))
    app.action(messages.UNSUBSCRIBE)(subscription(unsubscribe))


def _decide(home: HomeTab, user: str, act: Callable[[str], None]) -> None:
    """Do it for a manager; anybody else sees a Home without the button."""
    notice = ""
    if home.access.home(user)[1]:
        try:
            act(user)
        except SQLAlchemyError as error:
            log.error("A subscription could not be stored (%s)", type(error).__name__)
            notice = not_stored_in_words()
    home.show(user, notice)
