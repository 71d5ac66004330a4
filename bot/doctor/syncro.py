"""Whether Syncro answers, and the token may read what a proof needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import requests

from bot.billing.rules.policy import fold
from bot.doctor.results import Result, failed, ok, skipped, warning
from bot.doctor.settings import SettingsRead
from bot.settings import Settings
from bot.syncro.client import Reply
from bot.syncro.errors import ForbiddenError, SyncroError, UnauthorisedError, UnavailableError
from bot.syncro.http_dates import moment_from_http_date
from bot.syncro.models import InvoiceDetail, InvoiceRow, Page, Schedule, TicketDetail, TicketRow
from bot.syncro.tokens import BEARER

CLOCK = "clock"
LIMIT = "Syncro request limit"
TOKEN = "Syncro token"  # noqa: S105 - the name of a check
PERMISSIONS = "Syncro permissions"
TICKETS = "Syncro tickets"
INVOICES = "Syncro invoices"
SCHEDULES = "Syncro recurring invoices"
STATUSES = "Syncro statuses"

ALLOWED_BY_SYNCRO = 180
"""Requests a minute for each IP address (Syncro's OpenAPI document)."""
CLOCK_TOLERANCE = timedelta(minutes=5)

_WRONG_RECORD = "Check SYNCRO_BASE_URL; if it is right, Syncro's API has changed and the bot needs an update."


class SyncroReads(Protocol):
    """What the doctor reads from Syncro; `SyncroClient` has it."""

    def me(self) -> Reply[dict[str, Any]]:
        """The token's user."""
        ...

    def tickets(self) -> Reply[Page[TicketRow]]:
        """The first page of all tickets."""
        ...

    def ticket(self, ticket_id: str) -> Reply[TicketDetail]:
        """One ticket."""
        ...

    def invoices(self) -> Reply[Page[InvoiceRow]]:
        """The first page of all invoices."""
        ...

    def invoice(self, reference: str) -> Reply[InvoiceDetail]:
        """One invoice."""
        ...

    def schedules(self, customer_id: str) -> Reply[Page[Schedule]]:
        """The first page of a customer's recurring invoices."""
        ...

    def ticket_statuses(self) -> Reply[tuple[str, ...]]:
        """The account's ticket statuses."""
        ...


def check_limit(read: SettingsRead) -> Result:
    """SYNCRO_REQUESTS_PER_MINUTE against what Syncro allows."""
    if "syncro_requests_per_minute" in read.wrong:
        return next(skipped((LIMIT,), "SYNCRO_REQUESTS_PER_MINUTE is wrong, see the settings"))
    rate = read.settings.syncro_requests_per_minute
    if rate > ALLOWED_BY_SYNCRO:
        advice = f"Set SYNCRO_REQUESTS_PER_MINUTE to {ALLOWED_BY_SYNCRO} or less, or Syncro will refuse requests."
        return warning(LIMIT, f"{rate} a minute, and Syncro allows {ALLOWED_BY_SYNCRO} for each IP address", advice)
    return ok(LIMIT, f"{rate} a minute at most")


def server_time(base_url: str, timeout: float) -> datetime | None:
    """When Syncro's answer was sent, by its own clock; None where it does not say. Needs no token and sends none."""
    try:
        answer = requests.get(
            f"{base_url}/me", timeout=timeout, allow_redirects=False, stream=True, auth=_no_authentication
        )
        answer.close()
    except (requests.RequestException, OSError, ValueError):
        return None
    return moment_from_http_date(answer.headers.get("Date", ""))


def _no_authentication(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """As an auth object this keeps ~/.netrc out of the request."""
    return request


def check_clock(ask: Callable[[], datetime | None], now: Callable[[], datetime]) -> Result:
    """Compare this machine's clock with Syncro's: a wrong one spoils every "changed since"."""
    before = now()
    theirs = ask()
    after = now()
    if theirs is None:
        return next(skipped((CLOCK,), "Syncro gave no time to compare with"))
    # The header counts whole seconds and was written somewhere between the two moments.
    apart = max(before - theirs, theirs - after, timedelta(0))
    if apart > CLOCK_TOLERANCE:
        minutes = round(apart.total_seconds() / 60)
        direction = "ahead of" if before > theirs else "behind"
        advice = "Let this machine's clock be set by NTP: the bot may otherwise overlook changes."
        return warning(CLOCK, f"this machine is {minutes} minutes {direction} Syncro", advice)
    return ok(CLOCK, f"agrees with Syncro within {max(1, round(apart.total_seconds()))} s")


SYNCRO_CHECKS = (TOKEN, PERMISSIONS, TICKETS, INVOICES, SCHEDULES, STATUSES)
"""What `examine_syncro` gives, in this order."""


def examine_syncro(read: SettingsRead, client: SyncroReads, otherwise: SyncroReads) -> Iterator[Result]:
    """All checks that need the token. What Syncro says about permissions is coarse, so the proof is to read.

    `otherwise` sends the token in its other form: it is tried where this one is refused.
    """
    try:
        try:
            me = client.me().value
            taken = ok(TOKEN, _user(me))
        except UnauthorisedError as error:
            me, client, taken = _in_other_form(otherwise, error), otherwise, _other_form_is_taken(read)
    except (UnauthorisedError, UnavailableError) as error:
        yield _failure(TOKEN, error)
        why = "Syncro refuses the token" if isinstance(error, UnauthorisedError) else "Syncro is out of reach"
        yield from skipped(SYNCRO_CHECKS[1:], why)
        return
    except SyncroError as error:
        yield _failure(TOKEN, error)
        yield from skipped((PERMISSIONS,), "Syncro does not say whose token this is")
    else:
        yield taken
        yield check_permissions(me)
    tickets, ticket = check_tickets(client)
    yield tickets
    invoices, invoice = check_invoices(client)
    yield invoices
    yield check_schedules(client, _customer_of(invoice, ticket))
    yield check_statuses(client, read)


def _in_other_form(otherwise: SyncroReads, refused: UnauthorisedError) -> dict[str, Any]:
    """Whose token it is, where Syncro takes it in its other form; else the error stands that the first form met."""
    try:
        return otherwise.me().value
    except SyncroError:
        raise refused from None


def _other_form_is_taken(read: SettingsRead) -> Result:
    if read.settings.syncro_token.startswith(BEARER):
        advice = f'Take the word "{BEARER.strip()}" out of SYNCRO_API_TOKEN.'
        return failed(TOKEN, f'Syncro takes the token only without "{BEARER.strip()}" before it', advice)
    advice = f'Write "{BEARER}" and then the token into SYNCRO_API_TOKEN.'
    return failed(TOKEN, f'Syncro takes the token only with "{BEARER.strip()}" before it', advice)


def _user(me: Mapping[str, Any]) -> str:
    """Whose token it is. `/me` repeats the token itself, so nothing else of it is shown."""
    user, subdomain = me.get("user_name"), me.get("subdomain")
    who = user if isinstance(user, str) and user else "a user without a name"
    return f"belongs to {who}" + (f" of {subdomain}" if isinstance(subdomain, str) and subdomain else "")


def check_permissions(me: Mapping[str, Any]) -> Result:
    """What Syncro says the token may read. A "no" is only a warning: the checks that follow prove it."""
    said = me.get("permissions")
    said = said if isinstance(said, dict) else {}
    shown = {kind: said[kind].get("read") for kind in ("ticket", "invoice") if isinstance(said.get(kind), dict)}
    if denied := [kind for kind, may_read in shown.items() if may_read is False]:
        return warning(PERMISSIONS, f"no reading of: {', '.join(denied)}", ForbiddenError.advice)
    if not shown:
        return ok(PERMISSIONS, "Syncro does not list them; reading will tell")
    return ok(PERMISSIONS, f"reading of: {', '.join(shown)}")


def check_tickets(client: SyncroReads) -> tuple[Result, TicketDetail | None]:
    """Read a page of the ticket list, and one ticket with its timers and charges."""
    try:
        rows = client.tickets().value.rows
        if not rows:
            return warning(TICKETS, "the list is readable, but empty", "Nothing to do if the account is new."), None
        row = next((row for row in rows if row.id), rows[0])  # an odd one says nothing of the others
        ticket = client.ticket(row.id).value
    except SyncroError as error:
        return _failure(TICKETS, error), None
    if ticket.id != row.id:
        return failed(TICKETS, f"asked for ticket id {row.id}, got {ticket.id}", _WRONG_RECORD), None
    return ok(TICKETS, f"list and detail are readable (ticket #{ticket.number})"), ticket


def check_invoices(client: SyncroReads) -> tuple[Result, InvoiceDetail | None]:
    """Read a page of the invoice list, and one invoice with its `ticket_id` and `line_items`."""
    try:
        rows = client.invoices().value.rows
        if not rows:
            return warning(INVOICES, "the list is readable, but empty", "Nothing to do if the account is new."), None
        row = next((row for row in rows if row.reference), rows[0])
        invoice = client.invoice(row.reference).value
    except SyncroError as error:
        return _failure(INVOICES, error), None
    if row.id not in (None, invoice.id) or row.number not in (None, invoice.number):
        return failed(INVOICES, f"asked for invoice {row.reference}, got {invoice.id}", _WRONG_RECORD), None
    found = f"list and detail are readable, with ticket_id and line_items (invoice {invoice.number})"
    if all(each.updated_at is None for each in rows):
        found += "; the list shows no updated_at, so more details will be read"
    return ok(INVOICES, found), invoice


def _customer_of(invoice: InvoiceDetail | None, ticket: TicketDetail | None) -> str | None:
    candidates = (record.customer_id for record in (invoice, ticket) if record is not None)
    return next((customer for customer in candidates if customer is not None), None)


def check_schedules(client: SyncroReads, customer_id: str | None) -> Result:
    """Read a page of a customer's recurring invoices."""
    if customer_id is None:
        return next(skipped((SCHEDULES,), "no customer is known whose recurring invoices could be read"))
    try:
        rows = client.schedules(customer_id).value.rows
    except SyncroError as error:
        return _failure(SCHEDULES, error)
    return ok(SCHEDULES, f"the list is readable ({len(rows)} for customer id {customer_id})")


def check_statuses(client: SyncroReads, read: SettingsRead) -> Result:
    """The status names in the settings against those that Syncro has: a typing error there makes wrong verdicts."""
    wrong = sorted(read.wrong & {"finished_statuses", "non_billable_statuses"})
    if wrong:
        return next(skipped((STATUSES,), f"{wrong[0].upper()} is wrong, see the settings"))
    try:
        known = client.ticket_statuses().value
    except SyncroError as error:
        advice = "Compare FINISHED_STATUSES and NON_BILLABLE_STATUSES with Syncro's ticket statuses yourself."
        return warning(STATUSES, error.problem, advice)
    return compare_statuses(read.settings, known)


def compare_statuses(settings: Settings, known: tuple[str, ...]) -> Result:
    """Warn of names that Syncro does not have. Of the defaults some are missing in most accounts: those are no error.

    Compared as verdicts are: without case, spaces and dashes.
    """
    folded = {fold(name) for name in known}
    unknown = []
    for setting in ("finished_statuses", "non_billable_statuses"):
        names = getattr(settings.policy, setting)
        missing = [name for name in names if fold(name) not in folded]
        is_chosen = setting in settings.model_fields_set
        if missing and (is_chosen or (setting == "finished_statuses" and len(missing) == len(names))):
            unknown.append(f"{setting.upper()}: {', '.join(missing)}")
    if unknown:
        advice = f"Correct the spelling. Syncro's statuses are: {', '.join(known) or 'none'}."
        return warning(STATUSES, f"Syncro does not have {'; '.join(unknown)}", advice)
    finished = {fold(name) for name in settings.policy.finished_statuses}
    counted = ", ".join(name for name in known if fold(name) in finished)
    return ok(STATUSES, f"work counts as finished in {counted or 'none of them'}")


def _failure(name: str, error: SyncroError) -> Result:
    advice = error.advice or "Check SYNCRO_BASE_URL or SYNCRO_SUBDOMAIN."
    if isinstance(error, UnavailableError):
        advice = "Check SYNCRO_BASE_URL or SYNCRO_SUBDOMAIN, and whether this machine reaches it (firewall, proxy)."
    return failed(name, f"{error.what}: {error.problem}", advice)
