from datetime import timedelta

from custody.roles import Role
from tests.cloud.api import Office, problem
from tests.cloud.conftest import Clock
from tests.cloud.evidence.test_permits import orders
from tests.cloud.evidence.warehouse import made, warehouse


async def test_a_package_is_held_by_what_is_in_it_and_what_is_in_it_by_the_package(
    office: Office, clock: Clock
) -> None:
    store = await warehouse(office)
    done = made(await store.approver.post("holds", json={"things": [store.item], "reason": "诉讼保全"}))
    assert done["things"] == [store.item, store.package]
    assert (await orders(office))[-1]["kind"] == "hold"
    assert (await orders(office))[-1]["body"] == {"things": sorted([store.item, store.package])}
    assert (await store.keeper.get(f"packages/{store.package}")).json()["held"]
    clock.advance(timedelta(seconds=1))
    made(await store.approver.post("holds", json={"things": [store.package], "reason": "another"}))
    assert len(await orders(office)) == 1  # all of it was held already
    clock.advance(timedelta(seconds=1))
    made(await store.approver.post("holds/lift", json={"things": [store.item]}))
    assert (await store.keeper.get(f"items/{store.item}")).json()["held"]  # by its package
    clock.advance(timedelta(seconds=1))
    made(await store.approver.post("holds/lift", json={"things": [store.package]}))
    assert (await orders(office))[-1]["kind"] == "lift_hold"
    assert (await orders(office))[-1]["body"] == {"things": sorted([store.item, store.package])}
    assert not (await store.keeper.get(f"items/{store.item}")).json()["held"]


async def test_a_hold_is_placed_once_and_only_what_is_held_is_lifted(office: Office) -> None:
    store = await warehouse(office)
    hold = {"things": [store.item], "reason": "诉讼保全"}
    problem(await store.approver.post("holds/lift", json={"things": [store.item]}), 409, "not_held")
    made(await store.approver.post("holds", json=hold))
    problem(await store.approver.post("holds", json=hold), 409, "held")
    problem(await store.approver.post("holds", json={"things": ["nj01/I-NONE"], "reason": "x"}), 404, "not_found")
    problem(await store.approver.post("holds", json={"things": [store.item]}), 422, "invalid")


async def test_what_is_held_is_not_approved_for_release(office: Office) -> None:
    store = await warehouse(office)
    await store.stand("stored")
    made(await store.approver.post("holds", json={"things": [store.item], "reason": "诉讼保全"}))
    handler = await store.crew.person(Role.CASE_HANDLER)
    refused = problem(await store.crew.propose(handler, "approve_release", store.package), 409, "refused")
    assert (refused["reason"], refused["rule"]) == ("legal_hold", "gate.hold")


async def test_sealing_a_held_item_holds_the_package_at_every_agent(office: Office, clock: Clock) -> None:
    store = await warehouse(office)
    new = {"case_id": store.case, "name": "x", "quantity": 1, "unit": "件"}
    item = made(await store.inspector.post("items", json=new))["id"]
    made(await store.approver.post("holds", json={"things": [item], "reason": "诉讼保全"}))
    clock.advance(timedelta(seconds=1))
    sealed = await store.crew.do("seal", item, by=(Role.KEEPER, Role.INSPECTOR), seal_number="F02")
    (package,) = sealed["made"]
    assert (await orders(office))[-1]["body"] == {"things": [package]}
