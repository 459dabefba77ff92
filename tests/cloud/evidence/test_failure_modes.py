"""J2: the seven ways in which warehouses fail, each impossible or visible; and J26: nobody destroys anything alone."""

import json
from datetime import timedelta
from itertools import product

import psycopg
import pytest

from cloud.db.pool import transaction
from cloud.evidence.watching import watch
from cloud.ledger.service import close_ledger, open_ledger
from custody.roles import Role
from custody.things import Action, Kind
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.evidence.test_act_rules import alarms, refusal, state_of, stored
from tests.cloud.evidence.warehouse import made, warehouse
from tests.cloud.receiving import PACK

ORDER = "custody.order-of-steps"


async def test_missing_step(office: Office) -> None:
    """環節缺省: a sealed package is not stored, lent or disposed of before it was handed over and came in."""
    store = await warehouse(office)
    for action in ("place", "move", "approve_release", "approve_disposal", "destroy", "shelve"):
        for role in (Role.KEEPER, Role.CASE_HANDLER):
            person = await store.crew.person(role)
            await refusal(store.crew.propose(person, action, store.package), "wrong_state", ORDER)
    refused = problem(await store.keeper.post("permits", json=store.permit("in")), 409, "refused")
    assert refused["rule"] == ORDER  # nor does it get a permit for the gate before it was handed over
    assert await state_of(store) == "sealed"


async def test_reversed_order(office: Office) -> None:
    """流程倒置: What was done is not undone by going back."""
    store = await stored(office)
    await refusal(store.crew.propose(store.inspector, "handover", store.package), "wrong_state", ORDER)
    await refusal(store.crew.propose(store.inspector, "seal", store.item), "wrong_state", ORDER)
    await refusal(store.crew.propose(store.keeper, "reseal", store.package), "wrong_state", ORDER)
    await store.stand("destroyed")
    for action in Action:
        answer = await store.crew.propose(store.keeper, action.value, store.package)
        assert answer.status_code in (409, 422), (action, answer.text)
    assert await state_of(store) == "destroyed"


async def test_weak_approval(office: Office, clock: Clock) -> None:
    """審批不嚴: nobody approves their own work, without a passkey, alone where two are asked for, or too late."""
    store = await stored(office)
    crew = store.crew
    handler = await crew.person(Role.CASE_HANDLER)
    await refusal(crew.propose(store.keeper, "approve_release", store.package), "own_work", "people.apart")
    await office.as_owner("UPDATE item SET value_fen = 5000000")
    asked = (await crew.propose(handler, "approve_release", store.package)).json()
    by_session = {"act": asked["act"], "seen": asked["hash"]}
    await refusal(store.approver.post("acts/sign", json=by_session), "no_passkey", "people.passkey")
    waits = (await crew.sign(store.approver, asked["act"])).json()
    assert (waits["status"], waits["waiting_for"]) == ("waiting", [["leader"]])
    clock.advance(PACK.limits["approval"] + timedelta(seconds=1))
    leader = await crew.person(Role.LEADER)  # who signs in only now
    await refusal(crew.sign(leader, asked["act"]), "act_expired", "people.in-time")
    assert await office.rows("SELECT state FROM package") == [{"state": "stored"}]


async def test_traceless_operation(office: Office) -> None:
    """操作無痕: The program cannot move a thing past the record, and what is only tried leaves one too."""
    store = await stored(office)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await office.execute("UPDATE package SET state = 'out'")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await office.execute("DELETE FROM thing_entry")
    await refusal(store.crew.propose(store.inspector, "move", store.package), "wrong_role", "people.role")
    (tried,) = await office.rows("SELECT actor, content FROM record WHERE kind = 'act_refused'")
    content = json.loads(tried["content"])
    assert (content["action"], content["rule"], content["things"]) == ("move", "people.role", [store.package])
    assert tried["actor"] == (await store.inspector.get("session")).json()["id"]


async def test_missing_papers(office: Office) -> None:
    """手續不全: No step is taken with a paper missing; every needed detail of every step is left out once."""
    store = await stored(office)
    tried = 0
    for step in dict.fromkeys(PACK.steps.values()):
        source = min(step.sources)
        thing = store.package if Kind.PACKAGE in step.kinds else store.item
        if thing == store.item:
            await office.as_owner("UPDATE item SET package_id = NULL")
        for need in step.needs:
            await store.stand(source.value)
            details = await store.crew.details(step.action.value)
            details.pop(need)
            person = await store.crew.person(min(step.seats[0]))
            asked = {"action": step.action.value, "things": [thing], "details": details}
            answer = problem(await person.post("acts", json=asked), 409, "refused")
            expected = (
                ("method_differs", "custody.method") if source == "leaving" else ("missing_papers", "custody.papers")
            )
            assert (answer["reason"], answer["rule"]) == expected, (step.action, need)
            tried += 1
    assert tried > 40


