"""One segment: a few seconds of one camera in a file of its own, H.264 in fragmented MP4, digested while it is written.

Every segment has an encoder of its own: nothing that a codec keeps grows for longer than that, and a picture of
another size just begins the next one. A file that was cut off by a power cut can be read up to its last fragment.
See docs/adr/0014-film-in-segments.md.
"""

import hashlib
import json
import logging
import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.error
from av.container import OutputContainer
from av.video.stream import VideoStream

from custody.permits import parse_time, time_text
from edge_agent.clock import Reading
from edge_agent.devices import Frame
from edge_agent.errors import FilmError
from edge_agent.vision.canvas import to_planes

CODEC = "libx264"
PART, WHOLE = ".part", ".mp4"
FRAME_US = 100_000
"""What the last picture of a segment counts for, and how near to another it has to begin not to be a gap."""

_ENCODER = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "crf": "26", "maxrate": "3M",
            "bufsize": "6M"}  # fmt: skip
_MUXER = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "frag_duration": "1000000",  # µs: what a power cut can take
    "flush_packets": "1",
}
_MS = Fraction(1, 1000)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A whole segment: from the first picture to the end of the last one, by the monotonic clock of boot `boot`.

    `begun` is the wall clock's word at the first picture, `error_ms` its bound, None where nobody knows. `missed`:
    pictures that were not encoded because the machine was too slow. `cut`: the power or the agent went while it was
    written.
    """

    path: Path
    camera: str
    boot: str
    from_us: int
    to_us: int
    begun: datetime
    error_ms: int | None
    frames: int
    width: int
    height: int
    bytes: int
    sha256: str
    missed: int = 0
    cut: bool = False

    @property
    def ended(self) -> datetime:
        """The end by the wall clock that told the beginning."""
        return self.begun + timedelta(microseconds=self.to_us - self.from_us)

    def moved(self, path: Path) -> "Segment":
        """The same in another place."""
        return replace(self, path=path)


class _Digesting:
    """A file that can only be written on, which is all that a fragmented MP4 needs."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)
        self.sha256 = hashlib.sha256()
        self.bytes = 0

    def write(self, data: bytes) -> int:
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self.sha256.update(data)
        self.bytes += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()


