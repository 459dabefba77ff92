"""What is checked before anything starts, and what is kept in the data folder."""

import json
import socket
import stat
from pathlib import Path

import pytest

from simulators.errors import FolderError, PortError
from simulators.premises import check_folder, check_port, passwords


def test_a_port_in_use_is_told_in_both_languages() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortError) as raised:
            check_port(port)
    assert f"Port {port}" in raised.value.diagnosis
    assert f"端口 {port}" in raised.value.zh
    check_port(port)  # free again


def test_a_folder_is_made_for_its_owner_alone_and_must_take_files(tmp_path: Path) -> None:
    check_folder(tmp_path / "new" / "data")
    assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match="choose another folder with --data"):
        check_folder(tmp_path / "file")


def test_passwords_are_random_private_and_the_same_on_another_day(tmp_path: Path) -> None:
    first = passwords(tmp_path, ["keeper", "approver"])
    assert first["keeper"] != first["approver"]
    assert passwords(tmp_path, ["keeper", "operator"]) == first | {"operator": passwords(tmp_path, [])["operator"]}
    assert stat.S_IMODE((tmp_path / "sign-ins.json").stat().st_mode) == 0o600
    assert set(json.loads((tmp_path / "sign-ins.json").read_text("utf-8"))) == {"keeper", "approver", "operator"}
