"""Heads counted by cameras, held against the passes that were shown, and as a sensor of what moved (N1)."""

from typing import Any

import pytest

from custody.roles import Role
from tests.cloud.api import AGENT, Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.doors import DOOR, PLACE, Behind, behind
from tests.cloud.evidence.floor import PASSED, Floor, floor
from tests.cloud.evidence.walk import GATE
from tests.cloud.evidence.warehouse import made
from tests.cloud.people.derived import holds, verified

TAILGATING = ("tailgating", PLACE)


async def session(room: Behind, heads: dict[str, int] | None, how: str = "decision") -> dict[str, Any]:
    """The keeper is let in (or somebody comes out); what the page of sessions then shows."""
    keeper = await room.keeper()
    opened = await room.open(await room.ask(keeper, task=room.task) if how == "decision" else None, how)
    more = {} if heads is None else {"heads": heads}
    await room.shut(opened, people=[keeper] if how == "decision" else [], **more)
    return (await room.sessions())[0]


@pytest.mark.parametrize(
    ("how", "heads", "alarmed"),
    [
        ("decision", {"in": 1, "out": 0}, False),
        ("decision", {"in": 2, "out": 0}, True),
        ("decision", {"in": 1, "out": 2}, False),
        ("decision", {"in": 0, "out": 0}, False),
        ("decision", None, False),
        ("exit", {"in": 0, "out": 1}, False),
        ("exit", {"in": 1, "out": 1}, True),
        ("forced", {"in": 3, "out": 0}, False),
    ],
    ids=["one for one", "two for one", "others came out", "nobody after all", "nothing counted", "out",
         "in as one came out", "forced is an alarm of its own"],
)  # fmt: skip
async def test_more_heads_than_passes_are_an_alarm(
    office: Office, clock: Clock, how: str, heads: dict[str, int] | None, alarmed: bool
) -> None:
    room = await behind(office, clock)
    await room.give_task()
    shown = await session(room, heads, how)
    assert (shown["heads_in"], shown["heads_out"]) == ((heads["in"], heads["out"]) if heads else (None, None))
    assert (TAILGATING in await room.floor.living()) is alarmed
    await holds(office)


async def test_the_alarm_says_how_many_for_how_many(office: Office, clock: Clock) -> None:
    room = await behind(office, clock)
    await room.give_task()
    await session(room, {"in": 3, "out": 0})
    [row] = await office.rows("SELECT detail, severity FROM alarm WHERE cause = 'tailgating'")
    assert (row["severity"], row["detail"]["heads"], row["detail"]["people"]) == ("major", 3, 1)
    assert (row["detail"]["station"], row["detail"]["rule"]) == (DOOR, "gate.heads")


async def counted(built: Floor, heads: int, people: int = 1, **more: Any) -> None:
    """The camera above the gate tells of the last passage."""
    await built.tell("heads_counted", {
        "station": GATE, "direction": "in", "decisions": [1], "people": built.people[:people],
        "heads": {"in": heads, "out": 0}, **more,
    })  # fmt: skip


async def let_in(built: Floor) -> None:
    """The gate lets the package in, and its beams say nothing."""
    permit = made(await built.store.keeper.post("permits", json=built.store.permit("in")))["id"]
    await built.walk.pass_gate(built.store, "in", permit, built.people[:1], beams=False)


async def test_more_heads_than_passes_at_a_gate_are_an_alarm(office: Office, clock: Clock) -> None:
    built = await floor(office, clock)
    await built.go_in()
    await counted(built, 1)
    assert ("tailgating", f"{AGENT}:{GATE}") not in await built.living()
    await counted(built, 2)
    assert ("tailgating", f"{AGENT}:{GATE}") in await built.living()
    await holds(office)


@pytest.mark.parametrize(("heads", "seen"), [(1, True), (0, False)])
async def test_heads_stand_in_for_the_beams_of_a_gate(office: Office, clock: Clock, heads: int, seen: bool) -> None:
    built = await floor(office, clock)
    await let_in(built)
    await counted(built, heads)
    await built.look(PASSED)
    assert (("record_without_goods", built.package) in await built.living()) is not seen
    assert await built.corroborated() is seen
    await holds(office)


async def test_more_in_the_far_beam_than_passes_are_an_alarm_too(office: Office, clock: Clock) -> None:
    built = await floor(office, clock)
    await built.go_in()
    for people, went, alarmed in ((2, 2, False), (0, 1, False), (1, 2, True)):
        body = {"station": GATE, "direction": "in", "decisions": [1], "people": built.people[:people], "went": went}
        await built.tell("passage_followed", body)
        assert (("tailgating", f"{AGENT}:{GATE}") in await built.living()) is alarmed
    [row] = await office.rows("SELECT detail FROM alarm WHERE cause = 'tailgating'")
    assert (row["detail"]["heads"], row["detail"]["people"], row["detail"]["by"]) == (2, 1, "beams")
    await holds(office)


async def test_heads_changed_in_the_tables_are_found(office: Office, clock: Clock) -> None:
    room = await behind(office, clock)
    await room.give_task()
    await session(room, {"in": 2, "out": 0})
    await office.execute("UPDATE door_session SET heads_in = 1")
    assert (await verified(office)).fault == "row_differs"
    await office.execute("UPDATE door_session SET heads_in = 2")
    await holds(office)
    await counted(room.floor, 1)
    await office.as_owner("DELETE FROM observation WHERE kind = 'heads'")
    assert (await verified(office)).fault == "row_missing"


async def test_what_only_a_broken_agent_tells_is_kept_in_bounds(office: Office, clock: Clock) -> None:
    room = await behind(office, clock)
    await room.give_task()
    assert (await session(room, {"in": 10**15, "out": -4}))["heads_in"] == 10_000
    keeper = await office.signed_in(Role.KEEPER)
    assert (await keeper.get("door-sessions")).json()["rows"][0]["heads_out"] == 0
    await holds(office)
