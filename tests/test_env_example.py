"""`.env.example` explains every setting, with its true default, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.settings import Need, Settings, load_settings

EXAMPLE = (Path(__file__).parent.parent / ".env.example").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"^(?:# )?([A-Z][A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE))
TO_FILL_IN = {
    "SYNCRO_SUBDOMAIN": "acme",
    "SYNCRO_API_TOKEN": "token-1",
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def test_every_setting_stands_in_it_once_and_nothing_else() -> None:
    names = re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", EXAMPLE, re.MULTILINE)
    assert sorted(names) == sorted(name.upper() for name in Settings.model_fields)


def test_a_person_fills_in_four_values_and_it_loads(tmp_path: Path) -> None:
    filled = re.sub(r"^([A-Z_]+)=$", lambda match: f"{match[1]}={TO_FILL_IN[match[1]]}", EXAMPLE, flags=re.MULTILINE)
    path = tmp_path / ".env"
    path.write_text(filled, encoding="utf-8")
    settings = load_settings(Need.SYNCRO, Need.SLACK, environment_file=path)
    assert settings.syncro_api_url == "https://acme.syncromsp.com/api/v1"
    assert settings.secrets()[:3] == ("token-1", "xoxb-1", "xapp-1")


def test_only_what_has_to_be_filled_in_is_not_commented_out() -> None:
    assert set(re.findall(r"^([A-Z_]+)=$", EXAMPLE, re.MULTILINE)) == set(TO_FILL_IN)
    assert re.findall(r"^[A-Z_]+=.+$", EXAMPLE, re.MULTILINE) == []


def test_with_every_comment_sign_removed_it_says_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(re.sub(r"^# (?=[A-Z_]+=)", "", EXAMPLE, flags=re.MULTILINE), encoding="utf-8")
    assert load_settings(environment_file=path) == load_settings(environment_file=None)


def test_secrets_are_empty() -> None:
    secret = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]
    assert secret
    shown = {name.upper(): ENTRIES[name.upper()] for name in secret if ENTRIES[name.upper()]}
    default = Settings.model_fields["database_url"].default
    assert isinstance(default, SecretStr)
    assert shown == {"DATABASE_URL": default.get_secret_value()}
