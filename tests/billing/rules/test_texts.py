"""What a text proves: a table of spellings, each graded alike as it is read and as it is remembered, and laws."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
import sqlalchemy as sa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.billing.ledger.model import RememberedInvoice
from bot.billing.rules import reference_words as words
from bot.billing.rules.invoice import InvoiceFacts, facts_of
from bot.billing.rules.matching import Grade, TicketKeys, match
from bot.billing.rules.ticket_mentions import mentions_in_line
from bot.store.database import Database
from bot.store.ledger.sql_ledger import SqlLedger
from bot.syncro.models import InvoiceDetail
from tests.billing.rules.spellings import ID, LINKS, NUMBER, OWN_LINKS, SITE, every_spelling
from tests.ledgers import forget_everything

NOW = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
CUSTOMER = "7"
SPELLINGS = list(every_spelling())


def ticket(number: str = NUMBER) -> TicketKeys:
    return TicketKeys(ID, number, frozenset(), NOW - timedelta(days=3), CUSTOMER, SITE)


def invoice(text: str, *, owner: str = CUSTOMER, number: str = "67469") -> InvoiceDetail:
    return InvoiceDetail.model_validate(
        {
            "id": f"9{number}",
            "number": number,
            "ticket_id": None,
            "customer_id": owner,
            "total": "75.0",
            "created_at": "2026-05-02T10:30:00Z",
            "updated_at": "2026-05-02T10:30:00Z",
            "line_items": [{"id": 1, "item": "Labor", "name": text, "price": "75.0"}],
        }
    )


def graded(text: str, number: str = NUMBER, *, owner: str = CUSTOMER) -> Grade:
    """What the text says of the ticket, read now."""
    return grade(facts_of(invoice(text, owner=owner)), number)


def grade(facts: InvoiceFacts, number: str) -> Grade:
    found = match(facts, ticket(number))
    return Grade.LINK if found.link is not None else Grade.MIGHT if found.might else Grade.NOTHING


@pytest.fixture(scope="module")
def ledger() -> Iterator[SqlLedger]:
    database = Database(sa.URL.create("sqlite", database=":memory:"), is_expendable=True)
    ledger = SqlLedger(database, "account", max_age=timedelta(days=30), clock=lambda: NOW)
    ledger.open()
    yield ledger
    database.close()


def remembered(ledger: SqlLedger, number: str = NUMBER) -> dict[str, Grade]:
    """What each text says of the ticket, when the ledger is asked for what may bill it; the others say nothing."""
    linked = ledger.recall_linked(ticket(number))
    assert linked is not None
    return {each.facts.customer: grade(each.facts, number) for each in linked}


def remember(ledger: SqlLedger, texts: list[str]) -> None:
    """Remember an invoice for each text, with the text as the customer's name."""
    read = [facts_of(invoice(text, number=str(index))) for index, text in enumerate(texts)]
    kept = [facts.model_copy(update={"customer": text}) for facts, text in zip(read, texts, strict=True)]
    assert ledger.remember([RememberedInvoice(facts=facts, read_at=NOW) for facts in kept], ())


# --- the table ---


@pytest.mark.parametrize(("text", "number", "expected"), SPELLINGS)
def test_a_text_is_graded_as_it_is_read(text: str, number: str, expected: Grade) -> None:
    assert graded(text, number) is expected


def test_a_remembered_text_is_graded_as_it_was_read(ledger: SqlLedger) -> None:
    forget_everything(ledger)
    remember(ledger, list(dict.fromkeys(text for text, _, _ in SPELLINGS)))
    known = {number: remembered(ledger, number) for number in {number for _, number, _ in SPELLINGS}}
    found = {(text, number): known[number].get(text, Grade.NOTHING) for text, number, _ in SPELLINGS}
    assert found == {(text, number): graded for text, number, graded in SPELLINGS}


@pytest.mark.parametrize("text", LINKS)
def test_a_ticket_word_names_a_ticket_on_another_customer_s_invoice_too(text: str) -> None:
    assert graded(text, owner="8") is Grade.LINK


@pytest.mark.parametrize("text", OWN_LINKS)
def test_the_sign_alone_does_not(text: str) -> None:
    assert graded(text, owner="8") is Grade.MIGHT


def test_the_table_is_long() -> None:
    assert len(SPELLINGS) >= 200


# --- laws ---

TICKET_WORDS = words.TICKET | words.TICKETS
SURROUNDINGS = st.text(st.characters(codec="utf-8", exclude_characters="<>&#"), max_size=30).filter(
    lambda text: not any(each in text.lower() for each in ("tick", "tkt"))
)
SEPARATORS = st.sampled_from([" ", "\n", ", ", " - ", "; ", " / ", ": ", " (", ") "])
PLAIN_WORDS = st.lists(st.sampled_from(["mouse", "broken", "toner", "model", "visit", "for", "the"]), max_size=4).map(
    " ".join
)
LONG_NUMBERS = st.integers(10_000, 99_999_999).map(str)


@given(SURROUNDINGS, SURROUNDINGS)
def test_no_surroundings_without_a_ticket_word_or_sign_make_a_number_a_link(before: str, after: str) -> None:
    assert graded(f"{before}{NUMBER}{after}") is not Grade.LINK


@given(SURROUNDINGS, SURROUNDINGS)
def test_the_sign_names_a_ticket_only_where_nothing_but_punctuation_stands_before_it(before: str, after: str) -> None:
    if any(each.isalnum() for each in before):
        assert graded(f"{before}#{NUMBER}{after}") is not Grade.LINK


