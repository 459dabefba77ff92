"""A label printer that prints into a folder: every label as a picture, decoded from what a real one would be sent."""

import re
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from edge_agent.devices import Around, Condition
from edge_agent.errors import PrinterError
from wire.printing import PrinterState

_TSPL = re.compile(
    rb"SIZE [\d.]+ mm,[\d.]+ mm\r\nGAP [\d.]+ mm,[\d.]+ mm\r\nDIRECTION [01]\r\nREFERENCE 0,0\r\nCLS\r\n"
    rb"BITMAP 0,0,(\d+),(\d+),0,(.+)\r\nPRINT 1,1\r\n",
    re.DOTALL,
)
_ZPL = re.compile(rb"\^XA\^PW(\d+)\^LL(\d+)\^LH0,0\^FO0,0\^GFA,(\d+),\3,(\d+),([0-9A-F]+)\^FS\^PQ1\^XZ\s*")


STATES: dict[bytes, PrinterState] = {state.encode(): state for state in get_args(PrinterState)}
STATE = "state.txt"
"""In its folder: the state that somebody puts it in, by its word; ready while there is none."""


class Options(BaseModel):
    """The folder for pictures, and how many labels are on the roll; None: it never ends."""

    model_config = ConfigDict(extra="forbid")

    folder: Path
    labels: int | None = Field(default=None, ge=0)
    roll_labels: int | None = Field(default=None, ge=1, le=100_000)
    """how many labels a new roll has"""


class SimLabelPrinter:
    """Writes `0001.png` and so on."""

    def __init__(self, options: Options, around: Around) -> None:
        self._folder, self._left, self.roll = around.folder / options.folder, options.labels, options.roll_labels
        self._folder.mkdir(parents=True, exist_ok=True)

    def print(self, data: bytes) -> bool:
        """Prints one label. Raises PrinterError when it is not ready, or for what it does not understand."""
        now = self.ask()
        if now.state != "ready":
            raise PrinterError(now.problem or now.state, sent=False)
        picture = picture_of(data)
        number = len(list(self._folder.glob("*.png"))) + 1
        if not cv2.imwrite(str(self._folder / f"{number:04}.png"), picture):
            raise PrinterError(f"{self._folder} cannot be written to", sent=True)
        self._left = None if self._left is None else self._left - 1
        return True

    def ask(self) -> Condition:
        """The state that it was put in."""
        try:
            word = (self._folder / STATE).read_bytes().strip()
        except OSError:
            word = b"ready"
        state = STATES.get(word)
        if state is None:
            return Condition("unclear", f"it says how it is in no way that is known: {word[:40]!r}")
        if state == "ready":
            return Condition("paper_out", "it is out of paper") if self._left == 0 else Condition("ready")
        return Condition(state, f"it was put into the state {state}")

    def stop(self) -> None:
        """There is nothing to give back."""


def picture_of(data: bytes) -> NDArray[np.uint8]:
    """The label that `data` (TSPL or ZPL II) prints: height × width, 0 is black. Raises PrinterError."""
    tspl, zpl = _TSPL.fullmatch(data), _ZPL.fullmatch(data)
    try:
        if tspl:
            line, height = int(tspl[1]), int(tspl[2])
            bits = np.unpackbits(np.frombuffer(tspl[3], np.uint8).reshape(height, line), axis=1)
            return np.asarray(bits * 255, np.uint8)
        if zpl:
            width, height, line = int(zpl[1]), int(zpl[2]), int(zpl[4])
            field = np.frombuffer(bytes.fromhex(zpl[5].decode()), np.uint8).reshape(height, line)
            return np.asarray((1 - np.unpackbits(field, axis=1)[:, :width]) * 255, np.uint8)
    except ValueError as error:
        raise PrinterError(f"a bitmap that is not as large as it says: {error}", sent=True) from error
    raise PrinterError(f"it does not understand {data[:40]!r}", sent=True)


def build(options: Options, around: Around) -> SimLabelPrinter:
    """The simulated label printer of `options`."""
    return SimLabelPrinter(options, around)
