"""A reminder comes before something is due, to whom it is for, once; it is read, and ends when the thing is settled."""

import asyncio
from datetime import timedelta

import pytest

from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.reminders.making import make
from custody.roles import Role
from tests.cloud.api import Office
from tests.cloud.conftest import Clock
from tests.cloud.people.derived import each_is_found, holds
from tests.cloud.reminders.desk import HOUR, Desk, seated


@pytest.fixture
async def desk(office: Office, clock: Clock) -> Desk:
    return await seated(office, clock)


async def test_before_the_deadline_whom_it_is_for_is_told_once_for_each_offset(desk: Desk) -> None:
    ticket = await desk.ticket()
    assert await desk.look(143 * HOUR) == 0
    assert await desk.look(HOUR) == 1
    assert await desk.look(HOUR) == 0
    (row,) = await desk.told("keeper")
    assert (row["subject"], row["about"], row["before_s"], row["urgent"]) == (
        "ticket",
        f"nj01/T-{ticket}",
        86400,
        False,
    )
    assert await desk.told("operator") == await desk.told("supervisor") == []
    assert await desk.look(20 * HOUR) == 1
    assert [row["urgent"] for row in await desk.told("keeper")] == [True, False]
    await holds(desk.office)


async def test_who_was_away_hears_only_the_last_of_what_has_come(desk: Desk) -> None:
    await desk.ticket()
    assert await desk.look(166 * HOUR) == 1
    assert [row["before_s"] for row in await desk.told("keeper")] == [4 * 3600]


async def test_what_is_settled_ends_its_reminders_and_another_stage_has_its_own(desk: Desk) -> None:
    ticket = await desk.ticket()
    await desk.look(150 * HOUR)
    await desk.step("keeper", ticket, "check")
    await desk.look()
    (row,) = await desk.told("keeper")
    assert row["ended_at"] is not None
    assert await desk.told("keeper", unread=True) == []
    await desk.look(30 * HOUR)
    assert [row["clock"] for row in await desk.told("keeper", unread=True)] == ["checked-1"]


async def test_reading_is_an_entry_and_nobody_reads_for_another(desk: Desk) -> None:
    await desk.ticket()
    await desk.look(166 * HOUR)
    (row,) = await desk.told("keeper")
    others = await desk.ask("operator", "POST", "reminders/read", json={"ids": [row["id"]]})
    assert others == {"index": None, "unread": 0}
    assert await desk.ask("keeper", "GET", "reminders/unread") == {"unread": 1}
    read = await desk.ask("keeper", "POST", "reminders/read", json={"ids": [row["id"], 999]})
    assert read["unread"] == 0
    again = await desk.ask("keeper", "POST", "reminders/read", json={"ids": [row["id"]]})
    assert again["index"] is None
    kinds = "SELECT kind, actor FROM record WHERE index = %s"
    assert await desk.office.rows(kinds, read["index"]) == [
        {"kind": "reminder_read", "actor": desk.people["keeper"].id}
    ]  # fmt: skip
    await holds(desk.office)


async def test_two_workers_at_once_make_it_once(desk: Desk) -> None:
    await desk.ticket()
    desk.clock.advance(166 * HOUR)
    parts = desk.office.parts

    async def work() -> int:
        async with transaction(parts.pool) as tx:
            appender = await open_ledger(tx, "nj01")
            made = await make(tx, appender, parts.world, parts.pack, desk.clock.at)
            await close_ledger(tx, appender)
        return made

    assert sorted(await asyncio.gather(work(), work())) == [0, 1]


async def test_it_is_known_whether_somebody_was_warned_before_the_breach(desk: Desk) -> None:
    ticket = await desk.ticket()
    await desk.look(144 * HOUR)
    warning = "SELECT lead, in_time, settled_at FROM warning"
    await desk.step("keeper", ticket, "check")
    await desk.look(HOUR)
    (row,) = await desk.office.rows(warning)
    assert (row["lead"], row["in_time"], row["settled_at"]) == (24 * HOUR, True, desk.clock.at)
    await desk.look(60 * HOUR)  # the reply is late by more than half a day
    rows = await desk.office.rows(f"{warning} WHERE settled_at IS NULL")
    assert [(row["lead"] < timedelta(0), row["in_time"]) for row in rows] == [(True, None)]  # told too late


BEHIND_ITS_BACK = {
    "as if earlier": ("row_differs", "reminder", "UPDATE reminder SET made_at = made_at - interval '1 day'"),
    "as if unread": ("row_differs", "reminder", "UPDATE reminder SET read_at = NULL, read_index = NULL"),
    "as if for another": (
        "row_without_entry", "reminder", "UPDATE reminder SET person = p.id FROM person p WHERE roles = '{auditor}'"
    ),
    "gone": ("row_missing", "reminder", "DELETE FROM reminder"),
}  # fmt: skip


async def test_each_way_to_change_a_reminder_behind_its_back_is_found(desk: Desk) -> None:
    await desk.ticket()
    await desk.look(166 * HOUR)
    (row,) = await desk.told("keeper")
    await desk.ask("keeper", "POST", "reminders/read", json={"ids": [row["id"]]})
    await desk.office.person(Role.AUDITOR)
    await each_is_found(desk.office, ("reminder",), BEHIND_ITS_BACK)
