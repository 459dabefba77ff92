"""Tasks: a rack takes a step that it was sent leave for, and the cloud takes it after it by the same rule (J18, N5)."""

from datetime import timedelta
from typing import Any

from benchmarks.telling import Teller
from cloud.db.pool import transaction
from cloud.ledger.check import verify_site
from cloud.ledger.derived import Derived
from cloud.ledger.walk import Trust, Walk
from custody.roles import Role
from custody.tasks import Task
from proof import jws
from tests.cloud.api import AGENT, AGENT_KEY, CLOUD_KEY, LABEL_KEY, Office, problem
from tests.cloud.evidence.warehouse import Warehouse, made, warehouse
from tests.cloud.receiving import PACK, Receiving

RACK = "rack-1"


class Rack:
    """A rack that reports what it did."""

    def __init__(self, office: Office, store: Warehouse) -> None:
        self.office, self.store, self.teller = office, store, Teller(AGENT)
        self.teller.key = AGENT_KEY
        self.receiving = Receiving(office.parts.pool, office.parts.world, "nj01")

    async def say(self, kind: str, body: dict[str, Any]) -> None:
        seq = self.teller.say(kind, body, at=self.office.parts.world.now())
        await self.receiving.take(self.teller, self.teller.batch(seq, seq))
        assert await self.receiving.quarantined() == []

    async def arrive(self) -> None:
        """The package went in through the gate."""
        body = {"station": "gate-a", "direction": "in", "decision": None, "things": [self.store.package]}
        await self.say("passage_crossed", body)

    async def place(self, task: str | None, slot: str, people: list[str]) -> None:
        thing = {"kind": "package", "id": self.store.package, "issue": 1}
        await self.say("step_decided", {
            "station": RACK, "task": task, "action": "place", "things": [thing], "people": people,
            "details": {"slot": slot}, "outcome": "allowed", "rule": "custody.place", "rule_pack": PACK.hash,
        })  # fmt: skip

    async def causes(self) -> set[str]:
        return {cause for cause, _ in await self.receiving.alarms()} - {"crossed_without_decision"}


async def opened(office: Office) -> tuple[Rack, str, str]:
    """A rack, a slot, and the keeper's id; the package has arrived."""
    store = await warehouse(office, handed_over=True)
    rack = Rack(office, store)
    await rack.arrive()
    admin = await office.signed_in(Role.ADMIN)
    zone = made(await admin.post("zones", json={"name": "A", "zone_class": "ordinary"}))["id"]
    asked = {"zone": zone, "slots": [{"name": "A-01-01", "agent": AGENT}]}
    slot = made(await admin.post("slots", json=asked))["rows"][0]["id"]
    keeper = (await store.keeper.get("session")).json()["id"]
    return rack, slot, keeper


def asked(rack: Rack, slot: str, **change: Any) -> dict[str, Any]:
    until = (rack.office.parts.world.now() + timedelta(hours=8)).isoformat()
    base = {"agent": AGENT, "station": RACK, "action": "place", "things": [rack.store.package], "slot": slot}
    return base | {"not_after": until} | change


async def test_a_task_goes_to_its_rack_and_what_the_rack_did_is_taken_and_derived_again(office: Office) -> None:
    rack, slot, keeper = await opened(office)
    task = made(await rack.store.keeper.post("tasks", json=asked(rack, slot)))
    (order,) = await office.rows("SELECT jws FROM agent_order WHERE kind = 'task'")
    payload = jws.verify(order["jws"], {CLOUD_KEY.public.kid: CLOUD_KEY.public}.get, "sealtrail-order+jws")
    told = jws.verify(payload["body"]["task"], {CLOUD_KEY.public.kid: CLOUD_KEY.public}.get, "sealtrail-task+jws")
    sent = Task.from_payload(told)
    assert (sent.id, sent.slot, sent.things[0].state) == (task["id"], slot, "arrived")
    assert sent.people[keeper] == (Role.KEEPER,)
    await rack.place(task["id"], slot, [keeper])
    package = (await rack.store.keeper.get(f"packages/{rack.store.package}")).json()
    assert (package["state"], package["custody"]["slot_name"]) == ("stored", "A-01-01")
    assert (await rack.store.keeper.get(f"tasks/{task['id']}")).json()["done_index"] is not None
    assert await rack.causes() == set()
    trust = Trust(None, (LABEL_KEY.public,), (CLOUD_KEY.public,))
    async with transaction(office.parts.pool) as tx:
        found = await verify_site(
            tx, trust, Walk("nj01", Derived("nj01")), read_still=None, on_progress=lambda *_: None,
            save=lambda _: None,
        )  # fmt: skip
    assert found.fault == "no_checkpoint", found  # all but the signature, which nobody asked for here


async def test_a_step_without_its_task_is_taken_and_alarms(office: Office) -> None:
    rack, slot, keeper = await opened(office)
    await rack.place("nj01/K-NOBODYS", slot, [keeper])
    assert await rack.causes() == {"step_without_task"}
    assert (await rack.store.keeper.get(f"packages/{rack.store.package}")).json()["state"] == "stored"


async def test_a_step_that_the_rules_refuse_moves_nothing_and_alarms_with_the_rule(office: Office) -> None:
    rack, slot, _ = await opened(office)
    task = made(await rack.store.keeper.post("tasks", json=asked(rack, slot)))
    inspector = (await rack.store.inspector.get("session")).json()["id"]
    await rack.place(task["id"], slot, [inspector])
    assert await rack.causes() == {"illegal_step"}
    (alarm,) = await office.rows("SELECT detail FROM alarm WHERE cause = 'illegal_step'")
    assert alarm["detail"]["rule"] == "people.role"
    assert (await rack.store.keeper.get(f"packages/{rack.store.package}")).json()["state"] == "arrived"


async def test_tasks_that_cannot_be_are_told_why(office: Office) -> None:
    rack, slot, _ = await opened(office)
    keeper = rack.store.keeper
    problem(await keeper.post("tasks", json=asked(rack, slot, agent="nj01.nobody")), 404, "not_found")
    past = rack.office.parts.world.now().isoformat()
    problem(await keeper.post("tasks", json=asked(rack, slot, not_after=past)), 422, "task_times")
    refused = problem(await keeper.post("tasks", json=asked(rack, slot, action="shelve")), 409, "refused")
    assert refused["rule"] == "custody.order-of-steps"
    problem(await rack.store.inspector.post("tasks", json=asked(rack, slot)), 403, "forbidden")
    task = made(await keeper.post("tasks", json=asked(rack, slot)))["id"]
    made(await keeper.post("tasks/revoke", json={"task": task}))
    problem(await keeper.post("tasks/revoke", json={"task": task}), 409, "revoked")
    rows = (await keeper.get("tasks")).json()["rows"]
    assert [row["revoked_at"] is not None for row in rows] == [True]
