"""An alarm from its raising to its end: who hears of it, what they do about it, and that the log tells all of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from psycopg.sql import SQL, Identifier

from cloud.alarms.service import clear_alarm, raise_alarm
from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.people.access import COOKIE, HEADER
from cloud.watching import Watching
from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.people.derived import holds, verified

PLACE = "nj01.gate-a:store"
DONE = {"cause_code": "dealt_with"}


@dataclass
class Alarmed:
    """An alarm of the highest severity, and an operator."""

    office: Office
    clock: Clock
    id: int
    operator: httpx.AsyncClient

    async def step(self, step: str, who: httpx.AsyncClient | None = None, **more: Any) -> httpx.Response:
        return await (who or self.operator).post(f"alarms/{self.id}/steps", json={"step": step, **more})

    async def shown(self) -> dict[str, Any]:
        answer = await self.operator.get(f"alarms/{self.id}")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def look(self, after: timedelta = timedelta(0)) -> int:
        """The watch looks, as one that was just started; returns the level then."""
        self.clock.advance(after)
        await Watching(self.office.parts.pool, self.office.parts.world, self.office.parts.pack).look()
        return int((await self.shown())["level"])

    async def heard_by(self, *roles: Role) -> bool:
        client = await self.office.signed_in(*roles)
        rows = (await client.get("alarms", params={"mine": True, "living": True})).json()["rows"]
        return self.id in {row["id"] for row in rows}


async def raised(office: Office, severity: Any = "critical", cause: str = "door_forced") -> int:
    async with transaction(office.parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        await raise_alarm(
            tx, appender, office.parts.world, cause=cause, place=PLACE, severity=severity, detail={},
            at=office.parts.world.now(),
        )  # fmt: skip
        await close_ledger(tx, appender)
    (row,) = await office.rows("SELECT id FROM alarm WHERE cleared_at IS NULL AND cause = %s", cause)
    return int(row["id"])


@pytest.fixture
async def alarmed(office: Office, clock: Clock) -> Alarmed:
    return Alarmed(office, clock, await raised(office), await office.signed_in(Role.OPERATOR))


async def test_nobody_takes_notice_and_more_people_hear_of_it_rung_by_rung(alarmed: Alarmed) -> None:
    assert [await alarmed.heard_by(role) for role in (Role.OPERATOR, Role.SUPERVISOR, Role.LEADER)] == [
        True, False, False
    ]  # fmt: skip
    shown = await alarmed.shown()
    assert (shown["hears"], shown["next_roles"]) == (["keeper", "operator"], ["supervisor"])
    assert await alarmed.look(timedelta(seconds=119)) == 0
    assert await alarmed.look(timedelta(seconds=1)) == 1
    assert await alarmed.heard_by(Role.SUPERVISOR)
    assert await alarmed.look() == 1
    assert await alarmed.look(timedelta(seconds=480)) == 2
    assert await alarmed.heard_by(Role.LEADER)
    shown = await alarmed.shown()
    assert (shown["next_at"], [step["told"]["level"] for step in shown["steps"]]) == (None, [1, 2])


async def test_who_was_off_for_long_tells_everybody_at_once(alarmed: Alarmed) -> None:
    assert await alarmed.look(timedelta(hours=3)) == 2
    assert [step["kind"] for step in (await alarmed.shown())["steps"]] == ["alarm_escalated"]


@pytest.mark.parametrize("step", [
    {"step": "acknowledge"}, {"step": "comment", "note": "on my way"},
])  # fmt: skip
async def test_whoever_does_something_took_notice_and_no_one_else_is_told(
    alarmed: Alarmed, step: dict[str, Any]
) -> None:
    assert (await alarmed.step(**step)).status_code == 201
    assert await alarmed.look(timedelta(hours=3)) == 0
    problem(await alarmed.step("acknowledge"), 409, "acknowledged_already")
    shown = await alarmed.shown()
    assert shown["acknowledged_by"] == (await alarmed.operator.get("session")).json()["id"]


async def test_whom_it_is_assigned_to_hears_of_it_whatever_their_role(alarmed: Alarmed) -> None:
    auditor = await alarmed.office.person(Role.AUDITOR)
    client = await alarmed.office.visitor()
    client.cookies.set(COOKIE, await alarmed.office.cookie(auditor))
    client.headers[HEADER] = "1"
    assert (await client.get("alarms", params={"mine": True})).json()["rows"] == []
    assert (await alarmed.step("assign", person=auditor.id, note="你查一下")).status_code == 201
    assert [row["id"] for row in (await client.get("alarms", params={"mine": True})).json()["rows"]] == [alarmed.id]
    assert (await alarmed.shown())["assigned_name"] == auditor.name
    problem(await alarmed.step("assign", person="nj01/U-NOBODY"), 422, "unknown_person")


async def test_what_is_set_aside_is_told_to_nobody_until_then_and_comes_back(alarmed: Alarmed) -> None:
    assert (await alarmed.step("acknowledge")).status_code == 201
    until = alarmed.clock.at + timedelta(hours=2)
    assert (await alarmed.step("shelve", until=until.isoformat(), note="检修门锁")).status_code == 201
    assert (await alarmed.step("comment", note="still at it")).status_code == 201
    assert await alarmed.look(timedelta(hours=2) - timedelta(seconds=1)) == 0
    assert (await alarmed.shown())["acknowledged_by"] is None
    assert await alarmed.look(timedelta(seconds=120)) == 0, "from then on it waits anew"
    assert await alarmed.look(timedelta(seconds=1)) == 1
    await holds(alarmed.office)


async def test_what_is_no_longer_set_aside_has_somebody_on_it(alarmed: Alarmed) -> None:
    until = alarmed.clock.at + timedelta(hours=2)
    assert (await alarmed.step("shelve", until=until.isoformat(), note="x")).status_code == 201
    assert (await alarmed.step("shelve", until=None, note="done")).status_code == 201
    shown = await alarmed.shown()
    assert (shown["shelved_until"], shown["next_at"]) == (None, None)
    assert [step["told"]["note"] for step in shown["steps"]] == ["x", "done"]
    assert await alarmed.look(timedelta(hours=3)) == 0
    await holds(alarmed.office)


@pytest.mark.parametrize("hours", [25, 0])
async def test_nothing_is_set_aside_for_longer_than_the_rules_let_or_until_now(alarmed: Alarmed, hours: int) -> None:
    until = (alarmed.clock.at + timedelta(hours=hours)).isoformat()
    problem(await alarmed.step("shelve", until=until, note="x"), 422, "shelved_too_long")


async def test_an_alarm_is_over_by_a_code_of_the_rule_book_and_nothing_is_done_any_more(
    alarmed: Alarmed,
) -> None:
    problem(
        await alarmed.operator.post(f"alarms/{alarmed.id}/clear", json={"cause_code": "whatever"}), 422, "unknown_code"
    )
    assert (await alarmed.operator.post(f"alarms/{alarmed.id}/clear", json=DONE)).json()["cleared"] is True
    problem(await alarmed.step("comment", note="too late"), 409, "cleared_already")
    shown = await alarmed.shown()
    assert (shown["cleared_code"], shown["steps"][-1]["kind"], shown["next_at"]) == (
        "dealt_with",
        "alarm_cleared",
        None,
    )


async def test_only_who_may_and_only_at_the_own_site(alarmed: Alarmed) -> None:
    auditor = await alarmed.office.signed_in(Role.AUDITOR)
    problem(await alarmed.step("acknowledge", auditor), 403, "forbidden")
    assert (await auditor.get(f"alarms/{alarmed.id}")).status_code == 200
    problem(await alarmed.operator.get(f"alarms/{alarmed.id + 1}"), 404, "not_found")
    for wrong in ({"step": "burn"}, {"step": "comment", "note": " "}, {"step": "comment", "note": "a\0"}, {}):
        problem(await alarmed.operator.post(f"alarms/{alarmed.id}/steps", json=wrong), 422, "invalid")
    assert (await alarmed.shown())["steps"] == []


async def test_the_log_alone_tells_the_whole_life(alarmed: Alarmed) -> None:
    office = alarmed.office
    await alarmed.look(timedelta(minutes=5))
    await alarmed.step("assign", person=(await office.person(Role.KEEPER)).id)
    until = (alarmed.clock.at + timedelta(hours=1)).isoformat()
    await alarmed.step("shelve", until=until, note="x")
    await alarmed.operator.post(f"alarms/{alarmed.id}/clear", json=DONE)
    await raised(office, "warning", "agent_offline")
    async with transaction(office.parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        await clear_alarm(tx, appender, office.parts.world, cause="agent_offline", place=PLACE, at=alarmed.clock.at)
        await close_ledger(tx, appender)
    await holds(office)
    [kept] = await office.rows("SELECT * FROM alarm WHERE id = %s", alarmed.id)
    for column, value in (
        ("acknowledged_by", "x"), ("assigned_to", None), ("level", 0), ("shelved_until", None), ("cleared_by", None),
        ("cleared_code", "test"),
    ):  # fmt: skip
        for told in (value, kept[column]):
            statement = SQL("UPDATE alarm SET {} = %s WHERE id = %s").format(Identifier(column))
            await office.execute(statement.as_string(), told, alarmed.id)
            found = await verified(office)
            assert found.ok is (told == kept[column]), column
            assert found.ok or (found.fault, found.row) == ("row_differs", f"alarm {kept['index']}"), column
