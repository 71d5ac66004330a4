"""What people type when they mean tickets is understood, and nothing else is taken for a ticket."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.ticket_references import as_people_say
from bot.ticket_references.reading import LeftOut, Typed, Why, parse, read_prose

SITE = "https://acme.syncromsp.com"
FOREIGN = "https://other.syncromsp.com/tickets/5"
LIMIT = 50
numbers = st.integers(1, 10**12 - 1).map(str)
SIGNS = (
    *(" ", ", ", ". ", "?", ":", "/", " / ", "+", "*", "=", "%", "'", "(", ") (", "[", "] [", "<", "\n- ", "\u200b "),
    *("-", "..", "~", "->", " to ", " up to ", "\u2705", " and ", "&amp;", " #", " no. ", " invoice ", " billed as "),
    *(" PO ", " USD ", " EUR ", " Nov ", " min "),
)


def read(text: str, *, limit: int = LIMIT) -> Typed:
    return parse(text, site=SITE, limit=limit)


def find_in_prose(text: str, *, site: str) -> tuple[str, ...]:
    return read_prose(text, site=site, limit=LIMIT).references


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


@pytest.mark.parametrize(
    "sign",
    [
        "..",
        "...",
        "\u2026",
        " .. ",
        " \u2026 ",
        "--",
        " -- ",
        "->",
        " -&gt; ",
        "\u2192",
        " ~ ",
        "~",
        " up to ",
        " bis ",
    ],
)
def test_a_range_is_understood_however_its_ends_are_joined(sign: str) -> None:
    for text in (f"32230{sign}32233", f"are 32230{sign}#32233 on an invoice?"):
        assert prose(text).references == ("32230", "32231", "32232", "32233")
    assert read(f"32230{sign}32233").count == 4


def test_between_two_numbers_are_those_between_them() -> None:
    assert read("between tickets #32230 and #32232").references == ("32230", "32231", "32232")


@pytest.mark.parametrize(("text", "left_out"), [("32,223", "32,223"), ("has 7 been billed for 75", "7, 75")])
def test_what_may_be_an_amount_is_not_split_into_tickets(text: str, left_out: str) -> None:
    assert read(text).references == ()
    assert ", ".join(each.said for each in read(text).left_out) == left_out


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
        f"{SITE}/tickets/109554336/edit",
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
        "https://[bad/tickets/1",
    ],
)
def test_any_other_address_is_not_a_ticket(text: str) -> None:
    typed = read(text)
    assert typed.references == ()
    assert [each.said for each in typed.left_out] == [text]
    assert find_in_prose(f"see {text} again", site=SITE) == ()


@pytest.mark.parametrize(
    "word",
    [
        "printer",
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
        "--exhausting",
    ],
)
def test_a_word_that_makes_no_sense_is_named(word: str) -> None:
    typed = read(f"32223 {word}")
    assert typed.references == ("32223",)
    assert len(typed.left_out) == 1


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


@pytest.mark.parametrize(
    ("text", "references"),
    [
        ("tickets 32223 &amp; 32311", ["32223", "32311"]),
        ("32223&amp;#32311", ["32223", "32311"]),
        ("#32311-32314", ["32311", "32312", "32313", "32314"]),
        ("32311-14", ["32311", "32312", "32313", "32314"]),
        ("32311 to 32313 and 32223", ["32311", "32312", "32313", "32223"]),
        ("from 32311 through #32312", ["32311", "32312"]),
        ("32311..32313", ["32311", "32312", "32313"]),
        ("*32223* _32224_ ~32225~ `32226`", ["32223", "32224", "32225", "32226"]),
        ("\u201c32223\u201d \u20187\u2019", ["32223", "7"]),
        ("32\u200b223\ufeff", ["32223"]),
        ("Ticket:32223 ticket#32224 TICKET-32225 no.32226", ["32223", "32224", "32225", "32226"]),
        ("32223/32224+32225|32226", ["32223", "32224", "32225", "32226"]),
        ("32223's, #32224#32225", ["32223", "32224", "32225"]),
        ("32223 :+1: :100:", ["32223"]),
        ("<tel:32223|32223>", ["32223"]),
        ("acme.syncromsp.com/tickets/5", ["id:5"]),
        (f"<{SITE}/tickets/5?a=1&amp;b=2#c|here>", ["id:5"]),
        (f"[Ticket 32223]({SITE}/tickets/5)", ["id:5"]),
        (f"{SITE}/tickets/5/print {SITE.upper()}/TICKETS/6", ["id:5", "id:6"]),
        ("1. 32223\n2. 32311", ["32223", "32311"]),
        (":one: 32223\n:two: 32311", ["32223", "32311"]),
        ("3\ufe0f\u20e32\ufe0f\u20e32\u20e3", ["322"]),
        (":three::two::two:", ["322"]),
        ("\u270532223 32311\u274c #\ufe0f\u20e37", ["32223", "32311", "7"]),
        ("\u211632223, Re:32311, RE:[#7], Ticket[8] ticket(s) 9", ["32223", "32311", "7", "8", "9"]),
        ("32223(32311) / #32312", ["32223", "32311", "32312"]),
        ("Tickets \u2013 32223 und 32311, thanks!", ["32223", "32311"]),
        ("can you check 32223 as well", ["32223"]),
        ("has 32223 been billed?", ["32223"]),
    ],
)
def test_a_list_is_understood_however_it_is_typed(text: str, references: list[str]) -> None:
    assert read(text) == Typed(tuple(references), (), len(references))


@pytest.mark.parametrize("typed", ["--fresh", "fresh", "\u2014fresh", "\u2013fresh", "--Fresh,"])
def test_an_option_is_understood_also_from_a_phone_and_in_a_sentence(typed: str) -> None:
    assert read(f"32223 {typed}") == Typed(("32223",), (), 1, frozenset({"fresh"}))
    assert prose(f"is 32223 billed? {typed}").options == {"fresh"}


@pytest.mark.parametrize("number", ["32223\u00b2", "\u00bd", "\u2460", "4/5/2026", "32224/2"])
def test_a_sign_or_a_date_does_not_become_another_number(number: str) -> None:
    assert read(f"7 {number}") == Typed(("7",), (LeftOut(number),), 1)


# --- sentences ---


def prose(text: str) -> Typed:
    return read_prose(text, site=SITE, limit=LIMIT)


@pytest.mark.parametrize(
    ("text", "references", "left_out"),
    [
        ("ticket 32223 and 32311 please, also 32312", ["32223", "32311", "32312"], []),
        ("are tickets 5, 6 and 7 billed? it took 2 days", ["5", "6", "7"], ["2"]),
        ("ticket T20230001 and T20230002 please?!", ["T20230001", "T20230002"], []),
        ("ticket 32223 is done, 32311 too", ["32223", "32311"], []),
        ("#32311-32313 look odd", ["32311", "32312", "32313"], []),
        ("are 32311 to 32313 billed?", ["32311", "32312", "32313"], []),
        ("ticket 32223 - 30 min", ["32223"], ["30"]),
        ("ticket 32223 took 12000 seconds and cost 1500", ["32223"], ["12000", "1500"]),
        ("call 555-1234 about 32223 at 12:30 on 2026-05-04", ["32223"], ["555-1234", "12:30", "2026-05-04"]),
        ("#32223 for 1,500.00", ["32223"], ["1,500.00"]),
        ("32223 or T20230001", ["32223"], ["T20230001"]),
        ("is 32223 --exhausting?", ["32223"], ["--exhausting"]),
        (f"{SITE}/tickets/5 and 32311", ["id:5", "32311"], []),
        (f"32223, see <{SITE}/invoices/9|bill 9>", ["32223"], [f"{SITE}/invoices/9"]),
        (f"<{SITE}/tickets/5|Ticket 32223>: <{SITE}/invoices/9|#67469>", ["id:5"], [f"{SITE}/invoices/9"]),
        (f"<{SITE}/tickets/5|#32223 Printer 404>", ["id:5"], ["404"]),
        (f"#32223, not <{FOREIGN}|#32311>", ["32223"], [FOREIGN]),
        ("PO #12345 for 32223 in Nov 2026, ext. 1234", ["32223"], ["#12345", "2026", "1234"]),
        ("32223 came on 3 Nov 2026, and may 32311 be billed?", ["32223", "32311"], ["3", "2026"]),
        ("is 32223 on invoice 67469, or is 32311?", ["32223", "32311"], ["67469"]),
        ("is 32223 on invoice 67469 or 67470?", ["32223"], ["67469", "67470"]),
        ("invoices #67469, #67470 and 67471, not #32223", ["32223"], ["#67469", "#67470", "67471"]),
        (f"invoice 67469 {SITE}/tickets/5", ["id:5"], ["67469"]),
        ("32223 USD 750, 950 EUR 32311", ["32223", "32311"], ["750", "950"]),
        ("32223 (555) 123-4567, +1 555 123 4567", ["32223"], ["555) 123-4567", "1 555 123 4567"]),
    ],
)
def test_whatever_has_a_digit_is_a_reference_or_left_out(text: str, references: list[str], left_out: list[str]) -> None:
    typed = prose(text)
    assert (list(typed.references), [each.said for each in typed.left_out]) == (references, left_out)


@pytest.mark.parametrize(
    "text",
    [
        "#32223 is on invoice 67469",
        "32223: billed as 67469",
        "32223 is on invoices no. 67469",
        "32223, inv# 67469",
        "32223: it's on 67469",
    ],
)
def test_what_is_called_an_invoice_is_no_ticket(text: str) -> None:
    assert prose(text) == Typed(("32223",), (LeftOut("67469", Why.INVOICE),), 1)


def test_what_is_called_an_invoice_counts_where_nothing_else_is_named() -> None:
    assert prose("is there no invoice 32223?").references == ("32223",)


def test_a_ticket_of_another_account_is_named_as_one() -> None:
    address = "https://other.syncromsp.com/tickets/5"
    assert prose(f"32223 and {address}") == Typed(("32223",), (LeftOut(address, Why.FOREIGN),), 1)


@given(st.text(st.sampled_from("0123456789 #,&/-.:tickeoinv\u2013\u200b")))
def test_no_digit_is_lost(text: str) -> None:
    assume(not re.search(":[a-z0-9]+:", text))  # an emoji
    typed = prose(text)
    accounted = len(typed.references) + len(typed.left_out) or typed.count
    assert accounted or not any(map(str.isdigit, text))


@given(
    st.lists(
        st.tuples(
            st.integers(32000, 32030) | st.integers(101, 999) | st.integers(2020, 2030),
            st.sampled_from(SIGNS),
        ),
        max_size=5,
    ).map(lambda parts: "".join(f"{number}{sign}" for number, sign in parts))
)
def test_each_number_is_a_ticket_or_named(text: str) -> None:
    for typed in (read(text), prose(text)):
        named = " ".join([*typed.references, *(each.said for each in typed.left_out)])
        assert typed.count > LIMIT or all(number in named for number in re.findall(r"[0-9]+", text))


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
