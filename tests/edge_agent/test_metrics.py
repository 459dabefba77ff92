"""What an agent tells Prometheus: how it is now, by its real parts; nothing is loaded where nobody asks."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from edge_agent.errors import SettingsError
from edge_agent.journal.drafts import Draft
from edge_agent.metrics import AgentCollector, Watched, open_metrics
from edge_agent.supervise import Health
from simulators.broker import free_port
from tests.edge_agent.cloud_peer import cloud_peer
from tests.edge_agent.sensor_scene import Room, a_room
from tests.edge_agent.test_agent import Site, has, real_time, running
from tests.edge_agent.test_agent_sensors import ROOM, lost, site
from tests.law.tree import ROOT as TREE
from wire.kinds import FactKind

__all__ = ["site"]

Told = dict[tuple[str, str], float]


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with a_room(tmp_path) as room:
        yield room


def watched(room: Room, folder: Path) -> Watched:
    return Watched(
        agent="nj01.room", software="0.1.0", journal=room.journal, clock=room.hands.clock, data_dir=folder,
        devices=["air", "seal"], health=Health(lambda device, problem: None),
    )  # fmt: skip


def told_by(collector: AgentCollector) -> Told:
    """Name and the value of the last label, if any → value."""
    return {
        (sample.name, list(sample.labels.values())[-1] if sample.labels else ""): sample.value
        for metric in collector.collect()
        for sample in metric.samples
    }


async def asked(port: int) -> Told:
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_whole_agent_tells_how_it_is_and_ends_telling_with_itself(site: Site) -> None:
    site.metrics_port = port = free_port()
    site.stations = [{**ROOM, "telemetry": True}]
    async with cloud_peer(site.broker, real_time()) as peer, running(site):
        await peer.until(has("contact_changed", 5))
        told = await asked(port)
        assert told["sealtrail_agent_facts_total", ""] >= 6
        assert told["sealtrail_agent_facts_waiting", ""] >= 0
        assert 0 <= told["sealtrail_agent_receipt_age_seconds", ""] < 60
        assert 0 < told["sealtrail_agent_disk_free_bytes", ""] <= told["sealtrail_agent_disk_bytes", ""]
        assert told["sealtrail_agent_device_up", "air"] == told["sealtrail_agent_device_up", "barrier"] == 1
        assert ("sealtrail_agent_reading_batches_waiting", "") in told
        assert told["process_resident_memory_bytes", ""] > 0
        await site.stage.close()
        await peer.until(lambda peer: "room.air" in lost(peer))
        assert (await asked(port))["sealtrail_agent_device_up", "air"] == 0
        await site.stage.open()
    with pytest.raises(httpx.ConnectError):
        await asked(port)
    for paper in ("interop.md", "interop.zh-CN.md"):
        text = (TREE / "docs" / paper).read_text("utf-8")
        assert [name for name, _ in told if name.startswith("sealtrail_") and f"`{name}`" not in text] == []


def test_what_was_left_out_how_long_no_receipt_came_and_how_wrong_the_time_may_be(room: Room, tmp_path: Path) -> None:
    collector = AgentCollector(watched(room, tmp_path))
    room.hands.pass_(90)
    spans = [
        {
            "device": "room.air",
            "count": n,
            "since": "2026-11-26T00:00:00.000000Z",
            "until": "2026-11-26T00:00:01.000000Z",
        }
        for n in (3, 4)
    ]
    for span in spans:
        body = {"why": ["backlog"], "devices": [span]}
        sealed = room.journal.record(Draft(kind=FactKind.READINGS_THINNED, device="agent", body=body))
    told = told_by(collector)
    assert told["sealtrail_agent_readings_thinned_total", "room.air"] == 7
    assert told["sealtrail_agent_facts_waiting", ""] == room.journal.last
    assert told["sealtrail_agent_receipt_age_seconds", ""] == 90
    assert told["sealtrail_agent_clock_error_seconds", "ntp"] == 0.01
    room.journal.receipt(sealed.fact.seq, sealed.head.hex())
    room.hands.pass_(5)
    told = told_by(collector)
    assert (told["sealtrail_agent_facts_waiting", ""], told["sealtrail_agent_receipt_age_seconds", ""]) == (0, 5)


def test_a_port_that_is_taken_is_a_fault_of_the_settings(room: Room, tmp_path: Path) -> None:
    port = free_port()
    end = open_metrics(watched(room, tmp_path), port)
    with pytest.raises(SettingsError, match="METRICS_PORT"):
        open_metrics(watched(room, tmp_path), port)
    end()


@pytest.mark.parametrize("part", ["edge_agent.running", "witness.serve"])
def test_where_nobody_asks_nothing_is_loaded(part: str) -> None:
    script = f"import sys, {part}; sys.exit('prometheus_client' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
