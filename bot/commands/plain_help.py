"""The commands by name, each loaded when it is called; `--help` in words for people: no types of Python."""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

_COMMANDS = MappingProxyType(
    {
        "check": "check",
        "digest": "digest",
        "sync": "sync",
        "policy": "policy",
        "history": "history",
        "close": "close",
        "serve": "serve",
        "worker": "serve",
        "demo": "demo",
        "doctor": "doctor",
        "backup": "backup",
        "restore": "backup",
        "move-to": "backup",
        "version": "version",
    }
)
"""In which file of `bot.commands` each is, in the order of the help. A command loads what it needs, and no more."""


class PlainCommand(TyperCommand):
    """A command whose options show what to give: `--customer CUSTOMER`, `--since DATE`, nothing after a flag."""

    def get_params(self, ctx: Any) -> list[Any]:
        """See `TyperCommand`."""
        return [_plain(parameter) for parameter in super().get_params(ctx)]


class PlainGroup(TyperGroup):
    """The same for the options before a command; it knows every command by name."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes | {"commands": dict.fromkeys(_COMMANDS)})

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click's way to call it
        """See `TyperGroup`."""
        if cmd_name not in _COMMANDS:
            return None
        function = getattr(import_module(f"bot.commands.{_COMMANDS[cmd_name]}"), cmd_name.replace("-", "_"))
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(cmd_name, cls=PlainCommand)(function)
        return typer.main.get_command(alone)

    def get_params(self, ctx: Any) -> list[Any]:
        """See `TyperGroup`."""
        return [_plain(parameter) for parameter in super().get_params(ctx)]


def _plain(parameter: Any) -> Any:
    takes_value = isinstance(parameter, TyperOption) and not parameter.is_flag
    shown = ("DATE" if parameter.type_descriptor.is_datetime else parameter.name.upper()) if takes_value else ""
    vars(parameter)["display_type"] = lambda _ctx=None, **_: shown
    return parameter
