"""A camera that only watches: a corridor, a row of racks. It tells of somebody whom no door and no task explains.

In quiet hours it asks for a reason always, at other times where doors or racks are named that could give one. What it
tells makes the film keep a clip with what was before (film/clips.py). It decides nothing and moves nothing.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from custody.permits import time_text
from edge_agent.clock import Clock
from edge_agent.devices import Frame
from edge_agent.journal.journal import Journal
from edge_agent.permits import PermitBook
from edge_agent.stations.heads import Heads, Mark
from edge_agent.stations.hours import Quiet, is_quiet
from edge_agent.stations.recording import Recording
from edge_agent.vision.presence import Presence, Somebody
from wire.kinds import FactKind
from wire.watching import PresenceEnded, PresenceSeen, PresenceWhy

LOOK_US = 1_000_000
RETRY_US = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPlan:
    """What a watching camera is: `name` is its station's, with the camera's where that has several.

    `guarded`: doors or racks are named that could say why somebody is there.
    """

    name: str
    camera: str
    zones: tuple[str, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    offset: timedelta = timedelta(0)
    guarded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchParts:
    """What it works with; `explained` says whether a door let somebody in, or a task or a list is at work there, now;
    to be asked without any lock.
    """

    journal: Journal
    book: PermitBook
    clock: Clock
    explained: Callable[[], bool] = lambda: False
    heads: Heads | None = None


@dataclass(slots=True)
class _Told:
    """Somebody who was told of."""

    since_us: int
    mark: Mark | None = None


class WatchStation:
    """One camera that watches."""

    def __init__(self, plan: WatchPlan, parts: WatchParts) -> None:
        self._plan, self._parts = plan, parts
        self._lock = threading.Lock()
        self._presence, self._looked_us = Presence(), -LOOK_US
        self._told: _Told | None = None
        self._stopped = False
        self._recording = Recording(plan.name, parts.journal, parts.book, parts.clock, RETRY_US)

    def on_frame(self, frame: Frame) -> None:
        """Looks, about once a second."""
        if frame.taken_us - self._looked_us < LOOK_US:
            return
        self._looked_us = frame.taken_us
        with self._lock:
            if not self._stopped:
                self._presence.see(frame.pixels, frame.taken_us)
        self.tick()

    def tick(self) -> None:
        """Tells what is to be told by now."""
        explained = self._parts.explained()
        with self._lock:
            self._recording.try_again()
            gone = self._presence.over(self._parts.clock.mono_us())
            if gone is not None:
                self._end(gone)
            now = self._presence.now
            if now is not None and self._told is None and not explained and (why := self._why()) is not None:
                self._begin(now, why)

    def stop(self) -> None:
        """Says of whom it told how long that was."""
        with self._lock:
            self._stopped = True
            if self._presence.now is not None:
                self._end(self._presence.now)

    def _why(self) -> PresenceWhy | None:
        if is_quiet(self._plan.quiet, self._parts.clock.read().at, self._plan.offset):
            return "quiet_hours"
        return "no_task" if self._plan.guarded else None

    def _begin(self, now: Somebody, why: PresenceWhy) -> None:
        heads = self._parts.heads
        self._told = _Told(now.from_us, heads.mark() if heads else None)
        body = PresenceSeen(
            station=self._plan.name, camera=self._plan.camera, since=self._wall(now.from_us), why=why,
            zones=list(self._plan.zones),
        )  # fmt: skip
        self._recording.movement(FactKind.PRESENCE_SEEN, self._plan.camera, body, always=True)

    def _end(self, gone: Somebody) -> None:
        told, self._told = self._told, None
        if told is None:
            return
        went = self._parts.heads.since(told.mark) if self._parts.heads else None
        body = PresenceEnded(
            station=self._plan.name, camera=self._plan.camera, since=self._wall(told.since_us),
            until=self._wall(gone.to_us), looks=gone.looks, most_pct=gone.most_pct,
            heads=None if went is None else went.in_ + went.out,
        )  # fmt: skip
        self._recording.movement(FactKind.PRESENCE_ENDED, self._plan.camera, body, always=True)

    def _wall(self, at_us: int) -> str:
        reading = self._parts.clock.read()
        return time_text(reading.at - timedelta(microseconds=reading.mono_us - at_us))
