"""A door before the zone of a floor: what its agent says of it, and what is asked of it over HTTP."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from custody.roles import Role
from tests.cloud.api import AGENT, Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.floor import Floor, floor
from tests.cloud.evidence.warehouse import made
from tests.cloud.receiving import PACK

DOOR, RACK = "store", "rack-1"
PLACE = f"{AGENT}:{DOOR}"


@dataclass
class Behind:
    """The floor behind its door; the package has come in."""

    floor: Floor
    zone: str
    task: str = ""

    @property
    def office(self) -> Office:
        return self.floor.office

    async def give_task(self) -> str:
        """Leave to place the package in A-1."""
        asked = {
            "agent": AGENT, "station": RACK, "action": "place", "things": [self.floor.package],
            "slot": self.floor.slots["A-1"], "not_after": (self.floor.clock.at + timedelta(hours=8)).isoformat(),
        }  # fmt: skip
        self.task = made(await self.floor.store.keeper.post("tasks", json=asked))["id"]
        return self.task

    async def keeper(self) -> str:
        """The keeper's id."""
        return str((await self.floor.store.keeper.get("session")).json()["id"])

    async def ask(self, *people: str, **more: Any) -> int:
        """Somebody asks at the door and is let in, unless `more` says otherwise."""
        return await self.floor.tell("door_decided", {
            "station": DOOR, "sights": [], "people": list(people), "outcome": "allowed", "rule": "door.leave",
            "rule_pack": PACK.hash, **more,
        })  # fmt: skip

    async def open(self, decision: int | None = None, how: str = "decision", **more: Any) -> int:
        """Its contact says that it is open."""
        body = {"station": DOOR, "decision": decision, "how": how, **more}
        return await self.floor.tell("door_opened", body)

    async def shut(self, opened: int | None, **more: Any) -> int:
        """It falls shut."""
        return await self.floor.tell("door_closed", {"station": DOOR, "opened": opened, "open_ms": 9000, **more})

    async def go_through(self) -> int:
        """The keeper is let in for the task; returns the seq of the opening."""
        keeper = await self.keeper()
        opened = await self.open(await self.ask(keeper, task=self.task))
        await self.shut(opened, people=[keeper], task=self.task)
        return opened

    async def sessions(self, **wanted: Any) -> list[dict[str, Any]]:
        """What the page of sessions shows, newest first."""
        answer = await self.floor.store.keeper.get("door-sessions", params=wanted)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["rows"]
        return found


async def behind(office: Office, clock: Clock, *, sensors: bool = True) -> Behind:
    """A floor whose one zone is behind a door, with the package inside the warehouse."""
    built = await floor(office, clock, sensors=sensors)
    admin = await office.signed_in(Role.ADMIN)
    zone = (await admin.get("zones")).json()["rows"][0]["id"]
    asked = {"agent": AGENT, "station": DOOR, "guards": [RACK, "gate-a"], "zones": [zone]}
    made(await admin.post("doors", json=asked))
    await built.go_in()
    await built.look(timedelta(hours=1))
    return Behind(built, zone)
