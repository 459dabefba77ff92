"""What the camera above a way through counts, for the door or gate there. Pictures come in the camera's own thread."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from edge_agent.devices import Frame
from edge_agent.vision.heads import Counted, HeadCounter
from wire.heads import HeadsBody

STALE_US = 1_000_000
"""Whoever ran through while there was no picture for so long was not seen."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far it had counted, and when."""

    counted: Counted
    at_us: int


class Heads:
    """One camera. `inward` is the way in its picture that leads in; `top`, `bottom` shares of its height that count."""

    def __init__(
        self, counter: HeadCounter, mono_us: Callable[[], int], inward: Literal["down", "up"] = "down",
        top: float = 0.0, bottom: float = 1.0,
    ) -> None:  # fmt: skip
        self._counter, self._mono_us, self._inward = counter, mono_us, inward
        self._top, self._bottom = top, bottom
        self._lock = threading.Lock()
        self._seen_us: int | None = None
        self._missed_us = 0

    def on_frame(self, frame: Frame) -> None:
        """Counts."""
        height = frame.pixels.shape[0]
        part = frame.pixels[round(self._top * height) : round(self._bottom * height)]
        with self._lock:
            now = self._mono_us()
            if self._seen_us is None or now - self._seen_us > STALE_US:
                self._missed_us = now
            self._seen_us = now
            self._counter.see(part)

    def mark(self) -> Mark | None:
        """From here on; None where it sees nothing now."""
        with self._lock:
            now = self._mono_us()
            return Mark(self._counter.total, now) if self._sees(now) else None

    def since(self, mark: Mark | None) -> HeadsBody | None:
        """Who went through since then; None where it did not see all the time."""
        with self._lock:
            if mark is None or not self._sees(self._mono_us()) or self._missed_us > mark.at_us:
                return None
            gone = self._counter.total - mark.counted
            ways = (gone.down, gone.up) if self._inward == "down" else (gone.up, gone.down)
            return HeadsBody(in_=ways[0], out=ways[1])

    def _sees(self, now: int) -> bool:
        return self._seen_us is not None and now - self._seen_us <= STALE_US

    def tick(self) -> None:
        """Time alone brings nothing."""

    def stop(self) -> None:
        """It has nothing to close."""
