"""Reads the PNG files that typst writes, as arrays: 8 bits a channel, not interlaced (W3C PNG, third edition)."""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cloud.errors import CloudError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
"""Of greyscale, colour, and each with alpha."""


class PngError(CloudError, ValueError):
    """Bytes that are no PNG of the kind read here."""

    diagnosis = "A picture of a label could not be read back."


def read_png(data: bytes) -> NDArray[np.uint8]:
    """Height × width × channels. Raises PngError."""
    if not data.startswith(SIGNATURE):
        raise PngError("no PNG")
    chunks = list(_chunks(data))
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", dict(chunks)[b"IHDR"])
    if depth != 8 or kind not in _CHANNELS or interlaced:
        raise PngError(f"a PNG of depth {depth}, colour type {kind}, interlacing {interlaced}")
    channels = _CHANNELS[kind]
    raw = zlib.decompress(b"".join(content for name, content in chunks if name == b"IDAT"))
    lines = np.frombuffer(raw, np.uint8).reshape(height, 1 + width * channels)
    above = np.zeros(width * channels, np.uint8)
    picture = np.empty((height, width * channels), np.uint8)
    for number, line in enumerate(lines):
        above = picture[number] = _unfilter(int(line[0]), line[1:], above, channels)
    return picture.reshape(height, width, channels)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def _unfilter(kind: int, line: NDArray[np.uint8], above: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """One line as it was before it was filtered; uint8 wraps as the standard wants it."""
    if kind == 0:
        return line
    if kind == 1:
        return np.cumsum(line.reshape(-1, channels), axis=0, dtype=np.uint8).reshape(-1)
    if kind == 2:
        return line + above
    out, up = [0] * len(line), above.tolist()
    for at, value in enumerate(line.tolist()):
        left = out[at - channels] if at >= channels else 0
        if kind == 3:
            guess = (left + up[at]) // 2
        else:
            corner = up[at - channels] if at >= channels else 0
            guess = _paeth(left, up[at], corner)
        out[at] = (value + guess) & 0xFF
    return np.array(out, np.uint8)


def _paeth(left: int, up: int, corner: int) -> int:
    about = left + up - corner
    by_left, by_up, by_corner = abs(about - left), abs(about - up), abs(about - corner)
    if by_left <= by_up and by_left <= by_corner:
        return left
    return up if by_up <= by_corner else corner
