import json
from datetime import timedelta
from typing import Any

import pytest

from custody.permits import PERMIT_TYPE, Permit
from custody.roles import Role
from proof import jws
from tests.cloud.api import AGENT, CLOUD_KEY, Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.evidence.warehouse import made, warehouse
from wire.messages import ORDER_TYPE


async def orders(office: Office) -> list[dict[str, Any]]:
    """The payloads of all orders, oldest first."""
    rows = await office.rows("SELECT jws FROM agent_order ORDER BY created_at, id")
    return [jws.verify(row["jws"], lambda _: CLOUD_KEY.public, ORDER_TYPE) for row in rows]


async def test_a_permit_is_signed_ordered_and_names_the_entry_that_granted_it(office: Office) -> None:
    store = await warehouse(office, handed_over=True)
    permit = made(await store.keeper.post("permits", json=store.permit("in")))
    assert (permit["people_required"], permit["answer"], permit["things"][0]["issue"]) == (1, None, 1)
    [order] = await orders(office)
    assert (order["kind"], order["agent"]) == ("permit", AGENT)
    signed = Permit.from_payload(jws.verify(order["body"]["permit"], lambda _: CLOUD_KEY.public, PERMIT_TYPE))
    assert (signed.id, signed.entry, signed.stations) == (permit["id"], permit["index"], ("gate-a",))
    record = await office.rows("SELECT kind FROM record WHERE index = %s", signed.entry)
    assert record == [{"kind": "permit_granted"}]
    await office.execute("UPDATE agent_order SET answered_index = 1, answer = 'done'")
    await office.execute("UPDATE permit_thing SET spent_index = 7")
    read = (await store.keeper.get(f"permits/{permit['id']}")).json()
    assert (read["answer"], read["things"][0]["spent_index"]) == ("done", 7)
    assert [row["id"] for row in (await store.keeper.get("permits")).json()["rows"]] == [permit["id"]]


async def test_the_direction_must_fit_the_state(office: Office) -> None:
    store = await warehouse(office)
    refused = problem(await store.keeper.post("permits", json=store.permit("out")), 409, "refused")
    assert refused["reason"] == "wrong_state"
    await store.stand("stored")
    problem(await store.keeper.post("permits", json=store.permit("out")), 409, "refused")
    problem(await store.keeper.post("permits", json=store.permit("in")), 409, "refused")
    await store.stand("release_approved")
    assert made(await store.keeper.post("permits", json=store.permit("out")))["people_required"] == 2


async def test_nothing_under_hold_is_permitted_out_but_it_may_come_in(office: Office) -> None:
    store = await warehouse(office)
    made(await store.approver.post("holds", json={"things": [store.item], "reason": "诉讼保全"}))
    await store.stand("release_approved")
    refused = problem(await store.keeper.post("permits", json=store.permit("out")), 409, "refused")
    assert (refused["reason"], refused["subject"]) == ("legal_hold", store.package)
    await store.stand("out")
    made(await store.keeper.post("permits", json=store.permit("in")))


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"not_after": "2026-11-22T02:59:59Z", "not_before": "2026-11-22T01:00:00Z"}, 422, "permit_times"),
        ({"not_after": "2026-11-22T03:00:00Z"}, 422, "permit_times"),
        ({"not_after": "2026-11-25T03:00:01Z"}, 422, "permit_times"),
        ({"not_after": "2026-11-22T05:00:00"}, 422, "invalid"),
        ({"not_after": "tomorrow"}, 422, "invalid"),
        ({"direction": "up"}, 422, "invalid"),
        ({"things": []}, 422, "invalid"),
        ({"stations": ["Gate A"]}, 422, "invalid"),
        ({"people_required": 0}, 422, "invalid"),
        ({"agent": "nj01.gate-z"}, 404, "not_found"),
        ({"things": ["nj01/P-NOBODY"]}, 404, "not_found"),
    ],
)
async def test_a_wrong_permit_is_refused_and_orders_nothing(
    office: Office, change: dict[str, Any], status: int, code: str
) -> None:
    store = await warehouse(office)
    problem(await store.keeper.post("permits", json=store.permit("in") | change), status, code)
    assert await orders(office) == []
    assert await office.rows("SELECT FROM permit") == []


async def test_the_longest_permit_is_granted(office: Office) -> None:
    store = await warehouse(office, handed_over=True)
    made(await store.keeper.post("permits", json=store.permit("in", not_after="2026-11-25T11:00:00+08:00")))


async def test_fewer_people_than_the_rules_ask_for_are_not_enough(office: Office) -> None:
    store = await warehouse(office)
    await store.stand("release_approved")
    problem(await store.keeper.post("permits", json=store.permit("out", people_required=1)), 422, "too_few_people")


