"""Records and sensors are joined once the window has passed: what agrees is corroborated, what does not is an alarm."""

from datetime import timedelta

import pytest

from custody.roles import Role
from tests.cloud.api import AGENT, Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.floor import PASSED, SECOND, WINDOW, Floor, crossing, floor
from tests.cloud.evidence.walk import GATE
from tests.cloud.people.derived import holds


@pytest.fixture
async def arrived(office: Office, clock: Clock) -> Floor:
    """The package has come in through the gate."""
    built = await floor(office, clock)
    await built.go_in()
    return built


async def test_a_passage_and_a_placing_that_sensors_saw_are_corroborated(arrived: Floor) -> None:
    await arrived.place("A-1")
    await arrived.slot_told("A-1", True)
    assert await arrived.corroborated() is None
    await arrived.look(WINDOW - 20 * SECOND)
    assert await arrived.corroborated() is None
    await arrived.look(60 * SECOND)
    assert await arrived.corroborated() is True
    assert await arrived.records("movement_corroborated") == 2
    assert await arrived.living() == set()
    await arrived.look(PASSED)  # a watch that was started anew finds nothing left to do
    assert await arrived.records("movement_corroborated") == 2
    await holds(arrived.office)


async def test_a_record_without_goods_is_an_alarm_at_the_thing(arrived: Floor) -> None:
    index = await arrived.place("A-1")
    await arrived.look(PASSED)
    assert await arrived.living() == {("record_without_goods", arrived.package)}
    (row,) = await arrived.office.rows("SELECT severity, detail FROM alarm WHERE cleared_at IS NULL")
    assert row["severity"] == "critical"
    assert (row["detail"]["entry"], row["detail"]["lacking"]) == (index, [["slot", arrived.slots["A-1"], "filled"]])
    assert await arrived.corroborated() is False
    await arrived.look(timedelta(days=1))
    (row,) = await arrived.office.rows("SELECT occurrences FROM alarm")
    assert row["occurrences"] == 1
    await holds(arrived.office)


@pytest.mark.parametrize(("weight_g", "agrees"), [(12_040, True), (10_000, False)])
async def test_a_scale_stands_in_for_a_slot_that_is_silent(arrived: Floor, weight_g: int, agrees: bool) -> None:
    await arrived.place("A-1")
    body = {"station": "rack", "thing": arrived.package, "weight_g": weight_g, "stable": True}
    await arrived.tell("weight_measured", body)
    await arrived.look(PASSED)
    assert await arrived.corroborated() is agrees
    assert (("record_without_goods", arrived.package) in await arrived.living()) is not agrees
    await holds(arrived.office)


async def test_goods_without_a_record_are_an_alarm_at_the_slot(arrived: Floor) -> None:
    await arrived.place("A-1")
    await arrived.slot_told("A-1", True)
    await arrived.look(timedelta(hours=1))
    assert await arrived.living() == set()
    await arrived.slot_told("A-1", False)
    await arrived.look(WINDOW - SECOND)
    assert await arrived.living() == set()
    await arrived.look(2 * SECOND)  # and what its clock may be wrong by
    assert await arrived.living() == {("goods_without_record", arrived.slots["A-1"])}
    (row,) = await arrived.office.rows("SELECT detail FROM alarm WHERE cleared_at IS NULL")
    assert (row["detail"]["told"], row["detail"]["recorded"]) == ("emptied", [arrived.package])
    assert (await arrived.slot("A-1"))["state"] == "mismatch"
    await holds(arrived.office)


async def test_a_move_empties_one_slot_and_fills_the_other(arrived: Floor) -> None:
    await arrived.place("A-1")
    await arrived.slot_told("A-1", True)
    await arrived.look(timedelta(hours=1))
    await arrived.store.crew.do("move", arrived.package, by=(Role.KEEPER,), slot=arrived.slots["A-2"])
    await arrived.slot_told("A-2", True)
    await arrived.look(PASSED)
    assert await arrived.living() == {("record_without_goods", arrived.package)}  # something else lies in A-2
    await holds(arrived.office)


async def test_what_an_agent_says_late_is_judged_by_its_own_clock_and_clears_the_alarm(arrived: Floor) -> None:
    await arrived.place("A-1")
    arrived.walk._say("slot_changed", {"station": "rack", "slot": arrived.slots["A-1"], "occupied": True})
    await arrived.look(timedelta(hours=5))
    assert await arrived.living() == {("record_without_goods", arrived.package)}
    await arrived.walk.send()
    await arrived.look()
    assert await arrived.living() == set()
    assert await arrived.corroborated() is True
    await holds(arrived.office)


