"""Every setting, validated at once, with a message that says what to do.

Settings come from the environment and from a `.env` file in the working directory (the environment wins). A secret
can also be read from a file: set `NAME_FILE` instead of `NAME`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal
from unicodedata import category
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy
from croniter import CroniterBadDateError, croniter
from dotenv.parser import parse_stream
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.billing.rules.policy import NothingRecorded, Policy
from bot.policy_file import labor_rates, read_policy_file
from bot.public_holidays import public_holidays
from bot.setting_values import (
    CHANNEL,
    DIGEST_PLACE,
    GROUP,
    MANAGER,
    PERSON,
    SLACK_TOKEN,
    IdKind,
    file_text,
    host_and_port,
    hours,
    slack_api,
    slack_id,
    slack_ids,
    syncro_api,
    technicians,
    unquoted,
    words,
)
from bot.syncro.tokens import bare
from bot.told import ToldError


class SettingsError(ToldError):
    """Settings are missing or wrong. `problems` are sentences, one for each, in the order of the settings."""

    problems: Sequence[str] = ()

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = problems
        super().__init__(" ".join(problems))


class Need(Enum):
    """What a command is about to use, and so what must be set."""

    SYNCRO = "Syncro"
    SLACK = "Slack"


def _secret_file(value: Any) -> Any:
    """Read a secret from the file that the setting names."""
    if not isinstance(value, str | Path):
        return value
    content = unquoted(file_text(Path(value)))
    if not content:
        raise ValueError(f"names {value}, which is empty")
    return SecretStr(content)


def _policy_file(value: Any) -> Any:
    return read_policy_file(Path(value)) if isinstance(value, str | Path) else value


def _rates(value: Any) -> Any:
    """Read "Onsite labour = 150, Emergency = 225"; a JSON object serves names that hold a comma."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("{"):
        try:
            said = json.loads(value, parse_float=Decimal)
        except (ValueError, RecursionError):
            raise ValueError("is not valid JSON") from None
    else:
        pairs = [each.rpartition("=") for each in value.split(",") if each.strip()]
        said = {product.strip(): rate for product, _, rate in pairs}
    if "" in said:
        raise ValueError('must be products with what an hour is worth, such as "Onsite labour = 150, Emergency = 225"')
    return labor_rates(said)


def _ids(kind: IdKind) -> BeforeValidator:
    return BeforeValidator(partial(slack_ids, kind))


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(words)]
Channels = Annotated[tuple[str, ...], NoDecode, _ids(CHANNEL)]
People = Annotated[tuple[str, ...], NoDecode, _ids(PERSON)]
Groups = Annotated[tuple[str, ...], NoDecode, _ids(GROUP)]
Managers = Annotated[tuple[str, ...], NoDecode, _ids(MANAGER)]
Technicians = Annotated[tuple[tuple[str, str], ...], NoDecode, BeforeValidator(technicians)]
DigestPlace = Annotated[str | None, BeforeValidator(partial(slack_id, DIGEST_PLACE))]
SecretFile = Annotated[SecretStr | None, BeforeValidator(_secret_file)]
LaborRates = Annotated[tuple[tuple[str, Decimal], ...], NoDecode, BeforeValidator(_rates)]
Hours = Annotated[tuple[int, int], NoDecode, BeforeValidator(hours)]
HostAndPort = Annotated[tuple[str, int] | None, NoDecode, BeforeValidator(host_and_port)]
PolicyFile = Annotated[Mapping[str, Any] | None, NoDecode, BeforeValidator(_policy_file)]

_DEFAULT_POLICY = Policy()
_ENCODING = "utf-8-sig"
"""With or without the mark that some editors put before the first line."""
_ALIKE = 0.75
"""How alike two names are, of which one is taken for a slip of the finger: 1 is the same."""
_OURS_ALONE = ("ALLOWED_", "COVERED_", "DIGEST_", "LABOR_", "NON_BILLABLE_", "NUDGE_")
"""How names begin that no other program has."""
_SLACK_TOKENS: Mapping[str, tuple[str, str]] = {
    "slack_bot_token": ("xoxb-", "OAuth & Permissions"),
    "slack_app_token": ("xapp-", "Basic Information, App-Level Tokens"),
}
"""How each begins, and where on the page of one's Slack app it stands."""
_TOKENS_IN_WORDS = ", ".join(f"{name.upper()} begins with {prefix}" for name, (prefix, _) in _SLACK_TOKENS.items())


