from datetime import timedelta

from cloud.alarms.service import clear_alarm, raise_alarm
from cloud.db.pool import Pool, Row, transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.world import World
from tests.cloud.conftest import Clock


async def gap(pool: Pool, world: World, *, place: str = "nj01.gate-a", clear: bool = False) -> bool:
    async with transaction(pool) as tx:
        appender = await open_ledger(tx, "nj01")
        if clear:
            done = await clear_alarm(tx, appender, world, cause="gap", place=place, at=world.now())
        else:
            done = await raise_alarm(
                tx, appender, world, cause="gap", place=place, severity="major", detail={"text": "\0", "n": [1.5]},
                at=world.now(),
            )  # fmt: skip
        await close_ledger(tx, appender)
    return done


async def rows(pool: Pool, query: bytes) -> list[Row]:
    async with transaction(pool) as tx:
        return await (await tx.execute(query)).fetchall()


async def test_one_alarm_lives_for_a_cause_at_a_place_and_counts(
    pool: Pool, world: World, clock: Clock, site: str
) -> None:
    raised = []
    for _ in range(3):
        raised.append(await gap(pool, world))
        clock.advance(timedelta(seconds=5))
    assert raised == [True, False, False]
    (alarm,) = await rows(pool, b"SELECT occurrences, last_at - raised_at AS lasted, detail FROM alarm")
    assert (alarm["occurrences"], alarm["lasted"]) == (3, timedelta(seconds=10))
    assert alarm["detail"] == {"text": "\ufffd", "n": [1.5]}
    assert len(await rows(pool, b"SELECT 1 FROM record")) == 1


async def test_what_was_cleared_can_be_raised_anew(pool: Pool, world: World, site: str) -> None:
    assert await gap(pool, world)
    assert await gap(pool, world, clear=True)
    assert not await gap(pool, world, clear=True)
    assert await gap(pool, world)
    found = await rows(pool, b"SELECT cleared_at IS NULL AS living FROM alarm ORDER BY id")
    assert [row["living"] for row in found] == [False, True]
    kinds = [row["kind"] for row in await rows(pool, b"SELECT kind FROM record ORDER BY index")]
    assert kinds == ["alarm_raised", "alarm_cleared", "alarm_raised"]


async def test_a_place_of_any_length_has_room(pool: Pool, world: World, site: str) -> None:
    place = "a\0" * 20_000
    assert await gap(pool, world, place=place)
    assert not await gap(pool, world, place=place)
    assert await gap(pool, world, place=place, clear=True)
