"""What stands alone: replies for one person, forms, Home, lines below addresses, notices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from bot.billing.rules.technicians import Technician
from bot.billing.rules.verdicts import Verdict
from bot.billing.search.selection import Choice, Selected, Selection
from bot.digest.close import NotAMonthError, month_named
from bot.digest.home import Desk, Health, Looked, home_of
from bot.jobs.check import BROKE_DOWN
from bot.jobs.history import questions, what_happened
from bot.jobs.request import MOST_TICKETS, CheckRequest, CloseRequest
from bot.listeners.close_command import CloseSubcommand
from bot.listeners.digest_commands import MOST_CUSTOMERS, DigestSubcommand
from bot.listeners.history_command import HistorySubcommand
from bot.listeners.intake import COMMAND, MOST_CHARACTERS
from bot.listeners.invoice_command import InvoiceSubcommand
from bot.listeners.schedule_in_words import schedule_in_words
from bot.listeners.selection_commands import selection_subcommands
from bot.messages import (
    check_messages,
    close,
    digest_acts,
    digest_messages,
    history,
    home,
    invoice_messages,
    list_form,
    phrases,
)
from bot.messages import help as help_words
from bot.messages.digest_blocks import plainer
from bot.messages.nudges import nudge
from bot.messages.rendered import Rendered, told
from bot.messages.unfurls import unfurl, unfurl_invoice
from bot.store.audit import Act, AuditEntry
from bot.ticket_references.reading import LeftOut, Why
from bot.words.selecting import LONGEST_DAYS, instead_of_check, selection_in_words
from tests.digest.factory import AT_NINE, MONDAY, ZONE, a_digest, audited, mark, snooze, the_incident
from tests.samples import looks
from tests.samples.measure import Shown
from tests.samples.situations import a_month

PERSON = "U0ASKER"
REASON = "customer pays on delivery"
TICKET = "32230"
COMES = schedule_in_words("0 9 * * 1-5", ZONE, AT_NINE)


ANNA: dict[str, Any] = {"technician": "Anna Smith", "technician_id": "1", "technician_email": "anna@example.com"}


def _told(*texts: str) -> list[Shown]:
    return [Rendered(text) for text in texts]


def _help() -> Rendered:
    nobody: Any = None  # who only reads the help asks nothing
    said: list[Any] = [DigestSubcommand, HistorySubcommand, CloseSubcommand, InvoiceSubcommand]
    selecting = selection_subcommands(nobody, timedelta(days=30), ZONE, lambda: AT_NINE)
    return help_words.help_message(COMMAND, [line for each in (*said, *selecting) for line in each.help])


def _left_out() -> list[LeftOut]:
    return [
        LeftOut("four wheels"),
        LeftOut("https://other.syncromsp.com/tickets/9", Why.FOREIGN),
        LeftOut("67469", Why.INVOICE),
    ]


def _selections() -> list[Shown]:
    since = AT_NINE - timedelta(days=7)
    customer, mine = Selection(Choice.CUSTOMER, "Kittle", since), Selection(Choice.TECHNICIAN, "Anna Smith", since)
    unselected = [
        (customer, Selected()),
        (customer, Selected(names=("Kittle", "Kittle & Sons"))),
        (mine, Selected(names=("anna@example.com", "smith@example.com"))),
        (Selection(Choice.SINCE, "", since), Selected(references=tuple(map(str, range(60))))),
        (mine, Selected(failure="Reading page 1 of the ticket list: Syncro answered 500 (4 tries).")),
    ]
    return [
        *(check_messages.looking_for(selection_in_words(each, ZONE)) for each in (customer, mine)),
        *(told(instead_of_check(each, found, MOST_TICKETS, ZONE)) for each, found in unselected),
    ]


def _under_way() -> list[Shown]:
    selection = Selection(Choice.CUSTOMER, "Kittle", AT_NINE).to_json()
    return [
        check_messages.checking(["32223"], cancel="job"),
        check_messages.checking(["32223", "32224"], waits=True, cancel="job"),
        invoice_messages.checking_invoice("67469"),
        check_messages.under_way(close.being_closed(date(2026, 10, 1)), cancel="job"),
        check_messages.progress(1, 1, "12 invoices read"),
        check_messages.progress(31, 50, "1,204 invoices read, waiting for Syncro's limit, 12 s"),
        check_messages.cancelled(["32223"], PERSON),
        check_messages.cancelled(CheckRequest((), "C1", PERSON, selection=selection).named, PERSON),
        check_messages.cancelled(CloseRequest((), "C1", PERSON, month="2026-10").named, PERSON),
        check_messages.may_not_cancel(),
        check_messages.not_under_way(),
        check_messages.failed(["32223"], BROKE_DOWN),
        check_messages.failed(["32223", "32224"], BROKE_DOWN),
        check_messages.failed([], BROKE_DOWN),
    ]


def _refusals() -> list[Shown]:
    return _told(
        *(help_words.not_allowed(reason) for reason in help_words._NOT_ALLOWED),
        help_words.not_understood(_left_out()[:1], COMMAND),
        help_words.not_understood(_left_out()[1:], COMMAND),
        help_words.not_understood([], COMMAND),
        help_words.left_out(_left_out()),
        help_words.no_numbers_in_message(),
        help_words.no_numbers_in_message(_left_out()),
        help_words.too_many(60, MOST_TICKETS),
        help_words.too_many_waiting(200),
        help_words.exhaustive_is_for_managers(5),
        help_words.not_a_selection(COMMAND, LONGEST_DAYS),
        help_words.not_an_invoice(COMMAND),
        help_words.which_ticket(12),
        help_words.cut_short(MOST_CHARACTERS),
        help_words.not_stored(),
    )


def _no_month(text: str) -> Rendered:
    try:
        raise AssertionError(month_named(text, MONDAY))
    except NotAMonthError as error:
        return close.usage(COMMAND, str(error))


def _history() -> list[Shown]:
    noted = [
        AuditEntry(AT_NINE, Act.SNOOZED, "U0BOSS", "C0BILLING", ticket_number="32223", why=REASON),
        AuditEntry(
            AT_NINE, Act.ANSWERED, PERSON, "C0BILLING", "32223", "", "32223", verdict="invoiced", invoices=("67469",)
        ),
        AuditEntry(AT_NINE, Act.REFUSED, "U0STRANGER", "C0OTHER", "32223", "guest"),
    ]
    happened = [history.Happening(each.at, each.who, each.where, what_happened(each)) for each in noted]
    return [
        history.history_message("32223", happened, most=20),
        history.history_message("32223", happened, most=2),
        history.history_message("32223", [], most=20),
        history.usage(COMMAND),
        history.not_read(),
    ]


def _homes() -> list[Shown]:
    findings = [
        audited(number=str(32_230 + index), subject=f"Job {index}", **(ANNA if index < 12 else {}))
        for index in range(14)
    ]
    digest = a_digest(*findings, audited(Verdict.UNVERIFIED, "32260", **ANNA))
    asked = AuditEntry(AT_NINE, Act.ANSWERED, PERSON, "C0BILLING", ticket_number="32223", verdict="invoiced")
    health = Health(AT_NINE, 120, AT_NINE, AT_NINE - timedelta(days=400), is_token_refused=False)
    subscription = home.subscription_in_words((), mine=True)
    desk = Desk(digest, tuple(questions([asked])), subscription, f"When digests come: {COMES}", health)
    sick = replace(health, last_digest=None, ledger_as_of=None, is_token_refused=True)
    bare = replace(desk, team=None, subscription="", health=sick)
    few = replace(desk, subscription=home.subscription_in_words(("Kittle", "Acme"), mine=False), recent=())
    namesake = audited(number="32270", **{**ANNA, "technician_id": "2", "technician_email": "smith@example.com"})

    def of(name: str, looked: Looked, **more: Any) -> Shown:
        return home.home_view(replace(home_of(name, looked, is_refreshing=False), **more))

    return [
        of("Anna Smith", Looked(digest)),
        of("Anna Smith", Looked(digest), desk=desk),
        of("Anna Smith", Looked(a_digest(findings[0])), desk=few),
        of("Anna Smith", Looked(None), is_refreshing=True, desk=bare),
        of("Anna Smith", Looked(None, "Syncro did not answer."), notice=home.being_rechecked("32223")),
        of("Anna Smith", Looked(a_digest(*findings, namesake))),
        of("Carla Diaz", Looked(digest)),
        of("", Looked(digest)),
        home.refused_view(help_words.not_allowed("guest")),
        home.unread_view(),
    ]


def _forms() -> list[Shown]:
    ticket = digest_acts.ticket_in_words("32230", {"customer": "Kittle", "subject": "Printer does not print"})
    forms = (digest_acts.snooze_form, digest_acts.mark_form, digest_acts.wrong_form, digest_acts.nothing_form)
    wrong = (
        digest_acts.reason_missing(),
        digest_acts.too_long(digest_acts.REASON_LIMIT),
        digest_acts.duration_missing(),
        digest_acts.not_reminded(),
        digest_acts.form_out_of_date(),
        digest_acts.not_stored_in_words(),
    )
    return [
        *(form(ticket, "{}") for form in forms),
        *_told(*wrong),
        digest_acts.too_slow(),
        list_form.list_form(),
        list_form.not_opened(),
        list_form.no_channel(),
    ]


def _decisions() -> list[Shown]:
    return [
        digest_acts.snoozed(snooze(TICKET)),
        digest_acts.woken(TICKET),
        digest_acts.no_snooze(TICKET),
        digest_acts.marked(mark(TICKET)),
        digest_acts.mark_undone(TICKET, PERSON),
        digest_acts.no_mark(TICKET),
        digest_acts.marks_list([]),
        digest_acts.marks_list([mark("32230"), mark("32231")]),
        digest_acts.nothing_noted(TICKET, REASON),
        digest_acts.remind_tomorrow(),
        digest_messages.wrong_report_thanks(),
        *(digest_acts.managers_only(is_set=is_set) for is_set in (True, False)),
        digest_acts.button_out_of_date(),
        digest_acts.not_stored(),
        digest_acts.not_read(),
    ]


def _digest_commands() -> list[Shown]:
    return [
        digest_acts.usage(),
        digest_acts.being_made(MONDAY),
        digest_acts.subscribed((), mine=False, comes=COMES),
        digest_acts.subscribed((), mine=True, comes=COMES),
        digest_acts.subscribed(("Kittle", "Acme"), mine=False, comes=COMES),
        digest_acts.too_many_customers(MOST_CUSTOMERS),
        *(digest_acts.unsubscribed(had_one=had_one) for had_one in (True, False)),
    ]


def _notices() -> list[Shown]:
    why = "Syncro refused the API token. Set SYNCRO_API_TOKEN anew."
    namesakes = [Technician(str(index), "Anna Smith", f"anna{index}@example.com") for index in range(2)]
    return [
        digest_messages.digest_failed(why),
        digest_messages.digest_failed(why, try_until=AT_NINE),
        digest_messages.digest_made_after_all(),
        digest_messages.quiet_line(the_incident()),
        digest_messages.sign_of_life(the_incident()),
        *digest_messages.monthly_marks([mark("1"), mark("2")]),
        digest_messages.list_not_attached(),
        plainer(digest_messages.digest_messages(a_month(12)).parent),
        told(phrases.which_are_you("Anna Smith", namesakes)),
        close.close_failed(date(2026, 10, 1), why),
        *map(_no_month, ("", "dember", "2027-01", "1999-01")),
    ]


def _below_addresses() -> list[Shown]:
    found = [each for each in looks.fifty().findings if each.ticket_number >= "32300"]
    asked = [looks.asked_for_invoice(looks.billed(), "67469"), looks.asked_for_invoice(looks.billed(), "67499")]
    return [*map(unfurl, found), *(unfurl_invoice(each, each.invoice) for each in asked if each.invoice)]


def _cannot_post() -> list[Shown]:
    return _told(*(check_messages.cannot_post("C0BILLING", why) for why in (*check_messages._CANNOT_POST, "is_frozen")))


ALONE: Mapping[str, Callable[[], Sequence[Shown]]] = {
    "help": lambda: [_help()],
    "while it is looked, cancelled, broken down": _under_way,
    "a selection of tickets": _selections,
    "nothing was checked, or not all of it": _refusals,
    "no place to answer": _cannot_post,
    "history": _history,
    "Home": _homes,
    "forms, and what is wrong with them": _forms,
    "what came of a decision": _decisions,
    "digest commands": _digest_commands,
    "a reminder": lambda: [nudge(looks.unbilled(count).findings[:count]) for count in (1, 2, 9)],
    "notices": _notices,
    "below an address": _below_addresses,
}
