"""How long raw readings are kept: what went is named by an entry, what was gathered stays, and what went otherwise is
found; on native partitions and on hypertables alike.
"""

import asyncio
import json
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from benchmarks.measuring import START, Measurer, column
from cloud.db.pool import open_pool, transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.telemetry import keeping
from cloud.telemetry.check import TelemetryCheck, check_telemetry
from cloud.watching import Watching
from tests.cloud.conftest import SITE, Clock
from tests.cloud.receiving import PACK
from tests.cloud.telemetry.conftest import Store
from tests.cloud.telemetry.test_service import take

KEPT = timedelta(days=30)
WIDTHS = ("minute", "hour", "day")
HOUR = timedelta(hours=1)


async def look(store: Store, kept: timedelta | None = KEPT) -> None:
    await Watching(store.pool, store.world, PACK, readings_kept=kept).look()


async def checked(store: Store) -> TelemetryCheck:
    async with transaction(store.pool) as tx:
        return await check_telemetry(tx, SITE)


async def measured(store: Store, batches: int = 6) -> Measurer:
    """Batches of ten minutes, half an hour apart; what was gathered of them is as it should be."""
    measurer = Measurer("nj01.room")
    await store.know(measurer)
    told = [measurer.tell(measurer.run(600), at=START + HOUR * n / 2) for n in range(batches)]
    await take(store, measurer, *told)
    store.gather()
    return measurer


def gathered(store: Store) -> list[list[tuple[Any, ...]]]:
    columns = "series, bucket, n, low, high, round(total::numeric, 6)"
    return [store.as_owner(f"SELECT {columns} FROM telemetry_by_{width} ORDER BY 1, 2") for width in WIDTHS]  # noqa: S608 - of this test's own words


def entries(store: Store, kind: str) -> list[dict[str, Any]]:
    found = store.as_owner(f"SELECT content FROM record WHERE kind = '{kind}' ORDER BY index")  # noqa: S608 - the same
    return [json.loads(str(content)) for (content,) in found]


async def test_what_is_older_goes_by_an_entry_and_what_was_gathered_of_it_stays(store: Store, clock: Clock) -> None:
    measurer = await measured(store)
    before = gathered(store)
    clock.advance(KEPT)
    await look(store)  # nothing is as old yet
    assert entries(store, "readings_removed") == []
    clock.advance(HOUR + timedelta(minutes=20))
    await look(store)
    (removed,) = entries(store, "readings_removed")
    since, until = "2026-11-22T03:00:00.000000Z", "2026-11-22T04:09:59.000000Z"
    sensor = {"device": "room.air", "measures": "temperature", "count": 1800, "since": since, "until": until}
    assert (removed["batches"], removed["sensors"], removed["readings"]) == ([[1, 3]], [sensor], 1800)
    assert (removed["agent"], removed["kept_h"], removed["actor"]) == (measurer.agent, 720, "jobs")
    assert store.as_owner("SELECT count(*), min(at) >= '2026-11-22T04:30Z' FROM telemetry") == [(1800, True)]
    assert store.as_owner("SELECT count(*) FROM telemetry_batch WHERE content IS NULL") == [(3,)]
    assert await checked(store) == TelemetryCheck(batches=6, readings=1800, removed=1800)
    store.gather()  # knows nothing of what went
    assert gathered(store) == before
    clock.advance(KEPT)
    await look(store)
    assert store.as_owner("SELECT count(*) FROM telemetry") == [(0,)]
    store.gather()
    assert gathered(store) == before
    assert await checked(store) == TelemetryCheck(batches=6, removed=3600)


