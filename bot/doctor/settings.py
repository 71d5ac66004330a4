"""Whether the settings are right, and which of them can be used although others are wrong."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bot.counting import counted
from bot.doctor.results import Result, failed, ok
from bot.settings import Need, Settings, SettingsError, load_settings, read_unchecked

NAME = "settings"

_SYNCRO = frozenset({"syncro_base_url", "syncro_subdomain", "syncro_api_token", "syncro_api_token_file"})
_SLACK = frozenset({"slack_api_url"})
_BOT_TOKEN = frozenset({"slack_bot_token", "slack_bot_token_file"})
_APP_TOKEN = frozenset({"slack_app_token", "slack_app_token_file"})
_DATABASE = frozenset({"database_url", "database_url_file"})


@dataclass(frozen=True)
class SettingsRead:
    """The settings as far as they are usable: a wrong one has its default here, and its name stands in `wrong`."""

    settings: Settings
    wrong: frozenset[str]
    problems: tuple[str, ...]

    @property
    def without_syncro(self) -> str:
        """Why Syncro cannot be asked; empty when it can."""
        settings = self.settings
        return self._why("Syncro", _SYNCRO, has_values=bool(settings.syncro_api_url and settings.syncro_token))

    @property
    def without_bot_token(self) -> str:
        """Why Slack's Web API cannot be asked; empty when it can."""
        return self._why("Slack's bot token", _SLACK | _BOT_TOKEN, has_values=bool(self.settings.bot_token))

    @property
    def without_app_token(self) -> str:
        """Why Socket Mode cannot be tried; empty when it can."""
        return self._why("Slack's app token", _SLACK | _APP_TOKEN, has_values=bool(self.settings.app_token))

    @property
    def without_database(self) -> str:
        """Why the database cannot be opened; empty when it can."""
        return self._why("the database", _DATABASE, has_values=True)

    def _why(self, what: str, needed: frozenset[str], *, has_values: bool) -> str:
        if wrong := sorted(self.wrong & needed):
            return f"{wrong[0].upper()} is wrong, see the settings"
        return "" if has_values else f"{what} is not set, see the settings"


def read_settings(environment_file: str | Path | None = ".env") -> SettingsRead:
    """Read all settings; what is wrong with one does not hide the others."""
    try:
        load_settings(Need.SYNCRO, Need.SLACK, environment_file=environment_file)
        problems: tuple[str, ...] = ()
    except SettingsError as error:
        problems = tuple(error.problems)
    try:
        return SettingsRead(read_unchecked(environment_file), frozenset(), problems)
    except (OSError, UnicodeDecodeError):
        return _without_file(problems)
    except ValidationError as error:
        wrong = frozenset(str(each["loc"][0]) for each in error.errors() if each["loc"])
        defaults = {name: Settings.model_fields[name].get_default() for name in wrong}
        return SettingsRead(read_unchecked(environment_file, **defaults), wrong, problems)


def _without_file(problems: tuple[str, ...]) -> SettingsRead:
    """The environment alone: the file's own problem stands first."""
    read = read_settings(None)
    return SettingsRead(read.settings, read.wrong, (*problems, *read.problems))


def check_settings(read: SettingsRead) -> Result:
    """All problems of the settings at once."""
    if not read.problems:
        return ok(NAME, "all are valid")
    found = f"{counted(len(read.problems), 'problem')}: {' '.join(read.problems)}"
    return failed(NAME, found, "Set them in the environment or in .env; .env.example explains each.")
