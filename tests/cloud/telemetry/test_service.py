"""Readings by batches: once each, each in its bucket however late, gaps in sight, nothing unreadable lost."""

import random
from datetime import timedelta

import pytest

from benchmarks.measuring import START, Measurer, column
from cloud.db.pool import transaction
from cloud.readings import on_readings
from cloud.telemetry.service import course
from proof.keys import SigningKey
from tests.cloud.conftest import SITE
from tests.cloud.telemetry.conftest import Store
from wire.link import Message
from wire.readings import read_receipt

KEY = SigningKey.from_seed(b"c" * 32)
MINUTE_US = 60_000_000


async def take(store: Store, measurer: Measurer, *payloads: bytes) -> list[int]:
    """Numbers of the batches that were receipted."""
    messages = [Message(measurer.topic, payload) for payload in payloads]
    told = await on_readings(store.pool, store.world, KEY, messages)
    return [read_receipt(one, lambda _: KEY.public).number for receipts in told.values() for one in receipts]


async def test_what_is_doubled_and_out_of_order_is_stored_once_and_gathered_as_if_it_came_in_order(
    store: Store,
) -> None:
    measurer, shuffled = Measurer("nj01.room"), random.Random(3)
    await store.know(measurer)
    batches = [measurer.tell(measurer.run(150), at=START + timedelta(seconds=150 * n)) for n in range(30)]
    coming = batches * 2
    shuffled.shuffle(coming)
    for first in range(0, 60, 7):
        store.gather()
        await take(store, measurer, *coming[first : first + 7])
    store.gather()
    assert store.as_owner("SELECT count(*), count(DISTINCT at) FROM telemetry") == [(4500, 4500)]
    for width in ("minute", "hour", "day"):
        differs = f"""
            SELECT * FROM (
                SELECT series, date_trunc('{width}', at) AS bucket, count(*) AS n, min(value) AS low,
                       max(value) AS high, sum(value) AS total FROM telemetry GROUP BY 1, 2
            ) r FULL JOIN telemetry_{width} g USING (series, bucket)
            WHERE (r.n, r.low, r.high) IS DISTINCT FROM (g.n::bigint, g.low, g.high) OR abs(r.total - g.total) > 1e-6
        """  # noqa: S608 - of this test's own words
        assert store.as_owner(differs) == []
    assert store.as_owner("SELECT count(*) FROM telemetry_minute") == [(75,)]


async def test_a_gap_is_in_sight_until_what_was_missing_comes(store: Store) -> None:
    measurer = Measurer("nj01.room")
    await store.know(measurer)
    first, second, third = (measurer.tell(measurer.run(60), at=START + timedelta(minutes=n)) for n in range(3))
    assert await take(store, measurer, third, first) == [1, 3]
    async with transaction(store.pool) as tx:
        seen = await course(tx, SITE, "nj01.room", "room.air", "temperature", START, START + timedelta(hours=1), 500)
    assert [(gap["first"], gap["last"]) for gap in seen["gaps"]] == [(2, 2)]
    assert await take(store, measurer, second) == [2]
    assert store.as_owner("SELECT * FROM telemetry_gap") == []


async def test_a_clock_that_is_an_hour_apart_keeps_its_time_and_its_error(store: Store) -> None:
    measurer = Measurer("nj01.room")
    await store.know(measurer)
    late = START - timedelta(hours=1)
    await take(
        store, measurer, measurer.tell(column("room.air", [0, MINUTE_US], [20.0, 22.0]), at=late, error_ms=3_600_000)
    )
    async with transaction(store.pool) as tx:
        seen = await course(tx, SITE, "nj01.room", "room.air", "temperature", late, START, 10)
    assert [(row["at"], row["mean"]) for row in seen["points"]] == [(late, 20.0), (late + timedelta(minutes=1), 22.0)]
    assert (seen["step"], seen["error_ms"]) == ("raw", 3_600_000)


@pytest.mark.parametrize("year", [1970, 2099])
async def test_readings_of_an_impossible_year_are_kept_whole_aside_and_not_asked_for_again(
    store: Store, year: int
) -> None:
    measurer = Measurer("nj01.room")
    await store.know(measurer)
    payload = measurer.tell(column("room.air", [0], [20.0]), at=START.replace(year=year))
    assert await take(store, measurer, payload) == [1]
    assert store.as_owner("SELECT payload, reason FROM quarantine") == [(payload, "unreadable")]
    assert store.as_owner("SELECT cause FROM alarm") == [("quarantine",)]
    assert store.as_owner("SELECT count(*) FROM telemetry") == [(0,)]


@pytest.mark.parametrize("number", [b"NaN", b"1e999", b"null", b'"warm"'])
async def test_what_is_no_number_spoils_only_its_own_batch(store: Store, number: bytes) -> None:
    measurer = Measurer("nj01.room")
    await store.know(measurer)
    good = measurer.tell(column("room.air", [0], [20.5]))
    broken = good.replace(b"20.5", number)
    assert await take(store, measurer, broken, good) == [1]
    assert store.as_owner("SELECT payload FROM quarantine") == [(broken,)]
    assert store.as_owner("SELECT value FROM telemetry") == [(20.5,)]


async def test_a_changed_value_is_a_wrong_chain_and_another_batch_of_one_number_equivocation(store: Store) -> None:
    measurer, twin = Measurer("nj01.room"), Measurer("nj01.room")
    await store.know(measurer)
    good = measurer.tell(column("room.air", [0], [20.5]))
    other = twin.tell(column("room.air", [0], [19.5]))
    await take(store, measurer, good.replace(b"20.5", b"21.5"), good, other)
    assert sorted(store.as_owner("SELECT reason FROM quarantine")) == [("equivocation",), ("wrong_chain",)]
    assert store.as_owner("SELECT value FROM telemetry") == [(20.5,)]


async def test_a_name_with_markup_is_kept_as_it_is(store: Store) -> None:
    measurer, name = Measurer("nj01.room"), "room.<script>alert(1)</script>'; DROP TABLE telemetry; --"
    await store.know(measurer)
    assert await take(store, measurer, measurer.tell(column(name, [0], [20.0]))) == [1]
    assert store.as_owner("SELECT device FROM telemetry_series") == [(name,)]


async def test_a_chart_has_few_points_and_the_nearer_one_looks_the_finer(store: Store) -> None:
    measurer = Measurer("nj01.room")
    await store.know(measurer)
    for n in range(3):
        await take(store, measurer, measurer.tell(measurer.run(3600), at=START + timedelta(hours=n)))
    store.gather()
    about = (SITE, "nj01.room", "room.air", "temperature")
    async with transaction(store.pool) as tx:
        far = await course(tx, *about, START, START + timedelta(hours=3), 100)
        near = await course(tx, *about, START, START + timedelta(hours=1), 100)
        raw = await course(tx, *about, START, START + timedelta(minutes=1), 100)
    assert [(seen["step"], len(seen["points"])) for seen in (far, near, raw)] == [
        ("hour", 3),
        ("minute", 60),
        ("raw", 60),
    ]
    assert sum(row["n"] for row in far["points"]) == 10_800
    assert all(row["low"] < row["mean"] < row["high"] for row in far["points"])
