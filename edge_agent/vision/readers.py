"""The two libraries that decode QR codes, each behind one function of the same form. Nothing else knows them."""

from dataclasses import dataclass

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from pyzbar import pyzbar

_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)

Gray = NDArray[np.uint8]
Corners = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Read:
    """One QR code: its text and its four corners in pixels (x, y), around the code."""

    text: str
    corners: Corners


def with_zxing(gray: Gray, *, one_threshold: bool = False, inverted: bool = False) -> tuple[list[Read], list[Corners]]:
    """The codes in `gray`, and where codes were found that could not be decoded.

    `one_threshold` splits light from dark by one grey level for the whole picture: for flat light and poor print.
    `inverted` looks for light codes on dark ground too.
    """
    method = zxingcpp.Binarizer.GlobalHistogram if one_threshold else zxingcpp.Binarizer.LocalAverage
    codes = zxingcpp.read_barcodes(
        gray,
        formats=_QR,
        text_mode=zxingcpp.TextMode.Plain,
        binarizer=method,
        try_invert=inverted,
        return_errors=True,
    )
    reads = [Read(code.text, _corners(code.position)) for code in codes if code.valid]
    return reads, [_corners(code.position) for code in codes if not code.valid]


def _corners(at: zxingcpp.Position) -> Corners:
    points = (at.top_left, at.top_right, at.bottom_right, at.bottom_left)
    return tuple((float(point.x), float(point.y)) for point in points)


def with_zbar(gray: Gray) -> list[Read]:
    """The codes in `gray`: slower, and another opinion on what zxing cannot read."""
    try:
        symbols = pyzbar.decode(gray, symbols=[pyzbar.ZBarSymbol.QRCODE])
    except ValueError:  # pyzbar has no name for "orientation unknown" and gives up on the whole picture
        return []
    reads = []
    for symbol in symbols:
        left, top, width, height = symbol.rect
        box = [(left, top), (left + width, top), (left + width, top + height), (left, top + height)]
        points = symbol.polygon if len(symbol.polygon) == 4 else box
        corners = tuple((float(x), float(y)) for x, y in points)
        reads.append(Read(symbol.data.decode("utf-8", "replace"), corners))
    return reads
