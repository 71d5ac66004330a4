"""What systemd is told, where it listens."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from bot.health.systemd import notify


@pytest.mark.parametrize("abstract", [False, True])
def test_systemd_hears_what_is_said_on_the_socket_that_it_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, abstract: bool
) -> None:
    path = f"{tmp_path}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{path}" if abstract else path)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{path}" if abstract else path)
        notify("READY=1", "STATUS=Ready")
        assert systemd.recv(1000) == b"READY=1\nSTATUS=Ready"


@pytest.mark.parametrize("nobody", ["", "/nowhere/at/all"])
def test_nobody_needs_to_listen(monkeypatch: pytest.MonkeyPatch, nobody: str) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", nobody)
    notify("READY=1")
