"""Faults on demand for the stand-in Syncro, as small values that compose.

A `Fault` says which calls it concerns and what happens to them. The effect is any callable that takes the
`Exchange` and returns an `Answer`; those below cover what the real service was seen or is known to do. Where
several faults concern one call they nest, the first of the list outermost:
`[Fault(p, Slow(2)), Fault(p, HTML_PAGE)]` is a slow page of HTML.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.utils import format_datetime
from functools import partial
from typing import Any

from bot.sandbox.syncro.exchange import Answer, Ask
from bot.sandbox.syncro.world import World


@dataclass(frozen=True)
class Exchange:
    """One call on its way: the world (locked while the effect runs), the request, and the honest answer to it."""

    world: World
    ask: Ask
    proceed: Callable[[Ask], Answer]

    def answer(self) -> Answer:
        """The answer that would be given without this fault."""
        return self.proceed(self.ask)


Effect = Callable[[Exchange], Answer]
"""What a fault does to a call."""


@dataclass(frozen=True, eq=False)
class Fault:
    """What happens (`effect`) to calls whose whole path matches the regex `path` and whose query passes `query`.

    The path is the one below `/api/v1`. The first `skip` matching calls are left alone, then `count` calls are
    hit (None: every one that follows). `Turns` counts; two equal-looking faults are counted apart.
    """

    path: str
    effect: Effect
    query: Callable[[Mapping[str, str]], bool] | None = None
    skip: int = 0
    count: int | None = None

    def concerns(self, ask: Ask) -> bool:
        """Whether the request matches, whatever its turn."""
        if re.fullmatch(self.path, ask.path) is None:
            return False
        return self.query is None or self.query(ask.query)

    def hits(self, turn: int) -> bool:
        """Whether the matching call number `turn` (from 0) is hit."""
        return turn >= self.skip and (self.count is None or turn < self.skip + self.count)


class Turns:
    """Counts the calls that each fault concerns, and leads a request through the faults whose turn it is."""

    def __init__(self) -> None:
        self._turns: Counter[Fault] = Counter()

    def answer(self, faults: Iterable[Fault], world: World, ask: Ask, honest: Callable[[Ask], Answer]) -> Answer:
        """The answer to a request once all faults that hit it have had their way."""
        hitting = []
        for fault in tuple(faults):
            if fault.concerns(ask):
                if fault.hits(self._turns[fault]):
                    hitting.append(fault)
                self._turns[fault] += 1
        proceed = honest
        for fault in reversed(hitting):
            proceed = partial(_through, fault, world, proceed)
        return proceed(ask)

    def fired(self, fault: Fault) -> int:
        """How many calls this fault has hit."""
        return sum(fault.hits(turn) for turn in range(self._turns[fault]))


def _through(fault: Fault, world: World, proceed: Callable[[Ask], Answer], ask: Ask) -> Answer:
    return fault.effect(Exchange(world, ask, proceed))


@dataclass(frozen=True)
class Status:
    """Answers with an HTTP status and a JSON body, whatever was asked."""

    status: int
    body: Any = field(default_factory=lambda: {"error": "Sample fault"})
    headers: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, _exchange: Exchange) -> Answer:
        """Answer the status and the body."""
        return Answer(self.status, self.body, headers=self.headers)


def too_many_requests(retry_after: int | datetime | None = None) -> Status:
    """A 429 with Retry-After in whole seconds, as an HTTP-date (an aware UTC time), or without the header."""
    headers: dict[str, str] = {}
    if isinstance(retry_after, datetime):
        headers["Retry-After"] = format_datetime(retry_after, usegmt=True)
    elif retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return Status(429, {"error": "Too many requests"}, headers)


@dataclass(frozen=True)
class Garbage:
    """Answers 200 with these bytes instead of the record."""

    raw: bytes
    content_type: str = "application/json"

    def __call__(self, _exchange: Exchange) -> Answer:
        """Answer the bytes."""
        return Answer(raw=self.raw, content_type=self.content_type)


HTML_PAGE = Garbage(b"<!doctype html><title>Sample</title><p>Down for maintenance", "text/html")
"""A web page with status 200, as a proxy or a maintenance screen gives it."""
JSON_NULL = Garbage(b"null")
"""The JSON value null with status 200."""


def truncated_json(exchange: Exchange) -> Answer:
    """The honest answer cut in half, yet announced as complete: not JSON any more."""
    honest = exchange.answer()
    return replace(honest, raw=honest.body[: len(honest.body) // 2])


@dataclass(frozen=True)
class DropConnection:
    """Drops the connection after so many bytes of the body; 0 means without any answer."""

    after_bytes: int = 0

    def __call__(self, exchange: Exchange) -> Answer:
        """Answer honestly, but cut."""
        return replace(exchange.answer(), cut_after=self.after_bytes)


@dataclass(frozen=True)
class Slow:
    """Holds the answer back for so many seconds."""

    seconds: float

    def __call__(self, exchange: Exchange) -> Answer:
        """Answer honestly, but late."""
        honest = exchange.answer()
        return replace(honest, delay=honest.delay + self.seconds)


@dataclass(frozen=True)
class IgnoreFilter:
    """Answers as if a query parameter had not been sent: ticket_id, customer_id, since_updated_at, number."""

    name: str

    def __call__(self, exchange: Exchange) -> Answer:
        """Answer without the filter."""
        query = {name: value for name, value in exchange.ask.query.items() if name != self.name}
        return exchange.proceed(replace(exchange.ask, query=query))


@dataclass(frozen=True)
class WrongDetail:
    """Answers a detail request with another record of the kind: that of `reference`, else the first other one.

    `reference` is what would stand in the path: an invoice's number or id, a ticket's id.
    """

    reference: str | None = None

    def __call__(self, exchange: Exchange) -> Answer:
        """Answer with another record."""
        kind, asked = exchange.ask.segments[0], exchange.ask.segments[-1]
        reference = self.reference or _other_reference(exchange.world, kind, asked)
        return exchange.proceed(replace(exchange.ask, segments=(kind, reference)))


@dataclass(frozen=True, init=False)
class MissingKeys:
    """Leaves keys out of the answer: at its top (such as `meta`), in its record, and in each row of its list."""

    keys: frozenset[str]

    def __init__(self, *keys: str) -> None:
        object.__setattr__(self, "keys", frozenset(keys))

    def __call__(self, exchange: Exchange) -> Answer:
        """Answer without the keys."""
        honest = exchange.answer()
        top = self._without(honest.payload)
        if isinstance(top, dict):
            top = {name: self._inside(value) for name, value in top.items()}
        return replace(honest, payload=top)

    def _inside(self, value: Any) -> Any:
        return [self._without(row) for row in value] if isinstance(value, list) else self._without(value)

    def _without(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: inner for name, inner in value.items() if name not in self.keys}


@dataclass(frozen=True)
class Edit:
    """Changes the JSON of the answer in any other way. `change` gets the payload and returns what is sent."""

    change: Callable[[Any], Any]

    def __call__(self, exchange: Exchange) -> Answer:
        """Answer with the changed payload."""
        honest = exchange.answer()
        return replace(honest, payload=self.change(honest.payload))


@dataclass(frozen=True)
class Mutate:
    """Changes the world just before the call is answered, or just after: the answer then does not show it yet."""

    before: Callable[[World], object] | None = None
    after: Callable[[World], object] | None = None

    def __call__(self, exchange: Exchange) -> Answer:
        """Change, answer honestly, change."""
        if self.before is not None:
            self.before(exchange.world)
        honest = exchange.answer()
        if self.after is not None:
            self.after(exchange.world)
        return honest


def _other_reference(world: World, kind: str, asked: str) -> str:
    if kind == "invoices":
        names = [(invoice.number, {invoice.number, str(invoice.id)}) for invoice in world.invoices.values()]
    elif kind == "tickets":
        names = [(str(ticket.id), {str(ticket.id)}) for ticket in world.tickets.values()]
    else:
        raise ValueError(f"the stand-in Syncro has no wrong detail for {kind}")
    for reference, known_as in names:
        if asked not in known_as:
            return reference
    raise LookupError(f"the sample world has no other record in {kind}")
