"""A rack says that something is in a wrong slot: one alarm, over by itself, and no second one about the same slots."""

from datetime import timedelta
from typing import Any

import pytest

from custody.roles import Role
from tests.cloud.api import Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.floor import PASSED, Floor, floor
from tests.cloud.people.derived import each_is_found, holds


@pytest.fixture
async def arrived(office: Office, clock: Clock) -> Floor:
    built = await floor(office, clock)
    await built.go_in()
    return built


def wrong(at: Floor, **changes: Any) -> dict[str, Any]:
    return {
        "station": "rack", "found": at.slots["A-2"], "expected": at.slots["A-1"], "moved": "put", "by": "sensor",
        "task": None, "list_id": None, "things": [at.package], **changes,
    }  # fmt: skip


def over(at: Floor, how: str) -> dict[str, Any]:
    return {"station": "rack", "found": at.slots["A-2"], "expected": at.slots["A-1"], "how": how}


async def put_wrong(at: Floor) -> None:
    """By the records it is in A-1; the sensor of A-2 says that something was put there."""
    await at.place("A-1")
    await at.slot_told("A-2", True)
    await at.tell("slot_misplaced", wrong(at))


async def test_it_is_one_alarm_at_once_and_none_more_when_the_window_has_passed(arrived: Floor) -> None:
    await put_wrong(arrived)
    assert await arrived.living() == {("misplaced", arrived.slots["A-2"])}
    (row,) = await arrived.office.rows("SELECT severity, detail FROM alarm WHERE cause = 'misplaced'")
    assert (row["severity"], row["detail"]["expected"]) == ("major", arrived.slots["A-1"])
    assert row["detail"]["things"] == [arrived.package]
    await arrived.look(PASSED)
    assert await arrived.living() == {("misplaced", arrived.slots["A-2"])}
    assert await arrived.records("observation_unexplained") == 1  # judged and recorded all the same
    assert await arrived.records("movement_uncorroborated") == 1
    await holds(arrived.office)


@pytest.mark.parametrize("after", [timedelta(minutes=1), timedelta(minutes=30)])
async def test_it_ends_when_it_was_put_right_however_late(arrived: Floor, after: timedelta) -> None:
    await put_wrong(arrived)
    await arrived.look(after)
    await arrived.slot_told("A-2", False)
    await arrived.slot_told("A-1", True)
    await arrived.tell("misplacement_ended", over(arrived, "put_right"))
    assert await arrived.living() == set()
    await arrived.look(PASSED)
    assert await arrived.living() == set()
    await holds(arrived.office)


async def test_what_moves_long_after_is_an_alarm_of_its_own(arrived: Floor) -> None:
    await put_wrong(arrived)
    await arrived.slot_told("A-2", False)
    await arrived.slot_told("A-1", True)
    await arrived.tell("misplacement_ended", over(arrived, "put_right"))
    await arrived.look(timedelta(hours=1))
    await arrived.slot_told("A-1", False)
    await arrived.look(PASSED)
    assert await arrived.living() == {("goods_without_record", arrived.slots["A-1"])}


async def test_what_only_the_records_have_in_the_wrong_slot_is_an_alarm_all_the_same(arrived: Floor) -> None:
    await put_wrong(arrived)
    await arrived.slot_told("A-2", False)
    await arrived.slot_told("A-1", True)
    await arrived.tell("misplacement_ended", over(arrived, "put_right"))
    await arrived.store.crew.do("move", arrived.package, by=(Role.KEEPER, Role.BOOKKEEPER), slot=arrived.slots["A-2"])
    await arrived.look(PASSED)
    assert await arrived.living() == {
        ("record_without_goods", arrived.package), ("goods_without_record", arrived.slots["A-2"]),
    }  # fmt: skip
    await holds(arrived.office)


async def test_without_a_word_of_the_rack_both_alarms_are_raised_as_before(arrived: Floor) -> None:
    await arrived.place("A-1")
    await arrived.slot_told("A-2", True)
    await arrived.look(PASSED)
    assert await arrived.living() == {
        ("goods_without_record", arrived.slots["A-2"]), ("record_without_goods", arrived.package),
    }  # fmt: skip


async def test_what_the_records_explain_is_none_and_the_rack_is_told(arrived: Floor) -> None:
    await arrived.place("A-2")
    await arrived.slot_told("A-2", True)
    await arrived.tell("slot_misplaced", wrong(arrived, things=[], list_id="nj01/G-1"))
    assert await arrived.living() == set()
    orders = await arrived.office.rows("SELECT kind FROM agent_order WHERE kind = 'dark_slot'")
    assert len(orders) == 1
    await holds(arrived.office)


async def test_a_corrected_record_tells_the_rack_whose_word_ends_it(arrived: Floor) -> None:
    await put_wrong(arrived)
    await arrived.store.crew.do("move", arrived.package, by=(Role.KEEPER, Role.BOOKKEEPER), slot=arrived.slots["A-2"])
    assert len(await arrived.office.rows("SELECT FROM agent_order WHERE kind = 'dark_slot'")) == 1
    await arrived.tell("misplacement_ended", over(arrived, "recorded"))
    assert await arrived.living() == set()
    await holds(arrived.office)


async def test_held_to_a_wrong_label_it_is_a_warning_and_hides_nothing(arrived: Floor) -> None:
    await arrived.tell("slot_misplaced", wrong(arrived, by="scan"))
    (row,) = await arrived.office.rows("SELECT severity FROM alarm WHERE cause = 'misplaced'")
    assert row["severity"] == "warning"
    await arrived.slot_told("A-2", True)
    await arrived.look(PASSED)
    assert ("goods_without_record", arrived.slots["A-2"]) in await arrived.living()


@pytest.mark.parametrize(
    "changes", [{"found": "nj01/S-none"}, {"found": "sz01/S-1"}, {"moved": "thrown"}, {"expected": "\0"}]
)
async def test_what_is_about_no_slot_of_the_rack_is_kept_and_told(arrived: Floor, changes: dict[str, Any]) -> None:
    await arrived.tell("slot_misplaced", wrong(arrived, **changes))
    assert {cause for cause, _ in await arrived.living()} == {"malformed_fact"}
    await holds(arrived.office)


async def test_whoever_changes_what_was_misplaced_is_found(arrived: Floor) -> None:
    await put_wrong(arrived)
    await each_is_found(arrived.office, ["misplacement"], {
        "another slot": ("row_differs", "misplacement", "UPDATE misplacement SET found = expected"),
        "over": ("row_differs", "misplacement", "UPDATE misplacement SET ended_index = 1"),
        "gone": ("row_missing", "misplacement", "DELETE FROM misplacement"),
    })  # fmt: skip
