"""What people type when they mean tickets: numbers, ranges, addresses of tickets in Syncro. Pure functions.

A *reference* is text: a ticket number ("32223", "T20230001"), or "id:" and an internal id ("id:109554336"), which is
what the address of a ticket in Syncro holds.
"""

from __future__ import annotations

import re

ID_PREFIX = "id:"
LONGEST_NUMBER = 12
"""Digits; anything longer is a typing error, not a ticket number."""

TICKET_NUMBER = re.compile(
    rf"[0-9]{{1,{LONGEST_NUMBER}}}"
    rf"|[A-Z]{{1,6}}-?[0-9]{{3,{LONGEST_NUMBER}}}|[a-z]{{1,6}}-?[0-9]{{6,{LONGEST_NUMBER}}}"
    rf"|[0-9]{{3,{LONGEST_NUMBER}}}[A-Z]{{1,3}}"
)
"""What can be asked for as a ticket's number. Small letters only where it is too long for a slip of the finger."""


def as_people_say(reference: str) -> str:
    """The reference in words: "#32223", or "with id 109554336"."""
    if reference.startswith(ID_PREFIX):
        return f"with id {reference.removeprefix(ID_PREFIX)}"
    return f"#{reference}"
