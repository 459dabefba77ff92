"""The whole agent with a camera that only watches, on the simulators' stage: presence, and a clip from before it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from custody.permits import time_text
from simulators.acting import Held
from simulators.stage import Stage
from tests.edge_agent.cloud_peer import cloud_peer
from tests.edge_agent.hands import Hands
from tests.edge_agent.scene import package
from tests.edge_agent.test_agent import Media, Site, has, running
from tests.edge_agent.test_agent_rack import on_stage
from tests.system.waiting import until
from wire.memory import MemoryBroker


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    stage = Stage(tmp_path / "stage.sock", ["gate-a"], {"aisle": ["none"]})
    await stage.open()
    watch: dict[str, object] = {"kind": "watch", "name": "aisle", "cameras": ["eye"], "zones": ["ordinary"]}
    devices = [on_stage("eye", "camera_sim", "aisle.camera")]
    media = Media(url="http://127.0.0.1:1")
    yield Site(tmp_path, stage, MemoryBroker(), media, film=True, stations=[watch], devices=devices)
    await stage.close()


async def test_somebody_is_told_with_a_clip_that_begins_before(site: Site) -> None:
    site.film_before_s = 20  # longer than looks are put together to be somebody
    async with cloud_peer(site.broker, Hands()) as peer:
        async with running(site):
            await peer.until(has("agent_started"))
            assert peer.of("agent_started")[0]["watches"] == ["aisle"]
            ring = site.folder / "data" / "film" / "ring"
            await until(lambda: any(ring.rglob("*.mp4")), "film of an empty corridor")  # and it knows how that looks
            empty = time_text(datetime.now(UTC))
            site.stage.racks["aisle"].show([Held(package("A"), "A")])
            await peer.until(has("presence_seen"))
        await peer.until(has("presence_ended"))
        await peer.until(has("clip_segment"))
        (seen,) = peer.of("presence_seen")
        assert (seen["station"], seen["camera"], seen["why"]) == ("aisle", "eye", "quiet_hours")
        first = min((one for one in peer.of("clip_segment") if one["station"] == "aisle"), key=lambda one: one["begun"])
        assert first["begun"] < empty
