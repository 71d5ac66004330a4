"""The close of a month with known truth, over real HTTP: right to the cent, minute and ticket, twice."""

from __future__ import annotations

import io
import json
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from bot.billing.rules.verdicts import Verdict
from bot.digest.close import Close
from bot.digest.close_forms import caveats, close_as_csv, close_as_json
from bot.jobs.digest_making import DigestRules
from bot.sandbox.slack.workspace import MANAGER
from bot.sandbox.syncro.sample_worlds import demo_world
from bot.sandbox.syncro.server import SyncroSandbox
from bot.sandbox.syncro.world import Invoice, Ticket, TicketOptions, World
from bot.terminal.close import show_close
from tests import nursery
from tests.e2e import flat_fee
from tests.e2e.conftest import NewHouse
from tests.e2e.digests import desk
from tests.e2e.flat_fee import NOW, POLICY, Month
from tests.patience import PATIENCE
from tests.standins.syncro_faults import Fault, Slow

DAY = timedelta(days=1)
READ = 40
"""Calls after which a close of the sample month is well under way."""
RULES = DigestRules(timedelta(days=30), timedelta(hours=24), ZoneInfo("UTC"), labor_rate=flat_fee.LABOR_RATE)
FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)


def finished_in_february(month: Month) -> set[str]:
    tickets = month.world.tickets.values()
    return {str(t.number) for t in tickets if t.resolved_at and f"{t.resolved_at:%Y-%m}" == "2026-02"}


