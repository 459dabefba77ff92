"""Counting on phones: blind, by two, with scans that come again, in part, late or forged."""

import asyncio
from random import Random
from typing import Any

import psycopg
import pytest

from custody.roles import Role
from proof.keys import SigningKey
from tests.cloud.api import problem
from tests.cloud.stock_takes.shelves import A1, A2, AWAY, B1, BOX, DRUGS, IN_BOX, LOOSE, TEA, WHERE, Shelves, label


async def test_two_counts_that_agree_with_the_book_leave_nothing_to_answer(shelves: Shelves) -> None:
    before = await shelves.stock()
    take = await shelves.open()
    seen = await shelves.counted(take, dict(WHERE))
    assert (seen["state"], seen["differences"], seen["population"]) == ("compared", 0, 4)
    assert await shelves.alarms() == set()
    assert await shelves.stock() == before
    (told,) = await shelves.records("stock_take_compared")
    assert told["content"]["differences"] == []


async def test_every_kind_of_difference_is_found_and_is_an_alarm_and_changes_nothing(shelves: Shelves) -> None:
    before = await shelves.stock()
    take = await shelves.open()
    keeper = {BOX: A2, TEA: A2, AWAY: A1, DRUGS: B1}
    seen = await shelves.counted(take, keeper, {**keeper, TEA: A1})
    assert await shelves.differences(take) == {
        BOX: "wrong_slot", LOOSE: "missing", TEA: "count_disagrees", AWAY: "unexpected",
    }  # fmt: skip
    assert (seen["differences"], seen["unanswered"]) == (4, 4)
    assert await shelves.alarms() == {("stock_difference", take)}
    assert await shelves.stock() == before
    history = (await shelves.leader.client.get(f"history/{BOX}")).json()["rows"]
    assert [row["kind"] for row in history] == ["stock_take_compared"]


async def test_pieces_are_counted_where_somebody_counts_them(shelves: Shelves) -> None:
    take = await shelves.open()
    for who, quantity in ((shelves.keeper, 4), (shelves.bookkeeper, 4)):
        scans = [shelves.scan(thing, slot) for thing, slot in WHERE.items() if thing != TEA]
        scans.append(shelves.scan(TEA, A2, quantity=quantity))
        await shelves.send(who, take, scans)
        await who.post("/counts/close", stock_take=take, scans=len(scans))
    assert await shelves.differences(take) == {TEA: "miscounted"}


async def test_what_is_in_a_sealed_box_is_counted_with_the_box(shelves: Shelves) -> None:
    take = await shelves.open()
    await shelves.counted(take, dict(WHERE))
    lines = (await shelves.leader.get(f"/{take}/lines")).json()["rows"]
    assert {line["thing"]: line["slot"] for line in lines} == WHERE
    assert IN_BOX not in {line["thing"] for line in lines}


async def test_nobody_is_told_what_there_is_to_find_before_both_have_closed(shelves: Shelves) -> None:
    take = await shelves.open()
    await shelves.count(shelves.keeper, take, {BOX: A1, LOOSE: A2})
    auditor = await shelves.worker(Role.AUDITOR)
    everybody = [shelves.keeper, shelves.bookkeeper, shelves.leader, shelves.approver, shelves.supervisor, auditor]
    for who in everybody:
        problem(await who.get(f"/{take}/lines"), 409, "still_counting")
        problem(await who.get(f"/{take}/differences"), 409, "still_counting")
        for told in (await who.get(f"/{take}"), await who.get("")):
            assert BOX not in told.text
            assert LOOSE not in told.text
        if who is not shelves.keeper:
            assert BOX not in (await who.get(f"/{take}/counts")).text
    problem(await auditor.get(f"/{take}/counts"), 403, "not_its_counter")
    assert (await shelves.bookkeeper.get(f"/{take}/counts")).json() == {"rows": [], "total": 0, "next": None}
    problem(await shelves.leader.client.get(f"history/{take}"), 404, "not_found")
    for thing in (BOX, LOOSE):
        assert (await shelves.bookkeeper.client.get(f"history/{thing}")).json()["rows"] == []


