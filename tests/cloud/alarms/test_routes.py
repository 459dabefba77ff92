import json

import pytest

from benchmarks.telling import Teller
from cloud.alarms.service import TWO_PERSONS, raise_alarm
from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from custody.roles import Role
from proof import jws
from proof.canonical import canonical
from tests.cloud.api import AGENT, CLOUD_KEY, Office, problem
from tests.cloud.receiving import Receiving
from wire.messages import ORDER_TYPE

WHY = {"cause_code": "restored_backup", "note": "备份误还原"}


async def alarmed(office: Office, cause: str, place: str = "court.example/w") -> int:
    async with transaction(office.parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        await raise_alarm(
            tx, appender, office.parts.world, cause=cause, place=place, severity="critical", detail={},
            at=office.parts.world.now(),
        )  # fmt: skip
        await close_ledger(tx, appender)
    (row,) = await office.rows("SELECT id FROM alarm WHERE cleared_at IS NULL AND cause = %s", cause)
    return int(row["id"])


@pytest.mark.parametrize("cause", sorted(TWO_PERSONS))
async def test_what_speaks_against_the_records_is_cleared_by_two_people(office: Office, cause: str) -> None:
    alarm, first, second = await alarmed(office, cause), *[await office.signed_in(Role.OPERATOR) for _ in range(2)]
    for person in (first, await office.signed_in(Role.ADMIN)):
        assert await office.rows("SELECT FROM alarm WHERE cleared_at IS NOT NULL") == []
        answer = (await person.post(f"alarms/{alarm}/clear", json=WHY)).json()
        if person is first:
            assert (answer["cleared"], answer["index"]) == (False, 4)
            problem(await first.post(f"alarms/{alarm}/clear", json=WHY), 409, "second_person_needed")
        else:
            assert answer["cleared"]
    problem(await second.post(f"alarms/{alarm}/clear", json=WHY), 409, "cleared_already")
    records = await office.rows(
        "SELECT kind, actor, content FROM record WHERE kind LIKE 'alarm_clear%%' ORDER BY index"
    )
    assert [record["kind"] for record in records] == ["alarm_clear_proposed", "alarm_cleared"]
    proposed, cleared = (json.loads(record["content"]) for record in records)
    assert cleared["proposed_by"] == proposed["actor"] != cleared["actor"]
    assert {name: cleared[name] for name in WHY} == WHY
    assert canonical(cleared).decode() == records[1]["content"]
    assert (await first.get("alarms?living=true")).json()["rows"] == []


async def test_another_alarm_is_cleared_by_one(office: Office) -> None:
    alarm, person = await alarmed(office, "copied_label"), await office.signed_in(Role.OPERATOR)
    answer = (await person.post(f"alarms/{alarm}/clear", json={"cause_code": "test"})).json()
    assert (answer["cleared"], answer["proposed_by"]) == (True, None)


async def test_an_alarm_that_comes_again_after_it_was_cleared_needs_two_people_again(office: Office) -> None:
    people = [await office.signed_in(Role.OPERATOR) for _ in range(2)]
    for _ in range(2):
        alarm = await alarmed(office, "checkpoint_refused")
        answers = [(await person.post(f"alarms/{alarm}/clear", json=WHY)).json() for person in people]
        assert [answer["cleared"] for answer in answers] == [False, True]


async def test_only_who_may_and_only_at_the_own_site(office: Office) -> None:
    alarm = await alarmed(office, "checkpoint_refused")
    problem(await (await office.signed_in(Role.AUDITOR)).post(f"alarms/{alarm}/clear", json=WHY), 403, "forbidden")
    operator = await office.signed_in(Role.OPERATOR)
    problem(await operator.post(f"alarms/{alarm + 1}/clear", json=WHY), 404, "not_found")
    problem(await operator.post(f"alarms/{alarm}/clear", json={"cause_code": "No"}), 422, "invalid")
    problem(await operator.post(f"alarms/{alarm}/clear", json=WHY | {"note": "\0"}), 422, "invalid")
    assert await office.rows("SELECT FROM alarm WHERE clear_proposed_by IS NOT NULL") == []


async def test_an_agent_that_told_two_versions_is_ordered_to_go_on_once_two_people_cleared_it(office: Office) -> None:
    people = [await office.signed_in(Role.OPERATOR) for _ in range(2)]
    teller = Teller(AGENT)
    await Receiving(office.parts.pool, office.parts.world, "nj01").know(teller)
    for cause, place, orders in (("copied_label", AGENT, 0), ("equivocation", "nj01.stranger", 0)):
        alarm = await alarmed(office, cause, place)
        for person in people:
            await person.post(f"alarms/{alarm}/clear", json=WHY)
        assert len(await office.rows("SELECT FROM agent_order")) == orders
    alarm = await alarmed(office, "equivocation", AGENT)
    await people[0].post(f"alarms/{alarm}/clear", json=WHY)
    assert await office.rows("SELECT FROM agent_order") == []
    await people[1].post(f"alarms/{alarm}/clear", json=WHY)
    (order,) = await office.rows("SELECT kind, jws FROM agent_order")
    told = jws.verify(order["jws"], {CLOUD_KEY.public.kid: CLOUD_KEY.public}.get, ORDER_TYPE)
    assert (order["kind"], told["body"]) == ("resume", {"upto": 0, "head": "00" * 32})
