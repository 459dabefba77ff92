"""Who goes through a gate close behind a passage: the far beam is broken once for each, and more than passes is told.

What a beam can tell is limited. Two side by side break it once, and a trolley that comes after its driver breaks it
twice. Somebody who comes from the other side while the gate still closes looks like one who follows. A break within a
stride of the last is the same person (an arm, a box). Where it matters a camera above counts heads (`heads.py`).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from custody.things import Direction
from edge_agent.stations.passing import Passage, way
from wire.heads import PassageFollowed

AFTER_US = 3_000_000
"""How long after the last one somebody may follow, and still belong to the passage."""
STRIDE_US = 300_000
"""The beam is free for longer between two people."""


@dataclass(slots=True)
class Following:
    """Of the gate `station`. To be called under the station's lock."""

    station: str
    mono_us: Callable[[], int]
    _direction: Direction = Direction.IN
    _decisions: list[int] = field(default_factory=list)
    _people: set[str] = field(default_factory=set)
    _went: int = 0
    _last_us: int = 0
    _standing: bool = False

    def crossed(self, passages: Collection[Passage], people: Collection[str]) -> PassageFollowed | None:
        """The first of `people` broke the far beam; returns what is to be told of the passage before."""
        before = self._told()
        if passages:
            self._direction = next(iter(passages)).direction
            self._decisions = [passage.decision for passage in passages]
            self._people = set(people).union(*(passage.people for passage in passages))
            self._went, self._last_us, self._standing = 1, self.mono_us(), True
        return before

    def freed(self, side: Direction) -> None:
        """The beam where a passage in `side` begins is free again."""
        if self._decisions and side is not self._direction:
            self._standing, self._last_us = False, self.mono_us()

    def broken(self, side: Direction) -> None:
        """That beam was broken, by somebody who came to it before the first one was through."""
        if self._awaits(side):
            self._went += not self._standing and self.mono_us() - self._last_us >= STRIDE_US
            self._standing, self._last_us = True, self.mono_us()

    def may_follow(self, side: Direction) -> bool:
        """That beam was broken by somebody who came through the near one just now: whether they had shown a pass."""
        if not self._awaits(side) or self._went >= self._may:
            return False
        self._went, self._standing, self._last_us = self._went + 1, True, self.mono_us()
        return True

    def done(self, *, shut: bool) -> PassageFollowed | None:
        """What is to be told now; nobody follows through a gate that is `shut`."""
        return self._told() if self._decisions and (shut or self._over(self.mono_us())) else None

    def _awaits(self, side: Direction) -> bool:
        return bool(self._decisions) and side is not self._direction and not self._over(self.mono_us())

    @property
    def _may(self) -> int:
        """So many may go: whatever passes, somebody carries it."""
        return max(1, len(self._people))

    def _over(self, now: int) -> bool:
        return not self._standing and now - self._last_us >= AFTER_US

    def _told(self) -> PassageFollowed | None:
        decisions, self._decisions = self._decisions, []
        if not decisions or self._went <= self._may:
            return None
        return PassageFollowed(
            station=self.station, direction=way(self._direction), decisions=decisions, people=sorted(self._people),
            went=self._went,
        )  # fmt: skip
