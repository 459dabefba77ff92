"""A label printer on the network, by raw TCP (port 9100), TSPL or ZPL.

It is asked how it is before and after. No answer is a state of its own: it is neither "ready" nor "no paper"; some
Zebra printers give none to ~HS while their paper or ribbon is out or their head is open or too hot.
"""

import socket
import threading
import time
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from edge_agent.devices import Around, Condition
from edge_agent.errors import PrinterError
from wire.printing import PrinterState

ASK_EVERY_S = 0.1

TSPL_ASK = b"\x1b!?"
"""Answered by one byte of flags, also in the middle of an error: TSPL/TSPL2 Programming Language, section "Status
Polling and Immediate Commands", <ESC>!?. Too hot a head is among its other errors."""
TSPL_FLAGS: dict[int, tuple[PrinterState, str]] = {
    0x04: ("paper_out", "it is out of paper"), 0x01: ("head_open", "its head is open"),
    0x08: ("ribbon_out", "it is out of ribbon"), 0x02: ("faulty", "its paper is jammed"),
    0x80: ("faulty", "it has another error"), 0x10: ("paused", "it pauses"),
}  # fmt: skip
"""The first that is set is what it is called."""
TSPL_PRINTING, TSPL_NEVER = 0x20, 0x40

ZPL_ASK = b"~HS"
"""Answered by three lines between STX and ETX: ZPL II Programming Guide, section "~HS: Host Status Return"."""
ZPL_FLAGS: dict[tuple[int, int], tuple[PrinterState, str]] = {
    (0, 1): ("paper_out", "it is out of paper"),
    (1, 2): ("head_open", "its head is open"),
    (1, 3): ("ribbon_out", "it is out of ribbon"),
    (0, 11): ("overheated", "it is too hot"),
    (0, 2): ("paused", "it pauses"),
}
"""Line and field → what a 1 there says: fields b, o, p, l and c of the guide."""
ZPL_WAITING = (0, 4)
ANSWER_BYTES = 512
"""No printer says more about itself at once."""


class Options(BaseModel):
    """Where it is. `status` off: one that answers nothing is only sent to, and whether it printed nobody knows."""

    model_config = ConfigDict(extra="forbid")

    host: str = Field(min_length=1)
    port: int = Field(default=9100, ge=1, le=65535)
    language: Literal["tspl", "zpl"] = "tspl"
    status: bool = True
    timeout_s: float = Field(default=5, gt=0, le=60)
    print_within_s: float = Field(default=15, gt=0, le=120)
    roll_labels: int | None = Field(default=None, ge=1, le=100_000)
    """how many labels a new roll has"""


class TcpLabelPrinter:
    """One connection a label, and one a question."""

    def __init__(self, options: Options) -> None:
        self.language, self.roll = options.language, options.roll_labels
        self._options = options
        self._turn, self._stopped = threading.Lock(), threading.Event()

    def print(self, data: bytes) -> bool:
        """Prints one label; returns whether the printer said that it is out. Raises PrinterError."""
        sent = False
        with self._turn:
            try:
                with self._line() as line:
                    before = self._asked(line)[0] if self._options.status else Condition("ready")
                    if before.state != "ready":
                        raise PrinterError(before.problem or before.state, sent=False)
                    sent = True
                    line.sendall(data)
                    if not self._options.status:
                        line.shutdown(socket.SHUT_WR)
                        return False
                    self._wait(line)
            except OSError as error:
                raise PrinterError(self._unreached(error), sent=sent) from error
        return True

    def ask(self) -> Condition | None:
        """How it is, asked now; None for one that answers nothing."""
        if not self._options.status:
            return None
        with self._turn:
            try:
                with self._line() as line:
                    return self._asked(line)[0]
            except OSError as error:
                return Condition("unreachable", self._unreached(error))

    def stop(self) -> None:
        """Waits no longer."""
        self._stopped.set()

    def _line(self) -> socket.socket:
        return socket.create_connection((self._options.host, self._options.port), self._options.timeout_s)

    def _unreached(self, error: OSError) -> str:
        return f"{self._options.host}:{self._options.port}: {error}"

    def _wait(self, line: socket.socket) -> None:
        until = time.monotonic() + self._options.print_within_s
        while True:
            now, busy = self._asked(line)
            if now.state != "ready":
                raise PrinterError(now.problem or now.state, sent=True)
            if not busy:
                return
            if time.monotonic() > until or self._stopped.wait(ASK_EVERY_S):
                raise PrinterError("it was still printing; look whether the label came out", sent=True)

    def _asked(self, line: socket.socket) -> tuple[Condition, bool]:
        """How it is, and whether it is busy printing. Raises OSError."""
        is_tspl = self.language == "tspl"
        line.sendall(TSPL_ASK if is_tspl else ZPL_ASK)
        answer = b""
        while len(answer) < 1 if is_tspl else answer.count(b"\x03") < 3:
            try:
                piece = line.recv(ANSWER_BYTES)
            except TimeoutError:
                piece = b""
            if not piece:
                return Condition("unclear", "it does not say how it is: nobody knows whether it prints"), False
            answer += piece
            if len(answer) > ANSWER_BYTES:
                break
        return read_tspl(answer) if is_tspl else read_zpl(answer)


def read_tspl(answer: bytes) -> tuple[Condition, bool]:
    """What the one byte of `answer` to TSPL_ASK says, and whether the printer is busy printing."""
    flags = answer[-1]
    if len(answer) > 1 or flags & TSPL_NEVER:
        return _unread(answer), False
    wrong = [told for flag, told in TSPL_FLAGS.items() if flags & flag]
    return _condition(wrong), bool(flags & TSPL_PRINTING)


def read_zpl(answer: bytes) -> tuple[Condition, bool]:
    """What `answer` to ZPL_ASK says, and whether labels wait in the printer."""
    lines = [part.partition(b"\x02")[2].split(b",") for part in answer.split(b"\x03")[:3]]
    try:
        wrong = [told for (line, field), told in ZPL_FLAGS.items() if int(lines[line][field]) == 1]
        waiting = int(lines[ZPL_WAITING[0]][ZPL_WAITING[1]])
    except (IndexError, ValueError):
        return _unread(answer), False
    return _condition(wrong), waiting > 0


def _condition(wrong: list[tuple[PrinterState, str]]) -> Condition:
    return Condition(wrong[0][0], ", ".join(words for _, words in wrong)) if wrong else Condition("ready")


def _unread(answer: bytes) -> Condition:
    return Condition("unclear", f"it says how it is in no way that is known: {answer[:40]!r}")


def build(options: Options, around: Around) -> TcpLabelPrinter:
    """The label printer at the address of `options`."""
    return TcpLabelPrinter(options)
