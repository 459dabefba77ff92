"""The whole agent with a rack and a rescue button on the simulators' stage, the network there and gone (N5, N7)."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from custody.tasks import TASK_TYPE
from proof import jws
from simulators.acting import Held
from simulators.frames import On
from simulators.stage import Stage
from tests.edge_agent.cloud_peer import cloud_peer
from tests.edge_agent.hands import Hands
from tests.edge_agent.rack_scene import a_task
from tests.edge_agent.scene import AGENT, CLOUD, SITE, package, phone, slot
from tests.edge_agent.test_agent import Media, Site, chain_of, has, real_time, running
from wire.memory import MemoryBroker

SLOTS = ["A-01", "A-02"]


def on_stage(name: str, driver: str, device: str) -> dict[str, object]:
    return {"name": name, "driver": driver, "options": {"stage": "stage.sock", "device": device}}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    stage = Stage(tmp_path / "stage.sock", ["gate-a"], {"rack-1": SLOTS})
    await stage.open()
    slots = {name: f"{SITE}/S-{name}" for name in SLOTS}
    rack: dict[str, object] = {
        "kind": "rack", "name": "rack-1", "camera": "eye", "indicator": "lights", "lamp": "sign", "slots": slots,
        "scale": "balance",
    }  # fmt: skip
    devices = [
        on_stage("eye", "camera_sim", "rack-1.camera"),
        on_stage("lights", "slots_sim", "rack-1.slots"),
        on_stage("sign", "lamp_sim", "rack-1.lamp"),
        on_stage("balance", "scale_sim", "rack-1.scale"),
        on_stage("glass", "button_sim", "gate-a.break-glass"),
    ]
    media = Media(url="http://127.0.0.1:1")
    gate: dict[str, object] = {"break_glass": "glass"}
    yield Site(tmp_path, stage, MemoryBroker(), media, stations=[rack], devices=devices, gate=gate)
    await stage.close()


async def test_a_step_is_taken_with_the_network_gone_and_told_when_it_is_back(site: Site) -> None:
    hands, rack = real_time(), site.stage.racks["rack-1"]
    async with running(site):
        async with cloud_peer(site.broker, hands) as earlier:
            task = a_task(hands, f"{SITE}/A-1", "A", agent=AGENT)
            await earlier.order("o1", "task", {"task": jws.sign(task.payload(), CLOUD, TASK_TYPE)})
            await earlier.until(has("order_answered"))
            assert earlier.of("order_answered")[0]["outcome"] == "done"
        site.broker.cut()
        good = phone("LI", task.not_after)
        rack.show([Held(good, "LI", On.CARD), Held(package("A"), "A"), Held(slot("A-01"), "A-01")])
        await asyncio.wait_for(rack.lights["A-01"].reach("green"), 240)
        await rack.put("A-01")
        await asyncio.wait_for(rack.lights["A-01"].reach("off"), 240)
        site.broker.mend()
        async with cloud_peer(site.broker, hands, earlier) as peer:
            put = {"slot": f"{SITE}/S-A-01", "station": "rack-1", "occupied": True}
            await peer.until(lambda peer: put in peer.of("slot_changed"))
            (decided,) = peer.of("step_decided")
            assert (decided["outcome"], decided["task"]) == ("allowed", task.id)
            assert decided["people"] == [f"{SITE}/U-LI"]
            steps = [kind for kind in peer.kinds if kind in ("step_decided", "slot_changed")]
            assert steps[-2:] == ["step_decided", "slot_changed"]
    assert chain_of(site) >= len(peer.facts)


async def test_a_slot_is_lit_by_the_cloud_and_a_heartbeat_tells_what_lies_where(site: Site) -> None:
    site.heartbeat_s = 1
    hands, rack = real_time(), site.stage.racks["rack-1"]
    await rack.put("A-02")
    async with cloud_peer(site.broker, hands) as peer, running(site):
        until = "2999-01-01T00:00:00.000000Z"
        await peer.order("o1", "light_slot", {"slot": f"{SITE}/S-A-02", "things": [], "until": until})
        await asyncio.wait_for(rack.lights["A-02"].reach("amber"), 240)
        await rack.take("A-02")
        await asyncio.wait_for(rack.lights["A-02"].reach("off"), 240)
        await rack.put("A-01")
        await rack.weigh(1200)
        await peer.until(has("weight_measured"))
        assert peer.of("weight_measured")[0]["weight_g"] == 1200
        there = [{"station": "rack-1", "occupied": [f"{SITE}/S-A-01"]}]
        await peer.until(lambda peer: any(beat["racks"] == there for beat in peer.of("heartbeat")))


async def test_the_rescue_button_opens_the_gate_without_a_network_and_all_of_it_goes_up(site: Site) -> None:
    gate = site.stage.gates["gate-a"]
    site.broker.cut()
    async with running(site):
        await gate.press_break_glass()
        await asyncio.wait_for(gate.position.reach("open"), 240)
        await gate.beams["inside"].set(True)
        await gate.beams["outside"].set(True)
        await gate.release()
        await asyncio.wait_for(gate.position.reach("closed"), 240)
        site.broker.mend()
        async with cloud_peer(site.broker, Hands()) as peer:
            await peer.until(has("break_glass_closed"))
            opened = next(one.fact for one in peer.facts if one.fact.kind == "break_glass_opened")
            assert opened.body == {"station": "gate-a", "input": "glass"}
            assert peer.of("break_glass_closed")[0]["opened"] == opened.seq
            clips = peer.of("break_glass_clip")  # none where no picture came while it was open
            assert [clip["opened"] for clip in clips] == [opened.seq] * len(clips)


async def test_a_button_that_is_pressed_when_the_agent_starts_opens_the_gate(site: Site) -> None:
    gate = site.stage.gates["gate-a"]
    await gate.press_break_glass()
    async with cloud_peer(site.broker, Hands()) as peer:
        async with running(site):
            await asyncio.wait_for(gate.position.reach("open"), 240)
            await peer.until(has("break_glass_opened"))
        await peer.until(has("break_glass_closed"))
        await asyncio.wait_for(gate.position.reach("closed"), 240)


async def test_a_list_is_put_away_and_a_wrong_slot_told_while_the_network_is_gone(site: Site) -> None:
    hands, rack = real_time(), site.stage.racks["rack-1"]
    async with running(site):
        async with cloud_peer(site.broker, hands) as earlier:
            slots = [{"slot": f"{SITE}/S-{name}", "things": []} for name in SLOTS[:1]]
            until = "2999-01-01T00:00:00.000000Z"
            order = {"list_id": f"{SITE}/G-1", "way": "put", "colour": "violet", "until": until, "slots": slots}
            await earlier.order("o1", "light_list", order)
            await earlier.until(has("order_answered"))
        await asyncio.wait_for(rack.lights["A-01"].reach("violet"), 240)
        assert "A-01" in rack.blinking
        site.broker.cut()
        await rack.put("A-02")
        await asyncio.wait_for(rack.lights["A-02"].reach("red"), 240)
        await asyncio.wait_for(rack.lights["A-01"].reach("amber"), 240)
        await rack.take("A-02")
        await rack.put("A-01")
        await asyncio.wait_for(rack.lights["A-01"].reach("green"), 240)
        await asyncio.wait_for(rack.lights["A-01"].reach("off"), 240)
        site.broker.mend()
        async with cloud_peer(site.broker, hands, earlier) as peer:
            await peer.until(has("misplacement_ended"))
            await peer.until(has("list_ended"))
            (told,) = peer.of("slot_misplaced")
            assert (told["found"], told["expected"]) == (f"{SITE}/S-A-02", f"{SITE}/S-A-01")
            assert peer.of("misplacement_ended")[0]["how"] in ("put_right", "undone")
            assert peer.of("list_ended")[0]["how"] == "done"
    assert chain_of(site) >= len(peer.facts)
