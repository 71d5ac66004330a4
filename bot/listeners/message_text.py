"""All that a message says, wherever in it that stands: other apps say it in blocks and attachments. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_SAYING = ("pretext", "title", "text", "value", "alt_text", "url", "footer", "plain_text")
"""Fields of blocks, elements, attachments and files (of an e-mail its text) that people see."""
_HOLDING = (
    "blocks", "message_blocks", "message", "attachments", "fields", "elements", "rows", "columns", "title", "text",
    "description", "caption", "files",
)  # fmt: skip
"""Fields with more of them inside."""
_SILENT = frozenset({"actions", "button", "file", "input", "user", "usergroup", "channel", "date", "emoji"})
"""Kinds of elements that say nothing: their values are an app's own."""
_PICTURED = ("image/", "video/", "audio/")
"""Kinds of files whose titles are a camera's."""
_IN_ONE_LINE = frozenset({"rich_text_section", "rich_text_preformatted", "rich_text_quote"})
_DEEPEST = 12


def text_of(message: Mapping[str, Any]) -> str:
    """The text of a message as Slack sends it, with what its blocks, attachments and forwarded messages say beside it.

    What a person writes stands in `text` whole, so its blocks are not read again.
    """
    is_persons = not any(message.get(mark) for mark in ("bot_id", "app_id", "bot_profile"))
    blocks = message.get("blocks") or []
    if is_persons and message.get("text") and all(_is_rich(block) for block in blocks):
        message = {**message, "blocks": []}
    return "\n".join(dict.fromkeys(filter(None, _said(message, 0))))


def _is_rich(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "rich_text"


def _said(node: Any, depth: int) -> Iterator[str]:
    """Each text below a node of the message; a line of rich text in one piece, as its parts may divide a number."""
    if depth > _DEEPEST:
        return
    if isinstance(node, list):
        for each in node:
            yield from _said(each, depth + 1)
    elif isinstance(node, dict) and node.get("type") not in _SILENT and not _is_pictured(node):
        if node.get("type") in _IN_ONE_LINE:
            yield "".join(_piece(each) for each in node.get("elements") or [])
            return
        if node.get("title_link") and isinstance(node.get("title"), str):
            node = {**node, "title": _link(str(node["title_link"]), node["title"])}
        yield from (str(node[name]) for name in _SAYING if isinstance(node.get(name), str | int))
        if not any(node.get(name) for name in ("text", "blocks", "message_blocks", "fields")):
            yield node.get("fallback") or ""
        for name in _HOLDING:
            if isinstance(node.get(name), dict | list):
                yield from _said(node[name], depth + 1)


def _is_pictured(node: Mapping[str, Any]) -> bool:
    return str(node.get("mimetype") or "").startswith(_PICTURED)


def _piece(element: Any) -> str:
    """A part of a line of rich text."""
    if not isinstance(element, dict) or element.get("type") not in ("text", "link"):
        return " "
    text, url = str(element.get("text") or ""), str(element.get("url") or "")
    return _link(url, text) if url else text


def _link(url: str, text: str) -> str:
    return f" <{url}|{text}> "
