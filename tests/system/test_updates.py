"""Updates from the administrator's hands to the board and back, with everything on the way that can go wrong."""

from pathlib import Path

import pytest

from simulators.board import FIRST
from simulators.warehouse import AGENT, DOOR
from tests.system.fleet_room import Room, open_room
from tests.system.waiting import until

pytestmark = pytest.mark.timeout(1200)

CRASHES = b"raise SystemExit('this release is broken')\n"
HANGS = b"import time\ntime.sleep(10000)\n"
UNHEARD = b"""import os
os.environ["SEALTRAIL_EDGE_BROKER_PORT"] = "1"
from edge_agent.cli import app
app(args=["run"], prog_name="sealtrail edge")
"""


async def ledger_holds(room: Room) -> None:
    await room.board.shut_down()
    await room.warehouse.uplink.stop()  # it signs the log at the latest when it ends
    assert await room.warehouse.check_ledger() is None


async def test_an_update_waits_until_nothing_is_open_survives_a_pulled_network_and_is_kept(tmp_path: Path) -> None:
    async with open_room(tmp_path, door=True) as room:
        await room.publish("0.2.0")
        web = room.warehouse.cables[1]
        door = room.warehouse.stage.doors[DOOR]
        await door.force()  # it stands open, and its session with it
        web.mute()
        await room.roll_out("0.2.0")
        await room.becomes("fetching")
        web.cut()
        web.mend()
        wanted = await room.becomes("waiting")
        await until(lambda: "waiting" in room.facts(), "it says why it waits")
        wanted = await room.becomes("waiting")
        assert (wanted["code"], room.board.current, room.board.starts) == ("door_open", FIRST, 1)
        await door.shut()
        await room.becomes("applied")
        await room.runs("0.2.0")
        assert room.board.current == room.made["0.2.0"][:12]
        assert room.facts() == ["staged", "waiting", "applied"]
        assert (room.alarms(), room.board.starts) == ([], 2)
        (line,) = await room.command("status")
        assert (line["agent"], line["running"], line["wanted"]["state"]) == (AGENT, "0.2.0", "applied")
        (line,) = await room.command("list")
        assert (line["version"], line["applied"]) == ("0.2.0", 1)
        again = await room.command("order", room.made["0.2.0"], AGENT, "--version", "0.2.0")
        assert list(again[0]["entries"]) == [AGENT]
        assert (await room.becomes("refused"))["code"] == "runs_already"
        await ledger_holds(room)


async def test_what_crashes_hangs_or_is_not_heard_is_undone_and_a_good_one_ends_the_alarm(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        for version, program, problem in (
            ("0.3.0", CRASHES, "before it was healthy"),
            ("0.4.0", UNHEARD, "the cloud gave no receipt"),
            ("0.5.0", HANGS, "before it was healthy"),
        ):
            await room.publish(version, {"sealtrail.py": program})
            await room.roll_out(version)
            wanted = await room.becomes("rolled_back")
            assert (wanted["version"], room.board.current) == (version, FIRST)
            assert problem in wanted["reason"]
            ((told,),) = room.alarms()
            assert problem in told or version != "0.3.0"  # a further one is counted, with the first one's words
            await room.runs("0.1.0")
        await room.publish("0.6.0")
        await room.roll_out("0.6.0")
        await room.becomes("applied")
        assert room.alarms() == []
        await ledger_holds(room)


async def test_power_that_fails_before_and_in_the_trial_leaves_a_board_that_works(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        gate = room.warehouse.stage.gates["gate-a"]
        await gate.beams["outside"].set(True)
        await room.publish("0.2.0")
        await room.roll_out("0.2.0")
        await until(lambda: "staged" in room.facts(), "it lies ready")
        await room.board.power_cut()
        await room.board.power_on()
        await until(lambda: room.board.starts == 2, "it starts again")
        assert room.board.current == FIRST
        room.warehouse.cut()  # so that the trial does not end before the power does
        await gate.beams["outside"].set(False)
        await until(lambda: room.board.starts == 3, "the trial has begun")
        assert room.board.current != FIRST
        await room.board.power_cut()
        room.warehouse.mend()
        await room.board.power_on()
        wanted = await room.becomes("rolled_back")
        assert "before it was healthy" in wanted["reason"]
        assert room.board.current == FIRST
        await room.roll_out("0.2.0")  # the power's fault, not the release's: wanted anew it goes
        await room.becomes("applied")
        await ledger_holds(room)
