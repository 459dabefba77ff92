"""The commands as people type them."""

import asyncio
import hashlib
import json
import os
import signal
import socket
import sqlite3
import stat
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from edge_agent.cli import app
from edge_agent.journal.journal import FILE, Journal
from proof.keys import SigningKey
from proof.note import COSIGNATURE, NoteVerifier
from simulators.stage import Stage
from tests.edge_agent.hands import Hands, counted_bytes, fact
from tests.edge_agent.scene import AGENT, SITE

DRIVERS = {"camera": "camera", "barrier": "gate", "beam-outside": "beam", "beam-inside": "beam", "lamp": "lamp"}


def edge(*arguments: str) -> tuple[int, str, str]:
    ended = CliRunner().invoke(app, list(arguments))
    return ended.exit_code, ended.stdout, ended.stderr


@pytest.fixture
def data(tmp_path: Path) -> Path:
    journal = Journal(tmp_path / "data", Hands().clock, counted_bytes())
    heads = [journal.record(fact("x")).head for _ in range(3)]
    journal.receipt(2, heads[1].hex())
    journal.close()
    return tmp_path / "data"


def test_keygen_makes_a_private_file_and_prints_the_public_half(tmp_path: Path) -> None:
    code, out, _ = edge("keygen", str(tmp_path / "agent.pem"))
    assert code == 0
    assert SigningKey.from_pem((tmp_path / "agent.pem").read_bytes()).public.text == out.strip()
    assert stat.S_IMODE((tmp_path / "agent.pem").stat().st_mode) == 0o600
    before = (tmp_path / "agent.pem").read_bytes()
    code, _, err = edge("keygen", str(tmp_path / "agent.pem"))
    assert code == 1
    assert "File exists" in err
    assert (tmp_path / "agent.pem").read_bytes() == before


def test_keygen_for_a_witness_prints_the_line_for_a_policy(tmp_path: Path) -> None:
    code, out, _ = edge("keygen", "--witness", AGENT, str(tmp_path / "witness.pem"))
    assert code == 0
    verifier = NoteVerifier.from_vkey(out.strip())
    assert (verifier.name, verifier.type) == (f"sealtrail/{AGENT}", COSIGNATURE)
    assert verifier.key == SigningKey.from_pem((tmp_path / "witness.pem").read_bytes()).public
    assert stat.S_IMODE((tmp_path / "witness.pem").stat().st_mode) == 0o600
    code, _, err = edge("keygen", "--witness", "nobody", str(tmp_path / "other.pem"))
    assert code == 2
    assert "is no agent id" in err
    assert not (tmp_path / "other.pem").exists()


def test_verify_and_stats_of_a_sound_journal(data: Path) -> None:
    code, out, _ = edge("journal", "verify", str(data))
    assert (code, json.loads(out)["checked"], json.loads(out)["last"]) == (0, 3, 3)
    code, out, _ = edge("journal", "stats", str(data))
    assert code == 0
    assert json.loads(out) == {
        "last": 3, "receipted": 2, "forgotten": 0, "kinds": {"heartbeat": 3}, "pictures_waiting": 0,
        "bytes": (data / FILE).stat().st_size, "old_journals": {},
    }  # fmt: skip


def test_export_prints_what_the_chain_can_be_derived_from_without_us(data: Path) -> None:
    code, out, _ = edge("journal", "export", str(data))
    assert code == 0
    head = bytes(32)
    for number, line in enumerate(out.splitlines(), start=1):
        told = json.loads(line)
        content = line[len('{"content":') : line.index(',"head":"')]
        assert json.loads(content) == told["content"]
        commitment = hashlib.sha256(b"sealtrail/fact/1\0" + bytes.fromhex(told["salt"]) + content.encode()).digest()
        head = hashlib.sha256(b"sealtrail/journal/1\0" + head + commitment).digest()
        assert (told["seq"], told["head"]) == (number, head.hex())
    code, out, _ = edge("journal", "export", str(data), "--from", "2", "--to", "2")
    assert [json.loads(line)["seq"] for line in out.splitlines()] == [2]


