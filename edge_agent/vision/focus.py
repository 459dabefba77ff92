"""How bright, how rich in contrast and how sharp a picture is: what a person who sets up a camera has to know."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.light import blur_of, contrast
from edge_agent.vision.readers import Corners, Gray
from edge_agent.vision.regions import around

FLAT = 25
"""A picture with less contrast than this shows nothing: a lid, a wall, the inside of a bag."""


@dataclass(frozen=True, slots=True)
class Look:
    """`brightness` and `contrast` in grey levels of 255; `focus` of 100, 0 where there is nothing to focus on."""

    brightness: int
    contrast: int
    focus: int


def look_at(pixels: NDArray[np.uint8], label: Corners | None) -> Look:
    """What `pixels` (height × width × 3 BGR) are like; the focus is that of the `label` where there is one.

    The focus is the share of the edges that a further blur would wipe away: a blurred picture has little to lose, and
    neither light nor contrast changes it.
    """
    gray: Gray = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)
    low, high = contrast(gray)
    window = gray if label is None else gray[around(label, gray)]
    spread = high - low
    return Look(round(float(gray.mean())), round(spread), focus_of(window) if spread >= FLAT else 0)


def focus_of(gray: Gray) -> int:
    """0 … 100."""
    return round(100 * (1 - blur_of(gray).softness))