async def test_those_who_watch_see_how_far_it_is_and_those_who_count_do_not(shelves: Shelves) -> None:
    take = await shelves.open()
    await shelves.send(shelves.keeper, take, [shelves.scan(BOX, A1), shelves.scan(BOX, A2), shelves.scan(TEA, A2)])
    watched = await shelves.seen(take, shelves.supervisor)
    assert (watched["population"], watched["keeper"]["things"], watched["bookkeeper"]["things"]) == (4, 2, 0)
    blind = await shelves.seen(take, shelves.bookkeeper)
    assert (blind["population"], blind["keeper"]["things"], blind["bookkeeper"]["things"]) == (None, None, 0)
    other_keeper = await shelves.worker(Role.KEEPER)
    assert (await shelves.seen(take, other_keeper))["population"] is None
    both = await shelves.worker(Role.KEEPER, Role.LEADER)
    free = await shelves.open(keeper=None)
    assert (await shelves.seen(free, both))["population"] is None


async def test_a_batch_may_come_again_half_and_in_any_order(shelves: Shelves) -> None:
    take = await shelves.open()
    scans = [shelves.scan(BOX, A2), shelves.scan(BOX, A1), shelves.scan(LOOSE, A1), shelves.scan(TEA, A2),
             shelves.scan(AWAY, B1), shelves.scan(AWAY, None, taken_back=True), shelves.scan(DRUGS, B1)]  # fmt: skip
    chance = Random(3)
    for _ in range(6):
        part = chance.sample(scans, chance.randint(1, len(scans)))
        assert set(await shelves.send(shelves.keeper, take, part)) <= {"counted", "repeated"}
    await shelves.send(shelves.keeper, take, scans)
    assert await shelves.send(shelves.keeper, take, [*scans, scans[0]]) == ["repeated"] * 8
    (row,) = await shelves.office.rows("SELECT count(*) AS kept FROM stock_take_count")
    assert row["kept"] == len(scans)
    changed = scans[0] | {"slot": label(B1)}
    assert await shelves.send(shelves.keeper, take, [changed]) == ["key_used"]
    assert (await shelves.keeper.post("/counts/close", stock_take=take, scans=7)).status_code == 200
    await shelves.count(shelves.bookkeeper, take, dict(WHERE))
    assert await shelves.differences(take) == {}


async def test_it_is_gone_on_with_from_another_phone(shelves: Shelves) -> None:
    take = await shelves.open()
    await shelves.send(shelves.keeper, take, [shelves.scan(BOX, A1), shelves.scan(TEA, A2, quantity=5)])
    second = (await shelves.keeper.get(f"/{take}/counts", limit=1)).json()
    assert (len(second["rows"]), second["total"]) == (1, 2)
    rest = (await shelves.keeper.get(f"/{take}/counts", after=second["next"])).json()
    assert [row["thing"] for row in second["rows"] + rest["rows"]] == [BOX, TEA]
    assert await shelves.send(shelves.keeper, take, [shelves.scan(LOOSE, A1)]) == ["counted"]


async def test_a_batch_that_never_came_is_missed_at_closing(shelves: Shelves) -> None:
    take = await shelves.open()
    await shelves.send(shelves.keeper, take, [shelves.scan(BOX, A1)])
    late = shelves.scan(TEA, A2)
    problem(await shelves.keeper.post("/counts/close", stock_take=take, scans=2), 409, "scans_missing")
    await shelves.send(shelves.keeper, take, [late])
    assert (await shelves.keeper.post("/counts/close", stock_take=take, scans=2)).status_code == 200
    again = await shelves.keeper.post("/counts/close", stock_take=take, scans=2)
    assert again.json()["keeper"]["closed"]
    assert await shelves.send(shelves.keeper, take, [late]) == ["repeated"]  # the phone did not hear the answer
    more = await shelves.keeper.post("/counts", stock_take=take, scans=[shelves.scan(LOOSE, A1)])
    problem(more, 409, "count_closed")
    assert len(await shelves.records("stock_take_counted")) == 1


