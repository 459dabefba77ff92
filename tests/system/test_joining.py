"""A device joins, renews, is configured and is shut out: real broker, real database, real processes."""

import asyncio
import os
import stat
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from simulators.broker import free_port
from simulators.premises import HOST
from simulators.processes import Child
from simulators.warehouse import SITE, Staff, Warehouse, sealtrail
from tests.system.waiting import until
from wire.errors import LinkError
from wire.mqtt import MqttOptions, mqtt_connect

AGENT = f"{SITE}.desk-a"
ADMIN = Staff("admin1", SITE, "管理员", ("admin",), "a long password")
KEEPER = Staff("keeper1", SITE, "保管员", ("keeper",), "another long one")
SITE_FILE = """site: nj01
agent: nj01.desk-a
devices:
  - {name: printer, driver: labelprinter_tcp, options: {host: 127.0.0.1}}
"""
SICK = """site: nj01
agent: nj01.desk-a
stations:
  - {kind: gate, name: gate-a, camera: camera, gate: barrier, beam_outside: out, beam_inside: in}
devices:
  - {name: camera, driver: camera_sim, options: {stage: nowhere.sock, device: gate-a.camera}}
  - {name: barrier, driver: gate_sim, options: {stage: nowhere.sock, device: gate-a.barrier}}
  - {name: out, driver: beam_sim, options: {stage: nowhere.sock, device: gate-a.beam-outside}}
  - {name: in, driver: beam_sim, options: {stage: nowhere.sock, device: gate-a.beam-inside}}
"""

pytestmark = pytest.mark.timeout(1200)


@dataclass
class Scene:
    """The system, and the folder of the device."""

    warehouse: Warehouse
    device: Path
    said: list[dict[str, Any]] = field(default_factory=list)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.warehouse.database_url()) as connection:
            return connection.execute(query.encode(), values).fetchall()

    async def person(self, staff: Staff) -> httpx.AsyncClient:
        client = httpx.AsyncClient(base_url=f"{self.warehouse.url}/api/v1/", headers={"X-Sealtrail": "1"}, timeout=240)
        body = {"username": staff.username, "password": staff.password}
        (await client.post("session", json=body)).raise_for_status()
        return client

    def edge(self, *arguments: str, env: dict[str, str] | None = None) -> Child:
        return Child(
            " ".join(arguments[:2]), [*sealtrail(), "edge", *arguments], log=self.device.parent / "edge.log", env=env,
            on_event=self.said.append,
        )  # fmt: skip

    def settings(self) -> dict[str, str]:
        """What enrolment wrote, as systemd reads it."""
        lines = (self.device / "edge.env").read_text("utf-8").splitlines()
        return dict(line.split("=", 1) for line in lines)

    async def facts(self, kind: str, more_than: int = 0) -> int:
        """How many of that kind came in, once they are more than so many."""
        count = 0

        def enough() -> bool:
            nonlocal count
            ((count,),) = self.rows("SELECT count(*) FROM fact WHERE agent = %s AND kind = %s", AGENT, kind)
            return int(count) > more_than

        await until(enough, f"more than {more_than} {kind}")
        return count

    async def event(self, name: str) -> dict[str, Any]:
        await until(lambda: any(one.get("event") == name for one in self.said), f"the device says {name}")
        return next(one for one in reversed(self.said) if one.get("event") == name)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        warehouse = Warehouse(tmp_path / "cloud", free_port(), stack, lambda said: None)
        (tmp_path / "cloud").mkdir()
        warehouse.more_settings = {"certificate_days": "0.002"}  # so short that it is soon to be renewed
        await warehouse.start_services()
        await warehouse.start_cloud([ADMIN, KEEPER])
        await warehouse.start_gatekeeper()
        yield Scene(warehouse, tmp_path / "device")


async def join(scene: Scene, admin: httpx.AsyncClient, keeper: httpx.AsyncClient) -> None:
    claim = (await admin.post("claims", json={"agent": AGENT})).json()
    enrolling = scene.edge("enroll", "--claim", claim["code"], "--cloud", scene.warehouse.url, "--folder",
                           str(scene.device))  # fmt: skip
    await enrolling.start()
    fingerprint = (await scene.event("waiting"))["fingerprint"]
    wrong = await keeper.post(f"claims/{claim['id']}/confirm", json={"fingerprint": "AAAA-AAAA-AAAA-AAAA"})
    assert wrong.status_code == 422
    done = await keeper.post(f"claims/{claim['id']}/confirm", json={"fingerprint": fingerprint})
    assert done.status_code == 200, done.text
    assert await enrolling.ended() == 0, enrolling.last_words
    (scene.device / "site.yaml").write_text(SITE_FILE, "utf-8")


