"""The whole agent on the simulators' stage: pictures in, facts and stills out, orders in, an orderly end."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from pydantic import HttpUrl

from custody.permits import PERMIT_TYPE
from custody.things import Direction
from edge_agent.agent import Agent
from edge_agent.bootstrap import Plan, build_agent
from edge_agent.choosing import choose_drivers
from edge_agent.film.segment import play
from edge_agent.journal.journal import FILE, Journal, check_chain
from edge_agent.settings import EdgeSettings
from edge_agent.site_file import SiteFile
from edge_agent.store import Reads
from proof import jws
from proof.note import NoteVerifier
from simulators.acting import Held
from simulators.frames import On
from simulators.stage import Stage
from tests.edge_agent.cloud_peer import AGENT_KEY, CloudPeer, cloud_peer
from tests.edge_agent.hands import Hands, fact
from tests.edge_agent.public_log import PublicLog, public_log
from tests.edge_agent.scene import AGENT, CLOUD, LABELS, PACK, SITE, a_permit, package, person
from tests.edge_agent.witnessing import WITNESS_KEY
from wire.memory import MemoryBroker
from wire.topics import checkpoint_topic

DRIVERS = {"camera": "camera", "barrier": "gate", "beam-outside": "beam", "beam-inside": "beam", "lamp": "lamp"}


@dataclass
class Media:
    """The cloud's door for stills: a little HTTP server; answers `status`, and keeps what it took with 201."""

    status: int = 201
    url: str = ""
    taken: dict[str, bytes] = field(default_factory=dict)
    claims: list[dict[str, object]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            length = int(head["content-length"])
            body = await reader.readexactly(length)
            token = head["authorization"].removeprefix("Bearer ")
            find = {AGENT_KEY.public.kid: AGENT_KEY.public}.get
            self.claims.append(jws.verify(token, find, "sealtrail-upload+jws"))
            if self.status == 201:
                self.taken[head["path"].rpartition("/")[2]] = body
            self.asked.set()
            writer.write(f"HTTP/1.1 {self.status} x\r\ncontent-length: 0\r\n\r\n".encode())
            await writer.drain()
        writer.close()


async def _head(reader: asyncio.StreamReader) -> dict[str, str]:
    first = (await reader.readline()).decode()
    if not first:
        return {}
    head = {"path": first.split(" ")[1]}
    while line := (await reader.readline()).decode().strip():
        name, _, value = line.partition(": ")
        head[name.lower()] = value
    return head


@dataclass
class Site:
    """A folder with a site file, the stage beside it, a broker, and the door for stills."""

    folder: Path
    stage: Stage
    broker: MemoryBroker
    media: Media
    witnessed: tuple[NoteVerifier, ...] = ()
    heartbeat_s: float = 60
    film: bool = False
    film_before_s: float = 1
    metrics_port: int | None = None
    stations: list[dict[str, object]] = field(default_factory=list)
    devices: list[dict[str, object]] = field(default_factory=list)
    """Beside the gate and what hangs on it."""
    gate: dict[str, object] = field(default_factory=dict)

    def plan(self) -> Plan:
        devices: list[dict[str, object]] = [
            {"name": part, "driver": f"{kind}_sim", "options": {"stage": "stage.sock", "device": f"gate-a.{part}"}}
            for part, kind in DRIVERS.items()
        ]
        station = {"kind": "gate", "name": "gate-a", "camera": "camera", "gate": "barrier", "lamp": "lamp",
                   "beam_outside": "beam-outside", "beam_inside": "beam-inside", **self.gate}  # fmt: skip
        stations, devices = [station, *self.stations], [*devices, *self.devices]
        content = {"site": SITE, "agent": AGENT, "stations": stations, "devices": devices}
        (self.folder / "site.yaml").write_text(yaml.safe_dump(content), "utf-8")
        file = SiteFile(self.folder / "site.yaml")
        unused = self.folder / "unused.pem"
        settings = EdgeSettings(
            site_file=file.path, data_dir=self.folder / "data", key_file=unused, cloud_keys=(CLOUD.public,),
            label_keys=(LABELS.public,), broker_host="unused", broker_ca=unused, broker_cert=unused,
            broker_key=unused, cloud_url=HttpUrl(self.media.url), witness_logs=self.witnessed,
            heartbeat_s=self.heartbeat_s, witness_every_s=0, film=self.film,
            film_before_s=self.film_before_s,
            film_after_s=1, reserve_mb=1, metrics_port=self.metrics_port,
        )  # fmt: skip
        return Plan(
            settings=settings, file=file, key=AGENT_KEY, pack=PACK, drivers=choose_drivers(file),
            witness_key=WITNESS_KEY if self.witnessed else None,
        )  # fmt: skip


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    media = Media()
    server = await asyncio.start_server(media.serve, "127.0.0.1", 0)
    media.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    stage = Stage(tmp_path / "stage.sock", ["gate-a"])
    await stage.open()
    yield Site(tmp_path, stage, MemoryBroker(), media)
    await stage.close()
    server.close()


@asynccontextmanager
async def running(site: Site) -> AsyncIterator[None]:
    """An agent that has said it is ready; stopped at the end of the block."""
    with ExitStack() as undo:
        agent: Agent = build_agent(site.plan(), undo, site.broker.connect)
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(agent.run(stop, ready.set))
    async with asyncio.timeout(240):
        await ready.wait()
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(240):
            await task


@asynccontextmanager
async def afterwards(peer: CloudPeer) -> AsyncIterator[None]:
    """The agent's end has come to the peer when the block is over."""
    yield
    await peer.until(lambda peer: any(not birth.online for birth in peer.births))


def has(kind: str, count: int = 1) -> Callable[[CloudPeer], bool]:
    return lambda peer: len(peer.of(kind)) >= count


def chain_of(site: Site) -> int:
    reads = Reads(site.folder / "data" / FILE)
    try:
        return check_chain(reads)
    finally:
        reads.close()


async def test_a_package_goes_in_under_a_permit_that_came_as_an_order(site: Site) -> None:
    hands = real_time()
    gate = site.stage.gates["gate-a"]
    async with cloud_peer(site.broker, hands) as peer, afterwards(peer), running(site):
        await peer.until(has("agent_started"))
        permit = a_permit(hands, f"{SITE}/L-1", "A", direction=Direction.IN)
        await peer.order("o1", "permit", {"permit": jws.sign(permit.payload(), CLOUD, PERMIT_TYPE)})
        await peer.until(has("order_answered"))
        await gate.approach(Direction.IN)
        gate.show([Held(person("LI"), "LI", On.CARD)])
        gate.show([Held(person("LI"), "LI", On.CARD), Held(package("A"), "A")])
        await asyncio.wait_for(gate.position.reach("open"), 240)
        await gate.cross(Direction.IN)
        await peer.until(has("passage_crossed"))
        await asyncio.wait_for(gate.position.reach("closed"), 240)
        gate.clear()
        decided = [body for body in peer.of("passage_decided") if body["outcome"] == "allowed"]
        assert [use["thing"] for use in decided[0]["uses"]] == [f"{SITE}/P-A"]
        assert peer.of("passage_crossed")[0]["things"] == [f"{SITE}/P-A"]
        digest = decided[0]["picture"]["sha256"]
        async with asyncio.timeout(240):
            while digest not in site.media.taken:
                site.media.asked.clear()
                await site.media.asked.wait()
        assert hashlib.sha256(site.media.taken[digest]).hexdigest() == digest
        assert site.media.claims[0]["agent"] == AGENT
    assert [birth.online for birth in peer.births] == [True, False]
    assert chain_of(site) >= len(peer.facts)


async def test_a_stranger_is_refused_and_the_clock_is_trusted_by_receipts_alone(site: Site) -> None:
    gate = site.stage.gates["gate-a"]
    hands = real_time()
    async with cloud_peer(site.broker, hands) as peer, running(site):
        await gate.approach(Direction.OUT)
        gate.show([Held(package("STRANGER"), "?")])
        await peer.until(has("passage_decided"))
        assert gate.position.now == "closed"
        await asyncio.wait_for(gate.light.reach("red"), 240)
    assert peer.of("passage_decided")[0]["reason"] == "no_permit"


async def test_what_a_gate_decides_is_filmed_and_the_film_is_told_by_its_digest(site: Site) -> None:
    site.film = True
    gate = site.stage.gates["gate-a"]
    async with cloud_peer(site.broker, real_time()) as peer, running(site):
        await gate.approach(Direction.OUT)
        gate.show([Held(package("STRANGER"), "?")])
        await peer.until(has("passage_decided"))
        gate.clear()
        await peer.until(has("clip_closed"))
        (decided,) = (one.fact for one in peer.facts if one.fact.kind == "passage_decided")
        closed, told = peer.of("clip_closed")[0], peer.of("clip_segment")
        assert closed["events"] == [decided.seq]
        assert [one["sha256"] for one in closed["segments"]] == [one["sha256"] for one in told]
        assert any(one["begun"] <= decided.at <= one["ended"] for one in told)
        for one in told:
            kept = site.folder / "data" / "film" / "kept" / f"{one['sha256']}.mp4"
            assert play(kept) == one["frames"]


async def test_what_happens_without_a_line_goes_up_when_there_is_one(site: Site) -> None:
    gate = site.stage.gates["gate-a"]
    site.broker.cut()
    async with running(site):
        await gate.approach(Direction.OUT)
        gate.show([Held(package("STRANGER"), "?")])
        await asyncio.wait_for(gate.light.reach("red"), 240)
        site.broker.mend()
        async with cloud_peer(site.broker, Hands()) as peer:
            await peer.until(has("passage_decided"))
            assert peer.kinds[0] == "agent_started"


async def test_a_lost_camera_is_told_and_told_again_when_it_is_back(site: Site) -> None:
    async with cloud_peer(site.broker, Hands()) as peer, running(site):
        await site.stage.close()
        await peer.until(has("device_lost", 5))
        await site.stage.open()
        await peer.until(has("device_back", 5))
        lost = {one.fact.device for one in peer.facts if one.fact.kind == "device_lost"}
        back = {one.fact.device for one in peer.facts if one.fact.kind == "device_back"}
        assert lost == back == {f"gate-a.{part}" for part in DRIVERS}


async def test_a_still_the_cloud_does_not_take_is_kept_and_sent_after_a_new_start(site: Site) -> None:
    gate = site.stage.gates["gate-a"]
    site.media.status = 422
    async with cloud_peer(site.broker, Hands()) as peer:
        async with running(site):
            await gate.approach(Direction.OUT)
            gate.show([Held(package("STRANGER"), "?")])
            await peer.until(has("passage_decided"))
            await asyncio.wait_for(site.media.asked.wait(), 240)
        gate.clear()
        site.media.status = 201
        site.media.asked.clear()
        async with running(site):
            await asyncio.wait_for(site.media.asked.wait(), 240)
    assert set(site.media.taken) == {body["picture"]["sha256"] for body in peer.of("passage_decided")}


async def test_a_heartbeat_tells_how_everything_stands(site: Site) -> None:
    site.heartbeat_s = 1
    gate = site.stage.gates["gate-a"]
    async with cloud_peer(site.broker, Hands()) as peer, running(site):
        await gate.beams["outside"].set(True)
        await peer.until(lambda peer: any(body["gates"][0]["broken"] for body in peer.of("heartbeat")))
        first, last = peer.of("heartbeat")[0], peer.of("heartbeat")[-1]
        assert last["gates"] == [{"station": "gate-a", "position": "closed", "broken": ["in"]}]
        assert (first["every_s"], last["lost"]) == (1, [])
        assert 0 <= first["uptime_s"] <= last["uptime_s"]
        assert last["free_bytes"] > 0
        assert last["waiting"] >= 0


async def test_a_witness_cosigns_what_lies_retained_and_refuses_a_roll_back(site: Site) -> None:
    async with public_log() as log, cloud_peer(site.broker, Hands()) as peer, site.broker.connect() as cloud:
        site.witnessed, site.media.url = (log.verifier,), log.url
        await cloud.publish(checkpoint_topic(log.site), log.grow(300), retain=True)
        async with running(site):
            await peer.until(has("cosigned"))
            await cloud.publish(checkpoint_topic(log.site), log.grow(300), retain=True)
            await peer.until(has("cosigned", 2))
            await cloud.publish(checkpoint_topic(log.site), log.roll_back(10), retain=True)
            await peer.until(has("checkpoint_refused"))
    assert [body["size"] for body in peer.of("cosigned")] == [300, 600]
    assert chain_of(site) >= len(peer.facts)


async def test_who_is_no_witness_hears_no_checkpoints(site: Site) -> None:
    async with cloud_peer(site.broker, Hands()) as peer, site.broker.connect() as cloud, running(site):
        await cloud.publish(checkpoint_topic("sz01"), PublicLog().grow(300), retain=True)
        await peer.order("o1", "hold", {"things": [f"{SITE}/P-A"]})
        await peer.until(has("order_answered"))
    assert not {"cosigned", "checkpoint_refused"} & set(peer.kinds)


def real_time() -> Hands:
    """Hands that show what this machine's clock shows now; the test's permits and receipts go by them."""
    hands = Hands()
    hands.wall_us = int(datetime.now(UTC).timestamp() * 1_000_000)
    return hands


async def test_a_clock_that_was_set_back_while_the_agent_was_off_is_a_fact(site: Site) -> None:
    hands = real_time()
    with closing(Journal(site.folder / "data", hands.clock, os.urandom)) as journal:
        hands.step(3600)
        journal.record(fact("from later"))
    async with cloud_peer(site.broker, real_time()) as peer, running(site):
        await peer.until(has("clock_stepped"))
        (stepped,) = peer.of("clock_stepped")
        assert stepped["while_off"]
        assert -3_600_000 <= stepped["by_ms"] < -3_000_000


async def test_a_full_disk_is_told_when_the_reserve_is_opened_and_when_it_is_whole_again(site: Site) -> None:
    async with cloud_peer(site.broker, real_time()) as peer, running(site):
        await peer.until(has("agent_started"))
        reserve = site.folder / "data" / "reserve"
        os.truncate(reserve, 0)  # as the journal does for room; the disk of this test has plenty
        await peer.until(has("space_back"))
        assert [kind for kind in peer.kinds if kind.startswith("space")] == ["space_short", "space_back"]
        assert peer.of("space_short")[0]["reserve_left"] == 0
        assert reserve.stat().st_size == 1 << 20
