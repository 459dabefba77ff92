"""A label printer on the network, by raw TCP (port 9100), TSPL or ZPL.

It is asked how it is before and after. No answer is a state of its own: it is neither "ready" nor "no paper".
"""

import socket
import threading
import time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from edge_agent.devices import Around
from edge_agent.errors import DeviceError

ASK_EVERY_S = 0.1

TSPL_ASK = b"\x1b!?"
"""Answered by one byte of flags, also in the middle of an error (TSPL/TSPL2 Programming Language, <ESC>!?)."""
TSPL_FLAGS = {
    0x01: "its head is open", 0x02: "its paper is jammed", 0x04: "it is out of paper", 0x08: "it is out of ribbon",
    0x10: "it pauses", 0x80: "it has another error",
}  # fmt: skip
TSPL_PRINTING = 0x20

ZPL_ASK = b"~HS"
"""Answered by three lines between STX and ETX (ZPL II Programming Guide, ~HS Host Status Return)."""
ZPL_FLAGS = {
    (0, 1): "it is out of paper",
    (0, 2): "it pauses",
    (1, 2): "its head is open",
    (1, 3): "it is out of ribbon",
}
"""Line and field → what a 1 there says."""
ZPL_WAITING = (0, 4)


class Options(BaseModel):
    """Where it is. `status` off: one that answers nothing is only sent to, and whether it printed nobody knows."""

    model_config = ConfigDict(extra="forbid")

    host: str = Field(min_length=1)
    port: int = Field(default=9100, ge=1, le=65535)
    language: Literal["tspl", "zpl"] = "tspl"
    status: bool = True
    timeout_s: float = Field(default=5, gt=0, le=60)
    print_within_s: float = Field(default=15, gt=0, le=120)


class TcpLabelPrinter:
    """One connection a label."""

    def __init__(self, options: Options, around: Around) -> None:
        self.language = options.language
        self._options, self._report = options, around.report
        self._turn, self._stopped = threading.Lock(), threading.Event()

    def print(self, data: bytes) -> None:
        """Prints one label. Raises DeviceError."""
        options = self._options
        with self._turn:
            try:
                with socket.create_connection((options.host, options.port), options.timeout_s) as line:
                    line.settimeout(options.timeout_s)
                    self._print(line, data)
            except OSError as error:
                problem = f"{options.host}:{options.port}: {error}"
                self._report(problem)
                raise DeviceError(problem) from error
            except DeviceError as error:
                self._report(str(error))
                raise
        self._report(None)

    def stop(self) -> None:
        """Waits no longer."""
        self._stopped.set()

    def _print(self, line: socket.socket, data: bytes) -> None:
        if self._options.status:
            self._ask(line)
        line.sendall(data)
        if not self._options.status:
            line.shutdown(socket.SHUT_WR)
            return
        until = time.monotonic() + self._options.print_within_s
        while self._ask(line):
            if time.monotonic() > until or self._stopped.wait(ASK_EVERY_S):
                raise DeviceError("it was still printing; look whether the label came out")

    def _ask(self, line: socket.socket) -> bool:
        """Whether it is busy printing. Raises DeviceError when it says that something is wrong, or says nothing."""
        is_tspl = self.language == "tspl"
        line.sendall(TSPL_ASK if is_tspl else ZPL_ASK)
        answer = b""
        while len(answer) < 1 if is_tspl else answer.count(b"\x03") < 3:
            try:
                piece = line.recv(1024)
            except TimeoutError:
                piece = b""
            if not piece:
                raise DeviceError("it does not say how it is: nobody knows whether it prints")
            answer += piece
        return _tspl_busy(answer[-1]) if is_tspl else _zpl_busy(answer)


def _tspl_busy(flags: int) -> bool:
    wrong = [words for flag, words in TSPL_FLAGS.items() if flags & flag]
    if wrong:
        raise DeviceError(", ".join(wrong))
    return bool(flags & TSPL_PRINTING)


def _zpl_busy(answer: bytes) -> bool:
    lines = [part.partition(b"\x02")[2].split(b",") for part in answer.split(b"\x03")[:3]]
    try:
        wrong = [words for (line, field), words in ZPL_FLAGS.items() if int(lines[line][field]) == 1]
        waiting = int(lines[ZPL_WAITING[0]][ZPL_WAITING[1]])
    except (IndexError, ValueError) as error:
        raise DeviceError(f"it says how it is in no way that is known: {answer[:40]!r}") from error
    if wrong:
        raise DeviceError(", ".join(wrong))
    return waiting > 0


def build(options: Options, around: Around) -> TcpLabelPrinter:
    """The label printer at the address of `options`; it is called when there is something to print."""
    return TcpLabelPrinter(options, around)
