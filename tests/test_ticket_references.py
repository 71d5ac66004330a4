"""What people type when they mean tickets is understood, and nothing else is taken for a ticket."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.ticket_references import Typed, as_people_say, find_in_prose, parse

SITE = "https://acme.syncromsp.com"
LIMIT = 50
numbers = st.integers(1, 10**12 - 1).map(str)


def read(text: str, *, limit: int = LIMIT) -> Typed:
    return parse(text, site=SITE, limit=limit)


# --- lists, read strictly ---


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("32223", ["32223"]),
        ("#32223", ["32223"]),
        ("32223 32224", ["32223", "32224"]),
        ("32223, 32224;32225", ["32223", "32224", "32225"]),
        ("tickets 32223 and #32224, please", ["32223", "32224"]),
        ("Check ticket # 32223.", ["32223"]),
        ("(32223)", ["32223"]),
        ("32223?", ["32223"]),
        ("32223\n32224\t32225", ["32223", "32224", "32225"]),
        ("\uff13\uff12\uff12\uff12\uff13", ["32223"]),  # full-width digits
        ("007", ["007"]),
        ("00042", ["00042"]),
        ("T20230001", ["T20230001"]),
        ("#t20230001, T-20230002", ["T20230001", "T-20230002"]),
        ("32223A 32223", ["32223A", "32223"]),
        ("INC0001234 1-3", ["INC0001234", "1", "2", "3"]),
        ("", []),
        ("please", []),
    ],
)
def test_numbers_are_understood_with_or_without_sign_and_filler(text: str, references: list[str]) -> None:
    assert read(text) == Typed(tuple(references), (), len(references))


@pytest.mark.parametrize("dash", ["-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212", " - ", " \u2013 "])
@pytest.mark.parametrize("sign", ["", "#"])
def test_a_range_is_understood_with_any_dash(dash: str, sign: str) -> None:
    assert read(f"{sign}32230{dash}{sign}32233").references == ("32230", "32231", "32232", "32233")


def test_a_reversed_range_is_the_same_range() -> None:
    assert read("32233-32230").references == read("32230-32233").references


def test_a_range_keeps_leading_zeros() -> None:
    assert read("008-011").references == ("008", "009", "010", "011")


def test_a_range_of_one_is_one_ticket() -> None:
    assert read("32223-32223").references == ("32223",)


def test_a_list_with_dashes_as_bullets_is_no_range() -> None:
    assert read("32223\n- 32300").references == ("32223", "32300")
    assert find_in_prose("Please:\n- 32223\n- 32300", site=SITE) == ("32223", "32300")


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("is ticket T20230001 billed?", ("T20230001",)),
        ("#t20230001 and #32223", ("T20230001", "32223")),
        ("is T20230001 billed?", ("T20230001",)),
        ("T20230001 or 32223", ("32223",)),
        ("model X32223", ()),
        ("ticket P1 is 32223", ("32223",)),
        ("ticket covid19", ()),
        ("KB5034441 failed", ()),
        ("tickets 00042 and 00043", ("00042", "00043")),
    ],
)
def test_a_number_with_letters_is_found_in_prose_where_it_cannot_be_mistaken(
    text: str, references: tuple[str, ...]
) -> None:
    assert find_in_prose(text, site=SITE) == references


@pytest.mark.parametrize(
    "text",
    [
        f"{SITE}/tickets/109554336",
        f"{SITE}/tickets/109554336/",
        f"{SITE}/tickets/109554336?tab=notes#last",
        f"<{SITE}/tickets/109554336>",
        f"<{SITE}/tickets/109554336|Ticket 99999>",
        "http://ACME.syncromsp.com/tickets/109554336",
    ],
)
def test_an_address_of_a_ticket_of_ours_names_its_id(text: str) -> None:
    assert read(text).references == ("id:109554336",)
    assert find_in_prose(f"see {text} again", site=SITE) == ("id:109554336",)


@pytest.mark.parametrize(
    "text",
    [
        "https://other.syncromsp.com/tickets/109554336",
        "https://acme.syncromsp.com.evil.example/tickets/109554336",
        f"{SITE}/invoices/109554336",
        f"{SITE}/tickets/new",
        f"{SITE}/tickets/109554336/edit",
        "https://[bad/tickets/1",
    ],
)
def test_any_other_address_is_not_a_ticket(text: str) -> None:
    typed = read(text)
    assert typed.references == ()
    assert typed.misunderstood == (text,)
    assert find_in_prose(f"see {text} again", site=SITE) == ()


@pytest.mark.parametrize(
    "word",
    [
        "hello",
        "32223x",
        "x32223",
        "P1",
        "5A",
        "Tx20230001",
        "T20230001x",
        "T20230001-2",
        "1.5",
        "32223-",
        "1-2-3",
        "1234567890123",
        "##5",
        "½",
        "--exhaustive",
    ],
)
def test_a_word_that_makes_no_sense_is_named(word: str) -> None:
    typed = read(f"32223 {word}")
    assert typed.references == ("32223",)
    assert len(typed.misunderstood) == 1


def test_what_was_typed_twice_is_checked_once_in_the_order_typed() -> None:
    assert read("32225 32223 32225 32223-32224").references == ("32225", "32223", "32224")


def test_typing_the_same_again_does_not_exceed_the_limit() -> None:
    assert read("1-50 20-50 7").count == 50
    assert read("7 7 7", limit=1).references == ("7",)


@pytest.mark.parametrize(
    ("text", "count"),
    [("1-51", 51), ("1-50 51", 51), ("1-40 20-60", 60), ("1-999999999999 5", 999999999999), ("0-50", 51)],
)
def test_more_than_the_limit_is_counted_and_not_listed(text: str, count: int) -> None:
    assert read(text) == Typed((), (), count)


@given(st.text())
@example("1-999999999999" * 3)
@example("<https://[|x>")
@example("<" * 50 + "https://")
def test_no_text_raises_or_exceeds_the_limit(text: str) -> None:
    typed = read(text)
    assert len(typed.references) <= LIMIT
    assert typed.references == () or typed.count == len(typed.references)


@given(
    st.lists(st.sampled_from(["1", "01", "3-7", "7-3", "#5", "05-12", "-", "x", f"{SITE}/tickets/7"])),
    st.integers(0, 9),
)
def test_the_limit_holds_for_any_mixture(words: list[str], limit: int) -> None:
    typed = read(" ".join(words), limit=limit)
    assert len(typed.references) <= limit
    assert len(set(typed.references)) == len(typed.references)


@given(st.lists(numbers, max_size=LIMIT), st.sampled_from([" ", ", ", "; ", "\n", " and ", " #"]))
def test_a_list_built_from_numbers_gives_these_numbers(wanted: list[str], separator: str) -> None:
    assert read(separator.join(wanted)).references == tuple(dict.fromkeys(wanted))


@given(st.integers(1, 10**11), st.integers(0, LIMIT - 1))
def test_a_range_gives_everything_from_its_first_to_its_last(first: int, more: int) -> None:
    wanted = tuple(str(number) for number in range(first, first + more + 1))
    assert read(f"{first}-{first + more}").references == wanted
    assert read(f"{first + more}-{first}").references == wanted


# --- sentences ---


@pytest.mark.parametrize(
    ("prose", "references"),
    [
        ("Has ticket 32223 been billed?", ["32223"]),
        ("#32223 and #32224, at 17:30 on 2026-05-04 for 150 EUR", ["32223", "32224"]),
        ("Tickets: 32223, 32224 and 32225 are done", ["32223", "32224", "32225"]),
        ("tickets 32223 & 32224/2 look odd", ["32223"]),
        ("ticket 32223, 150 minutes", ["32223"]),
        ("32223 is done, 32224 too", ["32223", "32224"]),
        ("call 555-1234 or 12:30, 1,500.00 at v1.234", []),
        ("in 26 days, 123456789 bytes", []),
        ("model X32223 and 32223x", []),
        ("", []),
    ],
)
def test_tickets_are_found_in_a_sentence(prose: str, references: list[str]) -> None:
    assert find_in_prose(prose, site=SITE) == tuple(references)


def test_bare_numbers_count_only_where_no_ticket_is_named() -> None:
    assert find_in_prose("ticket 32223 cost 1500", site=SITE) == ("32223",)


def test_references_come_in_the_order_in_which_they_stand() -> None:
    prose = f"#32224, then {SITE}/tickets/5, then #32223 and #32224"
    assert find_in_prose(prose, site=SITE) == ("32224", "id:5", "32223")


@given(
    st.text()
    | st.lists(st.sampled_from(["#1", "tickets ", "32223", ",", " and ", "<", SITE, "/tickets/7", "|"])).map("".join)
)
def test_no_prose_raises(prose: str) -> None:
    found = find_in_prose(prose, site=SITE)
    assert len(set(found)) == len(found)


@given(st.lists(numbers, min_size=1, max_size=10))
def test_each_number_with_its_sign_is_found(wanted: list[str]) -> None:
    prose = "We did " + ", then ".join(f"#{number}" for number in wanted) + "."
    assert find_in_prose(prose, site=SITE) == tuple(dict.fromkeys(wanted))


def test_a_reference_is_said_as_people_say_it() -> None:
    assert as_people_say("32223") == "#32223"
    assert as_people_say("id:109554336") == "with id 109554336"
