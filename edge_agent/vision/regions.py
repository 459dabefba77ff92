"""Where in a picture a label may be that could not be read: dense edges in both directions."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.readers import Corners, Gray

Window = tuple[slice, slice]  # rows, columns

_SEARCH_PX = 320  # the longer side of the picture that is searched
_GRAIN_SHARE = 0.06  # of its shorter side: how far edges are averaged
_DENSE = 0.5  # of the picture's contrast, at least
_OF_DENSEST = 0.65  # of the densest place there is, at least
_CORE = 0.6  # of the densest place: what still belongs to the same label


def around(corners: Corners, gray: Gray) -> Window:
    """The window of `gray` that holds `corners` and half as much again."""
    left, top, width, height = cv2.boundingRect(np.array(corners, np.float32))
    return _window((left + width / 2, top + height / 2), max(width, height) * 1.5, gray)


def label_like(gray: Gray, spread: float, known: Sequence[Corners], at_most: int) -> list[Window]:
    """Up to `at_most` windows that look like labels, densest first, leaving out what lies on `known` ones.

    `spread` is the picture's contrast in grey levels.
    """
    scale = min(1.0, _SEARCH_PX / max(gray.shape))
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grain = max(5, int(min(small.shape) * _GRAIN_SHARE) | 1)
    across, down = (
        cv2.boxFilter(cv2.convertScaleAbs(cv2.Sobel(small, cv2.CV_16S, *way)), -1, (grain, grain))
        for way in ((1, 0), (0, 1))
    )
    density = cv2.min(across, down)
    floor = max(_DENSE * spread, _OF_DENSEST * float(density.max()), 1.0)
    for corners in known:
        cv2.fillConvexPoly(density, _grown(corners, scale), 0)
    windows: list[Window] = []
    while len(windows) < at_most:
        _, most, _, (x, y) = cv2.minMaxLoc(density)
        if most < floor:
            break
        core = (density >= _CORE * most).astype(np.uint8)
        _, _, _, (left, top, width, height) = cv2.floodFill(core, None, (x, y), 2)
        windows.append(_window(((left + width / 2) / scale, (top + height / 2) / scale),
                               max(width, height) / scale * 1.3 + 16, gray))  # fmt: skip
        density[top : top + height, left : left + width] = 0
    return windows


def _grown(corners: Corners, scale: float) -> NDArray[np.int32]:
    points = np.array(corners, np.float64) * scale
    middle = points.mean(axis=0)
    grown: NDArray[np.int32] = np.round(middle + (points - middle) * 1.4).astype(np.int32)
    return grown


def _window(centre: tuple[float, float], side: float, gray: Gray) -> Window:
    """A square of `side` pixels about `centre` (x, y), moved and cut to lie in `gray`."""
    spans = []
    for middle, length in zip(centre, gray.shape[::-1], strict=True):
        size = min(max(int(side), 1), length)
        start = int(min(max(middle - size / 2, 0), length - size))
        spans.append(slice(start, start + size))
    return spans[1], spans[0]