class Settings(BaseSettings):
    """All settings, with their defaults. Build one with `load_settings`."""

    model_config = SettingsConfigDict(
        env_file=".env", env_file_encoding=_ENCODING, env_ignore_empty=True, extra="ignore"
    )

    syncro_base_url: str | None = None
    syncro_subdomain: str | None = None
    syncro_api_token: SecretStr | None = None
    syncro_api_token_file: SecretFile = None
    syncro_requests_per_minute: int = Field(default=180, ge=1)
    scan_limit: int = Field(default=200, ge=0)
    ledger_max_age_days: int = Field(default=90, ge=0, le=3650)
    sync_every_minutes: int = Field(default=15, ge=0, le=1440)

    slack_bot_token: SecretStr | None = None
    slack_bot_token_file: SecretFile = None
    slack_app_token: SecretStr | None = None
    slack_app_token_file: SecretFile = None
    slack_api_url: str = "https://slack.com/api/"
    allowed_channels: Channels = ()
    allowed_users: People = ()
    allowed_usergroups: Groups = ()
    allow_guests: bool = False
    unfurl: bool = False

    limit_jobs_per_person: int = Field(default=3, ge=1, le=16)
    limit_tickets_waiting: int = Field(default=200, ge=1)

    database_url: SecretStr = SecretStr("sqlite:///invoice-bot.db")
    database_url_file: SecretFile = None
    retention_days: int = Field(default=730, ge=1, le=36500)

    finished_statuses: Words = _DEFAULT_POLICY.finished_statuses
    non_billable_statuses: Words = _DEFAULT_POLICY.non_billable_statuses
    non_billable_billing_statuses: Words = ()
    non_billable_tags: Words = ()
    non_billable_ticket_types: Words = ()
    non_billable_problem_types: Words = ()
    non_billable_customers: Words = ()
    non_billable_subjects: Words = ()
    no_charge_products: Words = ()
    covered_customers: Words = ()
    covered_contracts: Words = ()
    nothing_recorded: NothingRecorded = NothingRecorded.QUIET
    policy_file: PolicyFile = None

    digest_channel: DigestPlace = None
    digest_schedule: str = "0 9 * * mon-fri"
    digest_timezone: str = "UTC"
    digest_lookback_days: int = Field(default=30, ge=1, le=3650)
    digest_grace_hours: int = Field(default=24, ge=0, le=8760)
    digest_when_empty: Literal["line", "silent"] = "line"
    labor_rate: Decimal | None = Field(default=None, ge=0, max_digits=12, decimal_places=2)
    labor_rates: LaborRates = ()
    currency: str = ""
    managers: Managers = ()
    technicians: Technicians = ()
    holidays: str | None = None
    nudge: bool = False
    nudge_hours: Hours = (8, 18)
    escalate_after_days: int = Field(default=3, ge=1, le=90)

    health_address: HostAndPort = None

    log_format: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("*", mode="before")
    @classmethod
    def _as_meant(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        if re.search("[\0\ud800-\udfff]", value):
            raise ValueError("holds characters that are no text in UTF-8")
        name = str(info.field_name)
        if name not in _SLACK_TOKENS and SLACK_TOKEN.search(value):
            wanted = "the path of a file that holds it is wanted" if name.endswith("_file") else "it belongs elsewhere"
            raise ValueError(f"holds a token of Slack: {wanted} ({_TOKENS_IN_WORDS})")
        return unquoted(value)

    @field_validator("syncro_base_url")
    @classmethod
    def _check_base_url(cls, value: str | None) -> str | None:
        return None if value is None else syncro_api(value)

    @field_validator("syncro_subdomain")
    @classmethod
    def _check_subdomain(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?", value):
            raise ValueError('must be only the first part of your Syncro address, the "acme" of acme.syncromsp.com')
        return value

    @field_validator("slack_api_url")
    @classmethod
    def _check_slack_url(cls, value: str) -> str:
        return slack_api(value)

    @field_validator(
        "syncro_api_token",
        "syncro_api_token_file",
        "slack_bot_token",
        "slack_bot_token_file",
        "slack_app_token",
        "slack_app_token_file",
    )
    @classmethod
    def _check_token(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        token = value.get_secret_value().strip() if value is not None else ""
        prefix, where = _SLACK_TOKENS.get(str(info.field_name).removesuffix("_file"), ("", ""))
        if not re.fullmatch(r"[!-~]*", token if prefix else bare(token)):  # what an HTTP header can carry
            raise ValueError("must be one word without spaces or special characters: copy the token again")
        if not prefix and SLACK_TOKEN.search(token):
            raise ValueError("holds a token of Slack: create one in Syncro under Admin, API Tokens")
        if token and not token.removeprefix("xoxe.").startswith(prefix):
            told = f"it must begin with {prefix} (your Slack app's page, {where})"
            raise ValueError(f"holds another kind of token: {told}")
        return SecretStr(token) if token else None

    @field_validator("database_url", "database_url_file")
    @classmethod
    def _check_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        text = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql+psycopg://", value.get_secret_value())
        if not text.startswith(("postgresql+psycopg://", "sqlite:///")) or text == "sqlite:///":
            raise ValueError("must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE")
        if ":memory:" in text or "mode=memory" in text:
            raise ValueError("must name a file: what is kept in memory is lost with the process")
        try:
            url = sqlalchemy.make_url(text)
        except (ValueError, sqlalchemy.exc.ArgumentError):
            url = None
        if url is None or "@" in (url.host or ""):  # the rest of a password would be shown as the host
            raise ValueError("is no valid address: check host and port, and percent-encode the password")
        if any("password" in name for name in url.query):
            raise ValueError("must have the password before the host (USER:PASSWORD@HOST), where it can be hidden")
        return SecretStr(text)

    @field_validator("currency")
    @classmethod
    def _check_currency(cls, value: str) -> str:
        sign = value.strip()
        if len(sign) > 5 or not all(each.isalpha() or each == "." or category(each) == "Sc" for each in sign):
            raise ValueError('must be the sign or code of your currency, such as "$", "€" or "CHF"')
        return sign

    @field_validator("digest_schedule")
    @classmethod
    def _check_schedule(cls, value: str) -> str:
        # croniter also knows H and R, minutes that are drawn by lot.
        if len(value.split()) != 5 or re.search(r"(?i)\b[hr]\b", value) or not croniter.is_valid(value):
            raise ValueError('must be a cron expression of five fields, such as "0 9 * * mon-fri"')
        try:
            croniter(value, datetime(2000, 1, 1)).get_next(datetime)  # noqa: DTZ001 - any calendar will do
        except CroniterBadDateError:
            raise ValueError("never comes: there is no such day in any of its months") from None
        return value

    @field_validator("digest_timezone")
    @classmethod
    def _check_timezone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError('must be an IANA time zone, such as "Europe/Berlin" or "America/Chicago"') from None
        return value

    @field_validator("holidays")
    @classmethod
    def _check_holidays(cls, value: str | None) -> str | None:
        public_holidays(value)
        return value

    @field_validator("log_level", "digest_when_empty", "nothing_recorded", mode="before")
    @classmethod
    def _any_case(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        return value.upper() if info.field_name == "log_level" else value.lower()

    @property
    def syncro_api_url(self) -> str:
        """The address of Syncro's API, ending in /api/v1; empty where nothing is set."""
        if self.syncro_base_url:
            return self.syncro_base_url
        return f"https://{self.syncro_subdomain}.syncromsp.com/api/v1" if self.syncro_subdomain else ""

    @property
    def syncro_site(self) -> str:
        """Where people open tickets and invoices in Syncro."""
        return self.syncro_api_url.removesuffix("/api/v1")

    @property
    def syncro_token(self) -> str:
        """Syncro's API token; empty where none is set."""
        return _secret(self.syncro_api_token, self.syncro_api_token_file)

    @property
    def bot_token(self) -> str:
        """Slack's bot token (xoxb-…); empty where none is set."""
        return _secret(self.slack_bot_token, self.slack_bot_token_file)

    @property
    def app_token(self) -> str:
        """Slack's app-level token for Socket Mode (xapp-…); empty where none is set."""
        return _secret(self.slack_app_token, self.slack_app_token_file)

    @property
    def database(self) -> str:
        """The database's address for SQLAlchemy; may hold a password."""
        return _secret(self.database_url_file, self.database_url)

    @property
    def policy(self) -> Policy:
        """The account's rules: those of the policy file, and the settings for what does not stand in it."""
        names = {each.name for each in fields(Policy)}
        of_file = self.policy_file or {}
        return Policy(**{**{name: getattr(self, name) for name in names}, **of_file})

    def as_set(self) -> tuple[dict[str, str], dict[str, str]]:
        """Every setting by its name: those that may be shown, and the secret ones. What is as by default is empty."""
        plain, secret = {}, {}
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if "SecretStr" in str(field.annotation):
                secret[name.upper()] = "" if value == field.default else value.get_secret_value()
            else:
                plain[name.upper()] = "" if value == field.default else _shown(value)
        return plain, secret

    def secrets(self) -> tuple[str, ...]:
        """Every secret text, for the log filter that keeps them out."""
        tokens = (bare(self.syncro_token), self.bot_token, self.app_token)
        return tuple(filter(None, (*tokens, *_passwords(self.database))))


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def load_settings(*needs: Need, environment_file: str | Path | None = ".env") -> Settings:
    """Read and check all settings.

    Raises:
        SettingsError: with every problem at once, also of the settings that `needs` call for.

    """
    vain: list[str] = []
    try:
        vain = _said_in_vain(environment_file)
        settings = read_unchecked(environment_file)
    except (OSError, UnicodeDecodeError) as error:
        problem = f"{environment_file} cannot be read ({type(error).__name__}): it must be a text file in UTF-8."
        raise SettingsError([problem]) from None
    except ValidationError as error:
        problems = [_sentence(dict(each)) for each in error.errors(include_url=False, include_input=False)]
        broken = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
        raise SettingsError([*vain, *problems, *_missing_beside(broken, needs, environment_file)]) from None
    if problems := [*vain, *_missing(settings, needs)]:
        raise SettingsError(problems)
    return settings


def read_unchecked(environment_file: str | Path | None, **instead: Any) -> Settings:
    """Read the settings, with these instead of what is set.

    Raises:
        ValidationError: some are wrong.
        OSError, UnicodeDecodeError: the file is none, as a pipe that never ends, or no text.

    """
    if environment_file is not None and Path(environment_file).exists() and not Path(environment_file).is_file():
        raise OSError
    return Settings(_env_file=environment_file, **instead)


def misspelled(names: Iterable[str]) -> Iterator[str]:
    """Names that are all but those of settings. Quite another name, or one with a word more, is for another program."""
    known = [name.upper() for name in Settings.model_fields]
    for name in names:
        said = name.upper()
        near = next(iter(get_close_matches(said, known, 1, _ALIKE)), "")
        if f"_{near}_" in f"_{said}_":
            near = ""
        if said not in known and (near or said.startswith(_OURS_ALONE)):
            meant = f"{near} is meant?" if near else "all that there are stand in .env.example."
            yield f"{name}, which is no setting: {meant}"


def _said_in_vain(environment_file: str | Path | None) -> list[str]:
    """Lines of the file that set nothing, which are not shown, and misspelled names."""
    if environment_file is None or not Path(environment_file).is_file():
        return []
    said = list(parse_stream(StringIO(Path(environment_file).read_text(encoding=_ENCODING))))
    empty = [each.original for each in said if each.error or (each.key is not None and each.value is None)]
    lines = (each.line + len(each.string) - len(each.string.lstrip("\n")) for each in empty)
    return [
        *(f"{environment_file} sets nothing in line {line}: write NAME=value." for line in lines),
        *(
            f"{environment_file} sets {each}"
            for each in misspelled(dict.fromkeys(each.key for each in said if each.key))
        ),
    ]


def _missing_beside(broken: set[str], needs: tuple[Need, ...], environment_file: str | Path | None) -> list[str]:
    """What is missing besides the settings that are wrong: those count as set for this check."""
    stand_ins: dict[str, Any] = {name: Settings.model_fields[name].get_default() for name in broken}
    for name in broken & _STAND_INS.keys():
        stand_ins[name] = _STAND_INS[name]
    return _missing(read_unchecked(environment_file, **stand_ins), needs)


_STAND_INS: Mapping[str, Any] = {
    "syncro_base_url": "https://stand-in",
    "syncro_subdomain": "stand-in",
    "syncro_api_token": SecretStr("stand-in"),
    "syncro_api_token_file": SecretStr("stand-in"),
    "slack_bot_token": SecretStr("xoxb-stand-in"),
    "slack_bot_token_file": SecretStr("xoxb-stand-in"),
    "slack_app_token": SecretStr("xapp-stand-in"),
    "slack_app_token_file": SecretStr("xapp-stand-in"),
    "database_url_file": SecretStr("sqlite:///stand-in"),
}


def _missing(settings: Settings, needs: tuple[Need, ...]) -> list[str]:
    problems = []
    if Need.SYNCRO in needs:
        if not settings.syncro_api_url:
            problems.append('SYNCRO_SUBDOMAIN is not set: give the "acme" of https://acme.syncromsp.com.')
        if not settings.syncro_token:
            problems.append("SYNCRO_API_TOKEN is not set: create one in Syncro under Admin, API Tokens.")
    if Need.SLACK in needs:
        given = {"slack_bot_token": settings.bot_token, "slack_app_token": settings.app_token}
        problems += [
            f"{name.upper()} is not set: copy the token that begins with {prefix} from your Slack app's page, {where}."
            for name, (prefix, where) in _SLACK_TOKENS.items()
            if not given[name]
        ]
    return problems


def _secret(*candidates: SecretStr | None) -> str:
    return next((each.get_secret_value() for each in candidates if each is not None), "")


def _passwords(database: str) -> tuple[str, ...]:
    """The database's password: as it is, and as its address spells it."""
    spelled = re.search(r"://[^:/@]*:([^/]*)@", database)
    return (sqlalchemy.make_url(database).password or "", spelled.group(1) if spelled else "")


def _sentence(error: dict[str, Any]) -> str:
    name = str(error["loc"][0]).upper() if error["loc"] else "A setting"
    message = str(error["msg"]).removeprefix("Value error, ")
    lowered = message[:1].lower() + message[1:]
    return f"{name} {lowered.removeprefix('input ')}."
