"""Heads that go through a gate after a decision, until a little after the last of them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Literal

from edge_agent.stations.following import AFTER_US
from edge_agent.stations.heads import Heads, Mark
from wire.heads import HeadsCounted


@dataclass(slots=True)
class Counting:
    """Of the gate `station`; where it has no such camera nothing is counted."""

    station: str
    heads: Heads | None
    mono_us: Callable[[], int]
    _direction: Literal["in", "out"] = "in"
    _mark: Mark | None = None
    _decisions: list[int] = field(default_factory=list)
    _people: set[str] = field(default_factory=set)
    _due_us: int | None = None

    def allowed(self, decision: int, direction: Literal["in", "out"], people: Collection[str]) -> None:
        """The gate opens for `people`; who follows another passage the same way is counted with it."""
        if self.heads is None:
            return
        if direction != self._direction:
            self._decisions, self._people = [], set()
        self._direction = direction
        if not self._decisions:
            self._mark = self.heads.mark()
        self._decisions.append(decision)
        self._people.update(people)
        self._due_us = None

    def crossed(self, people: Collection[str]) -> None:
        """The beams saw them go through; `people` have shown a pass lately."""
        if self._decisions:
            self._people.update(people)
            self._due_us = self.mono_us() + AFTER_US

    def abandoned(self) -> None:
        """Nobody went through after all."""
        if self._decisions and self._due_us is None:
            self._due_us = self.mono_us()

    def done(self, now: int) -> HeadsCounted | None:
        """What is to be told now."""
        if self.heads is None or self._due_us is None or now < self._due_us:
            return None
        counted, decisions, people = self.heads.since(self._mark), self._decisions, sorted(self._people)
        self._mark, self._decisions, self._people, self._due_us = None, [], set(), None
        if counted is None:
            return None
        return HeadsCounted(
            station=self.station, direction=self._direction, decisions=decisions, people=people, heads=counted
        )
