"""People at the door before the racks: let in, followed by somebody, leaving it open behind them, and by force."""

from collections.abc import Mapping
from typing import Any

from custody.decisions import Reason
from simulators.acting import Held
from simulators.crowd import Walker
from simulators.errors import WrongResultError
from simulators.floor import SLOW_S, Floor
from simulators.gatework import in_time
from simulators.warehouse import AGENT, DOOR

THROUGH_S = 3.6
"""How long somebody takes from one side of the picture above the door to the other."""
BEHIND_S = 0.9
"""So close behind somebody goes who follows them."""


class Doorwork:
    """What happens at the door; each session is read again in the cloud."""

    def __init__(self, floor: Floor) -> None:
        self._floor, self._door = floor, floor.warehouse.stage.doors[DOOR]

    async def refused(self, step: str, pass_: Held) -> None:
        """Somebody shows a pass, and has nothing to do behind the door."""
        last = await self._last()
        self._door.show([pass_])
        async with in_time(lambda: f"{step}: the lamp did not turn red"):
            await self._door.light.reach("red")
        self._door.clear()
        session = await self._session("refused", last)
        if session["reason"] != Reason.NO_PERMIT:
            raise WrongResultError(f"{step}: the door refused for {session['reason']}, not for {Reason.NO_PERMIT}.")
        self._floor.teller.step(step, result=str(session["reason"]))

    async def let_in(self, step: str, pass_: Held, under: str, *, followed: bool = False) -> None:
        """Somebody shows a pass, is let in `under` a task or permit, and goes in, alone or `followed` by another."""
        async with in_time(lambda: f"{step}: the door does not forget who was refused", SLOW_S):
            await self._door.light.reach("off")  # their pass counts as being there so long
        last = await self._last()
        self._door.show([pass_])
        async with in_time(lambda: f"{step}: the door did not open"):
            await self._door.open()
        self._door.clear()
        walkers = [Walker(0.5), *([Walker(0.5, start=BEHIND_S)] if followed else [])]
        await self._door.above.walk(*walkers, seconds=THROUGH_S + BEHIND_S * followed)
        await self._door.shut()
        session = await self._session("closed", last)
        expected = {"how": "decision", "people": [pass_.caption], "heads_in": len(walkers), "heads_out": 0}
        self._check(step, session, expected)
        if session[under] is None:
            raise WrongResultError(f"{step}: the door opened under no {under}: {session}.")
        if followed:
            await self._alarm(step, "tailgating")
        self._floor.teller.step(step, heads=len(walkers))

    async def leave_open(self, step: str) -> None:
        """Somebody comes out by the button inside and does not shut the door, until it is told; then they do."""
        last = await self._last()
        async with in_time(lambda: f"{step}: the button inside did not open the door"):
            await self._door.leave()
        await self._door.above.walk(Walker(0.5, way=-1), seconds=THROUGH_S)
        await self._alarm(step, "door_held_open")
        await self._door.shut()
        session = await self._session("closed", last)
        self._check(step, session, {"how": "exit", "held_open": True, "heads_in": 0, "heads_out": 1})
        await self._alarm(step, "door_held_open", living=False)
        self._floor.teller.step(step, seconds=session["open_ms"] / 1000)

    async def forced(self, step: str) -> None:
        """Somebody levers it open."""
        last = await self._last()
        await self._door.force()
        await self._alarm(step, "door_forced")
        await self._door.shut()
        self._check(step, await self._session("closed", last), {"how": "forced"})
        self._floor.teller.step(step)

    def _check(self, step: str, session: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
        told = {name: session[name] for name in expected}
        if told != expected or session["differs"]:
            raise WrongResultError(f"{step}: at the door {expected} happened, and is told as {told}.")

    async def _session(self, state: str, after: int) -> dict[str, Any]:
        """The newest session at the door, once it is one after the entry `after`, and in `state`."""
        found: list[dict[str, Any]] = []

        async def there() -> bool:
            found[:] = [row for row in await self._newest() if row["index"] > after and row["state"] == state]
            return bool(found)

        await self._floor.until(f"no session at the door is {state}", there)
        return found[0]

    async def _last(self) -> int:
        """The entry of the newest session so far."""
        return max((row["index"] for row in await self._newest()), default=-1)

    async def _newest(self) -> list[dict[str, Any]]:
        answer = await self._floor.people.operator.get("/door-sessions", agent=AGENT, station=DOOR, limit=1)
        return list(answer["rows"])

    async def _alarm(self, step: str, cause: str, *, living: bool = True) -> None:
        """Waits until the alarm lives, or no longer does."""

        async def so() -> bool:
            rows = (await self._floor.people.operator.get("/alarms", living=True, limit=500))["rows"]
            return ((cause, f"{AGENT}:{DOOR}") in {(row["cause"], row["place"]) for row in rows}) is living

        await self._floor.until(f"{step}: the alarm {cause} {'was not raised' if living else 'still lives'}", so)