@pytest.mark.parametrize(
    ("change", "fate"),
    [
        ({"thing": label(BOX, SigningKey.from_seed(b"t" * 32))}, "forged"),
        ({"thing": "ST1:NOISE"}, "forged"),
        ({"slot": label(A1, SigningKey.from_seed(b"t" * 32))}, "forged"),
        ({"thing": "nj01/I-NOBODYKNOWS"}, "unknown"),
        ({"thing": "gd01/I-ELSEWHERE"}, "unknown"),
        ({"thing": "6901028075831"}, "unknown"),
        ({"thing": label(A1)}, "unknown"),
        ({"slot": label(BOX)}, "unknown"),
        ({"thing": BOX, "slot": A1}, "counted"),
    ],
)
async def test_one_bad_scan_does_not_stop_the_others(shelves: Shelves, change: dict[str, Any], fate: str) -> None:
    take = await shelves.open()
    scans = [shelves.scan(TEA, A2), shelves.scan(BOX, A1) | change, shelves.scan(DRUGS, B1)]
    assert await shelves.send(shelves.keeper, take, scans) == ["counted", fate, "counted"]
    assert (("forged_label", take) in await shelves.alarms()) is (fate == "forged")


async def test_a_typed_id_is_told_from_a_scanned_label(shelves: Shelves) -> None:
    take = await shelves.open()
    await shelves.send(shelves.keeper, take, [shelves.scan(TEA, A2), shelves.scan(BOX, A1) | {"thing": BOX}])
    rows = (await shelves.keeper.get(f"/{take}/counts")).json()["rows"]
    assert {row["thing"]: row["typed"] for row in rows} == {TEA: False, BOX: True}


async def test_only_its_two_counters_count(shelves: Shelves) -> None:
    take = await shelves.open()
    for who in (await shelves.worker(Role.KEEPER), await shelves.worker(Role.BOOKKEEPER)):
        scans = [shelves.scan(BOX, A1)]
        problem(await who.post("/counts", stock_take=take, scans=scans), 403, "not_its_counter")
        problem(await who.post("/counts/close", stock_take=take, scans=0), 403, "not_its_counter")
    for other in (shelves.leader, shelves.approver, shelves.supervisor):
        problem(await other.post("/counts/close", stock_take=take, scans=0), 403, "forbidden")


async def test_free_seats_are_taken_by_who_counts_first_and_never_both_by_one(shelves: Shelves) -> None:
    take = await shelves.open(keeper=None, bookkeeper=None)
    both = await shelves.worker(Role.KEEPER, Role.BOOKKEEPER)
    await shelves.send(both, take, [shelves.scan(BOX, A1)])
    await shelves.send(both, take, [shelves.scan(TEA, A2)])
    assert [row["content"]["seat"] for row in await shelves.records("stock_take_joined")] == ["keeper"]
    problem(await shelves.keeper.post("/counts/close", stock_take=take, scans=0), 403, "not_its_counter")
    await shelves.count(shelves.bookkeeper, take, {})
    seen = await shelves.seen(take)
    assert (seen["keeper"]["person"], seen["bookkeeper"]["person"]) == (both.id, shelves.bookkeeper.id)


async def test_what_somebody_scanned_is_kept_as_it_was(shelves: Shelves) -> None:
    take = await shelves.open()
    await shelves.send(shelves.keeper, take, [shelves.scan(BOX, A1)])
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await shelves.office.execute("UPDATE stock_take_count SET slot = NULL")
    for statement in ("UPDATE stock_take_count SET slot = NULL", "DELETE FROM stock_take_count"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed or deleted"):
            await shelves.office.as_owner(statement)


async def test_two_phones_that_send_the_same_at_once_count_it_once(shelves: Shelves) -> None:
    take = await shelves.open()
    scans = [shelves.scan(thing, slot) for thing, slot in WHERE.items()]
    fates = await asyncio.gather(*(shelves.send(shelves.keeper, take, scans) for _ in range(4)))
    assert sorted(fates) == [["counted"] * 4, *[["repeated"] * 4] * 3]


async def test_both_close_at_once_and_are_compared_once(shelves: Shelves) -> None:
    take = await shelves.open()
    both = (shelves.keeper, shelves.bookkeeper)
    await asyncio.gather(*(shelves.count(who, take, dict(WHERE)) for who in both))
    assert (await shelves.seen(take))["state"] == "compared"
    assert len(await shelves.records("stock_take_compared")) == 1