async def test_lax_custody(office: Office, clock: Clock) -> None:
    """管理不到位: what nobody looks after tells of itself: a handover left open, a weight that is another."""
    store = await warehouse(office)
    assert (await store.crew.propose(store.inspector, "handover", store.package)).status_code == 202
    clock.advance(PACK.limits["handover_limbo"])
    async with transaction(office.parts.pool) as tx:
        appender = await open_ledger(tx, "nj01")
        await watch(tx, appender, office.parts.world, "nj01", clock.at)
        await close_ledger(tx, appender)
    assert "act_stuck" in await alarms(office)
    (row,) = await office.rows("SELECT id FROM act WHERE ended IS NULL")
    made(await store.crew.sign(store.keeper, row["id"]))
    await store.crew.do("weigh", store.package, by=(Role.KEEPER,), weight_g=12001)
    assert await alarms(office) == set()
    await store.crew.do("weigh", store.package, by=(Role.KEEPER,), weight_g=15000)
    assert await alarms(office) == {"weight_drift"}


async def test_irregular_enforcement(office: Office) -> None:
    """執法不規范: Who may not, does not; nothing is disposed of without a legal basis; what is held stays."""
    store = await stored(office)
    visitor = await office.signed_in(Role.OPERATOR, Role.AUDITOR)
    problem(await visitor.post("cases", json={"number": "9", "title": "x"}), 403, "forbidden")
    handler = await store.crew.person(Role.CASE_HANDLER)
    unfounded = store.crew.propose(handler, "approve_disposal", store.package, legal_basis="  ")
    await refusal(unfounded, "missing_papers", "custody.papers")
    made(await store.approver.post("holds", json={"things": [store.package], "reason": "复议"}))
    for action in ("approve_disposal", "approve_release"):
        await refusal(store.crew.propose(handler, action, store.package), "legal_hold", "gate.hold")


@pytest.mark.timeout(1200)  # every credential at every step: a minute alone, more beside others
async def test_no_single_credential_can_bring_anything_to_destroyed(office: Office) -> None:
    """J26: every credential there is, administrators included, tries every step from every state by itself, as often as
    it likes: nothing comes to an end, and nothing comes nearer to one than one hand can bring it.
    """
    store = await stored(office)
    credentials = [await store.crew.person(role) for role in Role] + [await office.signed_in(Role.ADMIN, Role.KEEPER)]
    ends = {state for state, told in PACK.states.items() if told.get("final")} - {"voided"}
    for client, source in product(credentials, ("stored", "disposal_approved", "leaving")):
        await office.as_owner("UPDATE act_thing SET open = false")
        await store.stand(source)
        await office.as_owner("INSERT INTO custody (thing, site, method, index) VALUES (%s, 'nj01', 'destroy', 0)"
                              " ON CONFLICT (thing) DO UPDATE SET method = 'destroy'", store.package)  # fmt: skip
        for _ in range(2):
            for action in Action:
                answer = await store.crew.propose(client, action.value, store.package)
                if answer.status_code == 202:
                    act = answer.json()["act"]
                    for _ in range(3):
                        await store.crew.sign(client, act)
                    await client.post("acts/decline", json={"act": act, "reason": "x"})
            assert await state_of(store) not in ends


async def test_nothing_is_taken_out_of_a_closed_package_by_acting_on_the_item(office: Office) -> None:
    """流程不可逾越: an item in a sealed box goes with its box, at the API, for a permit, and in the database."""
    store = await stored(office)
    handler = await store.crew.person(Role.CASE_HANDLER)
    for person, action in ((store.keeper, "move"), (handler, "approve_release"), (handler, "approve_disposal")):
        await refusal(store.crew.propose(person, action, store.item), "packed", "custody.packed")
    await store.stand("received")
    refused = problem(await store.keeper.post("permits", json=store.permit("in", things=[store.item])), 409, "refused")
    assert refused["rule"] == "custody.packed"
    step = b"SELECT moved FROM take_step('nj01', 'weigh', %s, %s, '{}', false, 1)"
    keeper = (await store.keeper.get("session")).json()["id"]
    async with transaction(office.parts.pool) as tx:
        with pytest.raises(psycopg.DatabaseError) as caught:
            await tx.execute(step, [[store.item], [keeper]])
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("ST001", "custody.packed")
