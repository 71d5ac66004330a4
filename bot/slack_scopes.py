"""The permissions that the bot asks Slack for, the same as in manifest.yml, and what each is for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

REQUIRED: Mapping[str, str] = MappingProxyType(
    {
        "commands": "people ask with /invoice-check and with the message shortcut",
        "chat:write": "answers are posted",
        "chat:write.public": "answers are posted in public channels to which the bot was not invited",
        "app_mentions:read": "people ask by mentioning the bot",
        "im:history": "people ask in a direct message",
        "channels:read": "billing data stays out of public channels that are shared with another company",
        "groups:read": "billing data stays out of private channels that are shared with another company",
        "users:read": "guests and people of other companies are told from our own; a digest of one's own goes by name",
        "files:write": "the daily digest attaches its whole list as a spreadsheet file",
    }
)
"""Without one of these the bot does not do what it promises."""

OPTIONAL: Mapping[str, str] = MappingProxyType(
    {
        "usergroups:read": "the members of groups in ALLOWED_USERGROUPS and MANAGERS are read; needed only for groups",
        "channels:history": "in public channels: replies to a warning are heard; after a crash nothing is posted twice",
        "groups:history": "in private channels: replies to a warning are heard; after a crash nothing is posted twice",
        "links:read": "addresses of tickets and invoices that people post are seen; needed only with UNFURL",
        "links:write": "one line is shown below such an address; needed only with UNFURL",
    }
)
"""A workspace may decline these."""
