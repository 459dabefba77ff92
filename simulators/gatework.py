"""Bringing things through a gate of the stage, and hearing what the agent decided, from itself and from the screen."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from custody.decisions import Reason
from custody.things import Direction
from simulators.acting import Held
from simulators.console import Screen, Shown
from simulators.errors import WrongResultError
from simulators.frames import Conditions, On
from simulators.phrases import phrase
from simulators.stage import GOOD, GateSet, Stage
from simulators.teller import Teller

ALLOWED = "allowed"
PATIENCE_S = 120.0


@dataclass(frozen=True, slots=True)
class Decided:
    """What the agent says in its log: the fact's seq, `allowed` or the reason, milliseconds from frame to decision."""

    station: str
    seq: int
    result: str
    ms: float


@dataclass
class Ears:
    """Hears the agent's log lines."""

    heard: list[Decided] = field(default_factory=list)
    _waiting: dict[str, "asyncio.Queue[Decided]"] = field(default_factory=dict)

    def hear(self, said: dict[str, Any]) -> None:
        """One JSON line of the agent; what is decided at a rack or a door is no passage."""
        if said.get("event") != "decided" or "outcome" not in said:
            return
        result = ALLOWED if said["outcome"] == ALLOWED else str(said["reason"])
        decided = Decided(said["station"], int(said["seq"]), result, float(said["ms"]))
        self.heard.append(decided)
        self.queue(decided.station).put_nowait(decided)

    def queue(self, station: str) -> "asyncio.Queue[Decided]":
        """Decisions at `station` that nobody took yet."""
        return self._waiting.setdefault(station, asyncio.Queue())

    def counts(self) -> Counter[str]:
        """How often each result was heard."""
        return Counter(decided.result for decided in self.heard)


@dataclass
class Gatework:
    """People at the gates of `stage`; `agent` decides, `ears` and `screen` tell what, `teller` tells everybody."""

    agent: str
    stage: Stage
    ears: Ears
    screen: Screen
    teller: Teller
    online: bool = True
    to_screen_ms: list[float] = field(default_factory=list)
    offline: list[Decided] = field(default_factory=list)

    async def refused(
        self, step: str, reason: Reason, held: Sequence[Held], *, direction: Direction = Direction.IN,
        conditions: Conditions = GOOD, leave: bool = True,
    ) -> None:  # fmt: skip
        """Somebody comes with `held` and must be refused for `reason`; unless `leave` is false they go away again."""
        gate = self._gate()
        await gate.approach(direction)
        gate.show(held, conditions)
        decided = await self._heard(step, reason.value)
        self._tell(step, decided, await self._on_screen(step, decided))
        if leave:
            await self.leave()

    async def allowed(
        self, step: str, held: Sequence[Held], *, direction: Direction = Direction.IN, conditions: Conditions = GOOD,
        approach: bool = True,
    ) -> None:  # fmt: skip
        """Somebody comes with `held`, must be let through with all of it, and goes through."""
        gate = self._gate()
        if approach:
            await gate.approach(direction)
        gate.show(held, conditions)
        carried = {one.caption for one in held if one.on is not On.CARD}
        while carried:  # two labels may be read in two pictures: then there are two decisions
            decided = await self._heard(step, ALLOWED)
            shown = await self._on_screen(step, decided)
            carried -= set(shown.row["things"]) if shown else carried
        self._tell(step, decided, shown)
        async with in_time(lambda: f"{step}: the gate did not open"):
            await gate.position.reach("open")
        gate.clear()
        await gate.cross(direction)
        async with in_time(lambda: f"{step}: the gate did not close"):
            await gate.position.reach("closed")

    async def leave(self) -> None:
        """Takes everything away, and waits until the agent has forgotten it: then its lamp goes dark."""
        gate = self._gate()
        gate.clear()
        async with in_time(lambda: "the lamp stays lit with nobody there"):
            await gate.light.reach("off")

    def _gate(self) -> GateSet:
        return self.stage.gates["gate-a"]

    async def _heard(self, step: str, result: str) -> Decided:
        """The decision `result`; on the way to it the gate may have refused what it did not see whole yet."""
        queue = self.ears.queue(self._gate().name)
        seen: list[str] = []
        async with in_time(lambda: f"{step}: expected {result}, and heard {', '.join(seen) or 'nothing'}"):
            while True:
                decided = await queue.get()
                seen.append(decided.result)
                if decided.result == result:
                    return decided
                if decided.result == ALLOWED:
                    raise WrongResultError(f"{step}: the gate opened where it must refuse for {result}.")

    async def _on_screen(self, step: str, decided: Decided) -> Shown | None:
        """The same on the screen; None while the cable is out."""
        if not self.online:
            self.offline.append(decided)
            return None
        async with in_time(lambda: f"{step}: fact {decided.seq} is not on the screen"):
            shown = await self.screen.passage(self.agent, decided.seq)
        row = shown.row
        result = ALLOWED if row["outcome"] == ALLOWED else row["reason"]
        if result != decided.result or row["differs"]:
            raise WrongResultError(f"{step}: the gate said {decided.result}, the screen {result} ({row['differs']}).")
        self.to_screen_ms.append((shown.at - datetime.fromisoformat(row["at"])).total_seconds() * 1000)
        return shown

    def _tell(self, step: str, decided: Decided, shown: Shown | None) -> None:
        language = self.teller.language
        way = phrase("on_screen", language, ms=self.to_screen_ms[-1]) if shown else phrase("offline", language)
        rule = (shown.row["rule_text"] or {}).get(language.value, "") if shown else ""
        notes = (rule, phrase("decided_in", language, ms=decided.ms), way)
        self.teller.step(step, result=decided.result, notes=tuple(note for note in notes if note))


@asynccontextmanager
async def in_time(complaint: Callable[[], str], seconds: float = PATIENCE_S) -> AsyncIterator[None]:
    """What happens within must be done in `seconds`. Raises WrongResultError with the complaint."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise WrongResultError(f"{complaint()} within {seconds:g} s.") from None
