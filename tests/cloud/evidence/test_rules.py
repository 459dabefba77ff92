"""J27 標準不可改變, N5: rules take effect by two people and only forward; a case keeps those it was opened under."""

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from benchmarks.telling import Teller
from custody.pack_reader import parse_rule_pack
from custody.roles import Role
from proof import jws
from tests.cloud.api import AGENT, AGENT_KEY, CLOUD_KEY, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.evidence.crew import Crew
from tests.cloud.evidence.warehouse import made, warehouse
from tests.cloud.receiving import PACK, Receiving
from wire.messages import ORDER_TYPE
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


class Agent:
    """The site's agent as it tells its packs, and what it was sent."""

    def __init__(self, office: Office) -> None:
        self.office, self.teller = office, Teller(AGENT)
        self.teller.key = AGENT_KEY
        self.receiving = Receiving(office.parts.pool, office.parts.world, "nj01")

    async def say(self, kind: str, body: dict[str, Any]) -> None:
        seq = self.teller.say(kind, body, at=self.office.parts.world.now())
        await self.receiving.take(self.teller, self.teller.batch(seq, seq))

    async def start(self, *packs: str) -> None:
        await self.say("agent_started", {"software": "1", "rule_pack": packs[0], "rule_packs": list(packs)})

    async def answer(self, problem: str | None = None) -> None:
        """Answers every open order about rules."""
        for row in await self.office.rows(
            "SELECT id FROM agent_order WHERE answered_index IS NULL ORDER BY created_at"
        ):
            outcome = {"outcome": "refused" if problem else "done", "problem": problem}
            await self.say("order_answered", {"order": row["id"], **outcome})

    async def sent(self) -> list[tuple[str, int | None, bool]]:
        """Hash, adoption and whether it waits for its answer, of every order about rules, oldest first."""
        found = await self.office.rows(
            "SELECT jws, answered_index FROM agent_order WHERE kind = 'rule_pack' ORDER BY number"
        )
        told = []
        for row in found:
            body = jws.verify(row["jws"], {CLOUD_KEY.public.kid: CLOUD_KEY.public}.get, ORDER_TYPE)["body"]
            assert parse_rule_pack(body["content"]).hash == body["hash"]
            told.append((body["hash"], body["adopted"], row["answered_index"] is None))
        return told


async def adopted(crew: Crew, pack: str) -> int:
    """Two put `pack` in force; the entry."""
    leader, supervisor = [await crew.person(role) for role in TWO]
    asked = (await crew.propose(leader, "adopt_rules", pack=pack)).json()["act"]
    made(await crew.sign(leader, asked))
    made(await crew.sign(supervisor, asked))
    index: int = (await leader.get("rules")).json()["adopted"][-1]["index"]
    return index


async def test_rules_put_in_force_are_sent_to_every_agent_and_again_to_one_on_a_new_card(
    office: Office, clock: Clock
) -> None:
    crew, agent = Crew(office), Agent(office)
    await agent.receiving.know(agent.teller)
    await agent.start(PACK.hash)
    assert await agent.sent() == []
    pack = await brought_up(crew, clock.at + timedelta(hours=1))
    index = await adopted(crew, pack)
    assert await agent.sent() == [(pack, index, True)]
    await agent.start(PACK.hash)  # restarted before it heard: that order is still under way
    assert await agent.sent() == [(pack, index, True)]
    await agent.answer()
    await agent.start(PACK.hash, pack)
    assert await agent.sent() == [(pack, index, False)]
    await agent.start(PACK.hash)  # an empty card
    assert await agent.sent() == [(pack, index, False), (pack, index, True)]


async def test_rules_that_an_agent_cannot_read_are_an_alarm_and_sent_again_to_its_next_software(
    office: Office, clock: Clock
) -> None:
    crew, agent = Crew(office), Agent(office)
    await agent.receiving.know(agent.teller)
    await agent.start(PACK.hash)
    pack = await brought_up(crew, clock.at + timedelta(hours=1))
    await adopted(crew, pack)
    await agent.answer("these rules cannot be read: format: 3 is not known")
    assert ("order_refused", AGENT) in await agent.receiving.alarms()
    await agent.start(PACK.hash)
    assert [waits for *_, waits in await agent.sent()] == [False, True]


async def test_a_task_of_a_case_under_other_rules_is_preceded_by_them(office: Office, clock: Clock) -> None:
    store = await warehouse(office, handed_over=True)
    agent = Agent(office)
    await agent.start("0" * 64)  # set up with another pack than the cloud
    body = {"station": "gate-a", "direction": "in", "decision": None, "things": [store.package]}
    await agent.say("passage_crossed", body)
    admin = await office.signed_in(Role.ADMIN)
    zone = made(await admin.post("zones", json={"name": "A", "zone_class": "ordinary"}))["id"]
    asked = {"zone": zone, "slots": [{"name": "A-01-01", "agent": AGENT}]}
    slot = made(await admin.post("slots", json=asked))["rows"][0]["id"]
    until = (clock.at + timedelta(hours=8)).isoformat()
    task = {"agent": AGENT, "station": "rack-1", "action": "place", "things": [store.package], "slot": slot}
    made(await store.keeper.post("tasks", json={**task, "not_after": until}))
    order = [row["kind"] for row in await office.rows("SELECT kind FROM agent_order ORDER BY number")]
    assert order[-2:] == ["rule_pack", "task"]
    assert await agent.sent() == [(PACK.hash, None, True)]
    await agent.answer()
    made(await store.keeper.post("tasks", json={**task, "not_after": until}))
    assert await agent.sent() == [(PACK.hash, None, False)]
