"""A USB camera by its number or device file, or a network camera by its address (RTSP, MJPEG by HTTP), via OpenCV."""

import logging
import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from edge_agent.devices import Around, Frame
from edge_agent.drivers.newest import Newest, Paced
from edge_agent.errors import DeviceError

_log = logging.getLogger(__name__)


class Options(BaseModel):
    """`source`: 0 for the first USB camera, `/dev/…` for one by its lasting name, or `rtsp://…`, `http://…`; the size
    is what a USB camera is asked for. `renew_s`: after so long a network camera is decoded afresh.
    """

    model_config = ConfigDict(extra="forbid")

    source: int | str
    width: int = 1280
    height: int = 720
    fps: float = Field(15.0, gt=0)
    open_timeout_ms: int = Field(5000, gt=0)
    read_timeout_ms: int = Field(5000, gt=0)
    renew_s: float = Field(3600.0, gt=0)


class OpenCvCamera:
    """The camera at a USB number or an address."""

    def __init__(self, options: Options, around: Around) -> None:
        self._options = options
        self._mono_us = around.mono_us
        self._newest: Newest | None = None

    def frames(self) -> Iterator[Frame]:
        """The newest picture each time. Raises DeviceError when there is none within the time the options give."""
        self._newest = Newest(f"camera-{self._options.source}", read_camera(self._options, self._mono_us))
        return iter(self._newest)

    def stop(self) -> None:
        """Ends `frames`; the camera itself is let go after its next picture or timeout."""
        if self._newest is not None:
            self._newest.stop()


def read_camera(options: Options, mono_us: Callable[[], int]) -> Iterator[Frame]:
    """Every picture of the camera, at most `options.fps` a second, until it goes away: then DeviceError."""
    decoders = _Decoders(options, mono_us)
    paced = Paced(options.fps)
    try:
        while (capture := decoders.current()).grab():
            taken_us = mono_us()
            if paced.too_soon(taken_us):
                continue
            whole, pixels = capture.retrieve()
            if whole:
                yield Frame(np.asarray(pixels, np.uint8), taken_us)
    finally:
        decoders.release()
    raise DeviceError(f"camera {shown(options.source)} sent no picture for {options.read_timeout_ms} ms, or went away")


class _Decoders:
    """The decoder of one camera. That of a network camera is replaced again and again, so that nothing which it keeps
    of a stream grows for longer; the next one is opened beside it, and no picture is missed meanwhile.
    """

    def __init__(self, options: Options, mono_us: Callable[[], int]) -> None:
        self._options, self._mono_us = options, mono_us
        self._capture, self._opened_us = _open(options), mono_us()
        self._lasts_us = None if number_of(options.source) is not None else int(options.renew_s * 1e6)
        self._opener = ThreadPoolExecutor(1, f"open-{shown(options.source)}")
        self._next: Future[cv2.VideoCapture] | None = None

    def current(self) -> cv2.VideoCapture:
        """The one to take the next picture from. Raises DeviceError."""
        if self._next is not None:
            if self._next.done():
                self._take_over(self._next)
        elif self._lasts_us is not None and self._mono_us() - self._opened_us >= self._lasts_us:
            self._next = self._opener.submit(_open, self._options)
        return self._capture

    def release(self) -> None:
        """Lets the camera go; a decoder that is still being opened is let go once it is."""
        self._opener.shutdown(wait=False, cancel_futures=True)
        self._capture.release()

    def _take_over(self, fresh: Future[cv2.VideoCapture]) -> None:
        self._next, self._opened_us = None, self._mono_us()
        try:
            capture = fresh.result()
        except DeviceError as error:  # a camera that has one viewer at most: better the old decoder than a gap
            _log.warning("%s a second time: its decoder is kept", error)
            return
        self._capture.release()
        self._capture = capture


def _open(options: Options) -> cv2.VideoCapture:
    number = number_of(options.source)
    if number is not None:
        wanted = [cv2.CAP_PROP_FRAME_WIDTH, options.width, cv2.CAP_PROP_FRAME_HEIGHT, options.height]
        capture = cv2.VideoCapture(number, cv2.CAP_V4L2, wanted)
    else:  # a server that freezes would otherwise hang the reader for ever
        timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, options.open_timeout_ms]
        timeouts += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, options.read_timeout_ms]
        capture = cv2.VideoCapture(options.source, cv2.CAP_FFMPEG, timeouts)
    if not capture.isOpened():
        raise DeviceError(f"camera {shown(options.source)} cannot be opened")
    return capture


def number_of(source: int | str) -> int | None:
    """The USB camera's number, also behind a name that udev gave it; None for an address, and for no camera."""
    if isinstance(source, int):
        return source
    behind = re.fullmatch(r"/dev/video(\d+)", os.path.realpath(source)) if source.startswith("/") else None
    return int(behind[1]) if behind else None


def shown(source: int | str) -> str:
    """`source` without the name and password that an address may carry."""
    scheme, separator, rest = str(source).partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else scheme


def build(options: Options, around: Around) -> OpenCvCamera:
    """The camera of `options`; it is opened when its frames are asked for."""
    return OpenCvCamera(options, around)
