"""Whether somebody is before a camera now, look by look. Pure.

One look that differs is a flicker; several within a few seconds are somebody. It is over once nothing has moved for a
while: who stands still is still there.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.motion import LEAST, MOST, Motion

BELIEVED = 3
"""Looks with motion within WITHIN_US that are somebody."""
WITHIN_US = 10_000_000
OVER_US = 30_000_000


@dataclass(frozen=True, slots=True)
class Somebody:
    """Somebody is there since `from_us`, was seen last at `to_us`, in so many looks."""

    from_us: int
    to_us: int
    looks: int
    most_pct: float


@dataclass(slots=True)
class Presence:
    """Looks at one camera, about once a second."""

    now: Somebody | None = None
    """Who is there; None for nobody."""
    _motion: Motion = field(default_factory=Motion)
    _moved: list[tuple[int, float]] = field(default_factory=list)

    def see(self, pixels: NDArray[np.uint8], at_us: int) -> None:
        """Takes one look."""
        share = self._motion.changed(pixels)
        if not LEAST <= share <= MOST:
            return
        pct = round(share * 100, 1)
        if self.now is not None:
            self.now = Somebody(self.now.from_us, at_us, self.now.looks + 1, max(self.now.most_pct, pct))
            return
        self._moved = [one for one in self._moved if at_us - one[0] <= WITHIN_US] + [(at_us, pct)]
        if len(self._moved) >= BELIEVED:
            self.now = Somebody(self._moved[0][0], at_us, len(self._moved), max(most for _, most in self._moved))
            self._moved = []

    def over(self, at_us: int) -> Somebody | None:
        """Who is no longer there at `at_us`, told once."""
        gone = self.now
        if gone is None or at_us - gone.to_us < OVER_US:
            return None
        self.now = None
        return gone