@given(st.text(max_size=40), st.text(max_size=40))
@example("", "")
def test_what_a_customer_writes_behind_a_ticket_s_name_links_no_other(before: str, after: str) -> None:
    subject = f"{before.replace('<', '')} Ticket #{NUMBER} {after}"
    assert graded(f"Ticket #41002 - {subject}") is not Grade.LINK


@given(PLAIN_WORDS, SEPARATORS, LONG_NUMBERS, SEPARATORS, PLAIN_WORDS)
def test_a_long_number_is_never_nothing_among_words_that_say_nothing_of_it(
    before: str, left: str, number: str, right: str, after: str
) -> None:
    assert graded(f"{before}{left}{number}{right}{after}", number) is not Grade.NOTHING


@given(st.sampled_from(sorted(words.OTHER_KINDS)), st.sampled_from([" ", " #", ": ", " no. ", "-"]), LONG_NUMBERS)
def test_behind_a_word_for_something_else_a_number_is_nothing(word: str, between: str, number: str) -> None:
    assert graded(f"Replaced {word}{between}{number} today", number) is Grade.NOTHING


SPANS = ["{0}-{1}", "{0} - {1}", "#{0} - #{1}", "{0} to {1}", "{0} through {1}", "{0}..{1}", "{0}\u2013{1}"]


@given(st.sampled_from(SPANS), st.sampled_from(["Tickets ", "Mouse, "]), *[st.integers(32_000, 32_030)] * 3)
def test_a_span_may_mean_exactly_the_numbers_that_it_holds(
    spelling: str, before: str, one: int, other: int, asked: int
) -> None:
    low, high = sorted((one, other))
    said = graded(before + spelling.format(low, high), str(asked))
    assert (said is not Grade.NOTHING) == (low <= asked <= high)


@given(st.sampled_from(SPANS), *[st.integers(1, 2_000)] * 3)
def test_a_span_of_short_numbers_counts_where_tickets_are_spoken_of(
    spelling: str, one: int, other: int, asked: int
) -> None:
    low, high = sorted((one, other))
    span = spelling.format(low, high)
    assert (graded(f"Tickets {span}", str(asked)) is not Grade.NOTHING) == (low <= asked <= high)
    if "#" not in span:
        assert graded(f"For {span} users", str(asked)) is Grade.NOTHING


@given(st.integers(32_000, 32_099), st.integers(1, 99), st.integers(32_000, 32_099))
def test_the_end_of_a_span_may_be_cut_short(low: int, end: int, asked: int) -> None:
    high = int(str(low)[: -len(str(end))] + str(end))
    said = graded(f"{low}-{end}", str(asked))
    assert (said is Grade.MIGHT) == (low <= asked <= high or asked == low)


MORE_DIGITS = st.text("0123456789\uff11\u0662", max_size=2)


@given(MORE_DIGITS, MORE_DIGITS)
def test_a_number_with_more_digits_is_never_the_ticket(before: str, after: str) -> None:
    assert (graded(f"Mouse {before}{NUMBER}{after}") is Grade.NOTHING) == bool(before or after)
    assert (graded(f"Ticket {before}{NUMBER}{after}") is Grade.LINK) == (not before and not after)


FRAGMENTS = st.sampled_from(
    [
        *(
            "ticket",
            "tickets",
            "Ticket#",
            "no.",
            "id",
            "#",
            ",",
            ";",
            "/",
            "-",
            "..",
            "to",
            "and",
            "PO",
            "store",
            "Comcast",
        ),
        *(
            "see",
            "12",
            "2",
            "32221",
            "32223",
            "32225",
            "25",
            "T32223",
            "32223A",
            ".5",
            ":",
            "$",
            "x",
            "(",
            ")",
            "&",
            "&#35;",
        ),
        *("2026-11-20", ID, f"{SITE}/tickets/{ID}", "<br>", "32,223", "32221-32225", "\n"),
    ]
)
ASKED = st.sampled_from(["32223", "12", "2", "T32223", "00012", "2026", "32222", "223"])


@given(st.lists(st.lists(FRAGMENTS, max_size=9).map(" ".join) | st.text(max_size=30), max_size=4, unique=True), ASKED)
@settings(max_examples=150, deadline=None)
def test_any_text_is_graded_alike_when_it_is_read_and_when_it_is_remembered(
    ledger: SqlLedger, texts: list[str], number: str
) -> None:
    forget_everything(ledger)
    remember(ledger, texts)
    known = remembered(ledger, number)
    assert [known.get(text, Grade.NOTHING) for text in texts] == [graded(text, number) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1",
            "1-",
            "1.",
            "#",
            "<",
            "<a ",
            "&",
            "&#x",
            "Ticket ",
            "Tickets 1, ",
            "32222, ",
            "\u00e9",
            "\u200b",
            "\ufdfa",
        ),
        *("(", "a.", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa.", "1,111", "1,", "32221 - ", "32221/22", "t1", "a/1/", "https://"),
        *(
            "tickets/",
            "/tickets/1",
            "a.b.c.d/tickets/",
            "&amp;",
            "12 ",
            "ticket 1 to ",
            "<!--",
            "\x1f",
            "-",
            "ticket of ",
        ),
    ],
)
def test_reading_a_hostile_text_takes_time_in_proportion_to_its_length(text: str) -> None:
    short, long = (text * (length // len(text)) for length in (4_000, 32_000))
    assert _seconds(long) <= 3 * 8 * _seconds(short) + 0.01  # eight times as long; squared it were 64


def _seconds(text: str) -> float:
    """The processor's time for reading a text: the least of three, as other work only ever adds to it."""

    def once() -> float:
        begun = process_time()
        mentions_in_line([text, f"Ticket #{NUMBER}"])
        return process_time() - begun

    return min(once() for _ in range(3))
