"""Who comes outside the hours of work, and among whose things counts find differences (J32)."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from cloud.analysis.access import hours_of, judge_shares
from custody.business_time import Calendar
from custody.roles import Role
from tests.cloud.analysis.people import lens, rules
from tests.cloud.analysis.test_approvals import ASKED
from tests.cloud.api import Office, office, parts
from tests.cloud.conftest import Clock, Database
from tests.cloud.evidence.doors import DOOR, Behind, behind
from tests.cloud.stock_takes.shelves import WHERE, furnished

__all__ = ["office", "parts"]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOLD = rules("after_hours")
SHANGHAI = ZoneInfo("Asia/Shanghai")
WORK = Calendar(
    zone=SHANGHAI, weekdays=frozenset({1, 2, 3, 4, 5}), shifts=((time(9), time(12)), (time(13), time(18))),
    holidays=frozenset({date(2026, 11, 25)}), workdays=frozenset({date(2026, 11, 28)}),
)  # fmt: skip


def test_a_lunch_break_is_no_odd_hour_and_a_holiday_is() -> None:
    since = datetime(2026, 11, 23, tzinfo=UTC)
    days = hours_of(WORK, since, since + 7 * DAY, HOUR)

    def odd(*at: int) -> bool:
        moment = datetime(*at, tzinfo=SHANGHAI)  # type: ignore[arg-type, misc]  # year to minute
        return not any(begin <= moment < end for begin, end in days)

    assert not odd(2026, 11, 23, 12, 30), "Monday noon"
    assert not odd(2026, 11, 23, 8, 0)
    assert odd(2026, 11, 23, 7, 59)
    assert odd(2026, 11, 23, 19, 0)
    assert odd(2026, 11, 25, 10, 0), "a holiday on a Wednesday"
    assert not odd(2026, 11, 28, 10, 0), "a Saturday that is worked"
    assert odd(2026, 11, 29, 10, 0), "a Sunday"


async def visits(built: Behind, person: str, local_hour: int, days: int) -> None:
    """Once a working day at that hour `person` is let in at the door."""
    clock = built.floor.clock
    for _ in range(days):
        there = clock.at.astimezone(SHANGHAI) + DAY
        while there.isoweekday() > 5:
            there += DAY
        clock.at = datetime.combine(there.date(), time(local_hour), SHANGHAI).astimezone(UTC)
        await built.ask(person)


async def test_one_who_comes_at_night_is_found_and_those_of_the_day_are_not(office: Office, clock: Clock) -> None:
    look, built = await lens(office), await behind(office, clock, sensors=False)
    owl, lark = [(await office.person(Role.KEEPER, username=name)).id for name in ("owl", "lark")]
    clock.advance(DAY)
    await visits(built, lark, 10, 10)
    body = {
        "station": DOOR,
        "sights": [],
        "people": [lark],
        "outcome": "allowed",
        "rule": "door.leave",
        "rule_pack": "",
    }
    clock.advance(-100 * DAY)
    for _ in range(9):
        built.floor.walk._say("door_decided", body)
    clock.advance(100 * DAY)
    await built.floor.walk.send()  # told late: of a time that nobody asked about
    await visits(built, owl, 15, 3)
    assert await look.found("after_hours") == []
    await visits(built, owl, 2, 8)
    (found,) = await look.found("after_hours")
    assert (found["subject"], found["name"], found["hits"], found["n"]) == (owl, "Owl", 8, 11)
    assert found["place"] == "nj01.gate-a:store"
    sessions = await office.rows("SELECT index FROM door_session WHERE %s = ANY (people) ORDER BY index DESC", owl)
    assert [int(one["id"]) for one in found["evidence"]] == [row["index"] for row in sessions][:8]
    figures = {row["subject"]: row["value"] for row in (await look.section("after_hours"))["figures"]}
    assert figures[lark] == 0


async def test_the_keeper_whose_things_are_missing_is_found(office: Office, clock: Clock, database: Database) -> None:
    look, shelves = await lens(office), await furnished(office, clock, database)
    book = {**WHERE, **shelves.more(60)}
    hands = {name: (await office.person(Role.KEEPER, username=name)).id for name in ("tidy", "messy")}
    own = {name: [thing for n, thing in enumerate(sorted(book)) if n % 2 == odd] for odd, name in enumerate(hands)}
    for name, listed in own.items():
        for thing in listed:
            await office.execute("INSERT INTO thing_hand VALUES (%s, 'place', %s)", thing, hands[name])
    await shelves.counted(await shelves.open(), book)
    assert await look.found("discrepancy") == []
    lost = own["messy"][:9]
    take = await shelves.open()
    await shelves.counted(take, {thing: slot for thing, slot in book.items() if thing not in lost})
    (found,) = await look.found("discrepancy")
    assert (found["name"], found["hits"], found["n"]) == ("Messy", 9, 64)
    assert {one["id"] for one in found["evidence"]} == {*lost, take}


@given(st.lists(st.integers(8, 200), min_size=1, max_size=6), st.integers(0, 4))
def test_whoever_is_like_the_others_is_no_finding(visits: Sequence[int], percent: int) -> None:
    rows: list[dict[str, Any]] = [
        {"person": f"p{n}", "n": count, "hits": count * percent // 100} for n, count in enumerate(visits)
    ]
    look = judge_shares(ASKED, TOLD, rows, absent="", weakens=(), evidence={})
    assert look.findings == []
    assert [row.value for row in look.figures] == sorted((row.value or 0 for row in look.figures), reverse=True)
