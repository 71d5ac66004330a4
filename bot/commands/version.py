"""`invoice-bot version`, and `--version`."""

from __future__ import annotations

import sys

import typer

import bot


def version() -> None:
    """Print the version."""
    sys.stdout.write(f"invoice-bot {bot.__version__}\n")


def print_and_stop(wanted: bool) -> None:
    """Print the version where it is wanted, and do nothing else."""
    if wanted:
        version()
        raise typer.Exit