async def test_what_comes_late_lands_in_its_bucket_though_the_readings_beside_it_went(
    store: Store, clock: Clock
) -> None:
    measurer = Measurer("nj01.room")
    await store.know(measurer)
    first, late = (measurer.tell(column("room.air", [n * 1_000_000], [20.0 + n])) for n in range(2))
    await take(store, measurer, first)
    store.gather()
    clock.advance(KEPT + HOUR)
    await look(store)
    assert await take(store, measurer, late) == [2]
    store.gather()
    expected = [(2, 20.0, 21.0, 41.0)]
    for width in WIDTHS:
        assert store.as_owner(f"SELECT n, low, high, total FROM telemetry_by_{width}") == expected, width  # noqa: S608 - the same
    await look(store)  # in the same hour nobody looks again; a new look names the late one
    assert [one["batches"] for one in entries(store, "readings_removed")] == [[[1, 1]], [[2, 2]]]
    store.gather()
    for width in WIDTHS:
        assert store.as_owner(f"SELECT n, low, high, total FROM telemetry_by_{width}") == expected, width  # noqa: S608 - the same


@pytest.mark.timescale
async def test_compressed_days_lose_what_is_old_too(store: Store, clock: Clock) -> None:
    if not store.timescale:
        pytest.skip("only hypertables are compressed")
    await measured(store)
    before = gathered(store)
    store.as_owner("SELECT compress_chunk(c) FROM show_chunks('telemetry') c")
    clock.advance(KEPT + HOUR)
    await look(store)
    assert store.as_owner("SELECT count(*) FROM telemetry") == [(2400,)]
    assert (await checked(store)).fault is None
    store.gather()
    assert gathered(store) == before


async def test_days_in_which_nothing_is_left_are_taken_away(store: Store, clock: Clock) -> None:
    measurer = Measurer("nj01.room")
    await store.know(measurer)
    told = [measurer.tell(measurer.run(60), at=START + timedelta(days=n)) for n in range(3)]
    clock.advance(timedelta(days=2))
    await take(store, measurer, *told)
    days = (
        "SELECT count(*) FROM timescaledb_information.chunks WHERE hypertable_name = 'telemetry'" if store.timescale
        else "SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r' AND relname ~ '^telemetry_[0-9]'"
    )  # fmt: skip
    assert store.as_owner(days) == [(3,)]
    clock.advance(KEPT - HOUR)
    await look(store)
    assert store.as_owner(days) == [(1,)]
    assert (await checked(store)).fault is None
    assert await take(store, measurer, measurer.tell(measurer.run(60), at=START)) == [4]  # its day is made again


async def test_two_who_look_at_once_name_and_remove_everything_once(store: Store, clock: Clock) -> None:
    await measured(store)
    clock.advance(KEPT + HOUR)
    await asyncio.gather(*(look(store) for _ in range(3)))
    assert [one["batches"] for one in entries(store, "readings_removed")] == [[[1, 2]]]
    assert len(entries(store, "readings_kept")) == 1
    await look(store)  # who was second left the rest to the next look
    assert await checked(store) == TelemetryCheck(batches=6, readings=2400, removed=1200)


async def test_a_look_does_so_much_and_the_next_goes_on(store: Store, clock: Clock) -> None:
    rooms = [Measurer(f"nj01.room-{n}") for n in range(3)]
    await store.know(*rooms)
    for room in rooms:
        await take(store, room, room.tell(room.run(60)))
    clock.advance(2 * KEPT)
    watching = Watching(store.pool, store.world, PACK, readings_kept=KEPT, readings_steps=1)
    named, swept = [], []
    for _ in range(7):  # entries first, one of an agent each; then each sweep is of one agent
        await watching.look()
        named.append(len(entries(store, "readings_removed")))
        swept += store.as_owner("SELECT count(*) FROM telemetry_batch WHERE content IS NULL")
    assert named == [1, 2, 3, 3, 3, 3, 3]
    assert swept == [(0,), (0,), (0,), (1,), (2,), (3,), (3,)]
    assert (await checked(store)).removed == 180


