"""The very firmware under CPython: run_node.py FIRMWARE, in the folder of its config.json.

Gives `time`, `socket` and `ssl` what MicroPython's have and CPython's have not: streams with `read` and `write`, a TLS
stream whose socket stays in the caller's hands, certificates in DER form. Lines of JSON on standard input set pins; -n
lets one chatter for n looks.
"""

import base64
import json
import runpy
import socket
import ssl
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import machine


class BoardSocket(socket.socket):
    """A socket that is a stream."""

    over: "BoardTls | None" = None

    def settimeout(self, value: float | None) -> None:
        if self.over is None:
            super().settimeout(value)
        else:
            self.over.stream.settimeout(value)

    def read(self, size: int) -> bytes | None:
        return read(self.recv, size)

    def write(self, data: bytes, size: int | None = None) -> None:
        self.sendall(data[:size])


class BoardTls:
    """A TLS stream."""

    def __init__(self, stream: ssl.SSLSocket) -> None:
        self.stream, self.close = stream, stream.close

    def read(self, size: int) -> bytes | None:
        return read(self.stream.recv, size)

    def write(self, data: bytes, size: int | None = None) -> None:
        self.stream.sendall(data[:size])


class BoardContext:
    """MicroPython's SSLContext: certificates and keys in DER form."""

    def __init__(self, protocol: int) -> None:
        self._context = ssl.SSLContext(protocol)
        self.verify_mode = 0

    def load_verify_locations(self, cadata: bytes) -> None:
        self._context.load_verify_locations(cadata=cadata)

    def load_cert_chain(self, certfile: str, keyfile: str) -> None:
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as pem:
            for file, name in ((keyfile, "PRIVATE KEY"), (certfile, "CERTIFICATE")):
                body = base64.encodebytes(Path(file).read_bytes()).decode()
                pem.write(f"-----BEGIN {name}-----\n{body}-----END {name}-----\n")
            pem.flush()
            self._context.load_cert_chain(pem.name)

    def wrap_socket(self, plain: BoardSocket, server_hostname: str) -> BoardTls:
        if self.verify_mode != ssl.CERT_REQUIRED:
            raise OSError("nobody looks at the broker's certificate")
        plain.over = BoardTls(self._context.wrap_socket(plain, server_hostname=server_hostname))
        return plain.over


def read(receive: Any, size: int) -> bytes | None:
    """All of `size` bytes, fewer at the end of the stream, None where it would have to wait and must not."""
    data = b""
    while len(data) < size:
        try:
            more = receive(size - len(data))
        except (BlockingIOError, ssl.SSLWantReadError):
            return data or None
        if not more:
            break
        data += more
    return data


def obey() -> None:
    """Sets pins as it is told, or lets them chatter; ends with its master."""
    for line in sys.stdin:
        for pin, level in json.loads(line).items():
            if level < 0:
                machine.chatters[int(pin)] = -level
            else:
                machine.levels[int(pin)] = level


def module(name: str, **parts: Any) -> None:
    """What the firmware gets when it imports `name`."""
    sys.modules[name] = ModuleType(name)
    vars(sys.modules[name]).update(parts)


if __name__ == "__main__":
    firmware = Path(sys.argv[1])
    sys.path[:0] = [str(firmware), str(firmware / "lib")]
    for line in iter(sys.stdin.readline, "\n"):  # the levels at power-on, then an empty line
        machine.levels.update({int(pin): level for pin, level in json.loads(line).items()})
    threading.Thread(target=obey, daemon=True).start()
    never = threading.Event()
    clock = {"ticks_ms": lambda: time.monotonic_ns() // 1_000_000 % (1 << 30), "ticks_diff": lambda new, old: new - old}
    module("time", sleep=never.wait, sleep_ms=lambda ms: never.wait(ms / 1000), localtime=time.localtime, **clock)
    module("socket", socket=BoardSocket, getaddrinfo=socket.getaddrinfo)
    module("ssl", SSLContext=BoardContext, PROTOCOL_TLS_CLIENT=ssl.PROTOCOL_TLS_CLIENT, CERT_REQUIRED=ssl.CERT_REQUIRED)
    runpy.run_path(str(firmware / "main.py"), run_name="__main__")
