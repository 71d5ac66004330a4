"""What the demo plays: the incident, then a tour of every answer; and what each sample ticket shows. Only data."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sandbox.demo.stage import Question
from bot.sandbox.slack.workspace import FINANCE, MANAGER


@dataclass(frozen=True)
class Scene:
    """A question with the narrator's words before it. `thread_lines` of its thread are shown without --full."""

    title: str
    story: str
    question: Question
    thread_lines: int = 10


@dataclass(frozen=True)
class SampleTicket:
    """Sample tickets, as one types them, and what the bot's answer shows."""

    typed: str
    shows: str


INCIDENT = Scene(
    "The incident of 2026-04-30",
    "A script read Syncro's invoice list, which names no tickets, and announced that all 31 of these had no invoice."
    " In truth 29 are invoiced and 2 are rightly non-billable. The bot reads the invoices themselves: no alarm.",
    Question("/invoice-check 32201-32231"),
    thread_lines=20,
)

TOUR = (
    Scene(
        "Invoiced, in four ways",
        "By the invoice's ticket field, by a charge that was converted, by a line of a combined invoice that names"
        " the ticket, and by an invoice to a third party, the landlord. See “Evidence” for each.",
        Question("/invoice-check 32301 32302 32303 32305"),
        thread_lines=32,
    ),
    Scene(
        "Partly invoiced",
        "The first visit is on an invoice; the second one was added to the ticket later and is still unbilled.",
        Question("/invoice-check 32306"),
    ),
    Scene(
        "Scheduled",
        "Nothing is billed yet, and nothing is wrong: a recurring invoice will pick the charges up.",
        Question("/invoice-check 32307"),
    ),
    Scene(
        "Non-billable",
        "All the time on this ticket was marked as not billable, so no invoice is expected.",
        Question("/invoice-check 32309"),
    ),
    Scene(
        "Still open",
        "The work is not finished; an invoice is not due yet.",
        Question("/invoice-check 32310"),
    ),
    Scene(
        "Covered",
        "A flat-fee contract covers the time on it, and it has no charge with a price.",
        Question("/invoice-check 32315"),
    ),
    Scene(
        "Nothing recorded",
        "Finished, on no invoice, and nothing on it that could be billed: said quietly, without an alarm.",
        Question("/invoice-check 32316"),
    ),
    Scene(
        "NOT INVOICED",
        "The only answer that raises an alarm. Syncro's status says “Invoiced”, but no invoice bills it.",
        Question("/invoice-check 32311"),
        thread_lines=14,
    ),
    Scene(
        "Prepaid hours",
        "The customer has bought a block of hours. An invoice is owed, as it draws the block down, but no money is at"
        " risk.",
        Question("/invoice-check 32318"),
        thread_lines=14,
    ),
    Scene(
        "Billed twice",
        "Two invoices were made for one ticket. It is billed, and somebody should look at both.",
        Question("/invoice-check 32317"),
    ),
    Scene(
        "Could not verify",
        "An invoice holds the number without saying that it means the ticket: neither a yes nor an accusation.",
        Question("/invoice-check 32313"),
        thread_lines=14,
    ),
    Scene(
        "The month's close",
        "For managers: every ticket finished in a month is accounted for, with the money billed, at risk and covered.",
        Question("/invoice-check close {month}", user=MANAGER),
        thread_lines=24,
    ),
    Scene(
        "No such ticket",
        "A number that Syncro does not know, most likely a typing error.",
        Question("/invoice-check 32399"),
    ),
    Scene(
        "A subject that tries to misbehave",
        "Customers write ticket subjects. This one tries to ping the whole channel and to plant a link; it stays text.",
        Question("/invoice-check 32314"),
        thread_lines=5,
    ),
    Scene(
        "A private channel that the bot is not in",
        "The bot cannot answer there: it says why, to the person who asked only, and answers in a direct message.",
        Question("/invoice-check 32223", channel=FINANCE, user=MANAGER),
        thread_lines=5,
    ),
    Scene(
        "A mention in a thread",
        "Slash commands do not work inside threads. A mention does, and the answer comes in that thread.",
        Question("@bot 32223", opening="Kittle asks what we charged for the meeting room display. Who knows?"),
        thread_lines=20,
    ),
)

SAMPLE_TICKETS = (
    SampleTicket("32201-32231", "the incident: 29 invoiced, 2 non-billable"),
    SampleTicket("32223", "one of the incident: invoice 67469"),
    SampleTicket("32301", "invoiced: the invoice's ticket field"),
    SampleTicket("32302", "invoiced: a charge of the ticket was converted"),
    SampleTicket("32303 32304", "invoiced: a combined invoice names both in its lines"),
    SampleTicket("32305", "invoiced: to a third party, the landlord"),
    SampleTicket("32306", "partly invoiced: the second visit is unbilled"),
    SampleTicket("32307", "scheduled: a recurring invoice will bill it"),
    SampleTicket("32308", "non-billable: by its status"),
    SampleTicket("32309", "non-billable: none of its time is billable"),
    SampleTicket("32310", "still open"),
    SampleTicket("32311", "NOT INVOICED, although its status says so"),
    SampleTicket("32312", "NOT INVOICED: charges and time on no invoice"),
    SampleTicket("32313", "could not verify: an invoice that may mean it"),
    SampleTicket("32314", "NOT INVOICED, with a subject that tries to misbehave"),
    SampleTicket("32315", "covered: by its contract"),
    SampleTicket("32316", "nothing recorded: no charge and no time"),
    SampleTicket("32317", "invoiced, perhaps twice: two invoices were made for it"),
    SampleTicket("32318", "NOT INVOICED: labour that draws on prepaid hours"),
    SampleTicket("32399", "no such ticket"),
)
