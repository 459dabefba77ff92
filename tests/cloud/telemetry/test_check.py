"""Whoever changes a reading, adds one or takes one away, is found; with the rights of the database's owner too."""

import json
from datetime import timedelta

import pytest

from benchmarks.measuring import START, Measurer
from cloud.db.pool import open_pool, transaction
from cloud.telemetry.check import TelemetryCheck, check_telemetry
from tests.cloud.conftest import SITE
from tests.cloud.telemetry.conftest import Store
from tests.cloud.telemetry.test_service import take


async def measured(store: Store) -> Measurer:
    measurer = Measurer("nj01.room")
    await store.know(measurer)
    batches = [measurer.tell(measurer.run(60), at=START + timedelta(minutes=n)) for n in range(3)]
    await take(store, measurer, *batches)
    return measurer


async def checked(store: Store) -> TelemetryCheck:
    async with transaction(store.pool) as tx:
        return await check_telemetry(tx, SITE)


async def test_what_is_stored_is_what_was_signed(store: Store) -> None:
    await measured(store)
    assert await checked(store) == TelemetryCheck(batches=3, readings=180)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        (
            "UPDATE telemetry SET value = 25 WHERE at = '2026-11-22T03:01:10Z'",
            "batch 2 of nj01.room: 1 readings differ",
        ),
        ("DELETE FROM telemetry WHERE at = '2026-11-22T03:01:10Z'", "batch 2 of nj01.room: 1 readings differ"),
        (
            "INSERT INTO telemetry SELECT series, at, value, 99 FROM telemetry LIMIT 1",
            "181 readings are stored, and 180",
        ),
        (
            "UPDATE telemetry_batch SET content = '\\x00' WHERE number = 3",
            "batch 3 of nj01.room is not what was signed",
        ),
        ("UPDATE telemetry_batch SET prev = head WHERE number = 2", "batch 2 of nj01.room does not continue"),
    ],
)
async def test_tampering_by_the_owner_is_found_where_it_is(store: Store, statement: str, fault: str) -> None:
    await measured(store)
    store.as_owner(statement)
    found = await checked(store)
    assert found.fault is not None
    assert found.fault.startswith(fault)


async def test_a_reading_that_is_in_no_batch_is_named(store: Store) -> None:
    await measured(store)
    store.as_owner("INSERT INTO telemetry SELECT series, '2026-11-22T03:00:10.5Z', 20, 99 FROM telemetry LIMIT 1")
    fault = (await checked(store)).fault or ""
    assert fault.endswith("temperature of room.air (nj01.room) at 2026-11-22T03:00:10.500000+00:00 is in no batch")


async def test_a_bucket_that_is_not_what_was_gathered_is_named(store: Store) -> None:
    if store.timescale:
        pytest.skip("there the database gathers by itself, a little later")
    await measured(store)
    async with open_pool(store.owner, most=1) as owner:
        for change, width, begun in (
            ("UPDATE telemetry_minute SET total = total + 1 WHERE bucket = '2026-11-22T03:01Z'", "minute", "03:01"),
            ("DELETE FROM telemetry_minute WHERE bucket = '2026-11-22T03:02Z'", "minute", "03:02"),
            ("UPDATE telemetry_hour SET high = high + 1", "hour", "03:00"),
            ("INSERT INTO telemetry_day SELECT series, bucket + '1 day', 1, 1, 1, 1 FROM telemetry_day", "day", "23"),
        ):  # fmt: skip
            async with transaction(owner) as tx, tx.transaction(force_rollback=True):
                await tx.execute(change.encode())
                fault = (await check_telemetry(tx, SITE)).fault or ""
            assert fault.startswith(f"the {width} of temperature of room.air (nj01.room) from 2026-11-2"), change
            assert begun in fault


async def test_the_application_may_not_change_a_reading(store: Store) -> None:
    await measured(store)
    names = "'telemetry', 'telemetry_batch'"
    rights = f"""
        SELECT count(*) FROM unnest(ARRAY[{names}]) t, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) r
        WHERE has_table_privilege('sealtrail_app', t, r)
    """  # noqa: S608 - of this test's own words
    assert store.as_owner(rights) == [(0,)]


@pytest.mark.parametrize(
    ("number", "head", "absent", "fault"),
    [(3, None, 0, None), (4, None, 1, None), (3, "00" * 32, 0, "entry 1: nj01.room sealed another batch 3")],
)
async def test_the_ledger_knows_where_each_chain_stood(
    store: Store, number: int, head: str | None, absent: int, fault: str | None
) -> None:
    measurer = await measured(store)
    body = json.dumps({"body": {"number": number, "head": head or measurer.head.hex()}})
    columns = "(agent, seq, site, index, kind, at, salt, content)"
    values = f"('nj01.room', 1, 'nj01', 1, 'readings_sealed', now(), '', '{body}')"
    store.as_owner(f"INSERT INTO fact {columns} VALUES {values}")  # noqa: S608 - of this test's own words
    found = await checked(store)
    assert (found.absent, found.fault) == (absent, fault)
