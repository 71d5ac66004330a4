"""Who may ask and decide, and where: what Slack does not say counts as a no, and every no leaves a trace."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackRequestError

from bot.listeners.access import Asker, Refusal, noted_in
from bot.messages.help import not_allowed
from bot.messages.poster import SlackUnavailableError
from bot.store.audit import Act, AuditEntry, AuditQuery
from bot.store.memory import Memory
from tests.listeners.people import NOW, ORGANISATION, OURS, SISTER, THEIRS, SomeSlack, door, refuses

GROUP = "S0"
DEFINITE = [refuses("missing_scope"), refuses("no_such_subteam"), refuses("user_not_found"), refuses("something_new")]
PASSING = [refuses("internal_error"), refuses("any", 503), SlackRequestError("no"), TimeoutError(), OSError()]


def named(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("error") or type(error).__name__)


# Lists


def test_empty_lists_allow_all_our_people_everywhere_and_make_nobody_a_manager() -> None:
    assert door().ask() is None
    assert door().decide() == "not_a_manager"
    assert not door().access.has_managers


@pytest.mark.parametrize(("channel", "refusal"), [("C0", None), ("C1", "channel"), ("D0", None)])
def test_a_list_of_channels_keeps_the_others_out_but_direct_messages(channel: str, refusal: str | None) -> None:
    assert door(channels=("C0",)).ask(channel=channel) == refusal


@pytest.mark.parametrize(("user", "refusal"), [("U0", None), ("U1", None), ("U2", "user")])
def test_people_may_be_listed_themselves_or_in_a_group(user: str, refusal: str | None) -> None:
    slack = SomeSlack(groups={GROUP: ["U1"]})
    assert door(slack, users=("U0",), usergroups=(GROUP,)).ask(user) == refusal


@pytest.mark.parametrize(("user", "refusal"), [("U0", None), ("W0", None), ("U1", None), ("U2", "not_a_manager")])
def test_managers_may_be_listed_themselves_or_in_a_group(user: str, refusal: str | None) -> None:
    slack = SomeSlack(groups={GROUP: ["U1"]})
    assert door(slack, managers=("U0", "W0", GROUP)).decide(user) == refusal


def test_where_an_answer_may_stand_is_asked_of_managers_too() -> None:
    known = door(channels=("C0",), managers=("U0",))
    assert known.access.place_refusal(Asker("U0", "C0"), "digest now") is None
    assert known.access.place_refusal(Asker("U0", "D0"), "digest now") is None
    assert known.access.place_refusal(Asker("U0", "C1"), "digest now") == "channel"
    assert known.access.place_refusal(Asker("U0", "C0", shared_channel=True), "digest now") == "external_channel"


# Groups


def test_the_members_of_a_group_are_remembered_for_five_minutes_and_no_longer() -> None:
    known = door(SomeSlack(groups={GROUP: ["U0"]}), usergroups=(GROUP,))
    assert known.ask() is None
    known.slack.groups[GROUP] = []
    known.seconds = 299.0
    assert known.ask() is None
    assert known.slack.asked.count(GROUP) == 1
    known.seconds = 300.0
    assert known.ask() == "user"


@pytest.mark.parametrize("error", [*DEFINITE, *PASSING], ids=named)
def test_a_group_that_is_gone_or_cannot_be_read_gives_no_rights_after_five_minutes(error: Exception) -> None:
    known = door(SomeSlack(groups={GROUP: ["U1"]}), users=("U0",), usergroups=(GROUP,), managers=("U0", GROUP))
    assert (known.ask("U1"), known.decide("U1")) == (None, None)

    known.slack.groups[GROUP] = error
    known.seconds = 299.0
    assert (known.ask("U1"), known.decide("U1")) == (None, None)

    known.seconds = 300.0
    assert (known.ask("U0"), known.decide("U0")) == (None, None), "who is listed by their own id needs no group"
    assert known.ask("U1") is not None
    assert known.decide("U1") is not None


@pytest.mark.parametrize("error", [*DEFINITE, *PASSING], ids=named)
def test_a_group_that_could_never_be_read_lets_nobody_in(error: Exception) -> None:
    known = door(SomeSlack(groups={GROUP: error}), usergroups=(GROUP,), managers=(GROUP,))
    assert known.ask() is not None
    assert known.decide() is not None


def test_what_somebody_presses_looks_their_rights_up_afresh() -> None:
    known = door(SomeSlack(groups={GROUP: ["U0"]}), usergroups=(GROUP,), managers=(GROUP,))
    assert (known.ask(), known.decide()) == (None, None)
    known.slack.groups[GROUP] = []

    assert (known.ask(), known.decide()) == (None, None)
    assert known.ask(afresh=True) == "user"
    assert known.decide(afresh=True) == "not_a_manager"


@pytest.mark.parametrize("error", DEFINITE, ids=named)
def test_a_fresh_look_at_a_group_that_is_gone_ends_its_rights_at_once(error: Exception) -> None:
    known = door(SomeSlack(groups={GROUP: ["U0"]}), managers=(GROUP,))
    assert known.decide() is None
    known.slack.groups[GROUP] = error
    assert known.decide(afresh=True) == "not_a_manager"
    assert known.decide() == "not_a_manager"


@pytest.mark.parametrize("error", PASSING, ids=named)
def test_while_slack_stumbles_what_it_said_within_five_minutes_serves_a_fresh_look_too(error: Exception) -> None:
    known = door(SomeSlack(groups={GROUP: ["U0"]}), managers=(GROUP,))
    assert known.decide() is None
    known.slack.groups[GROUP] = error
    known.seconds = 299.0
    assert known.decide(afresh=True) is None
    known.seconds = 300.0
    assert known.decide(afresh=True) == "unknown_user"


# Whose people


@pytest.mark.parametrize("teams", [(), (THEIRS,), (OURS, THEIRS), ("",)])
def test_who_is_not_named_as_ours_is_not(teams: tuple[str, ...]) -> None:
    everyone = door(channels=("C0",), users=("U0",), managers=("U0",))
    assert everyone.ask(teams=teams) == "external_user"
    assert everyone.decide(teams=teams) == "external_user"


@pytest.mark.parametrize(
    "about",
    [
        {"team_id": THEIRS},
        {"team_id": None},
        {"is_stranger": True},
        {"deleted": True},
        {"team_id": SISTER, "enterprise_user": {"enterprise_id": "E0THEIRS"}},
        {"team_id": SISTER, "enterprise_user": None},
    ],
)
def test_who_is_not_one_of_us_by_slacks_own_word_is_refused_whatever_the_payload_says(about: dict[str, Any]) -> None:
    known = door(SomeSlack(people={"U0": about}), users=("U0",), managers=("U0",))
    assert known.ask() == "external_user"
    assert known.decide() == "external_user"


@pytest.mark.parametrize("error", [*DEFINITE, *PASSING], ids=named)
def test_of_whom_slack_says_nothing_nothing_is_shown(error: Exception) -> None:
    known = door(SomeSlack(people={"U0": error}), users=("U0",), managers=("U0",))
    assert known.ask() == "unknown_user"
    assert known.decide() == "unknown_user"


@pytest.mark.parametrize("error", [*DEFINITE, *PASSING], ids=named)
def test_a_bot_that_does_not_know_whose_it_is_shows_nothing(error: Exception) -> None:
    assert door(SomeSlack(itself=error)).ask() == "unknown_user"


def test_who_the_bot_is_is_asked_once_and_who_people_are_every_five_minutes() -> None:
    known = door()
    for known.seconds in (0.0, 299.0, 300.0, 10_000.0):
        assert known.ask() is None
    assert known.slack.asked == ["itself", "U0", "U0", "U0"]


def test_a_shared_channel_is_refused_before_anything_else_is_asked() -> None:
    known = door()
    assert known.ask(shared_channel=True) == "external_channel"
    assert known.slack.asked == []


# Enterprise Grid


def grid(**about: Any) -> SomeSlack:
    """The bot's workspace belongs to an organisation; the person is at home in another workspace of it."""
    person = {"team_id": SISTER, "enterprise_user": {"enterprise_id": ORGANISATION}, **about}
    return SomeSlack(people={"U0": person}, itself={"team_id": OURS, "enterprise_id": ORGANISATION})


