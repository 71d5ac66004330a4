"""The manifest makes the Slack app that the code expects, with the fewest permissions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot import slack_scopes
from bot.listeners.intake import COMMAND
from bot.listeners.list_shortcut import CALLBACK as LIST
from bot.listeners.shortcuts import CALLBACK

ROOT = Path(__file__).parent.parent
MANIFEST = ROOT / "manifest.yml"
SCHEMA = ROOT / ".." / "shared" / "reference" / "slack-manifest.schema.2.0.0.json"


@pytest.fixture(scope="module")
def manifest() -> Any:
    return yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))


@pytest.mark.skipif(not SCHEMA.is_file(), reason="Slack's schema is not beside the repository")
def test_the_manifest_is_valid_under_slacks_schema(manifest: Any) -> None:
    jsonschema.validate(manifest, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_texts_keep_slacks_limits(manifest: Any) -> None:
    about = manifest["display_information"]
    (command,) = manifest["features"]["slash_commands"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert len(command["command"]) <= 32
    assert len(command["usage_hint"]) <= 1000
    assert all(len(shortcut["name"]) <= 24 for shortcut in manifest["features"]["shortcuts"])


def test_the_command_and_the_shortcut_are_those_that_the_code_listens_for(manifest: Any) -> None:
    (command,) = manifest["features"]["slash_commands"]
    shortcut, pasted = manifest["features"]["shortcuts"]
    assert (pasted["type"], pasted["callback_id"]) == ("global", LIST)
    assert command["command"] == COMMAND
    assert command["should_escape"] is False
    assert (shortcut["type"], shortcut["callback_id"], shortcut["name"]) == ("message", CALLBACK, "Check invoices")


def test_nothing_has_to_be_reachable_from_outside(manifest: Any) -> None:
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"] == {"is_enabled": True}
    assert re.findall(r"_url\b|https?://(?!api\.slack\.com/apps)", MANIFEST.read_text(encoding="utf-8")) == []


def test_people_can_mention_the_bot_and_write_to_it(manifest: Any) -> None:
    events = [
        "app_mention",
        "app_home_opened",
        "message.im",
        "message.channels",
        "message.groups",
        "channel_shared",
        "channel_unshared",
    ]
    events.append("link_shared")
    assert manifest["settings"]["event_subscriptions"] == {"bot_events": events}
    home = manifest["features"]["app_home"]
    assert home["home_tab_enabled"] is True
    assert home["messages_tab_enabled"] is True
    assert home["messages_tab_read_only_enabled"] is False
    assert manifest["features"]["bot_user"]["display_name"]


def test_one_workspace_and_lasting_tokens(manifest: Any) -> None:
    assert manifest["settings"]["org_deploy_enabled"] is False
    assert manifest["settings"]["token_rotation_enabled"] is False


def test_the_scopes_are_those_that_the_code_knows(manifest: Any) -> None:
    scopes = manifest["oauth_config"]["scopes"]
    assert scopes == {"bot": list(slack_scopes.REQUIRED), "bot_optional": list(slack_scopes.OPTIONAL)}


@pytest.mark.parametrize(("scope", "why"), [*slack_scopes.REQUIRED.items(), *slack_scopes.OPTIONAL.items()])
def test_the_comment_beside_each_scope_says_why_it_is_asked_for(scope: str, why: str) -> None:
    assert f"- {scope} # {why}\n" in MANIFEST.read_text(encoding="utf-8")
