"""The bookkeeping of warnings against a model simple enough to be seen right."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta, timezone
from decimal import Decimal

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.billing.rules.verdicts import WarningEnding
from bot.store import tables
from bot.store.memory import Memory
from tests.store.factory import NOW, a_mark, a_snooze, day_of, digest, moment_of, not_invoiced

TICKETS = "abcd"
LIGHT = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

amounts = st.decimals(0, 10**9, places=2).map(str)
tickets = st.sampled_from(TICKETS)


@dataclass(frozen=True)
class Run:
    """A digest under a key."""

    key: str
    unbilled: dict[str, str]
    resolved: dict[str, WarningEnding]
    is_part: bool


@dataclass(frozen=True)
class Warn:
    """A single answer."""

    ticket: str


@dataclass(frozen=True)
class Retract:
    """An invoice appears."""

    ticket: str


@dataclass
class Model:
    """Day first said and amount of what stands; the endings of what stood; the days of successful runs."""

    standing: dict[str, tuple[int, str]] = field(default_factory=dict)
    endings: dict[str, list[WarningEnding]] = field(default_factory=lambda: {ticket: [] for ticket in TICKETS})
    trend: list[int] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def run(self, day: int, run: Run) -> bool:
        if run.key in self.keys:
            return False
        self.keys.add(run.key)
        if not run.is_part:
            self.trend.append(day)
        for ticket, ending in run.resolved.items():
            self.end(ticket, ending)
        for ticket, amount in run.unbilled.items():
            self.standing[ticket] = (self.standing.get(ticket, (day, ""))[0], amount)
        return True

    def end(self, ticket: str, ending: WarningEnding) -> None:
        if self.standing.pop(ticket, None) is not None:
            self.endings[ticket].append(ending)


def _run(key: str, states: dict[str, str | WarningEnding], is_part: bool) -> Run:
    return Run(
        key,
        {ticket: state for ticket, state in states.items() if not isinstance(state, WarningEnding)},
        {ticket: state for ticket, state in states.items() if isinstance(state, WarningEnding)},
        is_part,
    )


states = st.dictionaries(tickets, amounts | st.sampled_from(WarningEnding))
a_run = st.builds(_run, st.sampled_from("123456"), states, st.booleans())
actions = st.lists(a_run | st.builds(Warn, tickets) | st.builds(Retract, tickets), max_size=10)


def _emptied(memory: Memory) -> Memory:
    with memory._database.writing() as connection:
        for table in reversed(tables.metadata.sorted_tables):
            if table is not tables.schema:
                connection.execute(sa.delete(table))
    return memory


def _act(memory: Memory, model: Model, day: int, action: Run | Warn | Retract) -> None:
    if isinstance(action, Run):
        run = digest(day, action.unbilled, action.resolved, is_part=action.is_part)
        assert memory.remember_run(run, key=action.key) == model.run(day, action)
    elif isinstance(action, Warn):
        memory.warn(not_invoiced(action.ticket, charges="10.00"), None, at=moment_of(day), source="check")
        model.standing.setdefault(action.ticket, (day, "10.00"))
    else:
        memory.retract(action.ticket, invoice_number="67501", at=moment_of(day))
        model.end(action.ticket, WarningEnding.INVOICED)


@given(actions)
@LIGHT
def test_what_stands_and_how_the_rest_ended_is_what_a_simple_model_says(
    memory: Memory, history: list[Run | Warn | Retract]
) -> None:
    _emptied(memory)
    model = Model()
    for day, action in enumerate(history):
        _act(memory, model, day, action)
        remembered = memory.history(NOW)
        assert {s.ticket_id: (s.first_said, str(s.amount)) for s in remembered.standing} == {
            ticket: (day_of(first), amount) for ticket, (first, amount) in model.standing.items()
        }
        assert [point.day for point in remembered.trend] == [day_of(run) for run in model.trend]
    for ticket in TICKETS:
        records = memory.warnings_of(ticket)
        assert [record.ending for record in records if record.ending] == model.endings[ticket]
        assert [record.ending for record in records][-1:] == (
            [None] if ticket in model.standing else _last(model, ticket)
        )
    said = sum(map(len, model.endings.values())) + len(model.standing)
    assert memory.statistics().warnings_said == said


def _last(model: Model, ticket: str) -> list[WarningEnding]:
    return model.endings[ticket][-1:]


@given(st.lists(a_run, min_size=1, max_size=5), st.data())
@LIGHT
def test_remembering_runs_again_in_any_order_changes_nothing(
    memory: Memory, runs: list[Run], data: st.DataObject
) -> None:
    _emptied(memory)
    for day, run in enumerate(runs):
        memory.remember_run(digest(day, run.unbilled, run.resolved), key=run.key)
    before = (memory.history(NOW), [memory.warnings_of(ticket) for ticket in TICKETS], memory.statistics())
    for run in data.draw(st.permutations(runs)):
        assert not memory.remember_run(digest(99, run.unbilled, run.resolved), key=run.key)
    assert (memory.history(NOW), [memory.warnings_of(ticket) for ticket in TICKETS], memory.statistics()) == before


@given(amount=st.decimals(allow_nan=False, allow_infinity=False), offset=st.integers(-1439, 1439), micro=st.integers(0))
@LIGHT
def test_money_and_times_come_back_exactly(memory: Memory, amount: Decimal, offset: int, micro: int) -> None:
    _emptied(memory)
    at = (NOW + timedelta(microseconds=micro % 10**12)).astimezone(timezone(timedelta(minutes=offset)))
    memory.warn(not_invoiced("a", charges=str(amount)), None, at=at, source="check")
    (record,) = memory.warnings_of("a")
    assert str(record.amount) == str(amount)
    assert record.said_at == at
    assert record.said_at.utcoffset() == timedelta(0)


@given(st.lists(st.integers(-10, 10), max_size=8), st.integers(-10, 10))
@LIGHT
def test_a_snooze_is_in_the_history_exactly_until_it_ends(memory: Memory, ends: list[int], now: int) -> None:
    _emptied(memory)
    for number, until in enumerate(ends):
        memory.snooze(a_snooze(str(number), until=until))
    held = {snooze.ticket_id for snooze in memory.history(moment_of(now)).snoozes}
    assert held == {str(number) for number, until in enumerate(ends) if until > now}


@given(st.text())
@LIGHT
def test_words_come_back_as_they_were_but_for_nul(memory: Memory, reason: str) -> None:
    _emptied(memory)
    memory.mark(a_mark("a", reason=reason))
    assert memory.history(NOW).marks[0].reason == reason.replace("\x00", "")
