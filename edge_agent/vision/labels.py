"""Reading every label in a picture: zxing first, and for what it cannot read other light, other eyes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.vision import light
from edge_agent.vision.readers import Corners, Gray, Read, with_zbar, with_zxing
from edge_agent.vision.regions import Window, around, label_like

_SMALLEST_PX = 21  # a QR code has no fewer modules
_DARK = 110.0  # contrast in grey levels under which a picture is brightened
_SMALL_PX = 160_000  # a picture of no more pixels is looked at as a whole
_WINDOWS = 3
_WORK = 4.5  # what second opinions may cost, in looks of zxing at the whole picture
_LEAST_WORK_PX = 1_400_000.0
_FOR_MORE = 0.3  # of that work, once something was read
_MOVED = 0.2  # how one-sided edges are before a smear is assumed
# How one-sided edges are, and by how many pixels the picture was then smeared: measured on labels 170 to 230 px wide.
_ONE_SIDED = (0.2, 0.33, 0.41, 0.46, 0.51, 0.58, 0.62, 0.66)
_SMEAR_PX = (4.5, 6.0, 7.0, 8.0, 9.0, 11.0, 13.0, 16.0)
_SOFT = 0.35  # from here on a lens out of focus is assumed
# How soft a picture is, and the blur that makes it so.
_SOFTNESS = (0.28, 0.42, 0.58, 0.73)
_BLUR_SIGMA_PX = (1.5, 2.2, 3.0, 4.0)


@dataclass(frozen=True, slots=True)
class LabelRead:
    """One QR code in a picture: its text, its four corners in pixels (x, y) around the code, and who read it."""

    text: str
    corners: Corners
    found_by: str


def warm_up() -> None:
    """Once a process, before the first frame: pays for what is slow only the first time, and keeps OpenCV (in this
    whole process) from sharing out small pictures, since waiting for a second thread costs more than it brings.
    """
    cv2.setNumThreads(1)
    stripes = np.zeros((300, 600, 3), np.uint8)
    stripes[:, ::7] = stripes[::7] = 255
    read_labels(stripes)


def read_labels(image: NDArray[np.uint8]) -> list[LabelRead]:
    """Every QR code in `image` (height × width × 3 BGR, or height × width grey; uint8), from left to right.

    The same text in two places is two reads. What is unreadable at first sight is looked at again, windows that look
    like a label only, as long as that costs no more than a fixed number of pixels: the time is bounded, and the same
    picture always gives the same answer.
    """
    gray = _gray(image)
    if min(gray.shape) < _SMALLEST_PX:
        return []
    reads, damaged = with_zxing(gray, inverted=True)
    found = [LabelRead(read.text, read.corners, "zxing") for read in reads]
    low, high = light.contrast(gray)
    if high - low < _DARK:
        gray = light.brighten(gray, low, high)
        low, high = 0.0, 255.0
        reads, damaged = with_zxing(gray)
        _add(found, reads, "zxing, brightened")
    _look_again(gray, high - low, damaged, found)
    return sorted(found, key=lambda read: read.corners)


def _gray(image: NDArray[np.uint8]) -> Gray:
    if image.dtype != np.uint8 or image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        raise ValueError(f"a picture is height × width × 3 or height × width of uint8, not {image.shape} {image.dtype}")
    if image.size == 0:
        return np.zeros((0, 0), np.uint8)
    return np.ascontiguousarray(image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def _look_again(gray: Gray, spread: float, damaged: list[Corners], found: list[LabelRead]) -> None:
    """Add to `found` what second opinions read in the windows of `gray` that nobody could read yet."""
    work = max(gray.size * _WORK, _LEAST_WORK_PX) * (_FOR_MORE if found else 1)
    places = [(window, _opinions(gray[window])) for window in _windows(gray, spread, damaged, found)]
    while places:  # each opinion on every window before the next
        for place in tuple(places):
            window, opinions = place
            opinion = next(opinions, None)
            work -= opinion.cost * gray[window].size if opinion else 0
            if opinion is None or work < 0 or _add(found, _moved(opinion.read(), window), opinion.name):
                places.remove(place)


def _windows(gray: Gray, spread: float, damaged: list[Corners], found: list[LabelRead]) -> list[Window]:
    known = [read.corners for read in found]
    if gray.size <= _SMALL_PX:
        return [] if known else [(slice(None), slice(None))]
    unread: list[Corners] = []
    for corners in sorted(damaged, key=_size, reverse=True):  # of one code several may be told, parts of it among them
        if not any(_same_place(corners, other) for other in known + unread):
            unread.append(corners)
    windows = [around(corners, gray) for corners in unread[:_WINDOWS]]
    return windows + label_like(gray, spread, known + unread, _WINDOWS - len(windows))


@dataclass(frozen=True, slots=True)
class _Opinion:
    """Another way to read one window; `cost` in looks of zxing at the same window."""

    name: str
    cost: float
    read: Callable[[], list[Read]]


def _opinions(gray: Gray) -> Iterator[_Opinion]:
    """From cheap to dear; what is dear only where the window looks as if it would help."""
    yield _Opinion("zxing, one threshold", 1, lambda: with_zxing(gray, one_threshold=True)[0])
    yield _Opinion("zxing, sharpened", 4, lambda: with_zxing(light.sharpen(gray))[0])
    blur = light.blur_of(gray)
    if blur.one_sided >= _MOVED:
        for share in (1.0, 1.2, 0.83):
            yield _Opinion("zxing, motion undone", 15, partial(_without_motion, gray, blur, share))
    elif blur.softness >= _SOFT:
        for share in (1.0, 0.85):
            yield _Opinion("zxing, blur undone", 12, partial(_without_blur, gray, blur, share))
    yield _Opinion("zbar", 18, lambda: with_zbar(gray))
    yield _Opinion("zxing, doubled", 5, lambda: _doubled(gray))
    yield _Opinion("zxing, evened out", 4, lambda: with_zxing(light.even_out(gray))[0])


def _without_motion(gray: Gray, blur: light.Blur, share: float) -> list[Read]:
    length_px = float(np.interp(blur.one_sided, _ONE_SIDED, _SMEAR_PX)) * share
    return with_zxing(light.undo_motion(gray, blur.angle, length_px))[0]


def _without_blur(gray: Gray, blur: light.Blur, share: float) -> list[Read]:
    sigma_px = float(np.interp(blur.softness, _SOFTNESS, _BLUR_SIGMA_PX)) * share
    return with_zxing(light.undo_blur(gray, sigma_px))[0]


def _doubled(gray: Gray) -> list[Read]:
    twice = np.asarray(cv2.resize(gray, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8)
    return [Read(read.text, tuple((x / 2, y / 2) for x, y in read.corners)) for read in with_zxing(twice)[0]]


def _moved(reads: list[Read], window: Window) -> list[Read]:
    """`reads` of a window, in pixels of the whole picture."""
    top, left = (span.start or 0 for span in window)
    return [Read(read.text, tuple((x + left, y + top) for x, y in read.corners)) for read in reads]


def _add(found: list[LabelRead], reads: list[Read], by: str) -> bool:
    """Add the `reads` that are not yet in `found`; whether there were any, new or not."""
    for read in reads:
        if not any(read.text == old.text and _same_place(read.corners, old.corners) for old in found):
            found.append(LabelRead(read.text, read.corners, by))
    return bool(reads)


def _same_place(some: Corners, other: Corners) -> bool:
    """Whether two outlines are of one code: their middles are nearer than half its size."""
    apart = np.abs(np.mean(some, axis=0) - np.mean(other, axis=0)).max()
    return bool(apart < max(_size(some), _size(other)) / 2)


def _size(corners: Corners) -> float:
    return float(np.ptp(np.array(corners), axis=0).max())
