"""What the service manager hears."""

import logging
import socket
from pathlib import Path

import pytest

from edge_agent.notify import Notifier


@pytest.mark.parametrize("abstract", [False, True])
def test_each_word_is_one_datagram(tmp_path: Path, abstract: bool) -> None:
    address = f"@{tmp_path}/notify" if abstract else f"{tmp_path}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address.replace("@", "\0"))
        notifier = Notifier(address)
        for say, word in (
            (notifier.ready, b"READY=1"),
            (notifier.alive, b"WATCHDOG=1"),
            (notifier.stopping, b"STOPPING=1"),
        ):
            say()
            assert manager.recv(100) == word


def test_without_a_manager_nothing_is_said_and_one_that_is_gone_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    Notifier(None).ready()
    Notifier("").alive()
    assert caplog.text == ""
    Notifier(str(tmp_path / "nobody")).alive()
    assert "WATCHDOG=1 not told" in caplog.text
