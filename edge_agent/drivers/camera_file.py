"""A picture, a folder of pictures or a video in place of a camera, at its own speed."""

import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from edge_agent.devices import Around, Frame
from edge_agent.errors import DeviceError

PICTURES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
VIDEOS = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ts", ".webm"})
_USUAL_FPS = 10.0


class Options(BaseModel):
    """`path`: a picture, a folder of pictures (by name), or a video. `fps`: 10 for pictures and its own for a video
    where it is not given. `repeat`: from the start again, for ever.
    """

    model_config = ConfigDict(extra="forbid")

    path: Path
    fps: float | None = Field(None, gt=0)
    repeat: bool = False


class FileCamera:
    """Shows what is on disk, nothing left out, no faster than its speed."""

    def __init__(self, options: Options, around: Around) -> None:
        self._path = around.folder / options.path
        self._fps, self._repeat = options.fps, options.repeat
        self._mono_us = around.mono_us
        self._stopped = threading.Event()

    def frames(self) -> Iterator[Frame]:
        """Every picture in its turn. Raises DeviceError for a path that holds none."""
        self._stopped.clear()
        fps = self._fps or speed_of(self._path)
        due_us = self._mono_us()
        while not self._stopped.is_set():
            for pixels in pictures_in(self._path):
                if self._stopped.wait(max(0, due_us - self._mono_us()) / 1e6):
                    return
                due_us = max(due_us, self._mono_us()) + int(1e6 / fps)
                yield Frame(pixels, self._mono_us())
            if not self._repeat:
                return

    def stop(self) -> None:
        """Ends `frames`."""
        self._stopped.set()


def pictures_in(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Every picture at `path` as height × width × 3 BGR. Raises DeviceError when there is none, or one is broken."""
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURES)
        if not files:
            raise DeviceError(f"no picture in folder {path.name}")
        for file in files:
            yield read_picture(file)
    elif path.suffix.lower() in PICTURES:
        yield read_picture(path)
    else:
        yield from read_video(path)


def read_picture(path: Path) -> NDArray[np.uint8]:
    """The picture in a file: height × width × 3 BGR. Raises DeviceError when it cannot be read or is no picture."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    except (OSError, cv2.error) as error:  # cv2.error: larger than OpenCV takes
        raise DeviceError(f"{path.name} cannot be read: {error}") from error
    if pixels is None:
        raise DeviceError(f"{path.name} holds no picture that can be read")
    return np.asarray(pixels, np.uint8)


def read_video(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Every frame of a video: height × width × 3 BGR. Raises DeviceError when it has none."""
    capture = _opened(path)
    try:
        whole, pixels = capture.read()
        if not whole:
            raise DeviceError(f"{path.name} holds no frame that can be read")
        while whole:
            yield np.asarray(pixels, np.uint8)
            whole, pixels = capture.read()
    finally:
        capture.release()


def speed_of(path: Path) -> float:
    """Frames a second: a video's own, 10 for pictures. Raises DeviceError when a video cannot be opened."""
    if path.is_dir() or path.suffix.lower() in PICTURES:
        return _USUAL_FPS
    capture = _opened(path)
    fps = float(capture.get(cv2.CAP_PROP_FPS))
    capture.release()
    return fps if 0 < fps < 1000 else _USUAL_FPS


def _opened(path: Path) -> cv2.VideoCapture:
    if not path.is_file():
        raise DeviceError(f"there is no file {path.name}")
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise DeviceError(f"{path.name} holds no video that can be read")
    return capture


def build(options: Options, around: Around) -> FileCamera:
    """The camera of `options`; the file is opened when its frames are asked for."""
    return FileCamera(options, around)
