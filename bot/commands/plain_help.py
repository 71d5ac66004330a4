"""`--help` in words for people: no types of Python."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup, TyperOption


class PlainCommand(TyperCommand):
    """A command whose options show what to give: `--customer CUSTOMER`, `--since DATE`, nothing after a flag."""

    def get_params(self, ctx: Any) -> list[Any]:
        """See `TyperCommand`."""
        return [_plain(parameter) for parameter in super().get_params(ctx)]


class PlainGroup(TyperGroup):
    """The same for the options before a command."""

    def get_params(self, ctx: Any) -> list[Any]:
        """See `TyperGroup`."""
        return [_plain(parameter) for parameter in super().get_params(ctx)]


def _plain(parameter: Any) -> Any:
    takes_value = isinstance(parameter, TyperOption) and not parameter.is_flag
    shown = ("DATE" if parameter.type_descriptor.is_datetime else parameter.name.upper()) if takes_value else ""
    vars(parameter)["display_type"] = lambda _ctx=None, **_: shown
    return parameter
