"""What is over by itself is not forgotten: somebody says what it was, in time, or that is an alarm (N13)."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from psycopg.sql import SQL, Identifier

from cloud.alarms.service import clear_alarm
from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.watching import Watching
from custody.roles import Role
from tests.cloud.alarms.test_life import DONE, PLACE, raised
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.people.derived import holds, verified


async def ends(office: Office) -> None:
    """The alarm is over by itself."""
    async with transaction(office.parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        at = office.parts.world.now()
        assert await clear_alarm(tx, appender, office.parts.world, cause="door_forced", place=PLACE, at=at)
        await close_ledger(tx, appender)


async def look(office: Office) -> None:
    await Watching(office.parts.pool, office.parts.world, office.parts.pack).look()


async def waiting(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await client.get("alarms", params={"unanswered": True})).json()["rows"]
    return rows


async def overdue(office: Office) -> list[str]:
    found = await office.rows("SELECT place FROM alarm WHERE cause = 'answer_overdue' AND cleared_at IS NULL")
    return [row["place"] for row in found]


async def test_it_is_asked_once_and_over_when_somebody_said_what_it_was(office: Office, clock: Clock) -> None:
    operator, alarm = await office.signed_in(Role.OPERATOR), await raised(office)
    await look(office)
    assert await waiting(operator) == [], "it lives"
    await ends(office)
    ended_at = clock.at
    clock.advance(timedelta(seconds=5))
    await look(office)
    await look(office)
    [row] = await waiting(operator)
    assert (row["id"], row["cleared_code"]) == (alarm, None)
    problem(await operator.post(f"alarms/{alarm}/clear", json={"cause_code": "whatever"}), 422, "unknown_code")
    assert (await operator.post(f"alarms/{alarm}/clear", json=DONE)).json()["cleared"] is True
    assert await waiting(operator) == []
    shown = (await operator.get(f"alarms/{alarm}")).json()
    assert [step["kind"] for step in shown["steps"]] == ["alarm_cleared", "alarm_answer_asked", "alarm_answered"]
    assert (shown["cleared_code"], shown["cleared_at"]) == ("dealt_with", ended_at.isoformat().replace("+00:00", "Z"))
    problem(await operator.post(f"alarms/{alarm}/clear", json=DONE), 409, "cleared_already")
    await holds(office)


async def test_what_nobody_answers_in_time_is_an_alarm_until_somebody_does(office: Office, clock: Clock) -> None:
    alarm = await raised(office)
    await ends(office)
    await look(office)
    clock.advance(timedelta(hours=48) - timedelta(seconds=1))
    await look(office)
    assert await overdue(office) == []
    clock.advance(timedelta(seconds=1))
    await look(office)
    await look(office)
    operator = await office.signed_in(Role.OPERATOR)
    assert await overdue(office) == [(await operator.get(f"alarms/{alarm}")).json()["name"]]
    assert (await operator.post(f"alarms/{alarm}/clear", json=DONE)).status_code == 200
    assert await overdue(office) == []
    await holds(office)


@pytest.mark.parametrize(("severity", "asked"), [("major", 1), ("warning", 0)])
async def test_which_are_asked_about_is_the_rule_packs(office: Office, severity: str, asked: int) -> None:
    operator = await office.signed_in(Role.OPERATOR)
    await raised(office, severity)
    await ends(office)
    await look(office)
    assert len(await waiting(operator)) == asked


async def test_the_log_alone_tells_until_when_it_was_asked_and_who_answered(office: Office) -> None:
    operator, alarm = await office.signed_in(Role.OPERATOR), await raised(office)
    await ends(office)
    await look(office)
    await operator.post(f"alarms/{alarm}/clear", json=DONE)
    await holds(office)
    [kept] = await office.rows("SELECT * FROM alarm WHERE id = %s", alarm)
    for column, value in (("answer_due_at", None), ("cleared_by", None), ("cleared_code", "test")):
        statement = SQL("UPDATE alarm SET {} = %s WHERE id = %s").format(Identifier(column)).as_string()
        await office.execute(statement, value, alarm)
        assert (await verified(office)).fault == "row_differs", column
        await office.execute(statement, kept[column], alarm)
    await holds(office)
