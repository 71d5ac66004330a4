"""The charts of a digest, each with the same in words."""

from __future__ import annotations

from collections.abc import Iterable

from bot.digest.groups import by_age
from bot.digest.model import Digest
from bot.messages.digest_blocks import LABEL_LIMIT, POINTS_LIMIT, Point, chart
from bot.messages.rendered import Part
from bot.words.plain import money


def charts(digest: Digest) -> list[Part]:
    """The trend of the money, the ages, the trend of the count: the order in which they find room."""
    trends = _trends(digest)
    return [*trends[:1], *_ages(digest), *trends[1:]]


def _trends(digest: Digest) -> list[Part]:
    runs = digest.trend[-POINTS_LIMIT:]
    if len(runs) < 2:
        return []
    labels = _different(f"{run.day.day} {run.day:%b}" for run in runs)
    last = f"last {len(runs)} runs"
    parts = []
    if any(run.money for run in runs):
        points = [
            Point(label, run.money, money(run.money, digest.currency)) for label, run in zip(labels, runs, strict=True)
        ]
        parts.append(chart("line", f"Money at risk, {last}", "Money at risk", points, "Run"))
    if any(run.unbilled for run in runs):
        counts = [Point(label, run.unbilled, f"{run.unbilled:,}") for label, run in zip(labels, runs, strict=True)]
        parts.append(chart("line", f"Unbilled tickets, {last}", "Unbilled tickets", counts, "Run"))
    return parts


def _different(labels: Iterable[str]) -> list[str]:
    """Labels that differ: of two runs on one day the second is "23 Nov (2)"."""
    given: list[str] = []
    for label in labels:
        before = sum(known == label or known.startswith(f"{label} (") for known in given)
        given.append(f"{label} ({before + 1})"[:LABEL_LIMIT] if before else label)
    return given


def _ages(digest: Digest) -> list[Part]:
    if not digest.unbilled:
        return []
    counts = by_age(digest.unbilled)
    points = [Point(label, count, f"{count:,}") for label, count in counts.items()]
    return [chart("bar", "Unbilled tickets by age in business days", "Tickets", points, "Business days")]
