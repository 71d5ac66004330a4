"""What Syncro says when it gives no record: said in its words, and a wrong token told from a missing permission."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from bot.sandbox.syncro.world import World
from bot.syncro.client import SyncroClient
from bot.syncro.errors import ForbiddenError, UnauthorisedError, UnavailableError, UnreadableError
from tests.standins.syncro import FaultySyncro
from tests.standins.syncro_faults import Edit, Fault, Status
from tests.syncro.test_client import NOW, TOKEN, client_of, heard_by_a_raw_server


@pytest.fixture
def world() -> World:
    return World(now=NOW)


@pytest.fixture
def sandbox(world: World) -> Iterator[FaultySyncro]:
    with FaultySyncro(world, token=TOKEN, requests_per_minute=None) as running:
        yield running


@pytest.fixture
def client(sandbox: FaultySyncro) -> Iterator[SyncroClient]:
    with client_of(sandbox.base_url) as made:
        yield made


# --- in the server's words ---

SAID: list[tuple[Any, str]] = [
    ({"error": "Page is too large."}, '"Page is too large"'),
    ({"errors": "Page is too large"}, '"Page is too large"'),
    ({"errors": ["One", "Two"]}, '"One; Two"'),
    ({"errors": {"page": ["is too large", "is odd"], "base": "No"}}, '"page: is too large; page: is odd; No"'),
    ({"message": "Page is too large"}, '"Page is too large"'),
    ({"error": {"message": "Too large", "code": 7}}, '"Too large"'),
    ({"success": False, "message": ["Not\nnow", "\u202eplease\x07"]}, '"Not now; please"'),
    ({"error": "half \ud83d of a pair"}, '"half \ufffd of a pair"'),
    ({"error": f"The token {TOKEN} is odd"}, "The token [hidden] is odd"),
    ({"error": "x" * 5000}, "x" * 159 + '…"'),
    ({"error": None, "errors": [], "message": ""}, "(422)."),
    ({"error": True}, "(422)."),
    (["error"], "(422)."),
]


@pytest.mark.parametrize(("body", "says"), SAID)
def test_a_refusal_is_said_in_the_server_s_words(
    sandbox: FaultySyncro, client: SyncroClient, body: Any, says: str
) -> None:
    sandbox.faults.append(Fault("/invoices/.+", Status(422, body)))
    with pytest.raises(UnreadableError) as raised:
        client.invoice("1")
    assert says in str(raised.value)
    assert TOKEN not in str(raised.value)
    str(raised.value).encode()


@pytest.mark.parametrize("status", [500, 503])
def test_an_error_of_the_server_is_said_in_its_words(sandbox: FaultySyncro, client: SyncroClient, status: int) -> None:
    sandbox.faults.append(Fault("/invoices/.+", Status(status, {"error": "Down for maintenance"})))
    with pytest.raises(UnavailableError, match=f'{status}: "Down for maintenance"'):
        client.invoice("1")


@pytest.mark.parametrize("body", [{"error": "Sample"}, {"errors": ["Sample"]}, {"message": "Sample"}])
def test_an_error_with_status_200_is_a_failed_read_in_its_words(
    sandbox: FaultySyncro, client: SyncroClient, body: Any
) -> None:
    sandbox.faults.append(Fault("/.*", Status(200, body)))
    for read in (
        lambda: client.invoice("1"),
        client.invoices,
        lambda: client.schedules("1"),
        lambda: client.ticket("1"),
    ):
        with pytest.raises(UnreadableError, match='"Sample"'):
            read()


@pytest.mark.parametrize("beside", [{"error": "Half of it"}, {"errors": {"line_items": "cut"}}, {"success": False}])
def test_an_error_beside_the_record_makes_it_doubtful(
    sandbox: FaultySyncro, world: World, client: SyncroClient, beside: Any
) -> None:
    invoice = world.add_invoice()
    sandbox.faults.append(Fault("/invoices.*", Edit(lambda body: {**body, **beside})))
    for read in (partial(client.invoice, invoice.number), client.invoices):
        with pytest.raises(UnreadableError, match="answered with an error"):
            read()


@pytest.mark.parametrize(
    "beside", [{"error": None}, {"errors": []}, {"errors": {}}, {"message": "1 found"}, {"success": True}]
)
def test_that_there_is_no_error_is_no_error(
    sandbox: FaultySyncro, world: World, client: SyncroClient, beside: Any
) -> None:
    invoice = world.add_invoice()
    sandbox.faults.append(Fault("/invoices.*", Edit(lambda body: {**body, **beside})))
    assert client.invoice(invoice.number).value.id == client.invoices().value.rows[0].id


# --- a wrong token, or a missing permission ---

NAMED_PERMISSIONS: list[tuple[str, str, Callable[[SyncroClient], object]]] = [
    ("/tickets", "Tickets - List/Search", lambda client: client.find_tickets("1")),
    ("/tickets/.+", "Tickets - View Details", lambda client: client.ticket("1")),
    ("/invoices", "Invoices - List/Search", lambda client: client.invoices()),
    ("/invoices/.+", "Invoices - View Details", lambda client: client.invoice("1")),
    ("/schedules", "Recurring Invoices - List", lambda client: client.schedules("1")),
]
NAMED = pytest.mark.parametrize(("path", "permission", "read"), NAMED_PERMISSIONS)


@NAMED
@pytest.mark.parametrize(
    "words", ["You do not have permission to do this.", "Missing permission", "Your API token is not permitted here"]
)
def test_a_401_about_permissions_names_the_one_that_is_missing(
    sandbox: FaultySyncro,
    client: SyncroClient,
    path: str,
    permission: str,
    read: Callable[[SyncroClient], object],
    words: str,
) -> None:
    sandbox.faults.append(Fault(".*", Status(401, {"error": words})))
    with pytest.raises(ForbiddenError) as raised:
        read(client)
    assert permission in str(raised.value)
    assert path.removesuffix("/.+") in str(raised.value)
    assert words.rstrip(".") in str(raised.value)
    assert len(sandbox.calls) == 1


@NAMED
def test_a_401_on_one_endpoint_only_is_a_missing_permission(
    sandbox: FaultySyncro,
    client: SyncroClient,
    path: str,
    permission: str,
    read: Callable[[SyncroClient], object],
) -> None:
    sandbox.faults.append(Fault(path, Status(401, {"error": "Not authorized"})))
    for calls in (2, 3):
        with pytest.raises(ForbiddenError, match=permission):
            read(client)
        assert len(sandbox.calls) == calls, "one look elsewhere tells for a while"


@pytest.mark.parametrize("body", [{"error": "Not authorized"}, {}, None, {"error": "Sample"}])
def test_a_401_everywhere_is_a_wrong_token(sandbox: FaultySyncro, client: SyncroClient, body: Any) -> None:
    sandbox.faults.append(Fault(".*", Status(401, body)))
    for calls, spent in ((2, 2), (3, 1)):
        with pytest.raises(UnauthorisedError, match="SYNCRO_API_TOKEN") as raised:
            client.invoices()
        assert (len(sandbox.calls), raised.value.calls) == (calls, spent)


@pytest.mark.parametrize("words", ["Invalid token", "Invalid API key", "Your session has expired", "Please log in"])
def test_a_401_about_the_token_is_a_wrong_token_without_another_call(
    sandbox: FaultySyncro, client: SyncroClient, words: str
) -> None:
    sandbox.faults.append(Fault(".*", Status(401, {"error": words})))
    with pytest.raises(UnauthorisedError):
        client.invoices()
    assert len(sandbox.calls) == 1


def test_a_token_that_has_just_worked_lacks_a_permission_where_it_is_refused(
    sandbox: FaultySyncro, client: SyncroClient
) -> None:
    client.invoices()
    sandbox.faults.append(Fault("/schedules", Status(401)))
    with pytest.raises(ForbiddenError):
        client.schedules("1")
    assert len(sandbox.calls) == 2


def test_where_the_look_elsewhere_fails_the_token_is_not_called_wrong(
    sandbox: FaultySyncro, client: SyncroClient
) -> None:
    sandbox.faults += [Fault("/invoices", Status(401)), Fault("/me", Status(503))]
    with pytest.raises(ForbiddenError):
        client.invoices()


def test_who_owns_the_token_may_be_the_one_thing_that_is_refused(sandbox: FaultySyncro, client: SyncroClient) -> None:
    sandbox.faults.append(Fault("/me", Status(401)))
    with pytest.raises(ForbiddenError, match="/me"):
        client.me()


def test_a_token_may_be_sent_with_bearer_before_it(sandbox: FaultySyncro) -> None:
    assert b"\r\nAuthorization: Bearer abc\r\n" in heard_by_a_raw_server("Bearer abc")
    with client_of(sandbox.base_url, token=f"Bearer {TOKEN}") as client:
        client.invoices()
        sandbox.faults.append(Fault(".*", Status(422, {"error": f"{TOKEN} is odd"})))
        with pytest.raises(UnreadableError, match="hidden"):
            client.invoices()
