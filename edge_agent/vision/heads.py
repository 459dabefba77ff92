"""Counting who goes through: heads seen from above, followed over a line. Holds its own state, knows no clock.

For a camera that looks straight down at a way through, where a head with its shoulders is a blob of a known size that
hides no other. What is counted is somebody whose blob was seen on one side of the line and then on the other. Its
limits: two people closer than half a head apart are one, a trolley as large as a person is one more, and who walks
faster than a head's width between two pictures is lost (at ten pictures a second that is a run). A way through that is
seen from the side is nothing for this.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH_PX = 160
"""What is looked at is scaled to this width: a head is some fifteen to thirty pixels of it."""
DIFFERENT = 22
"""Grey levels by which a blob differs from the ground at the least."""
LEARN = 0.02
"""The share of a picture by which the ground follows it where nothing stands."""
LIGHTER = 0.45
"""A picture of which more than this differs shows other light, not people: the ground is learned anew."""
SEEN = 3
"""In so many pictures somebody has to have been seen."""
FORGOTTEN = 5
"""After so many pictures without them somebody is gone."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Counted:
    """How many went over the line, down the picture and up."""

    down: int = 0
    up: int = 0

    def __sub__(self, other: "Counted") -> "Counted":
        return Counted(self.down - other.down, self.up - other.up)


@dataclass(slots=True)
class _Somebody:
    at: Point
    side: int
    """the side of the line on which they were first seen, or counted last: -1 above it"""
    seen: int = 1
    missed: int = 0


@dataclass(slots=True)
class HeadCounter:
    """Follows heads in the pictures of one camera. `head` and `line` are shares of the width and of the height."""

    head: float = 0.15
    line: float = 0.5
    total: Counted = Counted()
    _ground: NDArray[np.float32] | None = None
    _people: list[_Somebody] = field(default_factory=list)

    def see(self, pixels: NDArray[np.uint8]) -> Counted:
        """Takes the next picture (height × width × 3 BGR); returns all that were counted so far."""
        gray = _small(pixels)
        ground = self._ground
        if ground is None or ground.shape != gray.shape:
            self._ground = gray
            return self.total
        heads = self._heads(gray, ground)
        self._follow(heads, gray.shape[0] * self.line)
        return self.total

    @property
    def inside(self) -> int:
        """How many are in the picture now."""
        return sum(one.seen >= SEEN and not one.missed for one in self._people)

    @property
    def _head_px(self) -> float:
        return self.head * WIDTH_PX

    def _heads(self, gray: NDArray[np.float32], ground: NDArray[np.float32]) -> list[Point]:
        """The middles of what is as large as a head; `ground` is learned where there is nothing."""
        mask = np.asarray(cv2.absdiff(gray, ground) > DIFFERENT, np.uint8)
        if float(mask.mean()) > LIGHTER:
            self._ground = gray
            self._people.clear()
            return []
        wide = max(3, round(self._head_px / 3)) | 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide, wide))
        whole = _filled(np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel), np.uint8))
        blobs = cv2.morphologyEx(whole, cv2.MORPH_OPEN, kernel)
        still = cv2.dilate(blobs, kernel) == 0
        ground[still] += LEARN * (gray - ground)[still]
        return _middles(np.asarray(blobs, np.uint8), self._head_px)

    def _follow(self, heads: list[Point], line: float) -> None:
        """Who is nearest is the same; whoever came to the other side of the line is counted."""
        reach, free = 1.2 * self._head_px, set(range(len(heads)))
        pairs = sorted(
            (_apart(one.at, head), who, number)
            for who, one in enumerate(self._people)
            for number, head in enumerate(heads)
        )
        found: dict[int, int] = {}
        for apart, who, number in pairs:
            if apart <= reach and who not in found and number in free:
                found[who] = number
                free.discard(number)
        for who, one in enumerate(self._people):
            if who not in found:
                one.missed += 1
                continue
            one.at, one.missed, one.seen = heads[found[who]], 0, one.seen + 1
            self._count(one, line)
        self._people = [one for one in self._people if one.missed < FORGOTTEN]
        self._people += [_Somebody(heads[number], _side(heads[number], line, 0.0)) for number in sorted(free)]

    def _count(self, one: _Somebody, line: float) -> None:
        side = _side(one.at, line, 0.15 * self._head_px)
        if side == 0 or side == one.side or one.seen < SEEN:
            return
        if one.side:
            self.total = Counted(self.total.down + (side > 0), self.total.up + (side < 0))
        one.side = side


def _small(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    size = (WIDTH_PX, max(1, round(pixels.shape[0] * WIDTH_PX / pixels.shape[1])))
    gray = cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.GaussianBlur(gray, (0, 0), 1.0), np.float32)


def _side(at: Point, line: float, margin: float) -> int:
    """-1 above the line, 1 below it, 0 within `margin` of it."""
    return 0 if abs(at[1] - line) < margin else (1 if at[1] > line else -1)


def _apart(one: Point, other: Point) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))


def _filled(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without holes: hair as grey as the floor within light shoulders."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return np.asarray(cv2.drawContours(np.zeros_like(mask), outlines, -1, 1, cv2.FILLED), np.uint8)


def _middles(blobs: NDArray[np.uint8], head_px: float) -> list[Point]:
    """Where blobs are thickest: one point for each head, also where two touch."""
    thick = cv2.distanceTransform(blobs, cv2.DIST_L2, 3)
    wide = max(3, round(head_px * 0.9)) | 1
    highest = cv2.dilate(thick, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide, wide)))
    peaks = ((thick >= highest - 1e-6) & (thick >= 0.3 * head_px)).astype(np.uint8)
    one_each = cv2.dilate(peaks, np.ones((3, 3), np.uint8))  # a flat top is one peak
    count, _, _, middles = cv2.connectedComponentsWithStats(one_each)
    return [(float(x), float(y)) for x, y in middles[1:count]]
