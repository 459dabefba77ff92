"""A frame as it is kept beside a fact: small enough to send, large enough to see who carried what."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH_PX = 960
QUALITY = 70


@dataclass(frozen=True, slots=True)
class Still:
    """A JPEG file and its size in pixels."""

    jpeg: bytes
    width: int
    height: int


def keep_still(image: NDArray[np.uint8]) -> Still:
    """`image` (height × width × 3, BGR) as a JPEG of at most WIDTH_PX across."""
    height, width = image.shape[:2]
    if width > WIDTH_PX:
        # Averaging areas costs four times as much and looks no better until two pixels become one.
        how = cv2.INTER_AREA if width >= 2 * WIDTH_PX else cv2.INTER_LINEAR
        height, width = max(1, round(height * WIDTH_PX / width)), WIDTH_PX
        image = np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return Still(data.tobytes(), width, height)
