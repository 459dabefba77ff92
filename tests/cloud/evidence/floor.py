"""A warehouse with sensors: two slots that tell whether something lies in them, a gate, and the watch that judges."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cloud.watching import Watching
from custody.roles import Role
from proof.keys import SigningKey
from tests.cloud.api import AGENT, Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.walk import GATE, Walk
from tests.cloud.evidence.warehouse import Warehouse, made, warehouse

LOG_KEY = SigningKey.from_seed(b"g" * 32)
WINDOW = timedelta(seconds=300)
SECOND = timedelta(seconds=1)
PASSED = WINDOW + SECOND
"""The window, and what an agent's clock may be wrong by."""


@dataclass
class Floor:
    """The package of `store` lies where its story has brought it; `slots` by their painted names."""

    office: Office
    clock: Clock
    walk: Walk
    store: Warehouse
    slots: dict[str, str]
    people: list[str]

    @property
    def package(self) -> str:
        return self.store.package

    async def look(self, after: timedelta = timedelta(0)) -> None:
        """The watch looks, `after` some time; each look is that of a watch that was just started."""
        self.clock.advance(after)
        await Watching(self.office.parts.pool, self.office.parts.world, self.office.parts.pack).look()

    async def tell(self, kind: str, body: Mapping[str, Any], device: str = "gate-a.barrier") -> int:
        """The agent says something of `device`, and it arrives."""
        seq = self.walk._say(kind, dict(body), device)
        await self.walk.send()
        return seq

    async def slot_told(self, name: str, occupied: bool) -> int:
        """The sensor of a slot speaks."""
        return await self.tell("slot_changed", {"station": "rack", "slot": self.slots[name], "occupied": occupied})

    async def place(self, name: str) -> int:
        """The keeper places the package by the records; returns the entry."""
        done = await self.store.crew.do("place", self.package, by=(Role.KEEPER,), slot=self.slots[name])
        return int(done["index"])

    async def go_in(self) -> None:
        """The package passes the gate."""
        permit = made(await self.store.keeper.post("permits", json=self.store.permit("in")))["id"]
        await self.walk.pass_gate(self.store, "in", permit, self.people[:1])

    async def living(self) -> set[tuple[str, str]]:
        """Cause and place of the alarms that live."""
        return await self.walk.receiving.alarms()

    async def records(self, kind: str) -> int:
        """How many records of that kind there are."""
        return len(await self.office.rows("SELECT FROM record WHERE kind = %s", kind))

    async def corroborated(self) -> bool | None:
        """What the page of the package says."""
        shown = (await self.store.keeper.get(f"packages/{self.package}")).json()
        answer: bool | None = shown["custody"]["corroborated"]
        return answer

    async def slot(self, name: str) -> dict[str, Any]:
        """What the map of the warehouse says."""
        found = (await self.store.keeper.get("slots")).json()["rows"]
        return next(row for row in found if row["name"] == name)


async def floor(office: Office, clock: Clock, *, sensors: bool = True) -> Floor:
    """The package is handed over and stands before the gate; both slots are told to be empty."""
    store = await warehouse(office, handed_over=True)
    walk = Walk(office, clock, LOG_KEY)
    admin = await office.signed_in(Role.ADMIN)
    zone = made(await admin.post("zones", json={"name": "A 区", "zone_class": "ordinary"}))["id"]
    new = [{"name": name, "size": "xl", "capacity": 3, "agent": AGENT if sensors else None} for name in ("A-1", "A-2")]
    rows = made(await admin.post("slots", json={"zone": zone, "slots": new}))["rows"]
    people = [await walk._person(store) for _ in range(2)]
    built = Floor(office, clock, walk, store, {row["name"]: row["id"] for row in rows}, people)
    for name in built.slots if sensors else ():
        await built.slot_told(name, False)
    return built


def crossing(direction: str) -> dict[str, Any]:
    """Somebody goes through the gate, and nobody had asked."""
    return {"station": GATE, "direction": direction, "decision": None, "things": []}
