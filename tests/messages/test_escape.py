"""Text from outside is inert: it pings nobody, links nowhere and formats nothing."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.messages.escape import WORD_JOINER, link, mrkdwn, plain, web_address

from .factory import HOSTILE, untrusted

limits = st.integers(1, 300)
ENTITY = re.compile(r"&(?!amp;|lt;|gt;)")


def test_a_hostile_subject_pings_links_and_formats_nothing_in_mrkdwn() -> None:
    assert mrkdwn("<!channel> <@U1> *x* <https://evil|click>") == (
        f"&lt;!channel&gt; &lt;@U1&gt; \u2217x\u2217 &lt;https:{WORD_JOINER}//evil|click&gt;"
    )


def test_a_hostile_subject_pings_links_and_formats_nothing_in_plain_text() -> None:
    shown = plain(HOSTILE, 500)
    for dangerous in ("<!", "<@", "<#", "*", "`", "://", ":tada:", "_y_", "~z~", "evil.example"):
        assert dangerous not in shown


def test_an_ordinary_text_stays_as_it_is() -> None:
    ordinary = "Drucker SRV_DB_01 geht nicht (3. Stock), 75.00 & 10:30 - Müller's PC"
    assert plain(ordinary) == ordinary


def test_an_escaped_entity_is_not_decoded_into_a_ping() -> None:
    assert mrkdwn("&lt;!channel&gt;") == "&amp;lt;!channel&amp;gt;"


@pytest.mark.parametrize("text", ["> a quotation", ">>> a quotation", "\u200b> a quotation"])
def test_a_text_at_the_start_of_a_line_is_no_quotation(text: str) -> None:
    assert not mrkdwn(text).startswith("&gt;")


@pytest.mark.parametrize("text", ["a\nb", "a\r\n\tb", "a \u2028 b", "a\u3164b", "a \u0000 b", " a   b "])
def test_a_text_is_one_line_with_single_spaces(text: str) -> None:
    assert plain(text) == "a b"


def test_text_direction_and_zero_width_characters_are_removed() -> None:
    assert plain("in\u202evoice\u200b 6\u20667\u2069\ufeff") == "invoice 67"


def test_a_character_that_normalises_to_a_backtick_is_no_code() -> None:
    assert "`" not in plain("\u1fefx\u1fef")


def test_half_a_surrogate_pair_does_not_stop_the_message() -> None:
    assert plain("a\ud800b").encode() == b"ab"


def test_a_long_text_ends_in_an_ellipsis() -> None:
    assert plain("x" * 200, 10) == "x" * 9 + "…"


def test_a_cut_never_falls_inside_an_entity() -> None:
    assert mrkdwn("a&&&", 12) == "a&amp;&amp;…"


@given(untrusted, limits)
def test_plain_text_is_inert_whatever_is_written(text: str, limit: int) -> None:
    shown = plain(text, limit)
    assert len(shown) <= limit
    assert not re.search(r"<[!@#]|[*`]|://|[\r\n\t]", shown)
    assert not re.search(rf":[^\s:{WORD_JOINER}]+:", shown)
    assert not any(unicodedata.category(each) in {"Cc", "Cs"} for each in shown)
    shown.encode()


@given(untrusted, limits)
def test_mrkdwn_has_no_control_character_of_slack_left(text: str, limit: int) -> None:
    shown = mrkdwn(text, limit)
    assert len(shown) <= limit
    assert not re.search(r"[<>*`]|://", shown)
    assert not ENTITY.search(shown)


@given(untrusted)
def test_italics_and_strike_have_no_marks_at_a_word_boundary(text: str) -> None:
    assert not re.search(r"(?<![A-Za-z0-9])[_~]|[_~](?![A-Za-z0-9])", plain(text, 10_000))


@given(untrusted)
def test_making_plain_twice_is_making_plain_once(text: str) -> None:
    assert plain(plain(text, 1_000_000), 1_000_000) == plain(text, 1_000_000)


def test_a_link_cannot_be_ended_early_by_its_address_or_its_label() -> None:
    assert link("https://s.test/a b|c>d<e?x=1&y=2", "a|b>\nc") == (
        "<https://s.test/a%20b%7Cc%3Ed%3Ce?x=1&amp;y=2|a\u00a6b&gt; c>"
    )


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "/tickets/1", "https://", "https://[", "x" * 999])
def test_a_label_without_a_usable_address_is_only_a_label(url: str | None) -> None:
    assert link(url, "<67469>") == "&lt;67469&gt;"


@given(untrusted, untrusted)
def test_a_link_is_one_link_whatever_stands_in_it(path: str, label: str) -> None:
    made = link(f"https://s.test/{path}", label)
    assert re.fullmatch(r"<https://s\.test/[^<>|\s]*\|[^<>|]+>|[^<>|]*", made)


@given(untrusted)
def test_an_address_is_printable_ascii(path: str) -> None:
    assert re.fullmatch(r"[!-~]*", web_address(f"https://s.test/{path}") or "")


@pytest.mark.parametrize("text", ["✅ Invoiced — invoice 67469", "Invoiced · invoice 1", "not invoiced", "a 🚨", "🗓 x"])
def test_what_could_pass_for_a_verdict_stands_in_quotation_marks(text: str) -> None:
    assert mrkdwn(text) == f"“{text}”"
    cut = mrkdwn(text * 100, 40)
    assert (cut[0], cut[-2:]) == ("“", "…”")
    assert len(cut) <= 40
