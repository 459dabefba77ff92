"""What a sensors' station remembers: what was told of each value, and how often each contact changed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When a value is told: at a change of `deadband` or more (any, where it has none), with `at_most_us` between two;
    and after `at_least_us` in any case.
    """

    deadband: Mapping[str, float] = field(default_factory=dict)
    at_most_us: int
    at_least_us: int


@dataclass(slots=True)
class Gauge:
    """One value of one sensor: the newest measured, and its extremes since one was told."""

    measures: str
    now: float = 0.0
    low: float = 0.0
    high: float = 0.0
    fresh: bool = False
    told: float | None = None
    told_us: int = 0

    def take(self, value: float) -> None:
        """It measures so much now."""
        self.low = min(self.low, value) if self.fresh else value
        self.high = max(self.high, value) if self.fresh else value
        self.now, self.fresh = value, True

    def due(self, pace: Pace, now_us: int) -> bool:
        """Whether it is to be told now; never again what was told, by a sensor that is silent."""
        if not self.fresh or self.told is None:
            return self.fresh
        waited, band = now_us - self.told_us, pace.deadband.get(self.measures, 0.0)
        moved = max(self.high - self.told, self.told - self.low)
        return waited >= pace.at_least_us or (waited >= pace.at_most_us and moved > 0 and moved >= band)

    def tell(self, now_us: int) -> None:
        """It was told."""
        self.told, self.told_us, self.fresh = self.now, now_us, False


QUIET_US = 1_000_000
"""A contact that did not change for so long has come to rest."""

TELL_US = 60_000_000
"""Between two facts of how often one chatters."""


@dataclass(slots=True)
class Edges:
    """Changes of one contact: `burst` of them are told one by one, and `each_us` one more; the others are counted."""

    burst: int
    each_us: int
    active: bool | None = None
    excess: int = 0
    since_us: int = 0
    _spent: int = 0
    _filled_us: int = 0
    _last_us: int = 0
    _told_us: int | None = None

    def take(self, active: bool, now_us: int) -> bool:
        """It is `active` now; returns whether that is told by itself."""
        self.active, self._last_us = active, now_us
        back = (now_us - self._filled_us) // self.each_us
        self._spent, self._filled_us = max(0, self._spent - back), self._filled_us + back * self.each_us
        if not self.excess and self._spent < self.burst:
            self._spent += 1
            return True
        if not self.excess:
            self.since_us = now_us
        self.excess += 1
        return False

    def due(self, now_us: int) -> bool:
        """Whether what was counted is to be told: when it rests, or goes on for long."""
        if not self.excess or (self._told_us is not None and now_us - self._told_us < TELL_US):
            return False
        return now_us - self._last_us >= QUIET_US or now_us - self.since_us >= TELL_US

    def tell(self, now_us: int) -> int:
        """It is told; how many they were."""
        counted, self.excess, self._told_us = self.excess, 0, now_us
        return counted