@pytest.mark.parametrize(
    ("teams", "enterprise"),
    [
        ((OURS,), ORGANISATION),
        ((SISTER,), ORGANISATION),
        ((SISTER,), ""),
        ((OURS, SISTER), ""),
        ((ORGANISATION,), ""),
    ],
)
def test_people_of_the_whole_organisation_are_ours(teams: tuple[str, ...], enterprise: str) -> None:
    assert door(grid()).ask(teams=teams, enterprise=enterprise) is None


@pytest.mark.parametrize(
    ("teams", "enterprise"), [((THEIRS,), "E0THEIRS"), ((OURS,), "E0THEIRS"), ((), ORGANISATION), ((), "")]
)
def test_people_of_another_organisation_are_not(teams: tuple[str, ...], enterprise: str) -> None:
    assert door(grid()).ask(teams=teams, enterprise=enterprise) == "external_user"


def test_in_an_organisation_slacks_word_decides_about_a_person_of_another_workspace() -> None:
    stranger = {"team_id": THEIRS, "enterprise_user": {"enterprise_id": "E0THEIRS"}}
    assert door(grid(**stranger)).ask(teams=(THEIRS,)) == "external_user"
    assert door(grid(team_id=THEIRS, enterprise_user=None)).ask(teams=(THEIRS,)) == "external_user"


