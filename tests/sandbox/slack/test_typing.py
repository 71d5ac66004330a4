"""What people type reaches the app as Slack sends it."""

from __future__ import annotations

import pytest

from bot.sandbox.slack.typing import as_message, escaped


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("tickets 1 & 2", "tickets 1 &amp; 2"),
        ("1 < 2 > 0 &amp;", "1 &lt; 2 &gt; 0 &amp;amp;"),
        ("<@U1> & <#C1|x>", "<@U1> &amp; <#C1|x>"),
        ("see https://a.example/t/1?a=1&b=2 now", "see <https://a.example/t/1?a=1&amp;b=2> now"),
        ("<https://a.example/1|one & two>", "&lt;<https://a.example/1|one> &amp; two&gt;"),
        ("<https://a.example/1|one>", "<https://a.example/1|one>"),
    ],
)
def test_a_message_has_links_and_mentions_and_all_else_is_escaped(typed: str, sent: str) -> None:
    assert as_message(typed) == sent


def test_a_command_is_escaped_and_has_no_links() -> None:
    assert escaped("https://a.example/?a=1&b=<2>") == "https://a.example/?a=1&amp;b=&lt;2&gt;"
