"""How full zones were, and when they will be."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.analysis.filling import judge_saturation, levels
from custody.roles import Role
from tests.cloud.analysis.people import client_of, lens, rules
from tests.cloud.analysis.test_approvals import ASKED
from tests.cloud.api import Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.floor import floor
from tests.cloud.evidence.warehouse import made

WEEK = timedelta(days=7)
TOLD = rules("saturation")


async def test_each_zone_is_known_week_by_week_through_moves_and_passages_out(office: Office, clock: Clock) -> None:
    look, built = await lens(office), await floor(office, clock, sensors=False)
    admin = await client_of(office, await office.person(Role.ADMIN))
    other = made(await admin.post("zones", json={"name": "B 区", "zone_class": "ordinary"}))["id"]
    slots = made(
        await admin.post("slots", json={"zone": other, "slots": [{"name": "B-1", "size": "xl", "capacity": 2}]})
    )
    built.slots["B-1"] = slots["rows"][0]["id"]
    await built.go_in()
    clock.advance(WEEK)
    crew = built.store.crew
    for action, slot in (("place", "A-1"), ("move", "B-1")):
        again = await office.signed_in(Role.KEEPER)
        answer = await crew.propose(again, action, built.package, slot=built.slots[slot])
        assert answer.status_code == 201, answer.text
        clock.advance(2 * WEEK)
    figures = {row["name"]: row for row in (await look.section("saturation"))["figures"]}
    assert [round(point["value"]) for point in figures["A 区"]["course"]] == [0, 17, 17, 0, 0, 0]
    assert [point["value"] for point in figures["B 区"]["course"]] == [0, 0, 0, 50, 50, 50]
    assert (figures["B 区"]["value"], figures["B 区"]["at"]) == (50, None), "five weeks are too few for a day"
    left = (clock.at - 3 * WEEK).isoformat()
    past = {row["name"]: row["value"] for row in (await look.section("saturation", until=left))["figures"]}
    assert past == {"A 区": pytest.approx(100 / 6), "B 区": 0}, "as it was then"


def zone(used: int, capacity: int = 100) -> dict[str, object]:
    return {"zone": "nj01/Z-1", "zone_class": "ordinary", "capacity": capacity, "used": used, "founded_at": None}


def weekly(changes: Sequence[int]) -> dict[int, int]:
    return {7 * week + 3: by for week, by in enumerate(changes)}


def test_a_zone_that_fills_has_its_day_with_an_interval_and_is_found() -> None:
    look = judge_saturation(ASKED, TOLD, [zone(76)], {"nj01/Z-1": weekly([5, 7, 6, 5, 7, 6, 6, 5, 7, 6, 6, 6])})
    (found,) = look.findings
    assert found.value == pytest.approx(28, abs=0.01)
    assert found.at == ASKED.until + timedelta(days=28)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 28 < found.high < 32
    assert found.n == 12
    assert "may_not_grow" not in found.weakens


def test_one_that_shrinks_stands_still_or_fills_in_years_has_none() -> None:
    for changes in ([-1] * 12, [0] * 12, [1] + [0] * 11):
        look = judge_saturation(ASKED, TOLD, [zone(50)], {"nj01/Z-1": weekly(changes)})
        assert look.findings == []
    assert judge_saturation(ASKED, TOLD, [zone(50)], {}).figures[0].at is None


def test_a_full_one_is_full_today() -> None:
    (found,) = judge_saturation(ASKED, TOLD, [zone(100)], {"nj01/Z-1": weekly([4] * 12)}).findings
    assert (found.value, found.at) == (0, ASKED.until)


@given(st.integers(0, 500), st.dictionaries(st.integers(-30, 90), st.integers(-9, 9)), st.integers(0, 12))
def test_levels_differ_by_what_changed_between_them(used: int, by_day: dict[int, int], weeks: int) -> None:
    held = levels(used, by_day, weeks)
    assert len(held) == weeks + 1
    assert held[0] == used - sum(by for day, by in by_day.items() if day < 0)
    for week in range(weeks):
        between = sum(by for day, by in by_day.items() if 7 * week <= day < 7 * week + 7)
        assert held[week] - held[week + 1] == between
