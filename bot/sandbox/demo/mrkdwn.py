"""Slack's text formatting, turned into what a person sees. Untrusted text stays text: no control codes pass."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from rich.emoji import Emoji
from rich.style import Style
from rich.text import Text

NameOf = Callable[[str], str]

PING = Style(color="bright_white", bgcolor="red", bold=True)
MENTION = Style(color="cyan", bold=True)
LINK = Style(color="blue", underline=True)
CODE = Style(color="magenta")

STYLES = {"*": Style(bold=True), "_": Style(italic=True), "~": Style(strike=True)}
TURNS_TEXT_AROUND = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
SLACK_EMOJI = {":white_check_mark:": "\u2705", ":rotating_light:": "\U0001f6a8", ":warning:": "\u26a0\ufe0f"}

TOKEN = re.compile(
    r"```(?P<block>[^`]+)```"
    r"|`(?P<code>[^`\n]+)`"
    r"|<(?P<entity>[^<>\n]+)>"
    r"|(?<![\w*_~])(?:\*(?=\S)[^*\n]+(?<=\S)\*|_(?=\S)[^_\n]+(?<=\S)_|~(?=\S)[^~\n]+(?<=\S)~)(?![\w*_~])",
)


def safe(text: str) -> str:
    """Return the text without control characters (line breaks stay) and without codes that turn it around."""
    kept = (c for c in text if c in "\n\t" or (unicodedata.category(c) != "Cc" and c not in TURNS_TEXT_AROUND))
    return "".join(kept)


def plain(text: str) -> str:
    """Return a plain_text as shown: entities unescaped, emoji names as pictures."""
    return _emoji(safe(unescape(text)))


def unescape(text: str) -> str:
    """Undo the three escapes that Slack knows, and no others."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mrkdwn(text: str, name_of: NameOf) -> Text:
    """Return mrkdwn as shown. `name_of` gives the name of a user id."""
    shown = Text()
    position = 0
    for token in TOKEN.finditer(text):
        shown.append(plain(text[position : token.start()]))
        shown.append_text(_token(token, name_of))
        position = token.end()
    return shown.append(plain(text[position:]))


def ping(what: str) -> Text:
    """Return the loud marker of something that notifies many people."""
    return Text(f" PING @{safe(what)} ", PING)


def _token(token: re.Match[str], name_of: NameOf) -> Text:
    if (code := token["block"] or token["code"]) is not None:
        return Text(safe(unescape(code)), CODE)
    if token["entity"] is not None:
        return _entity(token["entity"], name_of)
    mark, marked = token.group()[0], token.group()[1:-1]
    inner = mrkdwn(marked, name_of)
    inner.stylize(STYLES[mark])
    return inner


def _entity(entity: str, name_of: NameOf) -> Text:
    """Return what stands between < and >: a mention, a channel, a special word, or a link."""
    target, _, label = entity.partition("|")
    if target.startswith("@"):
        return Text(f"@{plain(name_of(target[1:]))}", MENTION)
    if target.startswith("#"):
        return Text(f"#{plain(label or target[1:])}", MENTION)
    if target.startswith("!date"):
        return Text(plain(label))
    if target.startswith("!"):
        return ping(plain(label or target[1:]).removeprefix("@"))
    return Text(plain(label or target), LINK)


def _emoji(text: str) -> str:
    for name, picture in SLACK_EMOJI.items():
        text = text.replace(name, picture)
    return Emoji.replace(text)