def test_verify_of_a_changed_journal_says_where_and_exits_1(data: Path) -> None:
    db = sqlite3.connect(data / FILE)
    db.executescript("DROP TRIGGER fact_as_it_is; UPDATE fact SET content = '{}' WHERE seq = 2")
    db.close()
    code, _, err = edge("journal", "verify", str(data))
    assert code == 1
    assert "breaks at fact 2" in err


def test_a_folder_without_journal_is_one_sentence(tmp_path: Path) -> None:
    code, _, err = edge("journal", "stats", str(tmp_path))
    assert code == 1
    assert len(err.strip().splitlines()) == 1


def test_scan_of_what_is_no_picture_goes_on_and_exits_1(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    code, out, _ = edge("scan", str(tmp_path))
    assert code == 1
    assert "error" in json.loads(out)


async def test_the_agent_says_ready_without_a_broker_and_ends_well_on_sigterm(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "stage.sock", ["gate-a"])
    await stage.open()
    agent = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sealtrail", "edge", "run", env={**os.environ, **_environment(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert agent.stdout is not None
    try:
        async with asyncio.timeout(240):
            while (said := json.loads(await agent.stdout.readline()))["event"] != "ready":
                pass
            assert (said["agent"], said["lost"]) == (AGENT, [])
            agent.send_signal(signal.SIGTERM)
            await agent.stdout.read()
            assert await agent.wait() == 0
    finally:
        if agent.returncode is None:
            agent.kill()
            await agent.wait()
        await stage.close()
    code, out, _ = edge("journal", "stats", str(tmp_path / "data"))
    assert code == 0
    assert json.loads(out)["kinds"]["agent_started"] == 1


async def test_the_agent_tells_the_service_manager_that_it_is_ready_that_it_lives_and_that_it_ends(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path / "stage.sock", ["gate-a"])
    await stage.open()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        agent = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sealtrail", "edge", "run", stdout=asyncio.subprocess.DEVNULL,
            env={**os.environ, **_environment(tmp_path), "NOTIFY_SOCKET": str(tmp_path / "notify")},
        )  # fmt: skip
        said: set[bytes] = set()
        try:
            async with asyncio.timeout(240):
                while not said >= {b"READY=1", b"WATCHDOG=1"}:
                    said.add(await asyncio.get_running_loop().sock_recv(manager, 100))
                agent.send_signal(signal.SIGTERM)
                while b"STOPPING=1" not in said:
                    said.add(await asyncio.get_running_loop().sock_recv(manager, 100))
                assert await agent.wait() == 0
        finally:
            if agent.returncode is None:
                agent.kill()
                await agent.wait()
            await stage.close()


def _environment(folder: Path) -> dict[str, str]:
    """Of an agent whose broker nobody has started."""
    devices = [
        {"name": part, "driver": f"{kind}_sim", "options": {"stage": "stage.sock", "device": f"gate-a.{part}"}}
        for part, kind in DRIVERS.items()
    ]
    station = {"kind": "gate", "name": "gate-a", "camera": "camera", "gate": "barrier", "lamp": "lamp",
               "beam_outside": "beam-outside", "beam_inside": "beam-inside"}  # fmt: skip
    content = {"site": SITE, "agent": AGENT, "stations": [station], "devices": devices}
    (folder / "site.yaml").write_text(yaml.safe_dump(content), "utf-8")
    _, public, _ = edge("keygen", str(folder / "agent.pem"))
    values = {
        "SITE_FILE": folder / "site.yaml",
        "DATA_DIR": folder / "data",
        "KEY_FILE": folder / "agent.pem",
        "CLOUD_KEYS": public.strip(),
        "LABEL_KEYS": public.strip(),
        "BROKER_HOST": "127.0.0.1",
        "BROKER_PORT": 1,
        "BROKER_CA": folder / "ca.pem",
        "BROKER_CERT": folder / "cert.pem",
        "BROKER_KEY": folder / "key.pem",
        "CLOUD_URL": "http://127.0.0.1:1",
    }
    return {f"SEALTRAIL_EDGE_{name}": str(value) for name, value in values.items()}
