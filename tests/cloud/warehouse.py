"""Evidence put straight into the tables, and what a gate says about it: for tests of what facts cause."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from benchmarks.telling import Teller
from cloud.db.pool import connect, transaction
from cloud.fleet.service import push_order
from cloud.ledger.service import add_record, close_ledger, open_ledger
from custody.permits import Permit, PermitThing
from custody.things import Direction, Kind, State
from proof.canonical import canonical
from tests.cloud.conftest import START
from tests.cloud.receiving import CLOUD_KEY, PACK, Receiving

CASE = "nj01/C-0000000001"
ITEM = "nj01/I-0000000001"
PACKAGE = "nj01/P-0000000001"
PERMIT = "nj01/L-0000000001"
PEOPLE = ["nj01/U-0000000001", "nj01/U-0000000002"]
GATE = "gate-a"


@dataclass
class Warehouse:
    """One case with one package (one item in it), one agent with one gate."""

    receiving: Receiving
    owner_url: str
    teller: Teller = field(default_factory=lambda: Teller("nj01.gate-a"))

    async def furnish(self, state: State = State.RECEIVED) -> None:
        await self.receiving.know(self.teller)
        site = self.receiving.site
        await self.execute(
            "INSERT INTO rule_pack VALUES (%s, 'tobacco-cn', '1', %s, %s)",
            PACK.hash, canonical(dict(PACK.content)).decode(), START,
        )  # fmt: skip
        await self.execute(
            "INSERT INTO evidence_case VALUES (%s, %s, '1', 'a case', %s, %s, 'x', 0)", CASE, site, PACK.hash, START
        )
        await self.execute("INSERT INTO package VALUES (%s, %s, %s, 'S1', 'sealed', 0)", PACKAGE, site, CASE)
        await self.execute(
            "INSERT INTO item VALUES (%s, %s, %s, 'cigarettes', 10, 'carton', 'intake', %s, 0)",
            ITEM, site, CASE, PACKAGE,
        )  # fmt: skip
        await self.stand(state)

    async def stand(self, state: State) -> None:
        """Package and item are in `state`; only the database's owner can put them there."""
        async with await connect(self.owner_url) as connection:
            await connection.execute(b"UPDATE package SET state = %s", [state.value])
            await connection.execute(b"UPDATE item SET state = %s", [state.value])

    async def execute(self, query: str, *values: Any) -> None:
        async with transaction(self.receiving.pool) as tx:
            await tx.execute(query.encode(), values)

    async def permit(
        self,
        direction: Direction = Direction.IN,
        *,
        name: str = PERMIT,
        until: datetime = START + timedelta(hours=1),
        people: int = 1,
        revoked_at: datetime | None = None,
        contents: tuple[str, ...] = (),
    ) -> None:
        """A permit for PACKAGE, with `contents` in it, that the agent has heard of."""
        granted = Permit(
            id=name, site="nj01", agent=self.teller.agent, stations=(GATE,), direction=direction,
            things=(PermitThing(Kind.PACKAGE, PACKAGE, 1, contents),), people_required=people, rule_pack=PACK.hash,
            not_before=START - timedelta(hours=1), not_after=until, entry=0,
        )  # fmt: skip
        await self.execute(
            "INSERT INTO permit (id, site, agent, direction, not_before, not_after, payload, jws, granted_by,"
            " revoked_at, index) VALUES (%s, 'nj01', %s, %s, %s, %s, %s, '', 'x', %s, 0)",
            name, self.teller.agent, direction.value, granted.not_before, until, Jsonb(granted.payload()), revoked_at,
        )  # fmt: skip
        await self.execute("INSERT INTO permit_thing VALUES (%s, %s)", name, PACKAGE)

    async def hold(self, thing: str, at: datetime = START) -> None:
        async with transaction(self.receiving.pool) as tx:
            appender = await open_ledger(tx, "nj01")
            index = await add_record(
                tx, appender, kind="hold_placed", at=at, actor="x", content={}, salt=self.receiving.world.salt()
            )
            await tx.execute(b"INSERT INTO hold VALUES (%s, 'nj01', 'a court', 'x', %s)", [thing, index])
            await close_ledger(tx, appender)

    async def order(self, kind: str = "permit") -> str:
        async with transaction(self.receiving.pool) as tx:
            return await push_order(
                tx, self.receiving.world, CLOUD_KEY, agent=self.teller.agent, kind=kind, body={}, at=START
            )

    def decide(
        self,
        outcome: str = "allowed",
        direction: str = "in",
        *,
        sights: Sequence[dict[str, Any]] | None = None,
        people: Sequence[str] = PEOPLE,
        at: datetime | None = None,
        error_ms: int | None = 10,
        **more: Any,
    ) -> int:
        """The gate says what it decided about PACKAGE; returns the fact's seq."""
        sight = {"genuineness": "genuine", "id": PACKAGE, "kind": "package", "issue": 1}
        body: dict[str, Any] = {
            "station": GATE, "direction": direction, "sights": [sight] if sights is None else list(sights),
            "people": list(people), "outcome": outcome, "rule": "gate.permit.valid", "rule_pack": PACK.hash,
        }  # fmt: skip
        if outcome == "allowed":
            body["uses"] = [{"permit": PERMIT, "thing": PACKAGE}]
        return self.teller.say("passage_decided", body | more, at=at, error_ms=error_ms)

    def refuse(self, reason: str, subject: str = PACKAGE, direction: str = "in", **more: Any) -> int:
        """The gate says that it refused, by the rule that the pack gives for `reason`."""
        rule = PACK.content["refusals"][reason]
        return self.decide("refused", direction, reason=reason, subject=subject, rule=rule, **more)

    def cross(self, decision: int | None, direction: str = "in", things: Sequence[str] = (PACKAGE,)) -> int:
        body = {"station": GATE, "direction": direction, "decision": decision, "things": list(things)}
        return self.teller.say("passage_crossed", body)

    def abandon(self, decision: int) -> int:
        uses = [{"permit": PERMIT, "thing": PACKAGE}]
        return self.teller.say("passage_abandoned", {"station": GATE, "decision": decision, "uses": uses})

    async def send(self) -> None:
        """Everything said and not taken yet arrives."""
        said, known = len(self.teller.facts), len(await self.receiving.facts(self.teller.agent))
        if said > known:
            await self.receiving.take(self.teller, self.teller.batch(known + 1, said))
        assert await self.receiving.quarantined() == []

    async def states(self) -> tuple[str, str]:
        """Of the package and of the item in it."""
        (row,) = await self.receiving.rows("SELECT p.state AS p, i.state AS i FROM package p, item i")
        return row["p"], row["i"]

    async def spent(self) -> int | None:
        """The entry of the passage that spent PERMIT."""
        (row,) = await self.receiving.rows("SELECT spent_index FROM permit_thing WHERE permit = %s", PERMIT)
        index: int | None = row["spent_index"]
        return index

    async def passages(self) -> list[dict[str, Any]]:
        return await self.receiving.rows("SELECT * FROM passage ORDER BY index")

    async def causes(self) -> set[str]:
        return {cause for cause, _ in await self.receiving.alarms()}
