"""Looks at the finished tickets for App Home, beside everything else; nothing is stored, posted or remembered of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.billing.search.scheduler import Progress
from bot.billing.verifier import Verifier
from bot.digest.home import Looked
from bot.jobs.digest_making import DigestFailedError, DigestRules, accused_in, make_digest
from bot.jobs.look import FRESH_FOR
from bot.jobs.recorded import OpenSession
from bot.store.memory import Memory

log = logging.getLogger(__name__)

Then = Callable[[], None]


class _StoppedError(Exception):
    """The bot is about to end."""


@dataclass
class HomeLook:
    """The last look, and the next. Safe to share between threads; one look at a time."""

    verifier: Verifier
    session: OpenSession
    memory: Memory
    rules: DigestRules
    clock: Callable[[], datetime]
    is_stopping: Callable[[], bool]
    _looked: Looked = field(default=Looked())
    _fresh_until: datetime | None = None
    _waiting: list[Then] = field(default_factory=list)
    _is_at_it: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def last(self) -> tuple[Looked, bool]:
        """The last look, and whether it is to be made anew: it is under way, or older than a minute.

        What it found is left out then, and where a later one failed: it is too old to be said.
        """
        with self._lock:
            is_old = self._fresh_until is None or self.clock() > self._fresh_until
            known = self._looked if not (is_old or self._looked.trouble) else Looked(None, self._looked.trouble)
            return known, self._is_at_it or is_old

    def renew(self, then: Then) -> None:
        """Look again, and do `then` when that is done. Returns at once."""
        with self._lock:
            self._waiting.append(then)
            if self._is_at_it:
                return
            self._is_at_it = True
        threading.Thread(target=self._look, name="home", daemon=True).start()

    def _look(self) -> None:
        digest, began = self._looked.digest, self.clock()
        try:
            looked = self._made()
        except _StoppedError:
            return
        except DigestFailedError as error:
            looked = Looked(digest, str(error))
        except Exception:
            log.exception("The tickets could not be looked at for Home")
            looked = Looked(digest, "an error inside the bot, which its operator finds in the log")
        with self._lock:
            self._looked, self._is_at_it = looked, False
            self._fresh_until = max(began + FRESH_FOR, self.clock() + FRESH_FOR / 2)
            waiting, self._waiting = self._waiting, []
        for then in waiting:
            then()

    def _made(self) -> Looked:
        now, before = self.clock(), self._looked.digest
        is_of_today = before is not None and before.day == now.astimezone(self.rules.zone).date()
        proved = accused_in(before) if before is not None and is_of_today else frozenset[str]()
        with self.session() as session:
            digest = make_digest(
                self.verifier,
                session,
                self.memory.history(now),
                self.rules,
                now=now,
                window=self.rules.window(now),
                proved=proved,
                on_progress=self._go_on,
            )
        return Looked(digest)

    def _go_on(self, _: Progress) -> None:
        if self.is_stopping():
            raise _StoppedError
