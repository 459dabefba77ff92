"""A package that is sealed, goes in, out and comes back: people act by the API, the gate speaks by signed batches."""

import hashlib
from datetime import timedelta
from typing import Any

from benchmarks.telling import Teller
from cloud.db.pool import transaction
from cloud.ledger.checkpoints import sign_checkpoints
from cloud.media.service import UPLOAD_TYPE
from custody.roles import Role
from proof import jws
from proof.keys import SigningKey
from tests.cloud.api import AGENT, AGENT_KEY, Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.warehouse import Warehouse, made, warehouse
from tests.cloud.receiving import PACK, Receiving

GATE = "gate-a"
STILL = b"\xff\xd8\xff\xe0 a still of the gate" + bytes(3000) + b"\xff\xd9"
DIGEST = hashlib.sha256(STILL).hexdigest()


class Walk:
    """The way of one package; `log_key` signs the checkpoints."""

    def __init__(self, office: Office, clock: Clock, log_key: SigningKey) -> None:
        self.office, self.clock, self.log_key = office, clock, log_key
        self.receiving = Receiving(office.parts.pool, office.parts.world, "nj01")
        self.teller = Teller(AGENT)
        self.teller.key = AGENT_KEY
        self.said = 0

    async def whole(self) -> Warehouse:
        """From the case to the shelf."""
        store = await warehouse(self.office, handed_over=True)
        people = [await self._person(store) for _ in range(2)]
        await self.sign()
        permit = made(await store.keeper.post("permits", json=store.permit("in")))["id"]
        await self.refused(store, people[:0])
        await self.pass_gate(store, "in", permit, people[:1], picture=True)
        await store.crew.do("place", store.package, by=(Role.KEEPER,))
        await store.crew.do("approve_release", store.package, by=(Role.CASE_HANDLER, Role.APPROVER))
        permit = made(await store.keeper.post("permits", json=store.permit("out")))["id"]
        await self.pass_gate(store, "out", permit, people)
        permit = made(await store.keeper.post("permits", json=store.permit("in")))["id"]
        await self.pass_gate(store, "in", permit, people[:1])
        await store.crew.do("shelve", store.package, by=(Role.KEEPER, Role.BOOKKEEPER))
        await self.sign()
        return store

    async def pass_gate(
        self, store: Warehouse, direction: str, permit: str, people: list[str], picture: bool = False,
        beams: bool = True,
    ) -> None:  # fmt: skip
        """The gate lets the package pass, and it does, which its `beams` may not tell."""
        body = self._body(store, direction, people) | {
            "outcome": "allowed", "rule": "gate.permit.valid", "uses": [{"permit": permit, "thing": store.package}],
        }  # fmt: skip
        if picture:
            body["picture"] = {"sha256": DIGEST, "bytes": len(STILL), "width": 640, "height": 480}
            await self._upload()
        decision = self._say("passage_decided", body)
        crossed = {"station": GATE, "direction": direction, "decision": decision, "things": [store.package]}
        if beams:
            self._say("passage_crossed", crossed)
        self.teller.chatter(2)
        await self.send()

    async def refused(self, store: Warehouse, people: list[str]) -> None:
        """The gate refuses, nobody having shown a pass."""
        body = self._body(store, "in", people) | {"outcome": "refused", "reason": "too_few_people", "subject": ""}
        self._say("passage_decided", body | {"rule": PACK.content["refusals"]["too_few_people"]})
        await self.send()

    async def send(self) -> None:
        """What was said and not sent yet arrives."""
        first, self.said = self.said + 1, len(self.teller.facts)
        await self.receiving.take(self.teller, self.teller.batch(first, self.said))
        assert await self.receiving.quarantined() == []

    async def sign(self) -> None:
        """A checkpoint."""
        async with transaction(self.office.parts.pool) as tx:
            await sign_checkpoints(tx, self.office.parts.world, lambda _: self.log_key)

    def _say(self, kind: str, body: dict[str, Any], device: str = "gate-a.barrier") -> int:
        self.clock.advance(timedelta(seconds=5, microseconds=7))
        return self.teller.say(kind, body, at=self.clock.at, device=device)

    def _body(self, store: Warehouse, direction: str, people: list[str]) -> dict[str, Any]:
        sight = {"genuineness": "genuine", "id": store.package, "kind": "package", "issue": 1}
        return {
            "station": GATE, "direction": direction, "sights": [sight], "people": people, "rule_pack": PACK.hash,
        }  # fmt: skip

    async def _person(self, store: Warehouse) -> str:
        person = await self.office.person(Role.KEEPER)
        made(await store.keeper.post("labels", json={"thing_id": person.id}))
        return person.id

    async def _upload(self) -> None:
        token = jws.sign({"agent": AGENT, "sha256": DIGEST, "at": "2026-11-22T03:00:00Z"}, AGENT_KEY, UPLOAD_TYPE)
        headers = {"authorization": f"Bearer {token}"}
        sent = await (await self.office.visitor()).put(f"media/{DIGEST}", content=STILL, headers=headers)
        assert sent.status_code == 201, sent.text
