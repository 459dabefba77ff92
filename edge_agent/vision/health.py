"""Whether a camera still shows what it is there for: frozen, covered, moved, out of focus, too dark. Pure.

A person walking through must not look like any of it, so each is believed after several looks in a row, and over after
several. What the view and its sharpness were when the camera began is what later looks are compared with: a camera that
was moved, or never sharp, before its agent started is not told. A lens covered so well that no light comes in is dark.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.light import contrast
from edge_agent.vision.readers import Gray

Impairment = Literal["frozen", "covered", "moved", "out_of_focus", "too_dark"]

WIDTH_PX = 320
DARK = 16.0
"""Grey levels of 255, on the average."""
FLAT = 20.0
"""Grey levels between the darkest and the lightest hundredth: a hand, a cloth, a sprayed lens."""
SAME = 0.02
"""Grey levels by which two looks differ at the least; the noise of a sensor alone is ten times that."""
LIKE = 0.5
"""How alike (correlation of edges) the view and the first one are at the least; a person in it leaves more."""
SHARP = 0.6
"""The part of its first sharpness that is left at the least."""

FIRST = 10
"""Good looks in a row of which the least sharp is what later ones are compared with: somebody who holds up a label just
then adds fine edges that are no part of the view."""
LOOKS: Mapping[Impairment, int] = {"frozen": 10, "covered": 5, "moved": 10, "out_of_focus": 30, "too_dark": 15}
"""Looks in a row after which it is believed."""
OVER = 5
"""Looks in a row without it after which it is over."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look: the small picture, its edges, and how sharp they are."""

    gray: Gray
    edges: NDArray[np.float32]
    brightness: float
    contrast: float
    sharpness: float


def look(pixels: NDArray[np.uint8]) -> Look:
    """What counts of `pixels` (height × width × 3 BGR)."""
    gray = _gray(pixels, WIDTH_PX)
    calm = cv2.GaussianBlur(gray, (0, 0), 2.0)
    across, down = cv2.Sobel(calm, cv2.CV_32F, 1, 0), cv2.Sobel(calm, cv2.CV_32F, 0, 1)
    edges = np.asarray(cv2.magnitude(across, down), np.float32)
    low, high = contrast(gray)
    fine = float(cv2.Laplacian(cv2.GaussianBlur(_gray(pixels, 2 * WIDTH_PX), (0, 0), 1.0), cv2.CV_32F).std())
    return Look(gray, edges, float(gray.mean()), high - low, fine / max(float(gray.std()), 1.0))


def _gray(pixels: NDArray[np.uint8], width: int) -> Gray:
    size = (width, max(1, round(pixels.shape[0] * width / pixels.shape[1])))
    return np.asarray(
        cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY), np.uint8
    )


def alike(one: Look, other: Look) -> float:
    """How alike the edges of two looks are: 1 for the same view, about 0 for another one."""
    if one.edges.shape != other.edges.shape:
        return 0.0
    first, second = one.edges - one.edges.mean(), other.edges - other.edges.mean()
    size = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(np.vdot(first, second)) / size if size else 0.0


@dataclass(slots=True)
class Watcher:
    """Looks at one camera, about once a second."""

    _before: Look | None = None
    _first: Look | None = None
    _good: list[Look] = field(default_factory=list)
    _in_a_row: dict[Impairment, int] = field(default_factory=lambda: dict.fromkeys(LOOKS, 0))
    """looks in a row that say otherwise than what is believed"""
    believed: set[Impairment] = field(default_factory=set)

    def see(self, pixels: NDArray[np.uint8]) -> Iterator[tuple[Impairment, bool]]:
        """Takes one look; gives what is believed from now on, or no longer."""
        now = look(pixels)
        found = set(self._found(now))
        self._before = now
        if self._first is None:
            self._good = [] if found else [*self._good, now]
            if len(self._good) >= FIRST:
                self._first, self._good = min(self._good, key=lambda each: each.sharpness), []
        for what, needed in LOOKS.items():
            is_so = what in self.believed
            self._in_a_row[what] = 0 if (what in found) is is_so else self._in_a_row[what] + 1
            if self._in_a_row[what] >= (OVER if is_so else needed):
                self._in_a_row[what] = 0
                self.believed ^= {what}
                yield what, not is_so

    def _found(self, now: Look) -> Iterator[Impairment]:
        before, first = self._before, self._first
        same = before is not None and before.gray.shape == now.gray.shape
        if before is not None and same and float(cv2.absdiff(before.gray, now.gray).mean()) < SAME:
            yield "frozen"
        if now.brightness < DARK:
            yield "too_dark"
        elif now.contrast < FLAT:
            yield "covered"
        elif first is not None:
            if now.sharpness < SHARP * first.sharpness:
                yield "out_of_focus"
            elif alike(first, now) < LIKE:
                yield "moved"
