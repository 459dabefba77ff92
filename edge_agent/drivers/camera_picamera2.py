"""A Raspberry Pi's own camera, through picamera2: Raspberry Pi OS with `python3-libcamera` and the extra `pi`."""

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from edge_agent.devices import Around, Frame
from edge_agent.drivers.newest import Newest
from edge_agent.errors import DeviceError

_PATIENCE_S = 5.0  # for one picture


class Options(BaseModel):
    """`camera`: its number on this Pi."""

    model_config = ConfigDict(extra="forbid")

    camera: int = 0
    width: int = 1280
    height: int = 720
    fps: float = Field(15.0, gt=0)


class PiCamera:
    """The camera on the Pi's ribbon cable."""

    def __init__(self, options: Options, around: Around) -> None:
        self._options = options
        self._mono_us = around.mono_us
        self._newest: Newest | None = None

    def frames(self) -> Iterator[Frame]:
        """The newest picture each time. Raises DeviceError when there is no camera, or it goes away."""
        self._newest = Newest(f"camera-{self._options.camera}", read_pi_camera(self._options, self._mono_us))
        return iter(self._newest)

    def stop(self) -> None:
        """Ends `frames`; the camera itself is let go after its next picture."""
        if self._newest is not None:
            self._newest.stop()


def read_pi_camera(options: Options, mono_us: Callable[[], int]) -> Iterator[Frame]:
    """Every picture of the camera, until it goes away: then DeviceError."""
    camera = _open(options)
    try:
        while True:
            pixels = camera.capture_array("main", wait=_PATIENCE_S)
            yield Frame(np.ascontiguousarray(pixels, np.uint8), mono_us())
    except (RuntimeError, OSError) as error:  # OSError: TimeoutError among them
        raise DeviceError(f"camera {options.camera} of this Raspberry Pi went away: {error}") from error
    finally:
        camera.close()


def _open(options: Options) -> Any:
    try:
        library = importlib.import_module("picamera2")
    except ImportError as error:
        raise DeviceError(
            f"a Raspberry Pi's camera needs picamera2 and libcamera, which are not here ({error}): on Raspberry Pi OS "
            "`sudo apt install python3-libcamera`, then install Sealtrail with its extra `pi`"
        ) from error
    try:
        camera = library.Picamera2(options.camera)
        size = (options.width, options.height)
        main = {"size": size, "format": "RGB888"}  # libcamera's name for bytes in the order blue, green, red
        camera.configure(camera.create_video_configuration(main=main, controls={"FrameRate": options.fps}))
        camera.start()
    except (RuntimeError, OSError, IndexError) as error:  # IndexError: there is no camera of that number
        raise DeviceError(f"camera {options.camera} of this Raspberry Pi cannot be opened: {error}") from error
    return camera


def build(options: Options, around: Around) -> PiCamera:
    """The camera of `options`; it is opened when its frames are asked for."""
    return PiCamera(options, around)
