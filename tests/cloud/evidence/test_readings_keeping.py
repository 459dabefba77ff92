"""What evidence binds of the readings: its whole stay at the site, for as long as its case; and alarms around it."""

from datetime import datetime, timedelta

import pytest

from benchmarks.measuring import Measurer
from cloud.db.pool import transaction
from cloud.evidence.readings_keeping import Free, bound_since, free
from cloud.fleet.service import add_agent
from cloud.ledger.service import close_ledger, open_ledger
from cloud.readings import on_readings
from cloud.watching import Watching
from custody.roles import Role
from tests.cloud.api import CLOUD_KEY, Office
from tests.cloud.api import office as office
from tests.cloud.api import parts as parts
from tests.cloud.conftest import START, Clock
from tests.cloud.evidence.warehouse import Warehouse, made, warehouse
from tests.cloud.receiving import PACK
from wire.link import Message

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BEFORE = START + 100 * DAY
ALL: list[tuple[datetime | None, datetime]] = [(None, BEFORE)]
LONG_AGO = START - 30 * DAY


@pytest.fixture
async def store(office: Office) -> Warehouse:
    return await warehouse(office)


async def found(office: Office, before: datetime = BEFORE) -> Free:
    async with transaction(office.parts.pool) as tx:
        return await free(tx, "nj01", PACK, before)


async def spans(office: Office, before: datetime = BEFORE) -> list[tuple[datetime | None, datetime]]:
    return list((await found(office, before)).spans)


async def test_a_case_that_is_not_over_binds_all_since_the_hour_before_it_came(
    office: Office, store: Warehouse, clock: Clock
) -> None:
    assert await spans(office) == [(None, START - HOUR)]
    clock.advance(5 * HOUR)
    await store.crew.do("handover", store.package, by=(Role.INSPECTOR, Role.KEEPER))
    await office.as_owner("UPDATE item SET state = 'destroyed'")
    assert await spans(office) == [(None, START - HOUR)], "the package is there"
    await office.as_owner("UPDATE package SET state = 'destroyed'")
    assert await spans(office) == ALL, "it is over for longer than readings are kept"
    ended = START + 5 * HOUR
    assert await spans(office, ended) == [(None, START - HOUR)], "it was not over for as long then"


@pytest.mark.parametrize("held", ["package", "item"])
async def test_a_hold_binds_the_whole_stay_of_what_left_long_ago(office: Office, store: Warehouse, held: str) -> None:
    thing = store.package if held == "package" else store.item
    before = (await found(office)).size
    made(await (await office.signed_in(Role.APPROVER)).post("holds", json={"things": [thing], "reason": "court"}))
    async with transaction(office.parts.pool) as tx:
        assert await bound_since(tx, "nj01", before), "who looked before looks again"
        assert not await bound_since(tx, "nj01", (await found(office)).size)
    await store.stand("destroyed")
    assert await spans(office) == [(None, START - HOUR), (START + HOUR, BEFORE)]


async def test_an_alarm_binds_the_hour_around_it_while_it_lives_or_its_ticket_does(office: Office) -> None:
    await office.as_owner(
        "INSERT INTO alarm (site, cause, place, severity, detail, raised_at, last_at, index)"
        " VALUES ('nj01', 'rule.too_warm', 'nj01.room', 'major', '{}', %s, %s, 7)", LONG_AGO, LONG_AGO,
    )  # fmt: skip
    assert await spans(office) == [(None, LONG_AGO - HOUR)]
    await office.as_owner("UPDATE alarm SET cleared_at = %s", LONG_AGO + DAY)
    assert await spans(office) == ALL
    around = [(None, LONG_AGO - HOUR), (LONG_AGO + DAY + HOUR, START)]
    await office.as_owner(
        "INSERT INTO ticket (site, index, type, state, opened_by, opened_at, alarm, links, since, newest)"
        " VALUES ('nj01', 8, 'other', 'reported', 'x', %s, 7, '{}', %s, 8)", LONG_AGO, LONG_AGO,
    )  # fmt: skip
    assert await spans(office, START) == around
    await office.as_owner("UPDATE ticket SET closed_at = now()")
    assert await spans(office, START) == [(None, START)]


async def test_an_opening_by_break_glass_binds_until_it_was_reviewed(office: Office) -> None:
    await office.as_owner(
        "INSERT INTO exception (id, site, agent, station, input, opened_seq, opened_index, opened_at, due_at, index)"
        " VALUES ('nj01/X-1', 'nj01', 'nj01.gate-a', 'gate-a', 'button', 1, 1, %s, %s, 2)", LONG_AGO, LONG_AGO,
    )  # fmt: skip
    assert await spans(office) == [(None, LONG_AGO - HOUR)]
    await office.as_owner("UPDATE exception SET state = 'reviewed'")
    assert await spans(office) == ALL


async def test_readings_of_a_stay_are_kept_and_those_from_before_it_go(office: Office, clock: Clock) -> None:
    measurer, parts = Measurer("nj01.room"), office.parts
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        key = measurer.key.public
        await add_agent(tx, appender, parts.world, agent=measurer.agent, public_key=key, at=START, actor="test")
        await close_ledger(tx, appender)
    # An hour and a bit before the case, then by a clock that may be half an hour wrong, then while it is here.
    told = [
        measurer.tell(measurer.run(60), at=START - timedelta(minutes=70)),
        measurer.tell(measurer.run(60), at=START - timedelta(minutes=70), error_ms=1_800_000),
        measurer.tell(measurer.run(60), at=START + HOUR),
    ]
    clock.advance(2 * HOUR)
    await on_readings(parts.pool, parts.world, CLOUD_KEY, [Message(measurer.topic, one) for one in told])
    clock.at = START
    await warehouse(office)
    clock.advance(100 * DAY)
    await Watching(parts.pool, parts.world, PACK, readings_kept=30 * DAY).look()
    kept = await office.rows("SELECT number, content IS NULL AS gone FROM telemetry_batch ORDER BY number")
    assert [row["gone"] for row in kept] == [True, False, False]
