"""A label printer on the network that is none: it speaks TSPL and ZPL status, and keeps what it prints as pictures."""

import re
import socket
import socketserver
import threading
from contextlib import suppress
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from edge_agent.drivers.labelprinter_sim import picture_of

READY, HOT = 0x00, 0x100
_ENDS = re.compile(rb"PRINT 1,1\r\n|\^XZ\s*")


class NetworkLabelPrinter:
    """Listens on a free port of this machine while its context lasts.

    `flags` are what it answers to <ESC>!?, HOT beside them to ~HS; None: it answers nothing. `says` is what it answers
    instead, whatever it is asked. `busy` is how often it says "printing" after a label. `hang_up_after` bytes of a
    label it closes the connection. Nothing comes out while somebody holds `paper`.
    """

    def __init__(self) -> None:
        self.flags: int | None = READY
        self.says: bytes | None = None
        self.busy = 0
        self.hang_up_after: int | None = None
        self.paper = threading.Lock()
        self.printed: list[NDArray[np.uint8]] = []
        printer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(ConnectionResetError):  # who asked has read enough
                    printer._serve(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def __enter__(self) -> "NetworkLabelPrinter":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, line: socket.socket) -> None:
        got, busy = b"", 0
        while piece := line.recv(1 << 16):
            got += piece
            if self.hang_up_after is not None and len(got) > self.hang_up_after:
                return
            end = _ENDS.search(got)
            if end:
                with self.paper:
                    self.printed.append(picture_of(got[: end.end()]))
                got, busy = got[end.end() :], self.busy
            while got.startswith((b"\x1b!?", b"~HS")):
                got = got[3:]
                if self.flags is not None:
                    line.sendall(self._status(busy, is_tspl=piece.endswith(b"!?")))
                busy = max(0, busy - 1)

    def _status(self, busy: int, *, is_tspl: bool) -> bytes:
        if self.says is not None:
            return self.says
        flags = self.flags or 0
        if is_tspl:
            return bytes([flags & 0xFF | (0x20 if busy and not flags else 0)])
        head, paper, ribbon, pause, hot = (int(bool(flags & flag)) for flag in (1, 4, 8, 16, HOT))
        first = f"030,{paper},{pause},0320,{busy:03},0,0,0,000,0,0,{hot}"
        second = f"000,0,{head},{ribbon},0,2,4,0,00000000,1,000"
        return b"".join(b"\x02" + part.encode() + b"\x03\r\n" for part in (first, second, "1234,0"))
