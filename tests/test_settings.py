"""Settings are checked all at once, say what to do, and keep their secrets."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.doctor.settings import read_settings
from bot.settings import Need, Settings, SettingsError, load_settings, misspelled

Load = Callable[..., Settings]
COMPLETE = {
    "SYNCRO_SUBDOMAIN": "acme",
    "SYNCRO_API_TOKEN": "syncro-secret",
    "SLACK_BOT_TOKEN": "xoxb-secret",
    "SLACK_APP_TOKEN": "xapp-secret",
}


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    """Load settings from exactly these variables, with the needs of `serve`."""
    monkeypatch.chdir(tmp_path)

    def read(needs: tuple[Need, ...] = (Need.SYNCRO, Need.SLACK), **variables: str) -> Settings:
        for name in Settings.model_fields:
            monkeypatch.delenv(name.upper(), raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return load_settings(*needs)

    return read


@pytest.fixture
def problems(load: Load) -> Callable[..., list[str]]:
    """Load settings from `COMPLETE` with these changes, and give the problems."""

    def read(needs: tuple[Need, ...] = (Need.SYNCRO, Need.SLACK), **variables: str) -> list[str]:
        with pytest.raises(SettingsError) as caught:
            load(needs, **{**COMPLETE, **variables})
        return list(caught.value.problems)

    return read


Problems = Callable[..., list[str]]


def test_defaults_are_those_of_the_design(load: Load) -> None:
    settings = load(**COMPLETE)
    assert settings.syncro_requests_per_minute == 180
    assert settings.scan_limit == 200
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.database == "sqlite:///invoice-bot.db"
    assert settings.finished_statuses == ("Resolved", "Invoiced", "Closed", "Completed")
    assert settings.non_billable_statuses == ("Non-Billable", "No Charge", "Cancelled", "Canceled", "Duplicate")
    assert (settings.log_format, settings.log_level) == ("text", "INFO")
    nothing = {
        name: getattr(settings, name)
        for name in Settings.model_fields
        if name.startswith(("allowed_", "non_billable_")) and name != "non_billable_statuses"
    }
    assert len(nothing) == 9
    assert set(nothing.values()) == {()}


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("127.0.0.1:9090", ("127.0.0.1", 9090)),
        ("[::1]:0", ("::1", 0)),
        (" localhost:9 ", ("localhost", 9)),
        ("0.0.0.0:65535", ("0.0.0.0", 65535)),
        ("", None),
    ],
)
def test_the_health_address_is_a_host_and_a_port(load: Load, said: str, address: tuple[str, int] | None) -> None:
    assert load(**COMPLETE, HEALTH_ADDRESS=said).health_address == address


def test_whatever_is_set_can_be_shown(load: Load) -> None:
    plain, _ = load(**COMPLETE, HEALTH_ADDRESS="127.0.0.1:9090", LABOR_RATES="Onsite labour = 150").as_set()
    assert plain["HEALTH_ADDRESS"] == "127.0.0.1, 9090"
    assert "Onsite labour" in plain["LABOR_RATES"]


@pytest.mark.parametrize("said", ["9090", "127.0.0.1", ":9090", "127.0.0.1:http", "127.0.0.1:65536", "127.0.0.1:-1"])
def test_another_health_address_is_refused(problems: Problems, said: str) -> None:
    assert problems(HEALTH_ADDRESS=said) == ['HEALTH_ADDRESS must be a host and a port, such as "127.0.0.1:9090".']


def test_check_needs_no_slack_and_nothing_needs_nothing(load: Load) -> None:
    load((Need.SYNCRO,), SYNCRO_SUBDOMAIN="acme", SYNCRO_API_TOKEN="t")
    load(())


def test_everything_that_is_missing_is_said_at_once(load: Load) -> None:
    with pytest.raises(SettingsError) as caught:
        load()
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "SYNCRO_SUBDOMAIN",
        "SYNCRO_API_TOKEN",
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
    ]


def test_what_is_wrong_and_what_is_missing_is_said_at_once(problems: Problems) -> None:
    found = problems(LOG_LEVEL="loud", SCAN_LIMIT="many", SYNCRO_REQUESTS_PER_MINUTE="0", SLACK_APP_TOKEN="")
    assert [problem.split()[0] for problem in found] == [
        "SYNCRO_REQUESTS_PER_MINUTE",
        "SCAN_LIMIT",
        "LOG_LEVEL",
        "SLACK_APP_TOKEN",
    ]
    assert all(problem.endswith(".") for problem in found)


@pytest.mark.parametrize("name", [*COMPLETE, "SYNCRO_BASE_URL"])
def test_what_is_wrong_is_not_also_called_missing(problems: Problems, name: str) -> None:
    assert [problem.split()[0] for problem in problems(**{name: "not one word"})] == [name]


# --- Syncro's address ---


@pytest.mark.parametrize(
    ("given_url", "api_url"),
    [
        ("https://acme.syncromsp.com", "https://acme.syncromsp.com/api/v1"),
        ("https://acme.syncromsp.com/", "https://acme.syncromsp.com/api/v1"),
        ("https://acme.syncromsp.com/api/v1/", "https://acme.syncromsp.com/api/v1"),
        (" https://psa.example.com:8443/api/v1 ", "https://psa.example.com:8443/api/v1"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v1"),
        ("http://localhost:8080/api/v1", "http://localhost:8080/api/v1"),
        ("http://[::1]:8080", "http://[::1]:8080/api/v1"),
        ("https://acme.syncromsp.com/api", "https://acme.syncromsp.com/api/v1"),
        ("'https://acme.syncromsp.com/api/'", "https://acme.syncromsp.com/api/v1"),
        ("https://proxy.example.com/syncro/api", "https://proxy.example.com/syncro/api/v1"),
    ],
)
def test_the_api_address_is_completed(load: Load, given_url: str, api_url: str) -> None:
    settings = load(**{**COMPLETE, "SYNCRO_BASE_URL": given_url})
    assert settings.syncro_api_url == api_url
    assert settings.syncro_site == api_url.removesuffix("/api/v1")


@pytest.mark.parametrize(
    "url",
    [
        "https://acme.syncromsp.com/tickets/1",
        "https://acme.syncromsp.com/api/v2",
        "https://acme.syncromsp.com/api/v1/x",
    ],
)
def test_an_address_of_something_else_in_syncro_is_refused_with_the_right_one(problems: Problems, url: str) -> None:
    (problem,) = problems(SYNCRO_BASE_URL=url)
    assert problem.endswith("give https://acme.syncromsp.com/api/v1.")


@pytest.mark.parametrize("url", ["https://slack.com", "https://slack.com/api", "https://slack.com/api/"])
def test_the_address_of_slack_s_api_is_completed(load: Load, url: str) -> None:
    assert load(**COMPLETE, SLACK_API_URL=url).slack_api_url == "https://slack.com/api/"


@pytest.mark.parametrize(
    "url",
    [
        "http://acme.syncromsp.com",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "ftp://acme.syncromsp.com",
        "acme.syncromsp.com",
        "https://",
        "https://user:password@acme.syncromsp.com",
        "https://acme.syncromsp.com?x=1",
        "https://acme.syncromsp.com:port",
        "https://[bad",
    ],
)
@pytest.mark.parametrize("name", ["SYNCRO_BASE_URL", "SLACK_API_URL"])
def test_an_address_that_would_lose_the_token_is_refused(problems: Problems, name: str, url: str) -> None:
    (problem,) = problems(**{name: url})
    assert problem.startswith(f"{name} ")
    assert "password@" not in problem


@pytest.mark.parametrize("subdomain", ["acme.syncromsp.com", "https://acme", "-acme", "acme/", "ac me"])
def test_the_subdomain_is_only_the_first_part(problems: Problems, subdomain: str) -> None:
    (problem,) = problems(SYNCRO_SUBDOMAIN=subdomain)
    assert "the first part" in problem


# --- secrets ---


def test_a_secret_can_come_from_a_file(load: Load, tmp_path: Path) -> None:
    files = {}
    for name, value in {**COMPLETE, "DATABASE_URL": "postgresql://bot:pw@db/bot"}.items():
        if name != "SYNCRO_SUBDOMAIN":
            path = tmp_path / name
            path.write_text(f"{value}\n", encoding="utf-8")
            files[f"{name}_FILE"] = str(path)
    settings = load(SYNCRO_SUBDOMAIN="acme", **files)
    assert settings.syncro_token == "syncro-secret"
    assert settings.bot_token == "xoxb-secret"
    assert settings.app_token == "xapp-secret"
    assert settings.database == "postgresql+psycopg://bot:pw@db/bot"


def test_the_mark_that_windows_editors_put_first_is_no_part_of_a_secret_or_a_name(load: Load, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xef\xbb\xbfsyncro-secret\r\n")
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfSYNCRO_SUBDOMAIN=acme\r\nSCAN_LIMIT=7\r\n")
    settings = load((Need.SYNCRO,), SYNCRO_API_TOKEN_FILE=str(tmp_path / "token"))
    assert (settings.syncro_token, settings.syncro_subdomain, settings.scan_limit) == ("syncro-secret", "acme", 7)


@pytest.mark.parametrize("name", ["SYNCRO_API_TOKEN_FILE", "POLICY_FILE"])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (os.mkfifo, "no ordinary file"),
        (lambda path: path.symlink_to("/dev/zero"), "no ordinary file"),
        (Path.mkdir, "IsADirectoryError"),
        (lambda path: path.write_bytes(b"x" * 1_000_001), "too large"),
        (lambda path: path.write_text("token", encoding="utf-16"), "no text in UTF-8"),
    ],
)
def test_what_is_no_ordinary_small_text_file_is_refused_at_once(
    problems: Problems, tmp_path: Path, name: str, make: Callable[[Path], object], said: str
) -> None:
    make(tmp_path / "odd")
    (problem,) = problems(**{"SYNCRO_API_TOKEN": "", "SYNCRO_API_TOKEN_FILE": "", name: str(tmp_path / "odd")})[:1]
    assert problem.startswith(f"{name} names {tmp_path / 'odd'}, which ")
    assert said in problem


@pytest.mark.parametrize(
    "changes",
    [
        {"DATABASE_URL_FILE": "postgresql://bot:s3cr3t@db/bot"},
        {"SYNCRO_API_TOKEN_FILE": "T1234567890s3cr3t/1234567890=="},
        {"POLICY_FILE": "Bearer T1234567890s3cr3t1234567890"},
        {"MANAGERS": "Bearer T1234567890s3cr3t1234567890"},
        {"LABOR_RATES": "T1234567890s3cr3t1234567890 = x"},
    ],
)
def test_a_secret_in_the_wrong_place_is_not_shown(problems: Problems, changes: dict[str, str]) -> None:
    assert "s3cr3t" not in " ".join(problems(**changes))


def test_quotation_marks_in_a_secret_file_are_no_part_of_the_secret(load: Load, tmp_path: Path) -> None:
    (tmp_path / "token").write_text('"syncro-secret"\n', encoding="utf-8")
    assert (
        load((Need.SYNCRO,), SYNCRO_SUBDOMAIN="acme", SYNCRO_API_TOKEN_FILE="./token").syncro_token == "syncro-secret"
    )


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
def test_a_secret_file_that_holds_nothing_readable_is_named(
    problems: Problems, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    (problem,) = problems(SYNCRO_API_TOKEN="", SYNCRO_API_TOKEN_FILE=str(path))
    assert problem.startswith("SYNCRO_API_TOKEN_FILE names")
    assert str(path) in problem


@pytest.mark.parametrize("name", ["SYNCRO_API_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
@pytest.mark.parametrize("token", ["two words", "line\nbreak", "with…dots", "nul\x01"])
def test_a_token_that_no_http_header_can_carry_is_refused_without_showing_it(
    problems: Problems, name: str, token: str
) -> None:
    (problem,) = problems(**{name: token})
    assert problem.startswith(f"{name} must be one word")
    assert token not in problem


def test_syncro_s_token_alone_may_stand_behind_bearer(load: Load, problems: Problems) -> None:
    settings = load(**{**COMPLETE, "SYNCRO_API_TOKEN": "Bearer syncro-secret"})
    assert settings.syncro_token == "Bearer syncro-secret"
    assert "syncro-secret" in settings.secrets()
    for name, token in (("SYNCRO_API_TOKEN", "Bearer two words"), ("SLACK_BOT_TOKEN", "Bearer xoxb-1")):
        (problem,) = problems(**{name: token})
        assert problem.startswith(f"{name} must be one word")


def test_space_around_a_token_does_not_matter_and_a_blank_one_is_missing(load: Load, problems: Problems) -> None:
    assert load(**{**COMPLETE, "SYNCRO_API_TOKEN": " syncro-secret\n"}).syncro_token == "syncro-secret"
    (problem,) = problems(SYNCRO_API_TOKEN="  ")
    assert problem.startswith("SYNCRO_API_TOKEN is not set")


SLACK_SECRET, SYNCRO_SECRET = "xoxb-5ecret-1", "T5ecret0f9a8b7c6d5e4f3a2b1c"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SLACK_BOT_TOKEN", "xapp-5ecret", "must begin with xoxb-"),
        ("SLACK_BOT_TOKEN", "xoxp-5ecret", "another kind of token: it must begin with xoxb-"),
        ("SLACK_BOT_TOKEN", SYNCRO_SECRET, "must begin with xoxb-"),
        ("SLACK_APP_TOKEN", SLACK_SECRET, "must begin with xapp-"),
        ("SYNCRO_API_TOKEN", SLACK_SECRET, "holds a token of Slack"),
        ("SYNCRO_API_TOKEN", f"Bearer {SLACK_SECRET}", "holds a token of Slack"),
        ("SLACK_BOT_TOKEN_FILE", SLACK_SECRET, "the path of a file that holds it is wanted"),
        ("SYNCRO_API_TOKEN_FILE", SYNCRO_SECRET, "looks like a secret, which cannot be read"),
        ("POLICY_FILE", SYNCRO_SECRET, "looks like a secret, which cannot be read"),
        ("MANAGERS", f"U1,{SLACK_SECRET}", "SLACK_BOT_TOKEN begins with xoxb-, SLACK_APP_TOKEN begins with xapp-"),
        ("MANAGERS", f"U1,{SYNCRO_SECRET}", "looks like a secret; give Slack ids"),
        ("FINISHED_STATUSES", SLACK_SECRET, "holds a token of Slack"),
        ("SYNCRO_SUBDOMAIN", SLACK_SECRET, "holds a token of Slack"),
        ("SCAN_LIMIT", SLACK_SECRET, "holds a token of Slack"),
        ("DIGEST_TIMEZONE", SYNCRO_SECRET, "IANA"),
    ],
)
def test_a_token_in_the_wrong_place_is_refused_in_words_that_do_not_show_it(
    problems: Problems, name: str, value: str, said: str
) -> None:
    (problem,) = problems(**{name: value})
    assert problem.startswith(f"{name} ")
    assert said in problem
    assert "5ecret" not in problem


def test_a_token_of_the_wrong_kind_is_noticed_in_a_file_and_where_slack_is_not_needed(
    problems: Problems, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text("xoxb-5ecret", encoding="utf-8")
    found = problems((Need.SYNCRO,), SYNCRO_API_TOKEN="", SYNCRO_API_TOKEN_FILE=str(tmp_path / "token"))
    assert [problem.split()[0] for problem in found] == ["SYNCRO_API_TOKEN_FILE"]
    assert problems((Need.SYNCRO,), SLACK_BOT_TOKEN="xapp-1")[0].startswith("SLACK_BOT_TOKEN holds another kind")


@pytest.mark.parametrize(
    "database",
    [
        "postgresql://bot:p%40ss-word@db/bot",
        "postgresql://bot:p#ss-word@db/bot",
        "postgresql://bot:p?ss-word@db/bot",
        "postgresql://bot:pass-word@[no-address/bot",
    ],
)
def test_the_password_of_the_database_is_known_to_the_log_however_it_is_spelled(load: Load, database: str) -> None:
    spelled = database.partition("bot:")[2].partition("@")[0]
    assert {spelled, spelled.replace("%40", "@")} <= set(load(**COMPLETE, DATABASE_URL=database).secrets())


def test_no_secret_is_in_what_python_shows_of_the_settings(load: Load) -> None:
    settings = load(**COMPLETE, DATABASE_URL="postgresql://bot:db-secret@db/bot")
    for shown in (repr(settings), str(settings), settings.model_dump_json(), f"{settings!s:>5}"):
        assert "secret" not in shown.replace("SecretStr", "")


@given(st.sampled_from(sorted(Settings.model_fields)), st.text(st.characters(exclude_characters="\0"), min_size=1))
def test_no_error_shows_a_secret_and_none_escapes(name: str, value: str) -> None:
    secret = "s3cr3t"
    given_value = f"{value}{secret}" if "token" in name or name == "database_url" else value
    with pytest.MonkeyPatch.context() as patch:
        for other in Settings.model_fields:
            patch.delenv(other.upper(), raising=False)
        try:
            patch.setenv(name.upper(), given_value)
        except UnicodeEncodeError:
            return  # the environment cannot hold it
        problems = _problems()
    if not name.endswith("_file"):
        assert secret not in " ".join(problems)


def _problems() -> list[str]:
    try:
        load_settings(environment_file=None)
    except SettingsError as error:
        return list(error.problems)
    return []


# --- lists ---


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Resolved", ("Resolved",)),
        (" Resolved , Closed ,", ("Resolved", "Closed")),
        ('["Closed, paid", "Done"]', ("Closed, paid", "Done")),
        (' ["One"]', ("One",)),
        ("[]", ()),
        ('"No Charge"', ("No Charge",)),
        ("""'"No Charge"'""", ("No Charge",)),
        ('"Resolved, Closed"', ("Resolved", "Closed")),
        ('"Closed, paid", "Done"', ("Closed, paid", "Done")),
        ("'Closed','Done'", ("Closed", "Done")),
        ("""'["Closed, paid"]'""", ("Closed, paid",)),
        ('24" Monitor, Toner', ('24" Monitor', "Toner")),
    ],
)
def test_a_list_is_written_with_commas_or_as_json(load: Load, written: str, names: tuple[str, ...]) -> None:
    assert load(**COMPLETE, FINISHED_STATUSES=written).policy.finished_statuses == names


@pytest.mark.parametrize("written", ["[", '["open"', "[1]", '[["a"]]', '"open, done', '"open" x, done'])
def test_a_list_that_is_no_list_is_refused(problems: Problems, written: str) -> None:
    (problem,) = problems(NON_BILLABLE_TAGS=written)
    assert problem.startswith("NON_BILLABLE_TAGS ")


@pytest.mark.parametrize(
    "written", ["Onsite = 150, Emergency, night=225.50", '{"Onsite": 150, "Emergency, night": 225.50}']
)
def test_rates_are_products_with_what_an_hour_is_worth(load: Load, problems: Problems, written: str) -> None:
    if not written.startswith("{"):
        (problem,) = problems(LABOR_RATES=written)
        assert problem.startswith("LABOR_RATES must be products with what an hour is worth")
        written = written.replace("Emergency, night", "Emergency night")
    rates = load(**COMPLETE, LABOR_RATES=written).policy.labor_rates
    assert [(name.replace(",", ""), str(rate)) for name, rate in rates] == [
        ("Onsite", "150"),
        ("Emergency night", "225.50"),
    ]


@pytest.mark.parametrize(
    "written", ["Onsite = much", "Onsite = -1", "Onsite = 1.234", "Onsite = NaN", "Onsite = 1e99", "= 5", "{", "[1]",
                '{"Onsite": true}', '{"Onsite": [1]}']
)  # fmt: skip
def test_a_rate_that_is_no_amount_is_refused(problems: Problems, written: str) -> None:
    (problem,) = problems(LABOR_RATES=written)
    assert problem.startswith("LABOR_RATES ")


@pytest.mark.parametrize("written", ["$", "€", "CHF", "A$", "kr", "Rs."])
def test_a_currency_is_a_sign_or_a_code(load: Load, written: str) -> None:
    assert load(**COMPLETE, CURRENCY=f" {written} ").currency == written


@pytest.mark.parametrize("written", ["dollars", "<b>", "5", "*", "=", "@", "a b"])
def test_what_is_no_currency_is_refused(problems: Problems, written: str) -> None:
    (problem,) = problems(CURRENCY=written)
    assert problem.startswith("CURRENCY ")


def test_a_policy_file_holds_rates_and_a_wrong_one_is_named_with_its_line(
    load: Load, problems: Problems, tmp_path: Path
) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('covered_contracts = ["Gold"]\n\n[labor_rates]\n"Onsite labour" = 150.10\nEmergency = 225\n')
    rates = load(**COMPLETE, POLICY_FILE=str(path), LABOR_RATES="Other=1").policy.labor_rates
    assert [(name, str(rate)) for name, rate in rates] == [("Onsite labour", "150.10"), ("Emergency", "225")]
    path.write_text('[labor_rates]\n"Onsite labour" = 150\nEmergency = "much"\n')
    (problem,) = problems(POLICY_FILE=str(path))
    assert "line 3: labor_rates holds no rate such as 150.00 for 'Emergency'" in problem


@pytest.mark.parametrize(
    ("name", "right", "wrong", "how"),
    [
        ("ALLOWED_CHANNELS", "C0123ABCD,G0123ABCD", "#billing", "at the bottom of its details"),
        ("ALLOWED_CHANNELS", "C0123ABCD", "U0123ABCD", "a channel's (C0123ABCD)"),
        ("ALLOWED_USERS", "U0123ABCD, W0123ABCD", "bob", "Copy member ID"),
        ("ALLOWED_USERS", "U0123ABCD", "S0123ABCD", "Copy member ID"),
        ("ALLOWED_USERGROUPS", "S0123ABCD", "@techs", "Copy group ID"),
        ("MANAGERS", "U0123ABCD,S0123ABCD", "dana", "Copy member ID"),
        ("MANAGERS", "U0123ABCD", "DANA", "Copy group ID"),
        ("DIGEST_CHANNEL", "C0123ABCD", "billing", "a channel's (C0123ABCD)"),
    ],
)
def test_a_name_where_an_id_belongs_is_refused_with_how_to_find_the_id(
    load: Load, problems: Problems, name: str, right: str, wrong: str, how: str
) -> None:
    load(**COMPLETE, **{name: right})
    (problem,) = problems(**{name: wrong if name == "DIGEST_CHANNEL" else f"{right},{wrong}"})
    assert problem.startswith(f"{name} holds {wrong!r}; give Slack ids, not names")
    assert how in problem


@pytest.mark.parametrize("name", ["ALLOWED_USERS", "ALLOWED_CHANNELS", "ALLOWED_USERGROUPS", "MANAGERS"])
@pytest.mark.parametrize("written", [",", "[]", '","'])
def test_a_list_of_ids_that_holds_none_is_refused_and_does_not_allow_everybody(
    problems: Problems, name: str, written: str
) -> None:
    (problem,) = problems(**{name: written})
    assert problem.startswith(f"{name} is set, and names nobody")


def test_what_is_no_text_is_refused(problems: Problems) -> None:
    (problem,) = problems(FINISHED_STATUSES="Closed\udcff")
    assert problem == "FINISHED_STATUSES holds characters that are no text in UTF-8."


def test_a_list_in_too_many_brackets_is_refused(problems: Problems) -> None:
    (problem,) = problems(FINISHED_STATUSES="[" * 100_000)
    assert problem.startswith("FINISHED_STATUSES is neither")


def test_quotation_marks_that_docker_leaves_around_a_value_are_no_part_of_it(load: Load) -> None:
    quoted = {name: f'"{value}"' for name, value in COMPLETE.items()}
    settings = load(
        **quoted, SCAN_LIMIT="'7'", DIGEST_SCHEDULE='"0 8 * * mon"', MANAGERS='"U1,U2"', LOG_LEVEL='"debug"'
    )
    assert (settings.syncro_token, settings.bot_token, settings.scan_limit) == ("syncro-secret", "xoxb-secret", 7)
    assert (settings.digest_schedule, settings.managers, settings.log_level) == ("0 8 * * mon", ("U1", "U2"), "DEBUG")


# --- the database ---


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:///bot.db", "sqlite:///bot.db"),
        ("sqlite:////var/lib/bot.db", "sqlite:////var/lib/bot.db"),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql://u:p@h:5432/d", "postgresql+psycopg://u:p@h:5432/d"),
        ("postgresql+psycopg2://u@h/d", "postgresql+psycopg://u@h/d"),
    ],
)
def test_sqlite_files_and_postgres_are_databases(load: Load, written: str, meant: str) -> None:
    assert load(**COMPLETE, DATABASE_URL=written).database == meant


@pytest.mark.parametrize(
    "written",
    [
        "bot.db",
        "mysql://u@h/d",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?uri=true",
        "sqlite:///file:bot?mode=memory&uri=true",
        "postgresql://u:s3cr3t@h:port/d",
        "postgresql://u:p@s3cr3t@h/d",
        "postgresql://h/d?user=u&password=s3cr3t",
    ],
)
def test_other_databases_are_refused(problems: Problems, written: str) -> None:
    (problem,) = problems(DATABASE_URL=written)
    assert problem.startswith("DATABASE_URL ")
    assert "s3cr3t" not in problem


# --- .env ---


def test_the_environment_wins_over_the_file(load: Load, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SCAN_LIMIT=7\nLOG_LEVEL=debug\n", encoding="utf-8")
    settings = load(**COMPLETE, SCAN_LIMIT="9")
    assert (settings.scan_limit, settings.log_level) == (9, "DEBUG")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("DIGEST_CHANEL", "DIGEST_CHANNEL"), ("manager", "MANAGERS"), ("SYNCRO_TOKEN", "SYNCRO_API_TOKEN")],
)
def test_a_misspelled_name_in_the_file_is_told_with_the_nearest_one(
    problems: Problems, tmp_path: Path, written: str, meant: str
) -> None:
    (tmp_path / ".env").write_text(f"export {written}=x\nSCAN_LIMIT=many\n", encoding="utf-8")
    assert problems()[0] == f".env sets {written}, which is no setting: {meant} is meant?"
    assert problems()[1].startswith("SCAN_LIMIT ")


def test_names_for_other_programs_may_stand_in_the_file(load: Load, tmp_path: Path) -> None:
    others = "TZ=UTC\nCOMPOSE_PROJECT_NAME=bot\nCOMPOSE_FILE=a\nPOSTGRES_PASSWORD=x\nSLACK_SIGNING_SECRET=y\nPATH=/\n"
    (tmp_path / ".env").write_text(others, encoding="utf-8")
    load(**COMPLETE)


def test_a_name_of_ours_alone_that_is_no_setting_is_told(problems: Problems, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DIGEST_CRON=0 9 * * *\n", encoding="utf-8")
    (problem,) = problems()
    assert problem.startswith(".env sets DIGEST_CRON, which is no setting: ")


@pytest.mark.parametrize("line", ["ALLOWED_USERS: U0123ABCD", 'ALLOWED_USERS="U0123ABCD', "T0123secret", "- UNFURL=1"])
def test_a_line_of_the_file_that_sets_nothing_is_refused_and_not_shown(
    problems: Problems, tmp_path: Path, line: str
) -> None:
    (tmp_path / ".env").write_text(f"# all\n\n{line}\nSCAN_LIMIT=7\n", encoding="utf-8")
    assert problems() == [".env sets nothing in line 3: write NAME=value."]


def test_misspelled_names_of_the_environment_are_told_to_the_log_and_those_of_other_programs_are_not() -> None:
    names = ["ALLOWED_USER", "digest_cron", "MANAGERS", "scan_limit", "PATH", "PGDATABASE", "TEST_DATABASE_URL"]
    assert [said.partition(",")[0] for said in misspelled(names)] == ["ALLOWED_USER", "digest_cron"]


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_a_file_that_is_none_is_refused_at_once(
    problems: Problems, tmp_path: Path, make: Callable[[Path], object]
) -> None:
    make(tmp_path / ".env")
    (problem,) = problems()
    assert problem.startswith(".env cannot be read")
    assert ".env cannot be read" in read_settings().problems[0]


def test_a_file_that_cannot_be_read_is_said_plainly(problems: Problems, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"SYNCRO_API_TOKEN=\xff\xfe\n")
    (problem,) = problems()
    assert problem.startswith(".env cannot be read")


def test_an_unset_secret_is_empty_text() -> None:
    settings = Settings.model_construct(syncro_api_token=None, slack_bot_token=SecretStr("xoxb-1"))
    assert (settings.syncro_token, settings.bot_token) == ("", "xoxb-1")


def test_what_is_set_is_told_by_name_with_secrets_apart(tmp_path: Path) -> None:
    secrets = {"SYNCRO_API_TOKEN": "s3cret", "SLACK_BOT_TOKEN": "xoxb-1", "DATABASE_URL": "postgresql://u:pw@h/d"}
    plain = {"SYNCRO_SUBDOMAIN": "acme", "MANAGERS": "U1,U2", "SCAN_LIMIT": "50", "LOG_LEVEL": "INFO"}
    path = tmp_path / ".env"
    path.write_text("".join(f"{name}={value}\n" for name, value in (secrets | plain).items()), encoding="utf-8")
    shown, secret = load_settings(environment_file=path).as_set()

    assert {name: value for name, value in shown.items() if value} == {
        "SYNCRO_SUBDOMAIN": "acme",
        "MANAGERS": "U1, U2",
        "SCAN_LIMIT": "50",
    }
    assert {name for name, value in secret.items() if value} == set(secrets)
    assert shown.keys() | secret.keys() == {name.upper() for name in Settings.model_fields}
    assert not any(value in str(shown) for value in ("s3cret", "xoxb", "pw"))


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("0 9 31 2 *", "never comes"),
        ("0 9 31 4,6,9,11 *", "never comes"),
        ("R 9 * * *", "five fields"),
        ("H(0-29) 9 * * *", "five fields"),
        ("@daily", "five fields"),
    ],
)
def test_a_schedule_that_never_comes_or_is_drawn_by_lot_is_refused(
    problems: Problems, schedule: str, problem: str
) -> None:
    (said,) = problems(DIGEST_SCHEDULE=schedule)
    assert said.startswith("DIGEST_SCHEDULE")
    assert problem in said


@pytest.mark.parametrize("schedule", ["0 9 29 2 *", "0 9,15 * * mon-fri", "0 9 l 2 *", "0 9 * * thu"])
def test_a_schedule_that_comes_seldom_is_taken(load: Load, schedule: str) -> None:
    assert load(**COMPLETE, DIGEST_SCHEDULE=schedule).digest_schedule == schedule


@pytest.mark.parametrize("said", ["18-8", "8", "8-25", "8:00-18:00", "8-8", "a-b"])
def test_the_hours_of_reminders_are_two_of_one_day(load: Load, problems: Problems, said: str) -> None:
    assert problems(NUDGE_HOURS=said) == ['NUDGE_HOURS must be two hours of a day, such as "8-18".']
    assert load(**COMPLETE, NUDGE_HOURS="7 - 19").nudge_hours == (7, 19)


def test_holidays_of_a_region_that_nobody_knows_are_refused_at_once(load: Load, problems: Problems) -> None:
    (problem,) = problems(HOLIDAYS="Bavaria")
    assert problem.startswith("HOLIDAYS must be a country or a part of one")
    assert load(**COMPLETE, HOLIDAYS="de-by").holidays == "de-by"


def test_technicians_are_people_of_slack_with_their_name_or_address_in_syncro(load: Load, problems: Problems) -> None:
    known = load(**COMPLETE, TECHNICIANS="U0123ABCD = Anna Smith, U0456EFGH=bob@example.com").technicians
    assert known == (("U0123ABCD", "Anna Smith"), ("U0456EFGH", "bob@example.com"))
    for wrong in ("Anna Smith", "anna = Anna Smith", "U0123ABCD ="):
        (problem,) = problems(TECHNICIANS=wrong)
        assert problem.startswith("TECHNICIANS ")
