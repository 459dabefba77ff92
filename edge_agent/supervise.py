"""What keeps running: threads that are started again, devices that are missed and come back."""

import logging
import threading
from collections.abc import Callable, Sequence

from edge_agent.errors import EdgeError

PAUSES_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Before a loop that ended is started again; the last one repeats."""

_log = logging.getLogger(__name__)


class Health:
    """Which devices are lost; `tell` hears each change once: the device, and the problem or None when it is back."""

    def __init__(self, tell: Callable[[str, str | None], None]) -> None:
        self._tell = tell
        self._lost: set[str] = set()
        self._lock = threading.Lock()

    def report(self, device: str, problem: str | None) -> None:
        """Takes a device's state; from any thread."""
        with self._lock:
            if (device in self._lost) == (problem is not None):
                return
            self._lost ^= {device}
            self._tell(device, problem)

    def lost(self) -> list[str]:
        """Which are lost now."""
        with self._lock:
            return sorted(self._lost)


class Loop:
    """A thread that runs `work` until `stop`: again after a pause when it ends or fails, a bug included.

    `failed` hears why each time; `work` says by the callable it is given that it is at work.
    """

    def __init__(
        self, name: str, work: Callable[[Callable[[], None]], None], failed: Callable[[str], None] = lambda _: None
    ) -> None:
        self.name, self._work, self._failed = name, work, failed
        self.stopped = threading.Event()
        self.settled = threading.Event()
        """Set once it is at work, or failed for the first time."""
        self.signs = 0
        """How often it was at work, or failed: as long as that grows it is not stuck."""

        self._failures = 0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Asks it to end; `work` must be woken by whoever knows what it waits for."""
        self.stopped.set()

    def join(self, timeout_s: float) -> bool:
        """Whether it ended within `timeout_s`."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _at_work(self) -> None:
        self._failures = 0
        self.signs += 1
        self.settled.set()

    def _run(self) -> None:
        while not self.stopped.is_set():
            problem = "it ended"
            try:
                self._work(self._at_work)
            except EdgeError as error:
                problem = str(error)
            except Exception as error:
                _log.exception("a bug in %s", self.name)
                problem = f"{type(error).__name__}: {error}"
            if self.stopped.is_set():
                return
            self.signs += 1
            self._failed(problem)
            self.settled.set()
            self.stopped.wait(PAUSES_S[min(self._failures, len(PAUSES_S) - 1)])
            self._failures += 1


class Vigil:
    """Sees which of `loops` are stuck: neither at work nor failed for `patience_us`. A lost device is no stuck loop."""

    def __init__(self, loops: Sequence[Loop], mono_us: Callable[[], int], patience_us: int) -> None:
        self._loops, self._mono_us, self._patience_us = loops, mono_us, patience_us
        self._seen = {loop.name: (loop.signs, mono_us()) for loop in loops}

    def pulse(self, on_alive: Callable[[], None]) -> None:
        """Calls `on_alive` unless one is stuck."""
        stuck = self.stuck()
        if stuck:
            _log.error("stuck: %s", ", ".join(stuck))
        else:
            on_alive()

    def stuck(self) -> list[str]:
        """Their names, now."""
        now = self._mono_us()
        for loop in self._loops:
            if self._seen[loop.name][0] != loop.signs:
                self._seen[loop.name] = loop.signs, now
        return [name for name, (_, since) in self._seen.items() if now - since > self._patience_us]
