"""A scale on a serial line that says a line of text again and again, as A&D, CAS and many others can be set to.

Lines read `ST,GS,+  1.234kg`, `ST,+01234.5  g` or `US,NT,-0.010kg`: ST stands still, US does not; gross or net; the
weight in g or kg. What is no such line (a header, an overload) is passed over.
"""

import os
import re
import select
import termios
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from edge_agent.devices import Around, Weight
from edge_agent.errors import DeviceError

_LINE = re.compile(rb"(ST|US)(?:,(?:GS|NT|G|N))?,\s*([+-]?)\s*(\d{1,7}(?:\.\d{1,6})?)\s*(kg|g)\s*", re.IGNORECASE)
MAX_LINE_BYTES = 200
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Pauses before the line is opened again; the last one repeats."""

SILENT_S = 5.0
"""A scale that says nothing for so long is lost."""


class Options(BaseModel):
    """The serial device and its speed; 8 bits, no parity, one stop bit."""

    model_config = ConfigDict(extra="forbid")

    device: Path
    baud: int = 9600
    silent_s: float = SILENT_S


class SerialScale:
    """Reads the line in a thread of its own, and opens it again when it breaks."""

    def __init__(self, options: Options, around: Around) -> None:
        speed = getattr(termios, f"B{options.baud}", None)
        if speed is None:
            raise DeviceError(f"{options.device}: {options.baud} baud is no speed of a serial line")
        self._device, self._speed, self._silent_s = around.folder / options.device, speed, options.silent_s
        self._report = around.report
        self._watchers: list[Callable[[Weight], None]] = []
        self._stopped = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._live, name=f"scale-{options.device.name}", daemon=True)
        self._thread.start()

    def watch(self, on_weight: Callable[[Weight], None]) -> None:
        """Calls `on_weight` with everything the scale says from now on."""
        self._watchers.append(on_weight)

    def stop(self) -> None:
        """Lets go of the line."""
        self._stopped.set()
        os.write(self._wake_write, b"!")
        self._thread.join()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _live(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                for weight in self._weights():
                    failures = 0
                    for on_weight in self._watchers:
                        on_weight(weight)
            except (OSError, termios.error, DeviceError) as error:
                if not self._stopped.is_set():
                    self._report(f"{self._device}: {error}")
            self._stopped.wait(RETRY_S[min(failures, len(RETRY_S) - 1)])
            failures += 1

    def _weights(self) -> Iterator[Weight]:
        """What the scale says until it is stopped. Raises OSError, termios.error, DeviceError when it is lost."""
        line = os.open(self._device, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _set_up(line, self._speed)
            self._report(None)
            rest = b""
            while True:
                ready, _, _ = select.select([line, self._wake_read], [], [], self._silent_s)
                if self._stopped.is_set():
                    return
                if not ready:
                    raise DeviceError("it says nothing")
                read = os.read(line, 4096)
                if not read:
                    raise DeviceError("the line was closed")
                *lines, rest = re.split(rb"[\r\n]+", rest + read)
                rest = rest[-MAX_LINE_BYTES:]
                yield from (weight for one in lines if (weight := parse_line(one)) is not None)
        finally:
            os.close(line)


def parse_line(line: bytes) -> Weight | None:
    """What the scale says in `line`; None where that is no weight."""
    match = _LINE.fullmatch(line.strip())
    if match is None:
        return None
    state, sign, number, unit = (part.decode().lower() for part in match.groups())
    grams = round(Decimal(number) * (1000 if unit == "kg" else 1))
    return Weight(-grams if sign == "-" else grams, state == "st")


def _set_up(line: int, speed: int) -> None:
    """Raw bytes, 8N1 (termios(3)). Raises termios.error where it is no serial line."""
    attributes = termios.tcgetattr(line)
    attributes[0] = termios.IGNPAR  # input: as it comes
    attributes[1] = 0
    attributes[2] = termios.CS8 | termios.CREAD | termios.CLOCAL
    attributes[3] = 0
    attributes[4] = attributes[5] = speed
    termios.tcsetattr(line, termios.TCSANOW, attributes)


def build(options: Options, around: Around) -> SerialScale:
    """The scale on the line of `options`, which may come later. Raises DeviceError for a speed that is none."""
    return SerialScale(options, around)