def test_a_workspace_outside_any_organisation_has_no_people_of_one() -> None:
    assert door().ask(enterprise=ORGANISATION) == "external_user"


# Guests and bots


@pytest.mark.parametrize("flags", [{"is_restricted": True}, {"is_restricted": True, "is_ultra_restricted": True}])
def test_guests_are_refused_unless_the_operator_allows_them(flags: dict[str, bool]) -> None:
    slack = SomeSlack(people={"U0": flags})
    assert door(slack, users=("U0",)).ask() == "guest"
    assert door(slack, managers=("U0",)).decide() == "guest"
    assert door(slack, users=("U0",), allow_guests=True).ask() is None


def test_a_stranger_is_no_guest() -> None:
    slack = SomeSlack(people={"U0": {"team_id": THEIRS, "is_stranger": True, "is_restricted": True}})
    known = door(slack, allow_guests=True)
    assert known.ask(teams=(THEIRS,)) == "external_user"
    assert known.ask() == "external_user"
    assert known.access.digest_refusal("U0", "digest") == "external_user"


@pytest.mark.parametrize("about", [{"is_bot": True}, {"is_workflow_bot": True}, {"id": "USLACKBOT"}])
def test_a_bot_is_no_person(about: dict[str, Any]) -> None:
    assert door(SomeSlack(people={"U0": about})).ask() == "bot"
    assert door(SomeSlack(people={"U0": about}), allow_guests=True).ask() == "bot"


@pytest.mark.parametrize("error", DEFINITE, ids=named)
def test_where_guests_may_ask_nobody_may_of_whom_slack_says_nothing(error: Exception) -> None:
    assert door(SomeSlack(people={"U0": error}), allow_guests=True).ask() == "unknown_user"


def test_a_bot_that_was_not_told_its_workspace_takes_nobody_of_no_workspace_for_its_own() -> None:
    nowhere = SomeSlack(itself={"team_id": ""}, people={"U0": {"team_id": ""}})
    assert door(nowhere, managers=("U0",)).access.digest_refusal("U0", "digest") == "external_user"


# Subscribers


def test_a_subscriber_who_is_no_manager_any_more_gets_nothing_more() -> None:
    known = door(SomeSlack(groups={GROUP: ["U1"]}), managers=("U0", GROUP))
    assert [known.access.digest_refusal(user, "digest") for user in ("U0", "U1", "U2")] == [
        None,
        None,
        "not_a_manager",
    ]
    known.slack.groups[GROUP] = []
    assert known.access.digest_refusal("U1", "digest") == "not_a_manager", "at once"


@pytest.mark.parametrize(
    ("about", "refusal"),
    [
        ({"deleted": True}, "external_user"),
        ({"is_restricted": True}, "guest"),
        ({"team_id": THEIRS}, "external_user"),
        (refuses("user_not_found"), "unknown_user"),
    ],
)
def test_a_subscriber_who_left_or_became_a_guest_gets_nothing_more(about: Any, refusal: str) -> None:
    known = door(SomeSlack(people={"U0": about}), managers=("U0",))
    assert known.access.digest_refusal("U0", "digest") == refusal


