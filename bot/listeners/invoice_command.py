"""`/invoice-check invoice 67469`: which tickets an invoice bills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.jobs.request import CheckRequest
from bot.listeners.intake import COMMAND, Asked, Intake
from bot.listeners.subcommands import Use
from bot.messages.help import not_an_invoice
from bot.messages.rendered import Rendered
from bot.ticket_references.words import invoice_typed


@dataclass(frozen=True)
class InvoiceSubcommand:
    """See `Subcommand`. Who may ask, and how often, is as for ticket numbers."""

    intake: Intake
    name: str = "invoice"
    help: Sequence[str] = (f"• `{COMMAND} invoice 67469` — which tickets an invoice bills, and how",)

    def refusal(self, use: Use) -> Rendered | None:  # noqa: ARG002 - the intake refuses, as any question
        """See `Subcommand`."""
        return None

    def answer(self, use: Use) -> Rendered | None:
        """See `Subcommand`."""
        what = f"{self.name} {use.text}".strip()
        return self.intake.submit(f"command:{use.trigger}", use.asker, lambda: self._read(use), what=what)

    def _read(self, use: Use) -> Asked:
        invoice = invoice_typed(use.text, self.intake.site)
        if not invoice:
            return Asked(reply=Rendered(not_an_invoice(COMMAND)))
        request = CheckRequest(
            references=(),
            channel=use.channel,
            user=use.user,
            response_url=use.response_url,
            direct=use.is_direct,
            fresh="fresh" in use.text.casefold(),
            invoice=invoice,
        )
        return Asked(request)
