"""What every part of the day works with: the people, the gates, the slots, and the ways of asking and of waiting."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from custody.decisions import Reason
from custody.things import Direction
from simulators.acting import Held
from simulators.console import AnswerError, Colleague
from simulators.crew import Crew
from simulators.errors import WrongResultError
from simulators.frames import On
from simulators.gatework import Gatework, in_time
from simulators.teller import Teller
from simulators.warehouse import AGENT, DOOR, Warehouse

GATE = "gate-a"
ZONE_CLASS = "ordinary"
RACK, PLACES = "rack-1", ("R-1", "R-2", "R-3")
"""The rack with sensors and lights, and the names of its slots on stage."""
CORRIDOR = "corridor"
"""Where a camera watches, and nobody is to be."""
COLD_ROOM = "cold-room"
"""Whose air is measured all the time."""
POLL_S = 0.05
SLOW_S = 240.0
"""How long things may take that wait for a window to pass, or for a worker that looks every few seconds."""


@dataclass(frozen=True, slots=True)
class People:
    """Who works today: each with one role, but the colleague of the other warehouse, who has two."""

    inspector: Colleague
    keeper: Colleague
    second_keeper: Colleague
    case_handler: Colleague
    bookkeeper: Colleague
    approver: Colleague
    leader: Colleague
    supervisor: Colleague
    operator: Colleague
    auditor: Colleague
    admin: Colleague
    stranger: Colleague

    @property
    def here(self) -> Sequence[Colleague]:
        """All but the stranger, one at least for every role there is."""
        return [getattr(self, one.name) for one in fields(self) if one.name != "stranger"]


@dataclass(frozen=True, slots=True)
class Furniture:
    """Today's zone: `floor` is a large slot without a sensor, `rack` the ids of PLACES by their names."""

    zone: str
    floor: str
    rack: Mapping[str, str]


async def furnish(keeper: Colleague, number: str) -> Furniture:
    """A zone behind the door for the packages of the day `number`; who lights the slots of the rack has them."""
    zone = await keeper.post("/zones", name=f"{number} 区", zone_class=ZONE_CLASS)
    day = number[-6:]
    names = {f"{place}.{day}": place for place in PLACES}
    wanted = [
        {"name": f"A-{day}", "size": "xl", "capacity": 100},
        *({"name": name, "size": "l", "capacity": 1, "agent": AGENT} for name in names),
    ]
    made = await keeper.post("/slots", zone=zone["id"], slots=wanted)
    await keeper.post("/doors", agent=AGENT, station=DOOR, guards=[RACK], zones=[zone["id"]])
    ids = {row["name"]: str(row["id"]) for row in made["rows"]}
    return Furniture(str(zone["id"]), ids[f"A-{day}"], {place: ids[name] for name, place in names.items()})


@dataclass(slots=True)
class Floor:
    """Today's warehouse with everybody in it; `passes` are the two keepers', `refused` what was tried in vain."""

    number: str
    warehouse: Warehouse
    people: People
    work: Gatework
    teller: Teller
    furniture: Furniture
    crew: Crew = field(default_factory=Crew)
    passes: Sequence[Held] = ()
    refused: Counter[str] = field(default_factory=Counter)

    async def label(self, colleague: Colleague, thing: str, on: On = On.BOX) -> Held:
        """The label of `thing`, on a box or a card, ordered by `colleague`."""
        label = await colleague.post("/labels", thing_id=thing)
        return Held(label["text"], thing, on)

    async def permit(self, direction: Direction, things: Sequence[str], **times: Any) -> None:
        """Granted by the keeper, and held by the agent: it has answered the order."""
        now = datetime.now(UTC)
        asked = {
            "agent": AGENT,
            "stations": times.get("stations", [GATE]),
            "direction": direction.value,
            "things": list(things),
            "not_before": times.get("not_before", now - timedelta(minutes=1)).isoformat(),
            "not_after": times.get("not_after", times.get("not_before", now) + timedelta(hours=8)).isoformat(),
        }
        granted = await self.people.keeper.post("/permits", **asked)
        await self.answered(f"/permits/{granted['id']}")

    async def answered(self, path: str) -> None:
        """Waits until the agent holds the permit or task at `path`. Raises WrongResultError where it will not."""
        answer = None

        async def told() -> bool:
            nonlocal answer
            answer = (await self.people.keeper.get(path))["answer"]
            return answer is not None

        await self.until(f"{path} is not held by {AGENT}", told)
        if answer != "done":
            raise WrongResultError(f"{AGENT} does not take {path}: {answer}.")

    async def reach(self, things: Sequence[str], state: str) -> None:
        """Waits until the cloud knows all of these packages to be in `state`."""

        async def there() -> bool:
            shown = [await self.people.keeper.get(f"/packages/{thing}") for thing in things]
            return all(package["state"] == state for package in shown)

        await self.until(f"{', '.join(things)} did not become {state}", there)

    async def must_refuse(self, reason: Reason, attempt: Awaitable[Any]) -> None:
        """`attempt` has to be refused for `reason`. Raises WrongResultError where it is not."""
        try:
            await attempt
        except AnswerError as error:
            if error.status == 409 and error.problem.get("reason") == reason:
                self.refused[reason.value] += 1
                return
            raise
        raise WrongResultError(f"What must be refused for {reason} was done.")

    async def until(
        self, complaint: str, happened: Callable[[], Awaitable[bool]], seconds: float | None = None
    ) -> None:
        """Returns when `happened` says so. Raises WrongResultError with the complaint after `seconds`."""
        async with in_time(lambda: complaint, *([seconds] if seconds else [])):
            while not await happened():  # noqa: ASYNC110 - it happens in another process, which sends us no event
                await asyncio.sleep(POLL_S)
