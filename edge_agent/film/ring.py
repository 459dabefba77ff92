"""The segments on disk: those of the last hours, the oldest dropped first, and those that events keep.

`<folder>/ring/<camera>/<boot>-<µs>.mp4` may go at any time; `<folder>/kept/<sha256>.mp4`, the same file by another
name, goes only once the cloud has it.
"""

import logging
import os
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_agent.errors import FilmError, SegmentGoneError
from edge_agent.film.segment import PART, WHOLE, Segment, examine, recover

RING, KEPT = "ring", "kept"
LONGEST_US = 60_000_000
"""No segment is longer: what begins earlier before a time is not asked whether it reaches it."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Piece:
    """A file of the ring; what an earlier run wrote is looked into only when it is wanted."""

    camera: str
    boot: str
    from_us: int
    path: Path
    bytes: int
    segment: Segment | None = None
    kept: bool = False


class Ring:
    """Everything filmed that is still here, of all cameras of the agent; from any thread."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        """Finds what an earlier run left. Raises FilmError where the folder cannot be used."""
        self.folder, self._limit = folder, limit_bytes
        self._lock = threading.Lock()
        try:
            (folder / KEPT).mkdir(parents=True, exist_ok=True)
            (folder / RING).mkdir(exist_ok=True)
            found = sorted(_left_behind(folder / RING), key=lambda piece: piece.path.stat().st_mtime_ns)
        except OSError as error:
            raise FilmError(f"{folder} cannot be used: {error}") from error
        self._pieces = deque(found)
        self._bytes = sum(piece.bytes for piece in found if not piece.kept)

    def folder_of(self, camera: str) -> Path:
        """Where a camera's segments are written."""
        return self.folder / RING / camera

    def kept_as(self, sha256: str) -> Path:
        """Where a segment that is kept lies."""
        return self.folder / KEPT / f"{sha256}{WHOLE}"

    @property
    def bytes(self) -> int:
        """What may be dropped at any time."""
        return self._bytes

    def add(self, segment: Segment) -> None:
        """Takes a segment that was just written; the oldest go where there are too many."""
        with self._lock:
            piece = _Piece(segment.camera, segment.boot, segment.from_us, segment.path, segment.bytes, segment)
            self._pieces.append(piece)
            self._bytes += segment.bytes
            self._drop(self._limit)

    def shrink(self, by_bytes: int) -> None:
        """Drops the oldest, `by_bytes` of them or all there are: the disk is short."""
        with self._lock:
            self._drop(max(0, self._bytes - by_bytes))

    def covering(self, camera: str, boot: str, from_us: int, to_us: int) -> list[Segment]:
        """The segments of `camera` that show any of the time between, in order."""
        with self._lock:
            near = [piece for piece in self._pieces if piece.camera == camera and piece.boot == boot
                    and from_us - LONGEST_US < piece.from_us < to_us]  # fmt: skip
        found = [segment for piece in near if (segment := self._examined(piece)) is not None]
        return sorted((one for one in found if one.to_us > from_us), key=lambda one: one.from_us)

    def keep(self, segment: Segment) -> None:
        """Gives the segment a second name under which nothing drops it, durable from now on.

        Raises SegmentGoneError where it was dropped already, FilmError.
        """
        place = self.kept_as(segment.sha256)
        try:
            with self._lock:
                if not place.exists():
                    _sync(segment.path)
                    os.link(segment.path, place)
                    _sync(place.parent)
                for piece in self._pieces:
                    if piece.path == segment.path and not piece.kept:
                        self._bytes -= piece.bytes
                        piece.kept = True
        except FileNotFoundError as error:
            raise SegmentGoneError(f"a segment of {segment.camera} was dropped before it could be kept") from error
        except OSError as error:
            raise FilmError(f"a segment of {segment.camera} cannot be kept: {error}") from error

    def forget(self, sha256: str) -> None:
        """No longer keeps a segment; in the ring it is as good as any other."""
        with self._lock:
            self.kept_as(sha256).unlink(missing_ok=True)
            for piece in self._pieces:
                if piece.kept and piece.segment is not None and piece.segment.sha256 == sha256:
                    self._bytes += piece.bytes
                    piece.kept = False

    def _drop(self, limit: int) -> None:
        while self._pieces and self._bytes > limit:
            piece = self._pieces.popleft()
            self._bytes -= 0 if piece.kept else piece.bytes
            piece.path.unlink(missing_ok=True)

    def _examined(self, piece: _Piece) -> Segment | None:
        """What is in it; a file that holds no picture is no longer asked."""
        if piece.segment is None:
            try:
                piece.segment = (recover if piece.path.suffix == PART else examine)(piece.path)
                piece.path = piece.segment.path
            except FilmError as error:
                _log.warning("%s", error)
                with self._lock:
                    if piece in self._pieces:
                        self._pieces.remove(piece)
        return piece.segment


def _left_behind(folder: Path) -> Iterator[_Piece]:
    for path in folder.glob("*/*"):
        boot, _, from_us = path.stem.partition("-")
        if path.suffix in (PART, WHOLE) and from_us.isdigit():
            found = path.stat()
            yield _Piece(path.parent.name, boot, int(from_us), path, found.st_size, kept=found.st_nlink > 1)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
