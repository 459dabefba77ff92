"""Somebody who can write the database changes what sensors told, what was made of it, or an opening by break-glass."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from cloud.ledger.derived import Derived, Told
from cloud.ledger.derived_sensors import TAKE, slot_changed, stepped
from cloud.ledger.faults import WORDS, LedgerFaultError
from custody.permits import parse_time
from custody.roles import Role
from tests.cloud.api import Office
from tests.cloud.api import office as office
from tests.cloud.api import parts as parts
from tests.cloud.conftest import Clock
from tests.cloud.evidence.floor import PASSED, Floor, crossing, floor
from tests.cloud.people.derived import each_is_found
from tests.cloud.receiving import PACK
from wire.messages import SlotChanged

KEPT = ("movement", "observation", "slot_sensor", "exception")

WAYS: dict[str, tuple[str, str, str]] = {
    "a movement that no sensor saw is called seen": ("row_differs", "movement entry:", (
        "UPDATE movement SET state = 'corroborated' WHERE state = 'uncorroborated'")),
    "a movement is called unwatched": ("row_differs", "movement entry:", (
        "UPDATE movement SET state = 'unwatched' WHERE action = 'place'")),
    "a movement needs no sensor": ("row_differs", "movement entry:", (
        "UPDATE movement SET needs = '[]' WHERE action = 'place'")),
    "a movement deleted": ("row_missing", "movement entry:", "DELETE FROM movement WHERE action = 'stock_in'"),
    "a movement at another time": ("row_differs", "movement entry:", (
        "UPDATE movement SET at = at - interval '1 hour' WHERE action = 'place'")),
    "an observation deleted": ("row_missing", "observation entry:", "DELETE FROM observation WHERE kind = 'slot'"),
    "an observation explained away": ("row_differs", "observation entry:", (
        "UPDATE observation SET state = 'explained', explained_by = 1 WHERE state = 'unexplained'")),
    "an observation of something else": ("row_differs", "observation entry:", (
        "UPDATE observation SET what = 'filled' WHERE what = 'emptied'")),
    "what a slot tells": ("row_differs", "slot_sensor nj01/S-", "UPDATE slot_sensor SET occupied = NOT occupied"),
    "a slot that tells nothing": ("row_missing", "slot_sensor nj01/S-", "DELETE FROM slot_sensor"),
    "an opening that never was": ("row_missing", "exception nj01/X-", "DELETE FROM exception"),
    "an opening reviewed by nobody": ("row_differs", "exception nj01/X-", (
        "UPDATE exception SET state = 'reviewed', finding = '无' WHERE state = 'closed'")),
    "a review put off": ("row_differs", "exception nj01/X-", "UPDATE exception SET due_at = due_at + interval '1 day'"),
    "a still of a clip": ("row_differs", "exception nj01/X-", "UPDATE exception SET pictures = '{}'"),
    "a finding": ("row_differs", "exception nj01/X-", (
        "UPDATE exception SET finding = '另有' WHERE finding IS NOT NULL")),
}  # fmt: skip


@asynccontextmanager
async def day(office: Office, clock: Clock) -> AsyncIterator[Floor]:
    """A placing that no sensor saw, goods that no record tells of, and two openings, one of them reviewed."""
    built = await floor(office, clock)
    await built.go_in()
    await built.slot_told("A-1", True)
    await built.look(timedelta(hours=1))
    await built.place("A-2")
    await built.slot_told("A-1", False)
    await built.tell("passage_crossed", crossing("out"))
    await built.look(PASSED)
    for _ in range(2):
        seq = await built.tell("break_glass_opened", {"station": "gate-a", "input": "button"})
        picture = {"sha256": "ab" * 32, "bytes": 10, "width": 1, "height": 1}
        clip = {"station": "gate-a", "opened": seq, "pictures": [picture]}
        await built.tell("break_glass_clip", clip)
        closed = {"station": "gate-a", "opened": seq, "open_ms": 1000, "crossings": 0}
        await built.tell("break_glass_closed", closed)
    (row, _) = await office.rows("SELECT id FROM exception ORDER BY index")
    by = (Role.KEEPER, Role.SUPERVISOR)
    await built.store.crew.do("review_exception", by=by, exception=row["id"], finding="误触")
    yield built


async def test_each_way_of_tampering_is_found(office: Office, clock: Clock) -> None:
    """One day for all ways; the tables are put back as they were after each."""
    async with day(office, clock):
        await each_is_found(office, KEPT, WAYS)


def test_its_fault_is_said_in_both_languages() -> None:
    assert "sensors_differ" in WORDS
    assert set(TAKE) == {
        "movement_corroborated", "movement_uncorroborated", "observation_explained", "observation_unexplained",
    }  # fmt: skip


A, SLOT, THING, NOON = "nj01.rack", "nj01/S-A", "nj01/P-A", "2026-11-22T12:00:00.000000Z"
LATER = "2026-11-22T12:05:01.000000Z"


def log(*changes: tuple[int, bool, int]) -> Derived:
    """A site whose log tells of a placing at NOON, entry 2, and of changes of its slot: entry, occupied, seconds."""
    derived = Derived("nj01")
    derived.table("slot")[SLOT] = {"agent": A, "zone": "nj01/Z-A"}
    slot_changed(derived, 1, SlotChanged(station="rack", slot=SLOT, occupied=False), A, parse_time(NOON), 0)
    content = {
        "actor": "nj01/U-A", "action": "place", "things": [THING], "details": {"slot": SLOT}, "hands": [],
    }  # fmt: skip
    stepped(derived, Told(2, "custody_step", NOON, content), PACK, {THING: {"slot": None, "weight_g": None}})
    for index, occupied, seconds in changes:
        at = parse_time(NOON) + timedelta(seconds=seconds)
        slot_changed(derived, index, SlotChanged(station="rack", slot=SLOT, occupied=occupied), A, at, 0)
    return derived


def take(derived: Derived, kind: str, content: Mapping[str, Any], at: str = LATER) -> set[str] | None:
    return TAKE[kind](derived, Told(9, kind, at, {"actor": "jobs", **content}))


def seen(index: int) -> dict[str, Any]:
    return {"movement": 2, "observations": [{"trace": 0, "index": index, "place": SLOT}]}


UNSEEN: dict[str, Any] = {"movement": 2, "observations": [], "lacking": []}
UNEXPLAINED: dict[str, Any] = {"observation": 3, "place": SLOT, "window_s": 300}


def test_judgements_that_follow_from_the_log_are_taken() -> None:
    assert take(log((3, True, 60)), "movement_corroborated", seen(3)) == {THING}
    assert take(log(), "movement_uncorroborated", UNSEEN) == {THING}
    assert take(log((3, True, -400)), "observation_unexplained", UNEXPLAINED) == {SLOT}


@pytest.mark.parametrize(
    ("derived", "kind", "content", "at", "problem"),
    [
        (log((3, True, 60)), "movement_uncorroborated", UNSEEN, LATER, "entry 3 tells of it"),
        (log(), "movement_uncorroborated", UNSEEN, NOON, "before its window"),
        (log((3, True, 60)), "movement_corroborated", UNSEEN, LATER, "lacks"),
        (log((3, True, 301)), "movement_corroborated", seen(3), LATER, "not in time"),
        (log((3, True, 60), (4, False, 90)), "movement_corroborated", seen(4), LATER, "not what movement 2"),
        (log(), "movement_corroborated", seen(5), LATER, "entry 5 is no observation"),
        (log((3, True, 60)), "observation_unexplained", UNEXPLAINED, "2026-11-22T12:05:59.000000Z", "had not passed"),
        (log((3, True, 0)), "observation_unexplained", UNEXPLAINED, LATER, "movement 2 explains it"),
        (log(), "observation_unexplained", UNEXPLAINED, LATER, "entry 3 is no observation"),
    ],
)
def test_judgements_that_do_not_follow_are_faults(
    derived: Derived, kind: str, content: Mapping[str, Any], at: str, problem: str
) -> None:
    with pytest.raises(LedgerFaultError, match=problem) as caught:
        take(derived, kind, content, at)
    assert caught.value.name == "sensors_differ"


def test_an_observation_explains_one_movement() -> None:
    derived = log((3, True, 60))
    take(derived, "movement_corroborated", seen(3))
    with pytest.raises(LedgerFaultError, match="explains movement 2 already"):
        take(derived, "observation_explained", seen(3))
