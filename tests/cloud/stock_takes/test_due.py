from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cloud.db.pool import transaction
from cloud.stock_takes import due as service
from cloud.stock_takes.due import interval_days
from cloud.stock_takes.models import Due
from custody.rule_pack import RulePack
from tests.cloud.api import problem
from tests.cloud.stock_takes.shelves import CONTROLLED, ORDINARY, WHERE, Shelves, Worker
from wire.rule_packs import load_rule_pack


async def due(who: Worker) -> list[dict[str, Any]]:
    answer = await who.get("/due")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["rows"])


async def in_days(shelves: Shelves, days: int) -> list[Due]:
    """What is due then."""
    parts = shelves.office.parts
    async with transaction(parts.pool) as tx:
        return (await service.due(tx, parts.pack, "nj01", shelves.clock.at + timedelta(days=days))).rows


async def test_the_most_pressing_zone_comes_first_and_a_count_puts_it_off(shelves: Shelves) -> None:
    controlled, ordinary = await due(shelves.keeper)
    assert (controlled["zone"], ordinary["zone"]) == (CONTROLLED, ORDINARY)
    assert (controlled["interval_days"], ordinary["interval_days"]) == (7, 90)
    assert [(row.overdue, row.last) for row in await in_days(shelves, 6)] == [(False, None), (False, None)]
    assert [row.overdue for row in await in_days(shelves, 7)] == [True, False]
    assert [row.overdue for row in await in_days(shelves, 90)] == [True, True]
    shelves.clock.advance(timedelta(hours=1))
    take = await shelves.open(kind="zone", zone=CONTROLLED)
    assert (await due(shelves.keeper))[0]["running"] == take
    assert [row.overdue for row in await in_days(shelves, 7)] == [True, False]  # counts when it was compared
    await shelves.counted(take, {thing: slot for thing, slot in WHERE.items() if slot.endswith("B1")})
    controlled, _ = await due(shelves.keeper)
    assert (controlled["last"], controlled["running"]) == (take, None)
    assert [row.overdue for row in await in_days(shelves, 6)] == [False, False]


async def test_a_full_count_is_one_of_every_zone_and_a_sample_of_none(shelves: Shelves) -> None:
    take = await shelves.open()
    await shelves.counted(take, dict(WHERE))
    sampled = await shelves.open(kind="random", count=5)
    await shelves.sign()
    await shelves.counted(sampled, dict(WHERE))
    assert {row["last"] for row in await due(shelves.keeper)} == {take}


async def test_who_is_not_signed_in_is_told_nothing(shelves: Shelves) -> None:
    visitor = await shelves.office.visitor()
    for path in ("due", "", "nj01/T-NONE", "nj01/T-NONE/lines"):
        problem(await visitor.get(f"stock-takes/{path}".rstrip("/")), 401, "not_signed_in")


def pack(zones: Any) -> RulePack:
    known = load_rule_pack()
    return replace(known, content={**known.content, "zones": zones})


@pytest.mark.parametrize(
    ("zones", "zone_class", "days"),
    [
        ({"ordinary": {"audit_interval_days": 14}}, "ordinary", 14),
        ({"ordinary": {}}, "ordinary", 90),
        ({}, "high_value", 30),
        (None, "controlled", 7),
        ({}, "new_class", 7),
    ],
)
def test_the_pack_says_how_often(zones: Any, zone_class: str, days: int) -> None:
    assert interval_days(pack(zones), zone_class) == days
