"""A camera on the stage: JPEGs over a socket, as an IP camera sends them."""

import socket
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from pydantic import Field

from edge_agent.devices import Around, Frame
from edge_agent.drivers.newest import Newest, Paced
from edge_agent.drivers.stage import StageOptions, connect_stage, read_jpegs
from edge_agent.errors import DeviceError


class Options(StageOptions):
    """Where the stage is, which camera there this is, and how many pictures a second are looked at, at most."""

    fps: float = Field(15.0, gt=0)


class SimCamera:
    """Sees the stage."""

    def __init__(self, options: Options, around: Around) -> None:
        self._options = options
        self._path = around.folder / options.stage
        self._mono_us = around.mono_us
        self._stage: socket.socket | None = None
        self._newest: Newest | None = None

    def frames(self) -> Iterator[Frame]:
        """The newest picture each time. Raises DeviceError when there is no stage, or none any more."""
        self._stage = connect_stage(self._path, self._options.device, "camera")
        source = read_stage(self._stage, self._options, self._mono_us)
        self._newest = Newest(f"camera-{self._options.device}", source)
        return iter(self._newest)

    def stop(self) -> None:
        """Ends `frames` and leaves the stage."""
        if self._newest is not None:
            self._newest.stop()
        if self._stage is not None:
            hang_up(self._stage)


def read_stage(stage: socket.socket, options: Options, mono_us: Callable[[], int]) -> Iterator[Frame]:
    """Every picture the stage sends, at most `options.fps` a second, until it goes away: then DeviceError."""
    paced = Paced(options.fps)
    with stage:
        for jpeg in read_jpegs(stage):
            taken_us = mono_us()
            if paced.too_soon(taken_us):
                continue
            pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg else None
            if pixels is None:
                raise DeviceError(f"camera {options.device} sent {len(jpeg)} bytes that are no picture")
            yield Frame(np.asarray(pixels, np.uint8), taken_us)
    raise DeviceError(f"camera {options.device}: the stage went away")


def hang_up(stage: socket.socket) -> None:
    """Wake whoever waits for the stage's next picture."""
    try:
        stage.shutdown(socket.SHUT_RDWR)
    except OSError:  # it was gone already
        stage.close()


def build(options: Options, around: Around) -> SimCamera:
    """The simulated camera of `options`."""
    return SimCamera(options, around)
