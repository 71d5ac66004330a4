"""The scheduler: searches go on as soon as their own answers are there, and nothing is asked twice or in vain."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.billing.search.bounds import Bounds, size_of
from bot.billing.search.queries import (
    Answer,
    Asking,
    Failed,
    FindTicket,
    LedgerRead,
    ListInvoices,
    Read,
    ReadInvoice,
    RecallUnclaimedLine,
    ask,
    recall,
)
from bot.billing.search.scheduler import FAILURES_BEFORE_GIVING_UP, Batch, Progress, Scheduler
from bot.syncro.errors import FailureKind
from bot.syncro.models import InvoiceDetail, InvoiceLine, InvoiceRow, Page

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
AWAY = Failed(FailureKind.UNAVAILABLE, "away")
REFUSED = Failed(FailureKind.UNAUTHORISED, "refused")
GONE = Failed(FailureKind.NOT_FOUND, "gone")
UNCLAIMED_LINE = RecallUnclaimedLine(NOW, frozenset({"75.00"}), "7")


class Service:
    """A session that answers at each collect what `next_ones` picks of the reads under way: all, by default.

    Where nothing else is planned, the value of a read is the read itself.
    """

    def __init__(
        self,
        values: Callable[[Read[Any]], Any] = lambda read: read,
        *,
        calls: int = 1,
        next_ones: Callable[[list[Read[Any]]], list[Read[Any]]] = list,
    ) -> None:
        self.submitted: list[Read[Any]] = []
        self.under_way: list[Read[Any]] = []
        self._values = values
        self._calls = calls
        self._next_ones = next_ones

    def submit(self, reads: Sequence[Read[Any]]) -> None:
        assert reads
        self.submitted.extend(reads)
        self.under_way.extend(reads)

    def collect(self) -> Batch:
        chosen = self._next_ones(self.under_way)
        assert chosen, "the scheduler waits for nothing"
        self.under_way = [read for read in self.under_way if read not in chosen]
        calls = [0 if isinstance(read, LedgerRead) else self._calls for read in chosen]
        return Batch(
            tuple((read, Answer(self._values(read), spent)) for read, spent in zip(chosen, calls, strict=True)), NOW
        )


def one_after_another(*reads: Read[Any]) -> Asking[list[Any]]:
    """A search of dependent reads."""
    answers: list[Any] = []
    for read in reads:
        answers += [(yield from ask(read))]
    return answers


def all_at_once(*reads: Read[Any]) -> Asking[list[Any]]:
    """A search of independent reads."""
    answers = yield list(reads)
    return [answers[read] for read in reads]


def tickets(*names: str) -> list[FindTicket]:
    return [FindTicket(name) for name in names]


def numbered(count: int) -> list[FindTicket]:
    return tickets(*(str(number) for number in range(count)))


# --- no barrier ---


def test_a_search_of_fast_reads_ends_while_another_still_waits_for_its_first() -> None:
    slow, *fast = tickets("slow", "fast 1", "fast 2", "fast 3")
    ended: list[str] = []

    def noting(name: str, search: Asking[list[Any]]) -> Asking[list[Any]]:
        answers = yield from search
        ended.append(name)
        return answers

    service = Service(next_ones=lambda under_way: [read for read in under_way if read != slow] or under_way)
    outcomes = Scheduler(service, NOW).run(
        [noting("slow", one_after_another(slow)), noting("fast", one_after_another(*fast))]
    )

    assert ended == ["fast", "slow"]
    assert service.submitted == [slow, *fast]
    assert [outcome.value for outcome in outcomes] == [[slow], fast], "outcomes stand in the order of the searches"


def test_a_search_waits_for_all_answers_of_its_own_question() -> None:
    reads = numbered(3)
    service = Service(next_ones=lambda under_way: under_way[-1:])

    assert Scheduler(service, NOW).ask(all_at_once(*reads)) == reads


# --- each read once ---


def test_a_read_that_several_searches_want_is_done_once_and_counted_for_the_first_that_asked() -> None:
    shared, own = tickets("shared", "own")
    service = Service(calls=3)
    scheduler = Scheduler(service, NOW)

    first, second, third = scheduler.run(
        [one_after_another(shared), all_at_once(shared, own), one_after_another(own, shared)]
    )

    assert service.submitted == [shared, own]
    assert [first.value, second.value, third.value] == [[shared], [shared, own], [own, shared]]
    assert [first.calls, second.calls, third.calls] == [3, 3, 0]
    assert scheduler.api_calls == 6


def test_what_one_run_has_read_is_not_read_again_in_the_next_and_a_search_may_ask_twice() -> None:
    read, other = tickets("read", "other")
    service = Service()
    scheduler = Scheduler(service, NOW)
    scheduler.ask(one_after_another(read, read))

    (outcome,) = scheduler.run([one_after_another(read, other, read)])

    assert service.submitted == [read, other]
    assert (outcome.value, outcome.calls) == ([read, other, read], 1)


def test_a_search_that_asks_nothing_has_its_outcome_at_once() -> None:
    def silent() -> Asking[str]:
        yield from ()
        return "nothing to ask"

    assert Scheduler(Service(), NOW).ask(silent()) == "nothing to ask"
    assert Scheduler(Service(), NOW).run([]) == []


def test_an_empty_question_is_answered_without_a_collect() -> None:
    assert Scheduler(Service(), NOW).ask(all_at_once()) == []


# --- asking in vain ---


def test_a_refused_token_ends_every_search_at_once_and_nothing_more_is_asked() -> None:
    refused, waiting, *later = tickets("refused", "waiting", "later 1", "later 2")
    service = Service(lambda read: REFUSED if read == refused else read, next_ones=lambda under_way: under_way[:1])
    scheduler = Scheduler(service, NOW)

    outcomes = scheduler.run([one_after_another(refused, *later), one_after_another(waiting, *later)])

    assert [outcome.value for outcome in outcomes] == [[REFUSED] * 3, [REFUSED] * 3]
    assert service.submitted == [refused, waiting]
    assert (scheduler.outage, scheduler.api_calls) == ("refused", 1)


def test_a_token_refused_after_something_was_read_is_no_outage_but_the_end_of_asking() -> None:
    good, bad, later = tickets("good", "bad", "later")
    service = Service(lambda read: REFUSED if read == bad else read)
    scheduler = Scheduler(service, NOW)

    assert scheduler.ask(one_after_another(good, bad, later)) == [good, REFUSED, REFUSED]
    assert (service.submitted, scheduler.outage) == ([good, bad], "")


def test_sixteen_failures_without_a_success_end_the_asking() -> None:
    reads = numbered(100)
    service = Service(lambda _: AWAY, next_ones=lambda under_way: under_way[:1])
    scheduler = Scheduler(service, NOW)

    outcomes = scheduler.run([one_after_another(read, FindTicket("later")) for read in reads])

    assert {tuple(outcome.value) for outcome in outcomes} == {(AWAY, AWAY)}
    assert FAILURES_BEFORE_GIVING_UP == scheduler.api_calls == 16
    assert scheduler.outage == "away"


@pytest.mark.parametrize("success", [FindTicket("0"), GONE], ids=["an answer", "no such record"])
def test_one_success_shows_that_the_service_works_and_all_is_asked_however_much_fails(success: Any) -> None:
    reads = numbered(100)
    service = Service(lambda read: success if read == reads[0] else AWAY, next_ones=lambda under_way: under_way[:1])
    scheduler = Scheduler(service, NOW)

    outcomes = scheduler.run([one_after_another(read) for read in reads])

    assert [outcome.value for outcome in outcomes] == [[success], *([[AWAY]] * 99)]
    assert (service.submitted, scheduler.outage) == (reads, "")


def test_when_all_that_was_asked_has_failed_nothing_further_is_asked() -> None:
    first, second, later = tickets("first", "second", "later")
    service = Service(lambda _: AWAY)
    scheduler = Scheduler(service, NOW)

    assert scheduler.ask(one_after_another(first, second, later)) == [AWAY] * 3
    assert (service.submitted, scheduler.outage) == ([first], "away")


def test_the_ledger_s_answers_do_not_show_that_syncro_works_and_are_given_even_when_it_does_not() -> None:
    service = Service(lambda read: NOW if isinstance(read, LedgerRead) else AWAY)
    scheduler = Scheduler(service, NOW)

    def search() -> Asking[list[Any]]:
        before = yield from recall(UNCLAIMED_LINE)
        failed = yield from ask(FindTicket("1"))
        yield from ask(FindTicket("2"))
        after = yield from recall(UNCLAIMED_LINE)
        return [before, failed, after]

    def late() -> Asking[bool]:
        yield from ask(FindTicket("1"))
        return (yield from recall(UNCLAIMED_LINE))

    assert scheduler.ask(search()) == [NOW, AWAY, NOW]
    assert scheduler.outage == "away"
    assert Scheduler(service, NOW).ask(late()) == NOW


# --- progress ---


def test_progress_counts_searches_invoices_and_calls_and_is_not_shown_for_the_ledger() -> None:
    told: list[Progress] = []
    scheduler = Scheduler(Service(calls=2), NOW, on_progress=told.append)
    scheduler.tickets = 2

    def search(number: str) -> Asking[None]:
        yield from recall(UNCLAIMED_LINE)
        yield from ask(ListInvoices(ticket_id=number))
        yield from ask(ReadInvoice(number))

    scheduler.run([search("1"), search("2")], of_tickets=True)
    scheduler.run([search("3")])

    assert told == [
        Progress(NOW, tickets=2, tickets_done=0, invoices_read=0, api_calls=4),
        Progress(NOW, tickets=2, tickets_done=2, invoices_read=2, api_calls=8),
        Progress(NOW, tickets=2, tickets_done=2, invoices_read=2, api_calls=10),
        Progress(NOW, tickets=2, tickets_done=2, invoices_read=3, api_calls=12),
    ]


# --- bounds ---


def out_of_bounds(value: Any) -> bool:
    return isinstance(value, Failed) and "which is the most at once" in value.sentence


def test_a_request_reads_no_more_details_than_it_may_and_says_so_of_the_others() -> None:
    service = Service()
    scheduler = Scheduler(service, NOW, bounds=Bounds(details=10, size=10**9))
    reads = [ReadInvoice(str(number)) for number in range(15)]

    answers = scheduler.ask(one_after_another(*reads, FindTicket("1")))

    assert answers[:10] == reads[:10]
    assert all(out_of_bounds(answer) for answer in answers[10:15])
    assert answers[15] == FindTicket("1"), "a list may still be read"
    assert service.submitted == [*reads[:10], FindTicket("1")]


def test_a_request_whose_answers_take_too_much_memory_asks_no_more() -> None:
    row = InvoiceRow(id="1", number="n" * 100_000)
    service = Service(lambda _: Page[InvoiceRow](rows=(row,) * 10, number=1))
    scheduler = Scheduler(service, NOW, bounds=Bounds(details=10, size=5_000_000))

    answers = scheduler.ask(one_after_another(*(ListInvoices(page=number) for number in range(20))))

    assert [out_of_bounds(answer) for answer in answers] == [False] * 5 + [True] * 15
    assert len(service.submitted) == 5


def test_what_an_answer_weighs_is_about_the_memory_that_it_takes() -> None:
    lines = tuple(InvoiceLine(id=str(line), description=f"Ticket #{line} - printer" * 3) for line in range(1000))
    tracemalloc.start()
    details = [
        InvoiceDetail.model_validate_json(
            InvoiceDetail(id=str(number), number=str(number), ticket_id=None, line_items=lines).model_dump_json()
        )
        for number in range(3)
    ]
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.4 < sum(map(size_of, details)) / taken < 2.5
