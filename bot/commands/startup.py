"""What a command does first."""

from __future__ import annotations

import getpass
import logging
import os
from collections.abc import Iterator
from urllib.parse import unquote
from urllib.request import getproxies

from bot.jobs.audit import TERMINAL
from bot.logs import set_up_logging
from bot.settings import Need, Settings, load_settings, misspelled

log = logging.getLogger(__name__)


def prepare(*needs: Need) -> Settings:
    """Read the settings, and log as they say.

    Raises:
        SettingsError: some are wrong, or missing for these needs.

    """
    settings = load_settings(*needs)
    log_as_set(settings)
    return settings


def operator() -> str:
    """Who sits at the terminal, for the audit table."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # nobody by that id, as in some containers
        name = str(os.getuid())
    return f"{TERMINAL}:{name}"


def log_as_set(settings: Settings) -> None:
    """Log in the form and at the level of the settings, without their secrets; and which names set nothing."""
    secrets = (*settings.secrets(), *proxy_passwords())
    set_up_logging(form=settings.log_format, level=settings.log_level, secrets=secrets)
    for said in misspelled(os.environ):
        log.warning("The environment sets %s", said)


def proxy_passwords() -> Iterator[str]:
    """The passwords of the proxies that the environment names: as they are, and as their addresses spell them."""
    for address in getproxies().values():
        password = address.rpartition("@")[0].rpartition("/")[2].partition(":")[2]
        yield from (password, unquote(password))