async def configure(scene: Scene, admin: httpx.AsyncClient, version: int, **body: Any) -> str:
    """Wants a configuration; what the agent says became of it."""
    asked = await admin.post(f"agents/{AGENT}/configurations", json={"reason": "test", **body})
    assert (asked.status_code, asked.json()["version"]) == (201, version), asked.text
    query = "SELECT outcome FROM desired WHERE agent = %s AND version = %s AND outcome IS NOT NULL"
    await until(lambda: bool(scene.rows(query, AGENT, version)), f"what became of version {version}")
    return str(scene.rows(query, AGENT, version)[0][0])


async def test_a_device_joins_renews_is_configured_and_is_shut_out_within_a_minute(scene: Scene) -> None:
    warehouse = scene.warehouse
    admin, keeper = await scene.person(ADMIN), await scene.person(KEEPER)
    await join(scene, admin, keeper)
    modes = {path.name: stat.S_IMODE(os.stat(path).st_mode) for path in scene.device.rglob("*") if path.is_file()}
    assert {modes[name] for name in ("edge.env", "agent.pem", "tls.key")} == {0o600}
    again = scene.edge("enroll", "--claim", "AAAA-AAAA-AAAA", "--cloud", warehouse.url, "--folder", str(scene.device))
    await again.start()
    assert await again.ended() == 1, "an identity is not written over"

    # It works, and renews by itself; the cloud then gives certificates of an ordinary life.
    await warehouse.restart_web({"certificate_days": "90"})
    quick = {"RENEW_EVERY_S": "1", "HEARTBEAT_S": "1", "CONFIGURATION_TRIAL_S": "45", "RESERVE_MB": "8"}
    agent = scene.edge(
        "run", env={**scene.settings(), **{f"SEALTRAIL_EDGE_{name}": value for name, value in quick.items()}}
    )
    await agent.start()
    try:
        await agent.ready()
        beats = await scene.facts("heartbeat")
        await scene.facts("certificate_rotated")
        old, new = await rotated(scene)
        assert (old, new) == ("superseded", None)
        beats = await scene.facts("heartbeat", beats + 2)

        # It is configured from afar: one that is right, one with faults, one under which it is not well.
        moved = SITE_FILE.replace("127.0.0.1", "127.0.0.2")
        assert await configure(scene, admin, 1, site_file=moved, settings={"keep_days": "60"}) == "applied"
        assert await configure(scene, admin, 2, site_file=moved.replace("_tcp", "_usb")) == "refused"
        assert await configure(scene, admin, 3, site_file=SICK) == "rolled_back"
        ((detail,),) = scene.rows(
            "SELECT detail FROM alarm WHERE cause = 'configuration_failed' AND cleared_at IS NULL"
        )
        assert (detail["version"], detail["to"]) == (3, 1)
        assert "lost:" in detail["problem"]
        await scene.facts("heartbeat", beats + 4)

        await shut_out(scene, admin)
    finally:
        await agent.stop()
    await admin.aclose()
    await keeper.aclose()
    await warehouse.uplink.stop()  # it signs the log at the latest when it ends
    assert await warehouse.check_ledger() is None


async def rotated(scene: Scene) -> tuple[Any, Any]:
    """Why the two certificates ended: the older and the newer."""
    query = "SELECT revoked_why FROM certificate WHERE agent = %s ORDER BY index"
    await until(lambda: scene.rows(query, AGENT)[0] != (None,), "the old certificate has ended")
    found = scene.rows(query, AGENT)
    assert len(found) == 2
    return found[0][0], found[1][0]


async def shut_out(scene: Scene, admin: httpx.AsyncClient) -> None:
    """Revoked, its session ends and the broker takes it no more, within a minute."""
    connect = mqtt_connect(
        MqttOptions(
            host=HOST, port=scene.warehouse.broker.port, client_id=AGENT, ca_file=scene.device / "ca.pem",
            cert_file=scene.device / "identity" / "current" / "tls.pem",
            key_file=scene.device / "identity" / "current" / "tls.key",
        )
    )  # fmt: skip
    log = scene.warehouse.folder / "logs" / "mosquitto.log"
    closed = f"Client {AGENT} already connected, closing old connection"
    before = log.read_text("utf-8", "replace").count(closed)
    began = time.monotonic()
    done = await admin.post(f"agents/{AGENT}/revoke", json={"reason": "stolen", "note": "测试"})
    assert done.status_code == 200, done.text
    await until(lambda: log.read_text("utf-8", "replace").count(closed) > before, "its session is ended", 60)
    with pytest.raises(LinkError):
        async with asyncio.timeout(240), connect():
            pass
    assert time.monotonic() - began < 60
    refused = log.read_text("utf-8", "replace").count("certificate verify failed")
    await until(
        lambda: log.read_text("utf-8", "replace").count("certificate verify failed") > refused, "it tries in vain"
    )
    online = "SELECT online FROM agent_stream WHERE agent = %s"
    await until(lambda: scene.rows(online, AGENT) == [(False,)], "its last will has come")
