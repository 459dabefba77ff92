"""Client of the stage: the simulated world behind every `_sim` driver, one Unix socket connection a device.

The client says `{"device": name, "kind": kind}` in a line of JSON; then JSON lines both ways, or for a camera
4-byte big-endian lengths and JPEGs, as an IP camera would send them. The server is `simulators/stage.py`.
"""

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from edge_agent.devices import Around
from edge_agent.errors import DeviceError

MAX_JPEG_BYTES = 16 << 20
RETRY_S = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Pauses before the next try to reach the stage; the last one repeats."""


class StageOptions(BaseModel):
    """Options of every `_sim` driver: the stage's socket, and the name of this device there."""

    model_config = ConfigDict(extra="forbid")

    stage: Path
    device: str


def connect_stage(path: Path, device: str, kind: str) -> socket.socket:
    """A connection that has said who it is. Raises DeviceError when there is no stage."""
    stage = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        stage.connect(str(path))
        stage.sendall(_line({"device": device, "kind": kind}))
    except OSError as error:
        stage.close()
        raise DeviceError(f"no stage at {path}: {error}") from error
    return stage


def read_jpegs(stage: socket.socket) -> Iterator[bytes]:
    """The JPEGs a camera's connection brings, until it ends. Raises DeviceError when it breaks."""
    try:
        with stage.makefile("rb") as stream:
            while header := stream.read(4):
                (size,) = struct.unpack(">I", header)
                if size > MAX_JPEG_BYTES:
                    raise DeviceError(f"a picture of {size} bytes")
                jpeg = stream.read(size)
                if len(jpeg) < size:
                    return
                yield jpeg
    except (OSError, ValueError, struct.error) as error:  # ValueError: closed by another thread
        raise DeviceError(f"the stage went away: {error}") from error


class StageLines:
    """A device that speaks in lines: keeps a connection for ever, hands over what comes, says what is to be said."""

    def __init__(
        self, options: StageOptions, kind: str, around: Around, on_line: Callable[[dict[str, Any]], None]
    ) -> None:
        self._path = around.folder / options.stage
        self._device, self._kind = options.device, kind
        self._report, self._on_line = around.report, on_line
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._stage: socket.socket | None = None
        self._last: dict[str, bytes] = {}
        self._thread = threading.Thread(target=self._live, name=f"stage-{options.device}", daemon=True)
        self._thread.start()

    def send(self, message: dict[str, Any], about: str = "") -> None:
        """Says `message` now, and again after a reconnect unless another `about` the same came. Raises DeviceError."""
        with self._lock:
            line = self._last[about] = _line(message)
            if self._stage is None:
                raise DeviceError(f"{self._device}: no stage")
            try:
                self._stage.sendall(line)
            except OSError as error:
                raise DeviceError(f"{self._device}: {error}") from error

    def stop(self) -> None:
        """Leaves the stage."""
        self._stopped.set()
        with self._lock:
            if self._stage is not None:
                _shut(self._stage)
        self._thread.join()

    def _live(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                stage = connect_stage(self._path, self._device, self._kind)
                failures = 0
                with stage:
                    self._read(stage)
                problem = "the stage went away"
            except DeviceError as error:
                problem = str(error)
            if not self._stopped.is_set():
                self._report(problem)
            self._stopped.wait(RETRY_S[min(failures, len(RETRY_S) - 1)])
            failures += 1

    def _read(self, stage: socket.socket) -> None:
        try:
            with self._lock:
                if self._stopped.is_set():
                    return
                for line in self._last.values():
                    stage.sendall(line)
                self._stage = stage
            self._report(None)
            with stage.makefile("rb") as stream:
                for said in stream:
                    message = json.loads(said)
                    if not isinstance(message, dict):
                        raise DeviceError(f"{self._device}: {message!r} is no message")
                    self._on_line(message)
        except (OSError, ValueError) as error:
            raise DeviceError(f"{self._device}: {error}") from error
        finally:
            with self._lock:
                self._stage = None


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _shut(stage: socket.socket) -> None:
    """Wakes a reader that blocks in another thread."""
    try:
        stage.shutdown(socket.SHUT_RDWR)
    except OSError:  # it was gone already
        stage.close()
