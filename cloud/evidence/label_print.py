"""Labels for label printers: one-bit bitmaps, so that rare characters are right, and the bytes that print them.

TSPL and TSPL2: TSC, "TSPL/TSPL2 Programming Language"; ZPL II: Zebra, "ZPL II Programming Guide". The code's modules
are whole dots of the printer; the words are set by typst at the printer's own resolution.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import segno
from numpy.typing import NDArray

from cloud.errors import InvalidError
from cloud.evidence.drawing import QUIET_ZONE, code_of
from cloud.evidence.label_sheet import ToPrint, words_of
from cloud.evidence.png import read_png
from cloud.evidence.typesetting import set_picture

TEMPLATE = Path(__file__).with_name("label_words.typ")
LEAST_DOTS = 2
"""Of a module; a thermal printer's single dots run together."""
BLACK_BELOW = 140

Bitmap = NDArray[np.bool_]
"""Height × width; True is black."""


class Language(StrEnum):
    """What a label printer understands."""

    TSPL = "tspl"
    ZPL = "zpl"


@dataclass(frozen=True, slots=True)
class Stock:
    """The labels in a printer: their size and the gap between them in millimetres, and the printer's resolution."""

    width_mm: float = 60
    height_mm: float = 40
    dpi: int = 203
    gap_mm: float = 2

    def dots(self, length_mm: float) -> int:
        """A length in dots."""
        return round(length_mm * self.dpi / 25.4)


def print_bytes(label: ToPrint, stock: Stock, language: Language) -> bytes:
    """What prints `label` once. Raises InvalidError `label_too_small`, StatementError."""
    bitmap = draw_label(label, stock)
    return tspl(bitmap, stock) if language is Language.TSPL else zpl(bitmap)


def draw_label(label: ToPrint, stock: Stock) -> Bitmap:
    """The code at the left and the words beside it, or under it on a label that is no wider than high.

    Raises InvalidError `label_too_small`, StatementError.
    """
    width, height = stock.dots(stock.width_mm), stock.dots(stock.height_mm)
    beside = width > 1.2 * height
    code = _modules(code_of(label.text))
    room = min(height, int(width * 0.6)) if beside else min(width, int(height * 0.7))
    scale = room // len(code)
    if scale < LEAST_DOTS:
        problem = f"a code of {len(code)} modules does not fit on {stock.width_mm:g} × {stock.height_mm:g} mm"
        raise InvalidError("label_too_small", f"{problem} at {stock.dpi} dpi")
    side = len(code) * scale
    bitmap = np.zeros((height, width), np.bool_)
    margin = stock.dots(1)
    if beside:
        top = (height - side) // 2
        bitmap[top : top + side, :side] = _scaled(code, scale)
        bitmap[margin : height - margin, side : width - margin] = _words(
            label, width - side - margin, height - 2 * margin, stock
        )
    else:
        left = (width - side) // 2
        bitmap[:side, left : left + side] = _scaled(code, scale)
        bitmap[side : height - margin, margin : width - margin] = _words(
            label, width - 2 * margin, height - side - margin, stock
        )
    return bitmap


def tspl(bitmap: Bitmap, stock: Stock) -> bytes:
    """One label in TSPL; in its BITMAP a bit that is 0 is black."""
    height, width = bitmap.shape
    head = (
        f"SIZE {stock.width_mm:g} mm,{stock.height_mm:g} mm\r\nGAP {stock.gap_mm:g} mm,0 mm\r\nDIRECTION 1\r\n"
        f"REFERENCE 0,0\r\nCLS\r\nBITMAP 0,0,{(width + 7) // 8},{height},0,"
    )
    return head.encode() + np.packbits(~_padded(bitmap), axis=1).tobytes() + b"\r\nPRINT 1,1\r\n"


def zpl(bitmap: Bitmap) -> bytes:
    """One label in ZPL II; in its graphic field a bit that is 1 is black."""
    height, width = bitmap.shape
    line = (width + 7) // 8
    field = np.packbits(_padded(bitmap), axis=1).tobytes().hex().upper()
    size = line * height
    return f"^XA^PW{width}^LL{height}^LH0,0^FO0,0^GFA,{size},{size},{line},{field}^FS^PQ1^XZ\n".encode()


def _padded(bitmap: Bitmap) -> Bitmap:
    """With white columns up to a whole byte."""
    return np.pad(bitmap, ((0, 0), (0, -bitmap.shape[1] % 8)))


def _modules(code: segno.QRCode) -> Bitmap:
    return np.pad(np.array(code.matrix, np.uint8) != 0, QUIET_ZONE)


def _scaled(code: Bitmap, scale: int) -> Bitmap:
    return np.repeat(np.repeat(code, scale, axis=0), scale, axis=1)


def _words(label: ToPrint, width: int, height: int, stock: Stock) -> Bitmap:
    """The words in exactly that many dots."""
    points = 72 / stock.dpi
    data = words_of(label) | {"width": width * points, "height": height * points}
    pixels = read_png(set_picture(TEMPLATE, data, stock.dpi))[:, :, 0]
    black = np.zeros((height, width), np.bool_)
    part = pixels[:height, :width] < BLACK_BELOW
    black[: part.shape[0], : part.shape[1]] = part
    return black