async def test_a_batch_that_is_not_as_it_was_signed_never_goes_and_is_an_alarm(store: Store, clock: Clock) -> None:
    await measured(store, 3)
    store.as_owner("UPDATE telemetry SET value = 99 WHERE at = '2026-11-22T03:30:10Z'")
    clock.advance(2 * KEPT)
    await look(store)
    assert [one["batches"] for one in entries(store, "readings_removed")] == [[[1, 1], [3, 3]]]
    why = "batch 2 of nj01.room: 1 readings differ from what was signed"
    assert (await checked(store)).fault == why
    told = store.as_owner("SELECT place, severity, detail ->> 'why' FROM alarm WHERE cause = 'readings_differ'")
    assert told == [("nj01.room", "critical", why)]


async def test_who_is_killed_between_the_entry_and_the_removal_leaves_it_to_the_next(
    store: Store, clock: Clock
) -> None:
    await measured(store)
    async with transaction(store.pool) as tx:
        appender = await open_ledger(tx, SITE)
        gone = await keeping.going(tx, SITE, "nj01.room", (None, START + HOUR), ())
        await keeping.release(tx, appender, store.world, gone, KEPT, clock.at)
        await close_ledger(tx, appender)
    assert await checked(store) == TelemetryCheck(batches=6, readings=3600)
    clock.advance(timedelta(days=1))
    await look(store)
    assert await checked(store) == TelemetryCheck(batches=6, readings=2400, removed=1200)


async def test_without_an_age_everything_stays_and_the_ledger_tells_what_is_here(store: Store, clock: Clock) -> None:
    measurer = await measured(store, 2)
    await take(store, measurer, *[measurer.tell(measurer.run(1), at=START + n * HOUR) for n in (2, 3)][1:])
    clock.advance(10 * KEPT)
    await look(store, None)
    await look(store, None)
    (kept,) = entries(store, "readings_kept")
    assert [one["batches"] for one in kept["agents"]] == [[[1, 2], [4, 4]]]
    assert await checked(store) == TelemetryCheck(batches=3, readings=1201)


UNLAWFUL = {
    "DELETE FROM telemetry_batch WHERE number = 5": "batch 5 of nj01.room was here by entry 2, and is gone",
    "DELETE FROM telemetry_batch WHERE number = 1": "batch 1 of nj01.room was here by entry 2, and is gone",
    "UPDATE telemetry_batch SET content = NULL WHERE number = 5": "batch 5 of nj01.room was removed, and no entry",
    "UPDATE telemetry_batch SET content = NULL, removed_index = 3 WHERE number = 5":
        "batch 5 of nj01.room was removed by entry 3, which does not say so",
    "UPDATE telemetry_batch SET digest = '\\x00' WHERE number = 2": "batch 2 of nj01.room is not what was signed",
    "UPDATE telemetry_batch SET rows = 1 WHERE number = 2": "batch 2 of nj01.room is not what was signed",
    "DELETE FROM telemetry WHERE at >= '2026-11-22T05:30Z'": "batch 6 of nj01.room: 600 readings differ",
    "INSERT INTO telemetry VALUES (1, '2026-11-22T03:30Z', 20, 2)": "1801 readings are stored, and 1800",
}  # fmt: skip


async def test_what_went_unlawfully_is_told_from_what_went_by_an_entry(store: Store, clock: Clock) -> None:
    await measured(store)
    await look(store, None)
    clock.advance(KEPT + HOUR + timedelta(minutes=20))
    await look(store)
    assert await checked(store) == TelemetryCheck(batches=6, readings=1800, removed=1800)
    async with open_pool(store.owner, most=1) as owner:
        for statement, fault in UNLAWFUL.items():
            async with transaction(owner) as tx, tx.transaction(force_rollback=True):
                await tx.execute(statement.encode())
                found = await check_telemetry(tx, SITE)
            assert (found.fault or "").startswith(fault), (statement, found.fault)


async def test_the_application_removes_nothing_that_no_entry_names(store: Store, clock: Clock) -> None:
    await measured(store)
    clock.advance(KEPT + HOUR)
    await look(store)  # entry 3 names batches 1 and 2
    for entry in (2, 3, 9):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with transaction(store.pool) as tx:
                await tx.execute("SELECT telemetry_release('nj01.room', '{5}', '{\\x00}', %s)", [entry])
    assert (await checked(store)).batches == 6
