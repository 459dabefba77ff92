"""Who may open a stock-take, what that fixes, and how the log draws."""

import json
from datetime import timedelta
from typing import Any

import pytest

from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.stock_takes.opening import draw_due, open_recount
from cloud.stock_takes.recomputing import check_sample
from custody.roles import Role
from custody.sampling import draw
from tests.cloud.api import problem
from tests.cloud.stock_takes.shelves import (
    A1,
    A2,
    B1,
    BOX,
    CONTROLLED,
    DRUGS,
    ORDINARY,
    WHERE,
    Shelves,
)
from tests.cloud.test_jobs import working
from tests.system.waiting import until
from wire.memory import MemoryBroker


async def test_leader_approver_and_supervisor_open_and_nobody_else(shelves: Shelves) -> None:
    for who in (shelves.leader, shelves.approver, shelves.supervisor):
        await shelves.open(who)
    for role in set(Role) - {Role.LEADER, Role.APPROVER, Role.SUPERVISOR}:
        problem(await (await shelves.worker(role)).post("", kind="full"), 403, "forbidden")


BAD: dict[str, tuple[dict[str, Any], int, str]] = {
    "no zone": ({"kind": "zone"}, 422, "bad_scope"),
    "a full one of a zone": ({"kind": "full", "zone": ORDINARY}, 422, "bad_scope"),
    "random of how many": ({"kind": "random"}, 422, "bad_scope"),
    "a full one of ten": ({"kind": "full", "count": 10}, 422, "bad_scope"),
    "no such zone": ({"kind": "zone", "zone": "nj01/Z-NONE"}, 404, "not_found"),
    "nobody drawn": ({"kind": "random", "count": 0}, 422, "invalid"),
    "too few": ({"kind": "random", "count": 4}, 422, "sample_too_small"),
    "no such kind": ({"kind": "some"}, 422, "invalid"),
    "more than is asked": ({"kind": "full", "state": "closed"}, 422, "invalid"),
    "no such person": ({"kind": "full", "keeper": "nj01/U-NOBODY"}, 404, "not_found"),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_makes_no_sense_opens_nothing(shelves: Shelves, name: str) -> None:
    asked, status, code = BAD[name]
    problem(await shelves.leader.post("", **asked), status, code)
    assert await shelves.office.rows("SELECT FROM stock_take") == []


async def test_keeper_and_bookkeeper_are_two_who_hold_the_roles_and_did_not_open(shelves: Shelves) -> None:
    both = await shelves.worker(Role.KEEPER, Role.BOOKKEEPER)
    opener = await shelves.worker(Role.KEEPER, Role.LEADER)
    named = {"kind": "full", "keeper": both.id, "bookkeeper": both.id}
    problem(await shelves.leader.post("", **named), 422, "same_counter")
    problem(await shelves.leader.post("", kind="full", keeper=shelves.bookkeeper.id), 422, "not_of_that_role")
    problem(await opener.post("", kind="full", keeper=opener.id), 403, "counter_cannot_judge")
    take = await shelves.open(opener, keeper=None)
    problem(await opener.post("/counts", stock_take=take, scans=[shelves.scan(BOX, A1)]), 403, "counter_cannot_judge")


async def test_a_zone_is_counted_without_the_others(shelves: Shelves) -> None:
    take = await shelves.open(kind="zone", zone=CONTROLLED)
    places = (await shelves.keeper.get(f"/{take}/places")).json()
    assert ([place["slot"] for place in places["rows"]], places["outside"]) == ([B1], False)
    await shelves.counted(take, {DRUGS: B1, BOX: B1})
    assert await shelves.differences(take) == {BOX: "unexpected"}


async def test_a_sample_is_drawn_by_the_first_checkpoint_that_covers_the_opening(shelves: Shelves) -> None:
    book = WHERE | shelves.more(10)
    await shelves.sign()  # this one is known when opening, and so is no seed
    take = await shelves.open(kind="random", count=6)
    scans = [shelves.scan(BOX, A1)]
    problem(await shelves.keeper.post("/counts", stock_take=take, scans=scans), 409, "not_drawn")
    problem(await shelves.keeper.get(f"/{take}/places"), 409, "not_drawn")
    assert (await shelves.seen(take))["state"] == "open"
    await shelves.sign()
    (first,) = await shelves.office.rows("SELECT size, root FROM checkpoint ORDER BY size DESC LIMIT 1")
    await shelves.worker(Role.AUDITOR)
    await shelves.sign()
    seen = await shelves.seen(take)
    assert (seen["state"], seen["checkpoint_size"]) == ("counting", first["size"])
    assert seen["checkpoint_root"] == bytes(first["root"]).hex()
    (told,) = await shelves.records("stock_take_drawn")
    sample = draw(sorted(book), bytes(first["root"]), first["size"], take, 6)
    assert told["content"]["sample"] == sample
    places = (await shelves.keeper.get(f"/{take}/places")).json()["rows"]
    assert {place["slot"] for place in places} == {book[thing] for thing in sample}
    await shelves.counted(take, {thing: book[thing] for thing in sample})
    assert await shelves.differences(take) == {}
    lines = (await shelves.leader.get(f"/{take}/lines", drawn=True)).json()["rows"]
    assert {line["thing"] for line in lines} == set(sample)
    assert len((await shelves.leader.get(f"/{take}/lines", drawn=False)).json()["rows"]) == 14


async def test_the_draw_waits_for_the_log_and_is_made_once(shelves: Shelves) -> None:
    take = await shelves.open(kind="random", count=50)
    for expected in ([], [take], []):
        async with transaction(shelves.office.parts.pool) as tx:
            appender = await open_ledger(tx, "nj01")
            assert await draw_due(tx, appender, shelves.office.parts.world, shelves.clock.at) == expected
            await close_ledger(tx, appender)
        await shelves.sign()
    assert len((await shelves.records("stock_take_drawn"))[0]["content"]["sample"]) == 4


async def test_the_jobs_worker_draws_what_nobody_reads(shelves: Shelves) -> None:
    take = await shelves.open(kind="random", count=5)

    async def drawn() -> bool:
        return bool(await shelves.office.rows("SELECT FROM stock_take WHERE id = %s AND state = 'counting'", take))

    async with working(shelves.office.parts.pool, None, MemoryBroker()):
        await shelves.sign()
        await until(drawn, "the draw")


async def test_anybody_can_draw_it_again_and_sees_where_it_was_steered(shelves: Shelves) -> None:
    shelves.more(10)
    take = await shelves.open(kind="random", count=6)
    await shelves.sign()
    await shelves.seen(take)

    async def faults(*known: bytes) -> tuple[str, ...]:
        async with transaction(shelves.office.parts.pool) as tx:
            return (await check_sample(tx, take, known)).faults

    (row,) = await shelves.office.rows("SELECT note FROM checkpoint")
    assert await faults(row["note"].encode()) == ()
    shelves.owner("UPDATE stock_take_line SET drawn = NOT drawn")
    assert await faults() == ("the sample is not the one that this checkpoint draws",)
    shelves.owner("UPDATE stock_take_line SET drawn = NOT drawn, slot = NULL")
    assert await faults() == ("the book is not the one that was fixed by the opening",)
    shelves.owner("DELETE FROM checkpoint")
    assert "it was not drawn by the first checkpoint that covers the opening" in await faults()


async def test_a_checkpoint_kept_outside_tells_that_an_earlier_one_was_passed_over(shelves: Shelves) -> None:
    take = await shelves.open(kind="random", count=6)
    await shelves.sign()
    (earlier,) = await shelves.office.rows("SELECT note FROM checkpoint")
    shelves.owner("DELETE FROM checkpoint")  # its draw did not please
    await shelves.worker(Role.AUDITOR)
    await shelves.sign()
    await shelves.seen(take)
    async with transaction(shelves.office.parts.pool) as tx:
        found = await check_sample(tx, take, [earlier["note"].encode()])
    (fault,) = found.faults
    assert "was seen outside, and would have drawn before" in fault
    assert json.loads(json.dumps(found.as_json()))["holds"] is False


async def test_an_exception_opens_a_recount_that_waits_for_counters(shelves: Shelves) -> None:
    parts, cause = shelves.office.parts, "nj01/X-0000000001"
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        take = await open_recount(tx, appender, parts.world, "nj01", ORDINARY, cause, shelves.clock.at)
        await close_ledger(tx, appender)
    seen = await shelves.seen(take)
    assert (seen["kind"], seen["zone"], seen["cause"], seen["state"]) == ("zone", ORDINARY, cause, "counting")
    assert (seen["opened_by"], seen["keeper"]["person"]) == ("cloud", None)
    seen = await shelves.counted(take, {thing: slot for thing, slot in WHERE.items() if slot in (A1, A2)})
    assert (seen["state"], seen["differences"]) == ("compared", 0)


async def test_the_list_is_newest_first_and_of_the_own_site(shelves: Shelves) -> None:
    takes = [await shelves.open() for _ in range(3)]
    shelves.clock.advance(timedelta(minutes=1))
    page = (await shelves.keeper.get("", limit=2)).json()
    rest = (await shelves.keeper.get("", limit=2, after=page["next"])).json()
    assert [row["id"] for row in page["rows"] + rest["rows"]] == takes[::-1]
    assert rest["next"] is None
    problem(await shelves.keeper.get("/gd01/T-0000000001"), 404, "not_found")
    problem(await shelves.keeper.get("", site="gd01"), 403, "forbidden")
