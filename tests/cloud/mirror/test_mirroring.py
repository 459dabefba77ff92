"""The mirror over a real Mosquitto, as Home Assistant would read it."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.telling import Teller
from cloud.db.pool import Pool, transaction
from cloud.mirror.discovery import Mirrored, Topics, config
from cloud.mirror.mirroring import Mirroring
from cloud.world import World
from simulators.broker import SYSTEM_FOLDERS, free_port
from simulators.processes import Child
from tests.cloud.receiving import Receiving
from tests.system.waiting import until
from wire.link import Connect
from wire.mqtt import MqttOptions, Will, mqtt_connect

STATUS = "sealtrail-mirror/status"
STATE = "sealtrail-mirror/nj01.gate-a"
CONFIG = "homeassistant/device/sealtrail_nj01_gate-a/config"


@dataclass
class Broker:
    """A Mosquitto that knows its clients by name and password, as Home Assistant's does."""

    port: int
    log: Path
    seen: dict[str, bytes] = field(default_factory=dict)

    def connect(self, name: str, will: Will | None = None) -> Connect:
        return mqtt_connect(
            MqttOptions(host="127.0.0.1", port=self.port, client_id=name, ca_file=None, cert_file=None, key_file=None,
                        username="ha", password="secret", plain=True, will=will)
        )  # fmt: skip

    async def read(self) -> None:
        """What Home Assistant sees, kept current."""
        async with self.connect("reader")() as link:
            await link.subscribe("homeassistant/#", "sealtrail-mirror/#")
            async for message in link.messages():
                self.seen[message.topic] = message.payload

    def state(self, topic: str = STATE) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.seen.get(topic) or b"{}")
        return told


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    path = ":".join(SYSTEM_FOLDERS)
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path=path)
    maker = shutil.which("mosquitto_passwd") or shutil.which("mosquitto_passwd", path=path)
    assert program, "no Mosquitto: make setup"
    assert maker, "no mosquitto_passwd: make setup"
    passwords, conf, port, log = tmp_path / "passwords", tmp_path / "conf", free_port(), tmp_path / "log"
    make = [maker, "-b", "-c", str(passwords), "ha", "secret"]
    await asyncio.to_thread(subprocess.run, make, check=True, capture_output=True)
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous false", f"password_file {passwords}", "user root",
             "log_dest stderr", "log_type all"]  # fmt: skip
    conf.write_text("\n".join(lines) + "\n")
    child = Child("mosquitto", [program, "-c", str(conf)], log=log)
    await child.start()

    async def listens() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    await until(listens, "the broker listens")
    made = Broker(port, log)
    reading = asyncio.create_task(made.read())
    yield made
    reading.cancel()
    await asyncio.wait({reading})
    await child.stop()


@asynccontextmanager
async def mirroring(pool: Pool, broker: Broker, **more: Any) -> AsyncIterator[None]:
    quick = timedelta(milliseconds=50)
    connect = broker.connect("mirror", Will(topic=STATUS, payload=b"offline"))
    worker = Mirroring(pool, connect, every=quick, retry=quick, **more)
    running = asyncio.create_task(worker.run())
    async with asyncio.timeout(240):
        await worker.ready.wait()
    yield
    running.cancel()
    await asyncio.wait({running})


async def holds(broker: Broker, **wanted: Any) -> None:
    await until(lambda: broker.state().items() >= wanted.items(), f"the state holds {wanted}")


BEAT = {
    "every_s": 60, "uptime_s": 5, "waiting": 3, "free_bytes": 1000, "lost": [], "racks": [],
    "gates": [{"station": "gate-a", "position": "closed", "broken": []}],
    "doors": [{"station": "store", "position": None}],
}  # fmt: skip


async def test_doors_climate_and_health_are_shown_and_nobody_can_command(
    pool: Pool, world: World, site: str, broker: Broker
) -> None:
    receiving, teller = Receiving(pool, world, site), Teller("nj01.gate-a")
    await receiving.know(teller)
    teller.say("agent_started", {"software": "0.9.1"})
    teller.say("heartbeat", BEAT)
    measured = {"station": "room", "measures": "temperature", "value": 21.5, "unit": "°C", "low": 21, "high": 22}
    teller.say("reading", measured, device="room.air")
    await receiving.take(teller, teller.batch(1, 3))
    async with mirroring(pool, broker, language="en"):
        await holds(broker, waiting=3, free=1000, problem="OFF", **{"gate_gate-a": "OFF", "door_store": None})
        await holds(broker, **{"temperature_room_air": 21.5, "online": "OFF"})
        shown = json.loads(broker.seen[CONFIG])
        assert broker.seen[STATUS] == b"online"
        teller.say("gate_moved", {"station": "gate-a", "position": "open"}, device="gate-a.gate")
        teller.say("door_opened", {"station": "store", "decision": None, "how": "key", "picture": None})
        await receiving.take(teller, teller.batch(4, 5))
        await holds(broker, **{"gate_gate-a": "ON", "door_store": "ON"})
        async with transaction(pool) as tx:
            await tx.execute("UPDATE agent_stream SET online = true")
        await holds(broker, online="ON")
    components = shown["components"]
    assert (shown["device"]["name"], shown["device"]["sw_version"]) == ("nj01.gate-a", "0.9.1")
    air = components["temperature_room_air"]
    assert (air["device_class"], air["unit_of_measurement"]) == ("temperature", "°C")
    assert components["door_store"]["name"] == "Door store"
    assert shown["state_topic"] == STATE
    assert {one["topic"] for one in components["door_store"]["availability"]} == {STATUS, STATE}
    assert len({one["unique_id"] for one in components.values()}) == len(components)
    log = broker.log.read_text("utf-8", "replace")
    assert "SUBSCRIBE from reader" in log
    assert "SUBSCRIBE from mirror" not in log
    await until(lambda: broker.seen[STATUS] == b"offline", "it took leave")


async def test_an_agent_that_was_shut_out_is_taken_away(pool: Pool, world: World, site: str, broker: Broker) -> None:
    receiving, teller = Receiving(pool, world, site), Teller("nj01.gate-a")
    await receiving.know(teller)
    async with mirroring(pool, broker):
        await until(lambda: bool(broker.seen.get(CONFIG)), "it is described")
        async with transaction(pool) as tx:
            await tx.execute("UPDATE agent SET revoked_at = now()")
        await until(lambda: broker.seen.get(CONFIG) == broker.seen.get(STATE) == b"", "it is taken away")


async def test_only_the_sites_that_were_named(pool: Pool, world: World, site: str, broker: Broker) -> None:
    await Receiving(pool, world, site).know(Teller("nj01.gate-a"))
    async with mirroring(pool, broker, sites=frozenset({"sz01"})):
        await until(lambda: STATUS in broker.seen, "the mirror is there")
    assert set(broker.seen) == {STATUS}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_that_home_assistant_gets_takes_commands(language: Any) -> None:
    whole = Mirrored(agent="nj01.gate-a", online=True, gates={"g": True}, doors={"d": None},
                     measured={("room.air", measures): 1.0 for measures in ("humidity", "co2")})  # fmt: skip
    told = config(whole, Topics(), language).decode()
    assert "command" not in told
    platforms = {component["platform"] for component in json.loads(told)["components"].values()}
    assert platforms == {"sensor", "binary_sensor"}
