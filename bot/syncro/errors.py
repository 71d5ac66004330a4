"""What can go wrong when Syncro is asked, named by what the caller can do about it."""

from __future__ import annotations

from enum import StrEnum


class FailureKind(StrEnum):
    """Why a read failed."""

    NOT_FOUND = "not_found"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    UNAVAILABLE = "unavailable"
    UNREADABLE = "unreadable"


class SyncroError(Exception):
    """A read that failed for good. `str(error)` is a sentence for people: what happened, to what, what to do.

    `calls` counts the requests that were spent on it.
    """

    kind: FailureKind
    advice: str = ""

    def __init__(self, what: str, problem: str, *, calls: int = 0, advice: str = "") -> None:
        self.what = what
        self.problem = problem
        self.calls = calls
        self.advice = advice or self.advice
        super().__init__(f"Reading {what}: {problem}." + (f" {self.advice}" if self.advice else ""))


class NotFoundError(SyncroError):
    """Syncro has no such record (404). For a listed invoice: look again whether it is still listed."""

    kind = FailureKind.NOT_FOUND


class UnauthorisedError(SyncroError):
    """The token was refused, everywhere. No further request can succeed; the operator has to mend the token."""

    kind = FailureKind.UNAUTHORISED
    advice = "Check SYNCRO_API_TOKEN: it must be a current API token of this Syncro account."


class ForbiddenError(SyncroError):
    """The token lacks a permission (403, or 401 here and not elsewhere). The operator has to grant it in Syncro."""

    kind = FailureKind.FORBIDDEN
    advice = (
        "Give the API token's role these permissions: Tickets - List/Search and View Details, "
        "Invoices - List/Search and View Details, Recurring Invoices - List."
    )


class UnavailableError(SyncroError):
    """Syncro did not answer in spite of retries (no connection, timeout, 429, 5xx). Try again later."""

    kind = FailureKind.UNAVAILABLE
    advice = "Try again in a few minutes."


class UnreadableError(SyncroError):
    """Syncro answered something that is not the record asked for. Trying again rarely helps."""

    kind = FailureKind.UNREADABLE
