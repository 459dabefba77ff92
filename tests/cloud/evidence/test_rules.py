"""J27 標準不可改變, N5: rules take effect by two people and only forward; a case keeps those it was opened under."""

from datetime import datetime, timedelta

import psycopg
import pytest

from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.evidence.crew import Crew
from tests.cloud.evidence.warehouse import made
from tests.cloud.receiving import PACK
from wire.rule_packs import DEFAULT_PACK

TWO = (Role.LEADER, Role.SUPERVISOR)


def pack_text(start: datetime, version: str = "3") -> str:
    """The pack that ships, of another version and without voiding."""
    text = DEFAULT_PACK.read_text("utf-8").replace('version: "2"', f'version: "{version}"')
    text = text.replace('effective_from: "2026-11-01T00:00:00Z"', f'effective_from: "{start.isoformat()}"')
    return text.replace("kinds: [item], seats: [[inspector, case_handler]]", "kinds: [item], seats: [[case_handler]]")


async def opened(crew: Crew, number: str) -> str:
    inspector = await crew.person(Role.INSPECTOR)
    case: str = made(await inspector.post("cases", json={"number": number, "title": "t"}))["id"]
    return case


async def item_of(crew: Crew, case: str) -> str:
    inspector = await crew.person(Role.INSPECTOR)
    new = {"case_id": case, "name": "x", "quantity": 1, "unit": "件"}
    item: str = made(await inspector.post("items", json=new))["id"]
    return item


async def brought_up(crew: Crew, start: datetime) -> str:
    leader = await crew.person(Role.LEADER)
    name: str = made(await leader.post("rules", json={"text": pack_text(start)}))["hash"]
    return name


async def test_two_sign_and_it_takes_effect_only_forward(office: Office, clock: Clock) -> None:
    crew, start = Crew(office), clock.at + timedelta(hours=1)
    leader = await crew.person(Role.LEADER)
    old = await opened(crew, "1")
    pack = await brought_up(crew, start)
    asked = await crew.propose(leader, "adopt_rules", pack=pack)
    assert asked.status_code == 202, asked.text
    first = await crew.sign(leader, asked.json()["act"])
    assert first.json()["status"] == "waiting"  # one is not enough
    again = problem(await crew.sign(leader, asked.json()["act"]), 409, "refused")
    assert again["rule"] == "people.two"
    done = await crew.sign(await crew.person(Role.SUPERVISOR), asked.json()["act"])
    assert done.json()["status"] == "done", done.text
    rules = (await leader.get("rules")).json()
    assert (rules["in_force"]["hash"], [row["hash"] for row in rules["adopted"]]) == (PACK.hash, [pack])
    clock.advance(timedelta(hours=1))
    assert (await leader.get("rules")).json()["in_force"]["hash"] == pack
    new = await opened(crew, "2")
    cases = {row["id"]: row["rule_pack"] for row in await office.rows("SELECT id, rule_pack FROM evidence_case")}
    assert cases == {old: PACK.hash, new: pack}
    inspector = await crew.person(Role.INSPECTOR)
    refused = problem(await crew.propose(inspector, "void", await item_of(crew, new)), 409, "refused")
    assert refused["rule"] == "people.role"  # only the case handler voids under the new rules
    assert (await crew.propose(inspector, "void", await item_of(crew, old))).status_code == 201  # the old go on


async def test_a_case_changes_its_rules_only_by_two_and_that_is_an_entry(office: Office, clock: Clock) -> None:
    crew = Crew(office)
    case = await opened(crew, "1")
    pack = await brought_up(crew, clock.at + timedelta(minutes=1))
    with pytest.raises(psycopg.DatabaseError) as caught:
        await office.execute("UPDATE evidence_case SET rule_pack = %s", pack)
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("ST001", "rules.repin")
    handler = await crew.person(Role.CASE_HANDLER)
    waiting = await crew.propose(handler, "repin_case", case=case, pack=pack, reason="新规则更严")
    assert waiting.json()["waiting_for"] == [["leader"]]
    done = await crew.sign(await crew.person(Role.LEADER), waiting.json()["act"])
    assert done.json()["status"] == "done", done.text
    assert await office.rows("SELECT rule_pack FROM evidence_case") == [{"rule_pack": pack}]
    history = (await handler.get(f"history/{case}")).json()["rows"]
    assert history[-1]["kind"] == "case_repinned"
    assert (history[-1]["content"]["from"], history[-1]["content"]["to"]) == (PACK.hash, pack)


async def test_a_pack_with_faults_or_a_start_that_is_past_is_not_brought_up(office: Office, clock: Clock) -> None:
    crew = Crew(office)
    leader = await crew.person(Role.LEADER)
    past = {"text": pack_text(clock.at - timedelta(seconds=1))}
    told = problem(await leader.post("rules", json=past), 422, "rule_pack_faults")
    assert "rules take effect only forward" in told["detail"]
    bad = (
        pack_text(clock.at + timedelta(hours=1)).replace("presence_s: 30", "presence_s: x").replace("[keeper]", "[ox]")
    )
    told = problem(await leader.post("rules", json={"text": bad}), 422, "rule_pack_faults")
    assert "gate.presence_s" in told["detail"]
    assert "'ox' is no role" in told["detail"]
    problem(await leader.post("rules", json={"text": "a: ["}), 422, "rule_pack_faults")
    keeper = await crew.person(Role.KEEPER)
    problem(await keeper.post("rules", json=past), 403, "forbidden")


async def test_a_pack_whose_start_has_passed_before_the_second_hand_is_not_adopted(
    office: Office, clock: Clock
) -> None:
    crew = Crew(office)
    leader, supervisor = [await crew.person(role) for role in TWO]
    pack = await brought_up(crew, clock.at + timedelta(minutes=1))
    asked = (await crew.propose(leader, "adopt_rules", pack=pack)).json()["act"]
    made(await crew.sign(leader, asked))
    clock.advance(timedelta(minutes=2))
    problem(await crew.sign(supervisor, asked), 422, "back_dated")
    assert (await leader.get("rules")).json()["in_force"]["hash"] == PACK.hash