async def test_a_record_that_comes_late_explains_what_was_an_alarm(arrived: Floor) -> None:
    """The step was taken at a rack without a network; the slot's own agent had one."""
    at = arrived.clock.at
    await arrived.slot_told("A-1", True)
    await arrived.look(timedelta(hours=2))
    assert await arrived.living() == {("goods_without_record", arrived.slots["A-1"])}
    keeper = (await arrived.store.keeper.get("session")).json()["id"]
    body = {
        "station": "rack", "task": "t", "action": "place", "people": [keeper], "outcome": "allowed",
        "things": [{"kind": "package", "id": arrived.package, "issue": 1}], "rule": "custody.place",
        "details": {"slot": arrived.slots["A-1"]}, "rule_pack": arrived.office.parts.pack.hash,
    }  # fmt: skip
    arrived.walk.teller.say("step_decided", body, at=at)
    await arrived.walk.send()
    await arrived.look()
    assert await arrived.living() == {("step_without_task", "nj01.gate-a:rack")}  # nobody had sent that task
    assert await arrived.corroborated() is True
    await holds(arrived.office)


async def test_who_crosses_without_a_decision_moves_goods_without_a_record(arrived: Floor) -> None:
    await arrived.look(PASSED)
    await arrived.tell("passage_crossed", crossing("out"))
    await arrived.look(PASSED)
    place = f"{AGENT}:{GATE}"
    assert await arrived.living() == {("crossed_without_decision", place), ("goods_without_record", place)}
    await holds(arrived.office)


async def test_who_turns_back_at_the_open_gate_moved_nothing(office: Office, clock: Clock) -> None:
    built = await floor(office, clock)
    permit = (await built.store.keeper.post("permits", json=built.store.permit("in"))).json()["id"]
    uses = [{"permit": permit, "thing": built.package}]
    body = built.walk._body(built.store, "in", built.people[:1]) | {"outcome": "allowed", "rule": "gate.permit.valid"}
    decision = await built.tell("passage_decided", body | {"uses": uses})
    await built.look(PASSED)
    assert await built.living() == {("record_without_goods", built.package)}
    await built.tell("passage_abandoned", {"station": GATE, "decision": decision, "uses": uses})
    assert await built.living() == set()
    await built.look(PASSED)
    assert await built.living() == set()
    await holds(office)


async def test_leave_to_go_out_explains_that_the_slot_was_emptied_until_it_ends(arrived: Floor) -> None:
    store, slot = arrived.store, arrived.slots["A-1"]
    await arrived.place("A-1")
    await arrived.slot_told("A-1", True)
    await arrived.look(timedelta(hours=1))
    by = (Role.CASE_HANDLER, Role.APPROVER)
    await store.crew.do("approve_release", arrived.package, by=by)
    await arrived.look(timedelta(hours=1))
    await arrived.slot_told("A-1", False)  # fetched in peace
    await arrived.look(PASSED)
    assert await arrived.living() == set()
    assert await arrived.records("observation_explained") == 1
    permit = (await store.keeper.post("permits", json=store.permit("out"))).json()["id"]
    await arrived.walk.pass_gate(store, "out", permit, arrived.people)
    await arrived.look(PASSED)
    assert (await arrived.living(), await arrived.corroborated()) == (set(), True)
    await arrived.slot_told("A-1", True)  # and what is this?
    await arrived.look(PASSED)
    assert await arrived.living() == {("goods_without_record", slot)}
    await holds(arrived.office)


async def test_what_no_sensor_could_tell_is_not_judged(office: Office, clock: Clock) -> None:
    built = await floor(office, clock, sensors=False)
    await built.go_in()
    await built.look(PASSED)
    await built.place("A-1")
    await built.look(PASSED)
    assert (await built.living(), await built.corroborated()) == (set(), None)
    assert (await built.slot("A-1"))["sensor"] is None
    await holds(office)


async def test_a_slot_that_is_not_the_agents_own_is_no_news(office: Office, clock: Clock) -> None:
    built = await floor(office, clock, sensors=False)
    await built.slot_told("A-1", True)
    assert await built.living() == {("malformed_fact", AGENT)}
    assert (await built.slot("A-1"))["sensor"] is None
    await holds(office)


async def test_the_map_shows_a_mismatch_only_once_the_window_has_passed(arrived: Floor) -> None:
    await arrived.place("A-1")
    await arrived.slot_told("A-1", True)
    assert (await arrived.slot("A-1"))["state"] == "part"
    await arrived.look(timedelta(hours=1))
    await arrived.slot_told("A-1", False)
    shown = await arrived.slot("A-1")
    assert (shown["sensor"], shown["state"]) == (False, "part")
    arrived.clock.advance(PASSED)
    assert (await arrived.slot("A-1"))["state"] == "mismatch"