async def test_a_thing_without_a_label_gets_no_permit(office: Office) -> None:
    store = await warehouse(office)
    new = {"case_id": store.case, "name": "x", "quantity": 1, "unit": "件"}
    item = made(await store.inspector.post("items", json=new))["id"]
    problem(await store.keeper.post("permits", json=store.permit("in", things=[item])), 409, "not_labelled")


async def test_a_permit_is_revoked_once_with_a_reason_and_the_agent_hears_of_it(office: Office, clock: Clock) -> None:
    store = await warehouse(office, handed_over=True)
    permit = made(await store.keeper.post("permits", json=store.permit("in")))["id"]
    clock.advance(timedelta(seconds=1))
    problem(await store.keeper.post("permits/revoke", json={"permit": permit}), 422, "invalid")
    asked = {"permit": permit, "reason": "车辆故障，改期"}
    index = made(await store.keeper.post("permits/revoke", json=asked))["index"]
    assert (await orders(office))[-1]["body"] == {"permit": permit}
    read = (await store.keeper.get(f"permits/{permit}")).json()
    assert (read["revoked_at"], read["state"]) == ("2026-11-22T03:00:01Z", "revoked")
    assert (read["revoked_index"], read["revoked_because"]) == (index, "车辆故障，改期")
    assert read["revoked_by"] == read["granted_by"]
    assert read["revoked_by_name"] == read["granted_by_name"]
    problem(await store.keeper.post("permits/revoke", json=asked), 409, "revoked")
    problem(await store.keeper.post("permits/revoke", json=asked | {"permit": "nj01/L-NONE"}), 404, "not_found")


@pytest.mark.parametrize("step", ["withdraw_release", "withdraw_disposal", "open"])
async def test_a_permit_ends_when_its_package_is_opened_or_is_not_to_leave(office: Office, step: str) -> None:
    store = await warehouse(office, handed_over=True)
    came_in = made(await store.keeper.post("permits", json=store.permit("in")))
    await office.execute("UPDATE permit_thing SET spent_index = 7")
    await store.stand("disposal_approved" if step == "withdraw_disposal" else "release_approved")
    out = made(await store.keeper.post("permits", json=store.permit("out")))
    before = await orders(office)
    if step == "open":
        await store.stand("stored")
    by = (Role.KEEPER, Role.BOOKKEEPER) if step == "open" else (Role.CASE_HANDLER,)
    done = await store.crew.do(step, store.package, by=by)
    ended = (await store.keeper.get(f"permits/{out['id']}")).json()
    assert (ended["state"], ended["revoked_by_name"] is None) == ("revoked", False)
    assert f"entry {done['index']}" in ended["revoked_because"]
    (record,) = await office.rows("SELECT content FROM record WHERE index = %s", ended["revoked_index"])
    assert json.loads(record["content"])["because"] == done["index"]
    (told,) = [order for order in await orders(office) if order not in before]
    assert (told["kind"], told["body"]) == ("revoke_permit", {"permit": out["id"]})
    assert (await store.keeper.get(f"permits/{came_in['id']}")).json()["state"] == "spent"  # it was used: nothing ends
    assert store.package in {row["thing"] for row in await office.rows(
        "SELECT thing FROM thing_entry WHERE index = %s", ended["revoked_index"])}  # fmt: skip


async def test_permits_are_found_by_what_became_of_them_and_by_thing_case_and_gate(
    office: Office, clock: Clock
) -> None:
    store = await warehouse(office, handed_over=True)
    spent, revoked, expired, living = [
        made(await store.keeper.post("permits", json=store.permit("in", **change)))["id"]
        for change in ({}, {}, {"not_after": "2026-11-22T04:00:00Z"}, {"stations": ["gate-b", "gate-c"]})
    ]
    await office.execute("UPDATE permit_thing SET spent_index = 0 WHERE permit = %s", spent)
    for permit in (spent, revoked):  # a permit that was used up stays one that was used up
        made(await store.keeper.post("permits/revoke", json={"permit": permit, "reason": "改期"}))
    clock.advance(timedelta(hours=1))

    async def found(**query: Any) -> list[str]:
        return [row["id"] for row in (await store.keeper.get("permits", params=query)).json()["rows"]]

    for state, permit in (("living", living), ("expired", expired), ("revoked", revoked), ("spent", spent)):
        assert await found(state=state) == [permit]
    everything = [living, expired, revoked, spent]
    assert await found(thing=store.package) == await found(thing=store.item) == everything
    assert await found(case_id=store.case) == await found(agent=AGENT) == everything
    assert await found(station="gate-c") == [living]
    assert await found(station="gate-a", state="living") == []
    nothing = ({"thing": "nj01/P-NONE"}, {"case_id": "nj01/C-NONE"}, {"agent": "nj01.gate-z"})
    assert [await found(**query) for query in nothing] == [[], [], []]
    first = (await store.keeper.get("permits", params={"limit": 3, "thing": store.item})).json()
    assert [row["id"] for row in first["rows"]] == everything[:3]
    assert await found(after=first["next"]) == [spent]