def hold_to_the_truth(close: Close, month: Month) -> None:
    wanted = finished_in_february(month)
    verdicts = {line.finding.ticket_number: line.finding.verdict for line in close.tickets}
    assert {n: v for n, v in verdicts.items() if v is not month.facts[n].verdict} == {}
    assert verdicts.keys() == wanted
    owed = {number: fact for number, fact in month.of(Verdict.NOT_INVOICED).items() if number in wanted}
    figures = close.whole.figures
    assert figures.at_risk == sum((fact.amount for fact in owed.values()), Decimal(0))
    assert round(figures.at_risk_hours * 60) == sum(fact.minutes for fact in owed.values())
    tickets = [each for each in month.world.tickets.values() if str(each.number) in wanted]
    timers = [t for each in tickets if month.facts[str(each.number)].verdict is Verdict.COVERED for t in each.timers]
    minutes = sum((timer.end_time - timer.start_time).seconds // 60 for timer in timers if timer.end_time)
    assert round(figures.covered_hours * 60) == minutes > 0
    assert figures.covered == minutes * flat_fee.LABOR_RATE / 60
    assert figures.billed == sum({each.id: each.total for each in invoices_of(tickets, month)}.values()) > 0
    drawn = [each for each in tickets if any(invoice.total == 0 for invoice in invoices_of([each], month))]
    assert figures.drawn_hours == sum(charge.quantity for each in drawn for charge in each.charges) > 0


def invoices_of(tickets: list[Ticket], month: Month) -> list[Invoice]:
    """The invoices that bill these tickets, as the world has it."""
    ids = {ticket.id for ticket in tickets}
    items = {charge.item_id for ticket in tickets for charge in ticket.charges if charge.item_id is not None}
    return [
        invoice
        for invoice in month.world.invoices.values()
        if invoice.ticket_id in ids or any(line.id in items or ids & {*line.named_ticket_ids} for line in invoice.lines)
    ]


def test_a_month_is_right_to_the_cent_the_minute_and_the_ticket_twice(tmp_path: Path) -> None:
    month = flat_fee.build()
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    with SyncroSandbox(month.world, requests_per_minute=None) as syncro:
        with desk(url, syncro, NOW, POLICY) as bot:
            first = bot.close(FEBRUARY, RULES)
            hold_to_the_truth(first, month)
        with desk(url, syncro, NOW + timedelta(hours=1), POLICY) as bot:
            bot.sync(RULES.lookback)
            syncro.reset_calls()
            again = bot.close(FEBRUARY, RULES)
            hold_to_the_truth(again, month)
            assert again.earlier is not None
            assert again.changes == []
            assert again.kept == first.kept
        with syncro.locked() as world:
            owed = next(line for line in again.digest.unbilled if line.finding.unbilled.charges)
            ticket = next(t for t in world.tickets.values() if str(t.number) == owed.finding.ticket_number)
            invoice = world.bill_by_line_item(ticket)
        with desk(url, syncro, NOW + timedelta(hours=2), POLICY) as bot:
            third = bot.close(FEBRUARY, RULES)
    (change,) = (each for each in third.changes if each.ticket_number == owed.finding.ticket_number)
    assert change.now is not None
    assert change.now.invoices == (invoice.number,)
    assert change.now.figures.billed == invoice.total
    told = json.loads(close_as_json(third))
    assert [each["ticket_number"] for each in told["changed_since"]["changes"]] == [
        each.ticket_number for each in third.changes
    ]
    assert sum(Decimal(each["billed"]) for each in told["by_technician"]) == Decimal(told["totals"]["billed"])
    assert len(close_as_csv(third).splitlines()) == len(third.tickets) + 1
    shown = io.StringIO()
    show_close(Console(file=shown, width=120), third)
    assert "Close of February 2026" in shown.getvalue()


def test_an_invoice_over_two_months_counts_once_whichever_month_is_closed_first(tmp_path: Path) -> None:
    month = Month(World(now=NOW - timedelta(hours=1)))
    customer = month.world.add_customer("Two Months")
    told = [TicketOptions(created_at=day, updated_at=day, resolved_at=day) for day in (NOW - DAY * 5, NOW - DAY)]
    tickets = [month.world.add_ticket(customer, status="Resolved", **each) for each in told]
    month.world.bill_by_line_text(*tickets, total="150.00", created_at=NOW - timedelta(hours=3))
    month.world.bill_by_ticket_id(tickets[0], total="33.10", created_at=NOW - timedelta(hours=3))
    url = f"sqlite:///{tmp_path / 'bot.db'}"
    with SyncroSandbox(month.world, requests_per_minute=None) as syncro, desk(url, syncro, NOW, POLICY) as bot:
        closes = [bot.close(each, RULES) for each in (MARCH, FEBRUARY, MARCH, FEBRUARY)]
    march, february, *again = closes
    assert (march.whole.figures.billed, february.whole.figures.billed) == (Decimal("150.00"), Decimal("33.10"))
    assert [(each.invoice.total, each.month) for each in february.elsewhere] == [(Decimal("150.00"), "2026-03")]
    assert [each.kept for each in again] == [march.kept, february.kept]
    assert [each.changes for each in again] == [[], []]
    assert "150.00, in that of 2026-03" in dict(caveats(february))["Counted in another close"]


def test_five_hundred_tickets_with_a_current_ledger_cost_no_more_calls_than_a_digest_of_them(tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
    world = World(now=now)
    customers = [world.add_customer(f"Sample {index}") for index in range(20)]
    for index in range(100):  # an invoice for each five, but for the last ten
        done = [now - timedelta(hours=2 + index * 6, minutes=minute) for minute in range(5)]
        told = [TicketOptions(created_at=each - DAY, updated_at=each, resolved_at=each) for each in done]
        tickets = [world.add_ticket(customers[index % 20], status="Resolved", **each) for each in told]
        if index < 98:
            world.bill_by_line_text(*tickets, created_at=now - timedelta(hours=1))
        else:
            _ = [world.add_charge(ticket, "80.00") for ticket in tickets]
    rules = DigestRules(timedelta(days=28, hours=1), timedelta(hours=1), ZoneInfo("UTC"))  # the same tickets
    first, second = tmp_path / "bot.db", tmp_path / "copy.db"
    with SyncroSandbox(world, requests_per_minute=None) as syncro:
        with desk(f"sqlite:///{first}", syncro, now, POLICY) as bot:
            bot.sync(rules.lookback)
        with closing(sqlite3.connect(first)) as there, closing(sqlite3.connect(second)) as copy:
            there.backup(copy)
        with desk(f"sqlite:///{first}", syncro, now + timedelta(minutes=1), POLICY) as bot:
            digest = bot.digest(rules)
        with desk(f"sqlite:///{second}", syncro, now + timedelta(minutes=1), POLICY) as bot:
            made = bot.close(FEBRUARY, rules)
    assert len(made.tickets) == digest.checked == 500
    assert made.whole.figures.at_risk == digest.at_risk == Decimal(800)
    assert made.digest.api_calls <= digest.api_calls < 150


def close(syncro: SyncroSandbox, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "SYNCRO_BASE_URL": syncro.base_url,
        "SYNCRO_API_TOKEN": syncro.token,
        "SYNCRO_REQUESTS_PER_MINUTE": "3000",
        "DATABASE_URL": f"sqlite:///{folder / 'bot.db'}",
    }
    return nursery.run(["close", *arguments], cwd=folder, env=environment, timeout=PATIENCE)


def test_the_command_prints_one_object_writes_the_table_and_refuses_what_is_no_month(tmp_path: Path) -> None:
    sample = demo_world()
    with SyncroSandbox(sample.world, requests_per_minute=None) as syncro:
        finished = sample.world.now - 9 * DAY  # as the tour's tickets are
        made = close(syncro, tmp_path, f"{finished:%Y-%m}", "--json", "--csv", "close.csv")
        refused = close(syncro, tmp_path, "next", "month")
    told = json.loads(made.stdout)
    assert made.returncode == 1, made.stderr
    assert told["tax"] == {"billed": "included", **dict.fromkeys(("at_risk", "recovered", "covered"), "excluded")}
    assert told["totals"]["tickets"] == len(told["tickets"]) > 0
    assert len((tmp_path / "close.csv").read_text(encoding="utf-8-sig").splitlines()) == len(told["tickets"]) + 1
    assert refused.returncode == 3
    assert "“next month” is no month" in " ".join(refused.stderr.split())


def test_asked_for_in_slack_it_survives_a_kill_and_can_be_cancelled(new_house: NewHouse) -> None:
    house = new_house(latency=0.03)
    bot = house.serve(MANAGERS=MANAGER, LEDGER_MAX_AGE_DAYS="0")
    with house.syncro.locked() as world:
        month = f"{world.now - 9 * DAY:%Y-%m}"
    channel = house.channel()
    house.syncro.reset_calls()
    assert house.slack.slash(f"close {month}", user=MANAGER, channel=channel).wait_ack() == {}
    house.syncro.wait_for_calls(READ)
    bot.kill()
    bot.start()
    bot.wait_ready(starts=2)
    house.wait_idle()

    (parent,) = house.own_parents(channel)
    said = [reply.text for reply in house.own_replies(parent)]
    assert "NOT INVOICED" in parent.text
    assert len(said) == len(set(said))
    assert [file.name for file in house.slack.workspace.files] == [f"close-{month}.csv"]

    house.syncro.faults.append(Fault("/.*", Slow(0.5)))  # so that it is under way for long
    house.syncro.reset_calls()
    house.slack.slash(f"close {month}", user=MANAGER, channel=channel).wait_ack()
    house.syncro.wait_for_calls(1)
    other = next(each for each in house.own_parents(channel) if each.ts != parent.ts)
    house.slack.press("cancel_check", other, user=MANAGER)
    house.slack.wait_for(lambda _: f"Close {month} · cancelled" in other.text or None)
    entries = json.loads(house.shell(house.settings(), "history", "--user", MANAGER, "--json").stdout)["history"]
    assert [entry["what"] for entry in entries if entry["act"] == "cancelled"] == [f"close {month}"]
    assert [entry["what"][:7] for entry in entries if entry["act"] == "closed" and entry["what"]] == [month]
