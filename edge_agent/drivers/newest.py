"""Of what a live camera sends, always the newest: who looks slowly misses pictures instead of seeing old ones."""

import threading
from collections.abc import Callable, Iterator

from edge_agent.devices import Frame
from edge_agent.errors import DeviceError


class Newest:
    """Reads a source in a thread of its own and keeps its last frame; gives each at most once.

    `source` may block for as long as its own timeouts say; nobody who waits here for a frame waits longer than `stop`.
    It is closed in the thread that read it.
    """

    def __init__(self, name: str, source: Iterator[Frame]) -> None:
        self._source = source
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._ended = False
        self._error: DeviceError | None = DeviceError(f"{name}: its reader broke")  # until it ends as it should
        self._thread = threading.Thread(target=self._read, name=name, daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[Frame]:
        """The newest frame, as often as there is one. Ends with the source or at `stop`; raises its DeviceError."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._frame is not None or self._ended)
                frame, self._frame = self._frame, None
                if frame is None:
                    break
            yield frame
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Ends the iteration now; the source is closed as soon as its next frame or timeout comes."""
        with self._changed:
            self._ended, self._frame, self._error = True, None, None
            self._changed.notify_all()

    def _read(self) -> None:
        error: DeviceError | None = self._error
        try:
            for frame in self._source:
                with self._changed:
                    if self._ended:
                        break
                    self._frame = frame
                    self._changed.notify_all()
            error = None
        except DeviceError as broken:
            error = broken
        finally:
            self._close()
            with self._changed:
                if not self._ended:
                    self._ended, self._error = True, error
                    self._changed.notify_all()

    def _close(self) -> None:
        close: Callable[[], None] | None = getattr(self._source, "close", None)
        if close is not None:
            close()


class Paced:
    """Says which frames come too soon after the last one that was taken."""

    def __init__(self, fps: float | None) -> None:
        self._interval_us = 0 if fps is None else int(0.9e6 / fps)  # a camera at just that rate loses none
        self._last_us: int | None = None

    def too_soon(self, now_us: int) -> bool:
        """Whether a frame at `now_us` is to be left out; if not, it is the last one from now on."""
        if self._last_us is not None and now_us - self._last_us < self._interval_us:
            return True
        self._last_us = now_us
        return False
