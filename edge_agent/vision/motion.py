"""Whether something moves before a camera, and from when to when. Pure.

A routine word, for finding the quiet hours in which something did: spans that follow each other closely are one, so
that there is one in a minute at the most. A light that is switched on changes everything at once, and is none.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH_PX = 320
CHANGED = 12.0
"""Grey levels by which a pixel differs from what was there, blurred; the noise of a sensor is a fifth of that."""
LEAST, MOST = 0.004, 0.6
"""The part of the picture that has to differ, and the part from which on it was the light."""
LEARN, LEARN_NEW = 0.2, 0.01
"""How fast the picture becomes what is there, in a look: where it changes with the light, and where something came."""

QUIET_US = 60_000_000
"""Without motion for so long a span is over."""
LONGEST_US = 600_000_000
"""A span that goes on is told in parts of this length."""


@dataclass(frozen=True, slots=True)
class Span:
    """Something moved between, in so many looks; at the most in `most_pct` percent of the picture."""

    from_us: int
    to_us: int
    looks: int
    most_pct: float


@dataclass(slots=True)
class Motion:
    """Looks at one camera, about once a second."""

    _there: NDArray[np.float32] | None = None
    _span: Span | None = None

    def see(self, pixels: NDArray[np.uint8], at_us: int) -> Span | None:
        """Takes one look; gives the span that is over."""
        share = self.changed(pixels)
        over = self._over(at_us)
        if LEAST <= share <= MOST:
            before = self._span or Span(at_us, at_us, 0, 0.0)
            self._span = Span(before.from_us, at_us, before.looks + 1, max(before.most_pct, round(share * 100, 1)))
        return over

    def end(self) -> Span | None:
        """There are no more looks; the span that was not over yet."""
        self._there, span, self._span = None, self._span, None
        return span

    def _over(self, at_us: int) -> Span | None:
        span = self._span
        if span is None or (at_us - span.to_us < QUIET_US and at_us - span.from_us < LONGEST_US):
            return None
        self._span = None
        return span

    def changed(self, pixels: NDArray[np.uint8]) -> float:
        """The share of the picture that differs from what was there; takes the look."""
        size = (WIDTH_PX, max(1, round(pixels.shape[0] * WIDTH_PX / pixels.shape[1])))
        gray = cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
        now = np.asarray(cv2.GaussianBlur(gray, (0, 0), 2.0), np.float32)
        there = self._there
        if there is None or there.shape != now.shape:
            self._there = now
            return 0.0
        changed = np.abs(now - there) > CHANGED
        share = float(changed.mean())
        self._there = (
            now if share > MOST else there + np.where(changed, LEARN_NEW, LEARN).astype(np.float32) * (now - there)
        )
        return share
