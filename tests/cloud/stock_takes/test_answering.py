"""Differences are answered by somebody who did not count, with something that shows it, and never adjusted."""

from typing import Any

from custody.roles import Role
from tests.cloud.api import problem
from tests.cloud.evidence.warehouse import made
from tests.cloud.stock_takes.shelves import A1, A2, AWAY, BOX, LOOSE, TEA, WHERE, Shelves, Worker

ACT, OTHER_ACT = "nj01/A-0000000001", "nj01/A-0000000002"
FOUND = {"answer": "found", "reference": A1, "reason": "放在层板后面,两人复看后确认"}


async def with_a_missing_box(shelves: Shelves) -> str:
    """A stock-take in which nobody saw the box."""
    take = await shelves.open()
    await shelves.counted(take, {thing: slot for thing, slot in WHERE.items() if thing != BOX})
    assert await shelves.differences(take) == {BOX: "missing"}
    return take


async def answer(who: Worker, take: str, **asked: Any) -> Any:
    return await who.post("/differences/answer", **{"stock_take": take, "thing": BOX, **FOUND, **asked})


async def test_a_keeper_cannot_post_their_own_adjustment(shelves: Shelves) -> None:
    """J29: neither counter answers or closes, whatever other roles they have, and nothing else changes the book."""
    keeper = await shelves.worker(Role.KEEPER, Role.APPROVER, Role.LEADER)
    bookkeeper = await shelves.worker(Role.BOOKKEEPER, Role.APPROVER, Role.LEADER)
    take = await shelves.open(keeper=keeper.id, bookkeeper=bookkeeper.id)
    before = await shelves.stock()
    found = {thing: slot for thing, slot in WHERE.items() if thing != BOX}
    await shelves.count(keeper, take, found)
    await shelves.count(bookkeeper, take, found)
    for counter in (keeper, bookkeeper):
        problem(await answer(counter, take), 403, "counter_cannot_judge")
        problem(await counter.post("/close", stock_take=take), 403, "counter_cannot_judge")
    problem(await answer(shelves.keeper, take), 403, "forbidden")
    problem(await shelves.keeper.post("/close", stock_take=take), 403, "forbidden")
    assert await shelves.stock() == before
    assert await shelves.differences(take) == {BOX: "missing"}
    assert (await shelves.seen(take))["unanswered"] == 1
    made(await answer(shelves.approver, take))


async def test_it_closes_when_all_is_answered_and_the_alarm_ends(shelves: Shelves) -> None:
    take = await with_a_missing_box(shelves)
    before = await shelves.stock()
    problem(await shelves.leader.post("/close", stock_take=take), 409, "differences_open")
    assert made(await answer(shelves.approver, take))["unanswered"] == 0
    problem(await answer(shelves.leader, take), 409, "answered_already")
    assert made(await shelves.leader.post("/close", stock_take=take))["state"] == "closed"
    assert await shelves.alarms() == set()
    assert await shelves.stock() == before
    problem(await answer(shelves.approver, take), 409, "stock_take_closed")
    problem(await shelves.leader.post("/close", stock_take=take), 409, "stock_take_closed")
    (row,) = (await shelves.leader.get(f"/{take}/differences")).json()["rows"]
    assert (row["answer"], row["reference"], row["answered_by"]) == ("found", A1, shelves.approver.id)
    assert (await shelves.leader.get(f"/{take}/differences", unanswered=True)).json()["rows"] == []
    history = (await shelves.leader.client.get(f"history/{BOX}")).json()["rows"]
    assert [row["kind"] for row in history] == ["stock_take_compared", "difference_answered"]


async def test_nothing_is_answered_or_closed_while_it_is_counted(shelves: Shelves) -> None:
    take = await shelves.open()
    await shelves.count(shelves.keeper, take, {})
    problem(await answer(shelves.approver, take), 409, "still_counting")
    problem(await shelves.leader.post("/close", stock_take=take), 409, "still_counting")
    problem(await answer(shelves.approver, "nj01/T-NONE"), 404, "not_found")
    take = await with_a_missing_box(shelves)
    problem(await answer(shelves.approver, take, thing=TEA), 404, "not_found")


async def test_found_is_where_the_book_has_it_now(shelves: Shelves) -> None:
    """Found elsewhere, it is moved first; the book then says so by an act, not by the stock-take."""
    take = await with_a_missing_box(shelves)
    for wrong in (A2, None):
        problem(await answer(shelves.approver, take, reference=wrong), 422, "bad_reference")
    shelves.owner("UPDATE custody SET slot = %s WHERE thing = %s", A2, BOX)
    problem(await answer(shelves.approver, take, reference=A1), 422, "bad_reference")
    made(await answer(shelves.approver, take, reference=A2))


async def test_missing_and_corrected_name_a_step_of_the_thing_that_was_taken_since(shelves: Shelves) -> None:
    await shelves.step("declare_missing", BOX, ACT)
    before = await shelves.step("move", BOX)
    take = await with_a_missing_box(shelves)
    of_another = await shelves.step("declare_missing", TEA)
    for wrong in (ACT, str(before), str(of_another), str(10**6)):
        for kind in ("missing", "corrected"):
            problem(await answer(shelves.approver, take, answer=kind, reference=wrong), 422, "bad_reference")
    moved, missing = await shelves.step("move", BOX), await shelves.step("declare_missing", BOX, OTHER_ACT)
    problem(await answer(shelves.approver, take, answer="missing", reference=str(moved)), 422, "bad_reference")
    for wrong in (OTHER_ACT, str(missing)):
        problem(await answer(shelves.approver, take, answer="corrected", reference=wrong), 422, "bad_reference")
    made(await answer(shelves.approver, take, answer="missing", reference=OTHER_ACT))
    second = await with_a_missing_box(shelves)
    moved = await shelves.step("move", BOX)
    made(await answer(shelves.leader, second, answer="corrected", reference=str(moved)))


async def test_a_recount_is_a_later_stock_take_that_counts_the_thing(shelves: Shelves) -> None:
    earlier = await shelves.open()
    take = await with_a_missing_box(shelves)
    elsewhere = await shelves.open(kind="zone", zone="nj01/Z-0000000002")
    for wrong in (earlier, take, elsewhere, "nj01/T-NONE"):
        recount = {"answer": "recount", "reference": wrong}
        problem(await answer(shelves.approver, take, **recount), 422, "bad_reference")
    later = await shelves.open(kind="zone", zone="nj01/Z-0000000001")
    made(await answer(shelves.approver, take, answer="recount", reference=later))


async def test_an_answer_needs_a_reason_and_a_kind_that_there_is(shelves: Shelves) -> None:
    take = await with_a_missing_box(shelves)
    for wrong in ({"reason": " "}, {"answer": "adjusted"}, {"reference": "behind the shelf"}):
        problem(await answer(shelves.approver, take, **wrong), 422, "invalid")


async def test_everything_that_was_not_seen_waits_for_an_answer_of_its_own(shelves: Shelves) -> None:
    take = await shelves.open()
    seen = await shelves.counted(take, {AWAY: A1})
    assert (seen["differences"], seen["unanswered"]) == (5, 5)
    problem(await answer(shelves.approver, take, thing=AWAY, reference=None), 422, "bad_reference")  # it is out
    made(await answer(shelves.approver, take))
    shelves.owner("UPDATE custody SET slot = NULL WHERE thing = %s", LOOSE)
    made(await answer(shelves.approver, take, thing=LOOSE, reference=None))
    problem(await shelves.leader.post("/close", stock_take=take), 409, "differences_open")