@pytest.mark.parametrize("error", PASSING, ids=named)
def test_whether_a_subscriber_still_may_is_asked_again_while_slack_stumbles(error: Exception) -> None:
    with pytest.raises(SlackUnavailableError):
        door(SomeSlack(people={"U0": error}), managers=("U0",)).access.digest_refusal("U0", "digest")
    with pytest.raises(SlackUnavailableError):
        door(SomeSlack(groups={GROUP: error}), managers=(GROUP,)).access.digest_refusal("U0", "digest")


# What payloads say


def test_an_event_tells_of_the_person_by_its_own_fields_alone() -> None:
    event = {"user": "U0", "channel": "C0", "team": OURS, "user_team": SISTER, "source_team": None}
    body = {"team_id": THEIRS, "enterprise_id": ORGANISATION, "is_ext_shared_channel": True}

    assert Asker.of_event(event, body) == Asker("U0", "C0", frozenset({OURS, SISTER}), "", shared_channel=True)
    assert Asker.of_event({"user": "U0", "channel": "C0"}, body).teams == frozenset()


def test_a_command_tells_workspace_and_organisation() -> None:
    command = {"user_id": "U0", "channel_id": "D0", "team_id": OURS, "enterprise_id": ORGANISATION}
    asker = Asker.of_command(command)
    assert asker == Asker("U0", "D0", frozenset({OURS}), ORGANISATION)
    assert asker.direct
    assert Asker.of_command({"user_id": "U0", "channel_id": "C0"}).teams == frozenset()


@pytest.mark.parametrize("team", [None, {"id": OURS}])
def test_an_interaction_tells_of_the_person_who_looks_at_it(team: dict[str, str] | None) -> None:
    body = {"user": {"id": "U0", "team_id": OURS}, "team": team, "enterprise": {"id": ORGANISATION}}
    assert Asker.of_interaction(body, "C0") == Asker("U0", "C0", frozenset({OURS}), ORGANISATION)
    assert Asker.of_interaction({"user": {"id": "U0"}, "team": None, "enterprise": None}, "C0").teams == frozenset()


# Traces


def test_every_refusal_leaves_who_where_what_and_why_and_what_is_allowed_leaves_none() -> None:
    known = door(users=("U1",), managers=("U1",))
    known.ask("U1")
    known.decide("U1")
    assert known.traces == []

    known.ask()
    known.decide()
    known.access.digest_refusal("U0", "digest")
    known.access.place_refusal(Asker("U0", "C1", shared_channel=True), "digest now")
    known.access.ignore_bot(Asker("B1", "C0"), "<@U0BOT> 32223")

    def trace(what: str, why: str, who: str = "U0", where: str = "C0") -> AuditEntry:
        return AuditEntry(NOW, Act.REFUSED, who=who, where=where, what=what, why=why)

    assert known.traces == [
        trace("32223", "user"),
        trace("snooze 32223", "not_a_manager"),
        trace("digest", "not_a_manager", where="U0"),
        trace("digest now", "external_channel", where="C1"),
        trace("<@U0BOT> 32223", "bot", who="B1"),
    ]


def test_a_trace_is_kept_in_the_audit_table_and_at_least_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memory = Memory(f"sqlite:///{tmp_path / 'bot.db'}")
    memory.open()
    entry = AuditEntry(datetime.now(UTC), Act.REFUSED, who="U0", where="C0", what="32223", why="guest")

    noted_in(memory)(entry)
    assert memory.audit(AuditQuery()) == (entry,)

    memory.close()
    (tmp_path / "bot.db").unlink()
    with caplog.at_level("INFO"):
        noted_in(memory)(entry)
    assert "Refused U0 in C0 (guest)" in caplog.text
    assert "not in the audit table" in caplog.text


@pytest.mark.parametrize("refusal", [each for each in Refusal if each not in (Refusal.NO_MANAGER, Refusal.BOT)])
def test_every_refusal_that_people_see_has_words_of_its_own(refusal: Refusal) -> None:
    assert not_allowed(refusal) != not_allowed("")
    assert not_allowed(refusal) != f"{refusal} Nothing was checked."