class SegmentWriter:
    """Writes pictures of the size of `first` to `folder`, beginning with it. Raises FilmError."""

    def __init__(self, folder: Path, camera: str, first: Frame, reading: Reading) -> None:
        self._height, self._width = (side & ~1 for side in first.pixels.shape[:2])
        self._shape = first.pixels.shape
        self._path = folder / f"{reading.boot}-{first.taken_us:016d}{PART}"
        self._camera, self._boot, self.from_us = camera, reading.boot, first.taken_us
        self._begun = reading.at - timedelta(microseconds=reading.mono_us - first.taken_us)
        self._error_ms = reading.error_ms
        self._last_us, self._frames = first.taken_us, 0
        told = {"camera": camera, "boot": reading.boot, "from_us": first.taken_us, "at": time_text(self._begun),
                "clock": reading.source, "error_ms": reading.error_ms}  # fmt: skip
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = _Digesting(self._path)
        except OSError as error:
            raise FilmError(f"{camera} cannot be filmed: {error}") from error
        try:
            self._container: OutputContainer = av.open(self._file, "w", format="mp4", options=_MUXER)
            self._container.metadata["comment"] = json.dumps(told)
            self._stream = self._opened_stream()
            self.add(first)
        except (OSError, av.error.FFmpegError, FilmError) as error:
            self._file.close()
            raise FilmError(f"{camera} cannot be filmed: {error}") from error

    def _opened_stream(self) -> VideoStream:
        """The encoder, opened before the first packet."""
        stream = self._container.add_stream(CODEC, rate=10, options=_ENCODER)
        if not isinstance(stream, VideoStream):
            raise FilmError(f"{CODEC} encodes no video")
        stream.width, stream.height, stream.pix_fmt = self._width, self._height, "yuv420p"
        stream.time_base = stream.codec_context.time_base = _MS
        stream.codec_context.thread_count = 1
        stream.codec_context.gop_size = 1000  # one key picture a segment
        stream.codec_context.open()
        return stream

    def fits(self, frame: Frame) -> bool:
        """Whether `frame` has the size of this segment."""
        return frame.pixels.shape == self._shape

    def add(self, frame: Frame) -> None:
        """One more picture, at its time of arrival. Raises FilmError."""
        planes = av.VideoFrame.from_ndarray(to_planes(frame.pixels), format="yuv420p")
        planes.pts, planes.time_base = (frame.taken_us - self.from_us) // 1000, _MS
        try:
            self._container.mux(self._stream.encode(planes))
        except (OSError, av.error.FFmpegError) as error:
            raise FilmError(f"{self._camera} cannot be filmed on: {error}") from error
        self._last_us, self._frames = frame.taken_us, self._frames + 1

    def close(self, missed: int = 0) -> Segment:
        """The whole segment. Raises FilmError."""
        whole = self._path.with_suffix(WHOLE)
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
            self._file.close()
            self._path.rename(whole)
        except (OSError, av.error.FFmpegError) as error:
            raise FilmError(f"a segment of {self._camera} cannot be ended: {error}") from error
        return Segment(
            path=whole, camera=self._camera, boot=self._boot, from_us=self.from_us,
            to_us=self._last_us + FRAME_US, begun=self._begun, error_ms=self._error_ms, frames=self._frames,
            width=self._width, height=self._height, bytes=self._file.bytes, sha256=self._file.sha256.hexdigest(),
            missed=missed,
        )  # fmt: skip

    def abandon(self) -> Segment | None:
        """Lets go of a file that cannot be written on; what can be read of it, if anything."""
        try:
            self._container.close()
        except (OSError, av.error.FFmpegError) as error:
            _log.warning("%s: %s", self._path.name, error)
        self._file.close()
        try:
            return recover(self._path)
        except FilmError:
            return None


def examine(path: Path) -> Segment:
    """The segment in a file that an earlier run of the agent wrote. Raises FilmError where there is no picture."""
    try:
        digest, size = digest_of(path)
        with av.open(path) as container:
            told: dict[str, Any] = json.loads(container.metadata["comment"])
            stream = container.streams.video[0]
            ends = [int(packet.pts * packet.time_base * 1_000_000) for packet in container.demux(stream)
                    if packet.pts is not None and packet.time_base is not None]  # fmt: skip
            width, height = stream.width, stream.height
        if not ends:
            raise FilmError(f"{path.name} holds no picture")
        return Segment(
            path=path, camera=told["camera"], boot=told["boot"], from_us=told["from_us"],
            to_us=told["from_us"] + max(ends) + FRAME_US, begun=parse_time(told["at"]), error_ms=told["error_ms"],
            frames=len(ends), width=width, height=height, bytes=size, sha256=digest, cut=path.suffix == PART,
        )  # fmt: skip
    except (OSError, av.error.FFmpegError, IndexError, KeyError, TypeError, ValueError) as error:
        raise FilmError(f"{path.name} is no segment: {error}") from error


def recover(path: Path) -> Segment:
    """What can be read of a file that nobody ended, under the name of a whole one. Raises FilmError."""
    segment = examine(path)
    try:
        return segment.moved(path.rename(path.with_suffix(WHOLE)))
    except OSError as error:
        raise FilmError(f"{path.name} cannot be renamed: {error}") from error


def digest_of(path: Path) -> tuple[str, int]:
    """SHA-256 in hex and size of a file, read in pieces. Raises OSError."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return digest, os.fstat(file.fileno()).st_size


def play(path: Path) -> int:
    """Decodes every picture in a file; how many there are. Raises FilmError where it cannot be played to its end."""
    try:
        with av.open(path) as container:
            return sum(1 for _ in container.decode(video=0))
    except (OSError, av.error.FFmpegError, IndexError) as error:
        raise FilmError(f"{path.name} cannot be played: {error}") from error
