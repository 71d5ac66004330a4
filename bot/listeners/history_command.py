"""`/invoice-check history 32223`: who asked and decided what about a ticket. For managers only."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from bot.jobs.history import what_happened
from bot.listeners.digest_context import DigestContext
from bot.listeners.intake import COMMAND
from bot.listeners.subcommands import Use
from bot.messages.history import Happening, history_message, not_read, usage
from bot.messages.rendered import Rendered
from bot.store.audit import AuditQuery
from bot.ticket_references import ID_PREFIX
from bot.ticket_references.reading import parse

log = logging.getLogger(__name__)

_MOST = 30
"""Entries in a message."""


@dataclass(frozen=True)
class HistorySubcommand:
    """`/invoice-check history …`; see `Subcommand`."""

    digest: DigestContext
    name: str = "history"
    help: Sequence[str] = (f"• `{COMMAND} history 32223` tells managers who asked and decided what about a ticket",)

    def refusal(self, use: Use) -> Rendered | None:
        """See `Subcommand`."""
        return self.digest.refusal(use.asker, f"{self.name} {use.text}")

    def answer(self, use: Use) -> Rendered:
        """See `Subcommand`."""
        asked = parse(use.text, site=self.digest.intake.site, limit=1)
        if len(asked.references) != 1 or asked.left_out:
            return usage(COMMAND)
        (ticket,) = asked.references
        try:
            entries = self.digest.memory.audit(AuditQuery(ticket=ticket.removeprefix(ID_PREFIX), limit=_MOST + 1))
        except SQLAlchemyError as error:
            log.error("The history could not be read (%s)", type(error).__name__)
            return not_read()
        happenings = [Happening(each.at, each.who, each.where, what_happened(each)) for each in entries]
        return history_message(ticket, happenings, most=_MOST)
