"""Slack's text formatting as HTML. Untrusted text stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.sandbox.demo.mrkdwn import TOKEN, NameOf, plain, safe, unescape
from bot.sandbox.web.html import Html, joined, tag

MARKS = {"*": "strong", "_": "em", "~": "s"}
OPENED = ("http://", "https://", "mailto:")
"""The addresses that become links; any other stays text."""


def mrkdwn(text: str, name_of: NameOf) -> Html:
    """Return mrkdwn as shown. `name_of` gives the name of a user id."""
    parts, position = [], 0
    for token in TOKEN.finditer(text):
        parts += [lines(plain(text[position : token.start()])), _token(token, name_of)]
        position = token.end()
    return _with_quotes(joined(*parts, lines(plain(text[position:]))))


def lines(text: str) -> Html:
    """Return text with its line breaks."""
    return _between(tag("br"), (joined(line) for line in text.split("\n")))


def link(address: str, label: str) -> Html:
    """Return a link that opens beside the page, or its label where the address is none to be opened."""
    if not address.startswith(OPENED):
        return joined(label)
    return tag("a", label, href=address, target="_blank", rel="noopener noreferrer")


def ping(what: str) -> Html:
    """Return the loud marker of something that notifies many people."""
    return tag("mark", f"PING @{safe(what)}", class_="ping")


def mention(name: str) -> Html:
    """Return a person's or a channel's name, as Slack sets it off."""
    return tag("span", name, class_="mention")


def _between(separator: Html, parts: Iterable[Html]) -> Html:
    return Html(separator.join(parts))


def _with_quotes(html: Html) -> Html:
    """Set off the lines that begin with `>`, which Slack shows as a quotation."""
    shown = (
        tag("span", Html(line.removeprefix("&gt;").lstrip()), class_="quote") if line.startswith("&gt;") else Html(line)
        for line in html.split(tag("br"))
    )
    return _between(tag("br"), shown)


def _token(token: re.Match[str], name_of: NameOf) -> Html:
    if (block := token["block"]) is not None:
        return tag("pre", safe(unescape(block)))
    if (code := token["code"]) is not None:
        return tag("code", safe(unescape(code)))
    if token["entity"] is not None:
        return _entity(token["entity"], name_of)
    mark, marked = token.group()[0], token.group()[1:-1]
    return tag(MARKS[mark], mrkdwn(marked, name_of))


def _entity(entity: str, name_of: NameOf) -> Html:
    """Return what stands between < and >: a mention, a channel, a special word, or a link."""
    target, _, label = entity.partition("|")
    if target.startswith("@"):
        return mention(f"@{plain(name_of(target[1:]))}")
    if target.startswith("#"):
        return mention(f"#{plain(label or target[1:])}")
    if target.startswith("!date"):
        return joined(plain(label))
    if target.startswith("!"):
        return ping(plain(label or target[1:]).removeprefix("@"))
    return link(unescape(target), plain(label or target))
