"""One camera's recorder: a thread of its own behind a bounded queue, so that no encoder and no disk holds up a gate."""

import logging
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edge_agent.clock import Clock
from edge_agent.devices import Frame
from edge_agent.errors import FilmError
from edge_agent.film.segment import Segment, SegmentWriter
from edge_agent.vision.health import Impairment, Watcher
from edge_agent.vision.motion import Motion, Span

QUEUE = 8
"""Pictures that wait for the encoder; 22 MB of them at 720p. One more is missed, and counted."""

IDLE_S = 3.0
"""Without a picture for so long there is no video."""

LOOK_US = 1_000_000
"""Between two looks at whether the camera still shows what it is there for, and whether anything moves there."""

RETRY_US = 5_000_000
"""Before filming is tried again after it failed."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a camera is filmed: pictures a second, at most, and how long a segment is."""

    fps: float = 10.0
    segment_us: int = 4_000_000

    @property
    def between_us(self) -> int:
        """A camera at just that rate loses none."""
        return int(0.9e6 / self.fps)


@dataclass(frozen=True, slots=True)
class NoVideo:
    """`camera` is not filmed since `since_us`, because of `cause` (a wire.film.VideoCause); None: it is again."""

    camera: str
    cause: str | None
    at_us: int


@dataclass(frozen=True, slots=True)
class Impaired:
    """The picture of `camera` is, from `at_us` on, or is no longer (`so`), `what` makes it worth less."""

    camera: str
    what: Impairment
    so: bool
    at_us: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Something moved before `camera`."""

    camera: str
    span: Span


News = Segment | NoVideo | Impaired | Moved
"""What a recorder tells."""


class Recorder:
    """Films what it is offered; `tell` hears of whole segments, of when there is no video and of what is wrong with the
    picture, from its thread.
    """

    def __init__(
        self, camera: str, folder: Path, clock: Clock, pace: Pace, tell: Callable[[News], None],
        has_room: Callable[[], bool],
    ) -> None:  # fmt: skip
        self.camera, self._folder, self._clock, self._pace, self._tell = camera, folder, clock, pace, tell
        self._has_room = has_room
        self._queue: queue.Queue[Frame | None] = queue.Queue(QUEUE)
        self._writer: SegmentWriter | None = None
        self._missed, self._taken_us, self._last_us = 0, -(1 << 60), clock.mono_us()
        self._lost: str | None = None
        self._watcher, self._motion, self._looked_us = Watcher(), Motion(), -LOOK_US
        self._failed_us: int | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"film-{camera}", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def offer(self, frame: Frame) -> None:
        """Takes a picture, or leaves it out; never waits."""
        if frame.taken_us - self._taken_us < self._pace.between_us:
            return
        self._taken_us = frame.taken_us
        try:
            self._queue.put_nowait(frame)
        except queue.Full:
            self._missed += 1

    def wait(self) -> None:
        """Returns when every picture that was taken so far was encoded."""
        self._queue.join()

    def stop(self) -> None:
        """Ends the segment that is being written, and the thread, if it was begun."""
        self._stopped.set()
        if not self._thread.is_alive():
            return
        with suppress(queue.Full):  # then it is awake
            self._queue.put_nowait(None)
        self._thread.join(10)

    def filmed_until(self, until_us: int) -> bool:
        """Whether nothing that is still being written shows anything from before `until_us`."""
        writer = self._writer
        return writer is None or writer.from_us >= until_us

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                frame = self._queue.get(timeout=IDLE_S)
            except queue.Empty:
                self._idle()
                continue
            try:
                if frame is not None:
                    self._film(frame)
            finally:
                self._queue.task_done()
        self._end()
        self._moved(self._motion.end())

    def _look(self, frame: Frame) -> None:
        if frame.taken_us - self._looked_us >= LOOK_US:
            self._looked_us = frame.taken_us
            for what, so in self._watcher.see(frame.pixels):
                self._tell(Impaired(self.camera, what, so, frame.taken_us))
            self._moved(self._motion.see(frame.pixels, frame.taken_us))

    def _moved(self, span: Span | None) -> None:
        if span is not None:
            self._tell(Moved(self.camera, span))

    def _film(self, frame: Frame) -> None:
        self._look(frame)
        writer = self._writer
        if writer is not None and (frame.taken_us - writer.from_us >= self._pace.segment_us or not writer.fits(frame)):
            self._end()
        if self._writer is None and not self._may_begin(frame.taken_us):
            return
        try:
            if self._writer is None:
                self._writer = SegmentWriter(self._folder, self.camera, frame, self._clock.read())
            else:
                self._writer.add(frame)
        except FilmError as error:
            self._fail(error, frame.taken_us)
            return
        self._failed_us, self._last_us = None, frame.taken_us
        self._say(None, frame.taken_us)

    def _may_begin(self, now_us: int) -> bool:
        """Whether another segment may be begun: not at once after it failed, and not into the last room on the disk."""
        if self._failed_us is not None and now_us - self._failed_us < RETRY_US:
            return False
        if not self._has_room():
            self._failed_us = now_us
            self._say("disk_full", now_us)
            return False
        return True

    def _idle(self) -> None:
        self._end()
        self._moved(self._motion.end())
        self._say(self._lost or "no_picture", self._last_us)

    def _end(self) -> None:
        writer, missed = self._writer, self._missed
        if writer is None:
            return
        self._missed = 0
        try:
            segment = writer.close(missed)
        except FilmError as error:
            self._fail(error, self._last_us)
            return
        self._tell(segment)  # before it is no longer being written: nobody takes it for missing
        self._writer = None

    def _fail(self, error: FilmError, at_us: int) -> None:
        _log.error("%s", error)
        left = self._writer.abandon() if self._writer is not None else None
        if left is not None:
            self._tell(left)
        self._writer, self._failed_us = None, at_us
        self._say("cannot_film" if self._has_room() else "disk_full", at_us)

    def _say(self, cause: str | None, at_us: int) -> None:
        if cause != self._lost:
            self._lost = cause
            self._tell(NoVideo(self.camera, cause, at_us))
