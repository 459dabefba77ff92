"""Somebody who can write the database changes what doors told, or what is behind them."""

from datetime import timedelta

from cloud.ledger.derived_doors import TAKE
from tests.cloud.api import Office
from tests.cloud.api import office as office
from tests.cloud.api import parts as parts
from tests.cloud.conftest import Clock
from tests.cloud.evidence.doors import Behind, behind
from tests.cloud.evidence.floor import floor
from tests.cloud.people.derived import each_is_found, holds, verified

KEPT = ("door", "door_session", "movement", "observation")
SESSION = "door_session entry:"

WAYS: dict[str, tuple[str, str, str]] = {
    "a session deleted": ("row_missing", SESSION, "DELETE FROM door_session WHERE how = 'forced'"),
    "a session that never was": ("row_without_entry", SESSION, (
        "INSERT INTO door_session (site, index, agent, station, state, at)"
        " SELECT site, 1, agent, station, 'refused', at FROM door_session LIMIT 1")),
    "a forced door called let": ("row_differs", SESSION, (
        "UPDATE door_session SET how = 'decision' WHERE how = 'forced'")),
    "a refusal called let": ("row_differs", SESSION, (
        "UPDATE door_session SET state = 'allowed' WHERE state = 'refused'")),
    "somebody else went in": ("row_differs", SESSION, "UPDATE door_session SET people = '{nj01/U-X}' WHERE task <> ''"),
    "for another task": ("row_differs", SESSION, "UPDATE door_session SET task = 'nj01/K-X' WHERE task <> ''"),
    "nothing moved": ("row_differs", SESSION, "UPDATE door_session SET moved = '{}' WHERE moved <> '{}'"),
    "it stood open for a shorter time": ("row_differs", SESSION, (
        "UPDATE door_session SET open_ms = 1, closed_at = opened_at WHERE open_ms > 1")),
    "it was not held open": ("row_differs", SESSION, (
        "UPDATE door_session SET held_index = NULL WHERE held_index IS NOT NULL")),
    "a still of another deed": ("row_differs", SESSION, (
        "UPDATE door_session SET picture = repeat('cd', 32) WHERE picture IS NOT NULL")),
    "at another time": ("row_differs", SESSION, "UPDATE door_session SET at = at - interval '1 hour'"),
    "something else is behind the door": ("row_differs", "door nj01.gate-a store", (
        "UPDATE door SET guards = guards || '{rack-9}'")),
    "a door taken away": ("row_missing", "door nj01.gate-a store", "DELETE FROM door"),
    "an opening that no movement came of": ("row_missing", "observation entry:", (
        "DELETE FROM observation WHERE kind = 'door'")),
    "a movement that waits for no door": ("row_differs", "movement entry:", (
        "UPDATE movement SET stay_s = 86400 WHERE stay_s > 0")),
}  # fmt: skip


async def day(office: Office, clock: Clock) -> Behind:
    """One is let in and stays too long, one is refused, and one forces the door."""
    room = await behind(office, clock)
    task, keeper = await room.give_task(), await room.keeper()
    picture = {"sha256": "ab" * 32, "bytes": 10, "width": 1, "height": 1}
    opened = await room.open(await room.ask(keeper, task=task), picture=picture)
    await room.floor.tell("door_held_open", {"station": "store", "opened": opened, "open_ms": 60_000})
    await room.floor.place("A-1")
    await room.floor.slot_told("A-1", True)
    await room.shut(opened, people=[keeper], task=task, moved=[room.floor.slots["A-1"]])
    await room.floor.look(timedelta(minutes=6))
    await room.ask(room.floor.people[0], outcome="refused", reason="wrong_role", subject="", rule="people.role")
    await room.open(None, "forced")
    return room


async def test_each_way_of_tampering_is_found(office: Office, clock: Clock) -> None:
    """One day for all ways; the tables are put back as they were after each."""
    await day(office, clock)
    await each_is_found(office, KEPT, WAYS)


async def test_facts_about_doors_from_before_there_were_rows_are_not_asked_for_any(
    office: Office, clock: Clock
) -> None:
    built = await floor(office, clock)  # nobody could say then what is behind a door
    opened = await built.tell("door_opened", {"station": "store", "decision": None, "how": "exit"})
    await built.tell("door_closed", {"station": "store", "opened": opened, "open_ms": 9000})
    await office.as_owner("DELETE FROM door_session")
    assert (await verified(office)).fault == "row_missing"
    await office.as_owner("INSERT INTO doors_from SELECT site, size FROM ledger_head")
    await holds(office)


def test_each_kind_of_record_about_doors_is_derived_from() -> None:
    assert set(TAKE) == {"door_furnished"}
