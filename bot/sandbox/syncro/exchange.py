"""A request to the stand-in Syncro, and the answer to it before it is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class Ask:
    """A request, below `/api/v1`: its decoded path segments and its query."""

    segments: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The path with a leading slash, each segment percent-encoded, such as "/invoices/67469"."""
        return "/" + "/".join(quote(segment, safe="") for segment in self.segments)


@dataclass(frozen=True)
class Answer:
    """A response before it is sent. `raw` replaces the JSON of `payload`."""

    status: int = 200
    payload: Any = None
    raw: bytes | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds to wait before the first byte is sent."""
    cut_after: int | None = None
    """Bytes of the body after which the connection is dropped; 0 drops it before any answer; None: not at all."""

    @property
    def body(self) -> bytes:
        """The bytes to send."""
        return json.dumps(self.payload).encode() if self.raw is None else self.raw
