"""Who may decide, who may read the secrets, and where they are sent."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from dotenv import dotenv_values

from bot.counting import counted
from bot.doctor.results import Result, ok, warning
from bot.setting_values import shown
from bot.settings import Settings
from bot.words.plain import listed

MANAGERS, FILES, DESTINATIONS = "managers", "secret files", "destinations"

_READABLE_BY_OTHERS = stat.S_IRGRP | stat.S_IROTH
_SENT_TO = {
    "SYNCRO_API_TOKEN": ("SYNCRO_BASE_URL", "SYNCRO_SUBDOMAIN"),
    "SLACK_BOT_TOKEN": ("SLACK_API_URL",),
    "SLACK_APP_TOKEN": ("SLACK_API_URL",),
}
"""The settings that say where a token goes; the first that is set counts."""


def examine_safety(settings: Settings, environment: Mapping[str, str], file: Path) -> list[Result]:
    """The checks that need nobody's answer. `file` is the `.env` of the working directory."""
    given = {name.upper(): value for name, value in environment.items() if value}
    in_file = _in_file(file)
    return [check_managers(settings), check_files(given | in_file, file), check_destinations(given, in_file)]


def check_managers(settings: Settings) -> Result:
    """Whether anybody may decide."""
    if settings.managers:
        return ok(MANAGERS, f"MANAGERS names {counted(len(settings.managers), 'id')}")
    what = "snooze a ticket, mark it as non-billable, subscribe to the digest, or ask for a history in Slack"
    return ok(MANAGERS, f"MANAGERS is empty, so nobody can {what}")


def check_files(given: Mapping[str, str], file: Path) -> Result:
    """Whether the files that hold secrets are their owner's alone."""
    named = (Path(value) for name, value in given.items() if name.lower() in _SECRET_FILES)
    open_files = [str(path) for path in (file, *named) if _is_readable_by_others(path)]
    if not open_files:
        return ok(FILES, "no other user of this machine can read them")
    found = f"other users of this machine can read {listed(open_files)}"
    return warning(FILES, found, f"Run: chmod 600 {' '.join(open_files)}")


_SECRET_FILES = frozenset(name for name in Settings.model_fields if name.endswith("_file") and name != "policy_file")


def _is_readable_by_others(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & _READABLE_BY_OTHERS)
    except OSError:
        return False


def check_destinations(given: Mapping[str, str], in_file: Mapping[str, str]) -> Result:
    """Whether a `.env` that lies about sends a token of the environment to a host that the environment did not name."""
    astray = list(_astray(given, in_file))
    if not astray:
        return ok(DESTINATIONS, "no token of the environment goes where only .env says")
    advice = "Set the address in the environment, beside the token, or start the bot in another directory."
    return warning(DESTINATIONS, f".env in the working directory says where tokens go: {'; '.join(astray)}", advice)


def _astray(given: Mapping[str, str], in_file: Mapping[str, str]) -> Iterator[str]:
    for token, addresses in _SENT_TO.items():
        decides = next((name for name in addresses if name in given or name in in_file), None)
        if (token in given or f"{token}_FILE" in given) and decides is not None and decides not in given:
            yield f"{token} of the environment to {decides}={shown(in_file[decides])}"


def _in_file(file: Path) -> dict[str, str]:
    try:
        values = dotenv_values(file, encoding="utf-8-sig") if file.is_file() else {}
    except (OSError, UnicodeDecodeError):  # the settings say so
        return {}
    return {name.upper(): value for name, value in values.items() if value}
