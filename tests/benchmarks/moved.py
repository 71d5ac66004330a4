"""A sample world moved in time, so that its present is an hour ago: for bots that go by the clock on the wall."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.sandbox.syncro.world import World

SETTLED = timedelta(hours=1)
"""What happened last in the world is so long ago, as it is for the month's first digest."""


def move_here(world: World) -> None:
    """Move everything, by the difference between the world's present and an hour ago."""
    present = datetime.now(UTC).replace(microsecond=0) - SETTLED
    by = present - world.now
    world.now = present
    for customer in world.customers.values():
        customer.created_at += by
    for ticket in world.tickets.values():
        ticket.created_at += by
        ticket.updated_at += by
        ticket.resolved_at = _moved(ticket.resolved_at, by)
        for charge in ticket.charges:
            charge.created_at += by
        for timer in ticket.timers:
            timer.start_time += by
            timer.end_time = _moved(timer.end_time, by)
    for invoice in world.invoices.values():
        invoice.created_at += by
        invoice.updated_at += by
    for schedule in world.schedules.values():
        schedule.next_run = _moved(schedule.next_run, by)


def _moved(moment: datetime | None, by: timedelta) -> datetime | None:
    return None if moment is None else moment + by
