"""Break-glass at a gate or a door (N7): fire or rescue opens at once, for anybody, until the button is released.

Record before act has this one exception: life. It opens first, in the button's own thread and without waiting
for the station or the disk; the fact follows at once, or is told as soon as the disk takes it. Closing is an ordinary
act again: both facts are on disk before the gate may close. See docs/adr/0007-life-before-record.md.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from custody.decisions import Allowed, Decision
from custody.things import Direction
from edge_agent.clock import Clock
from edge_agent.devices import Frame
from edge_agent.stations.passing import other
from edge_agent.stations.recording import Movement, Recording
from edge_agent.stations.seeing import Still
from edge_agent.store import Effect
from wire.break_glass import BreakGlassClip, BreakGlassClosed, BreakGlassOpened
from wire.kinds import FactKind
from wire.messages import PictureBody

RULE = "gate.break-glass"
STILL_EVERY_US = 1_000_000
CLOSE_LOOK_US = 600_000_000
LATER_EVERY_US = 10_000_000
"""Stills come so often after CLOSE_LOOK_US: a door wedged open over a weekend must not fill the disk."""

BETWEEN_US = 30_000_000
"""Who broke one beam longer ago has turned back."""

CLIP = 10
"""Stills told by one fact; so many are in memory only, if power goes too."""


class HeldOpen:
    """A gate or the lock of a door as its station moves it, by its device's `open` and `shut`, which raise DeviceError.
    While it is held open for life, decisions and closing wait.

    Its lock is held for one word to the device and never while anything else is waited for, so that `hold` is at once.
    """

    def __init__(self, open_: Callable[[Allowed], None], shut: Callable[[], None]) -> None:
        self._open, self._shut = open_, shut
        self._lock = threading.Lock()
        self._pressed = self._held = self._opened = False

    def apply(self, decision: Decision) -> None:
        """Opens for an Allowed, closes for a Refused, if it is not held. Raises DeviceError."""
        with self._lock:
            if not self._held and isinstance(decision, Allowed):
                self._open(decision)
            elif not self._held:
                self._shut()

    def close(self) -> None:
        """Closes, if it is not held. Raises DeviceError."""
        with self._lock:
            if not self._held:
                self._shut()

    def hold(self) -> None:
        """Opens now and stays open. Raises DeviceError; `again` tries again."""
        with self._lock:
            self._pressed = self._held = True
            self._opened = False
            self._open(Allowed(RULE))
            self._opened = True

    @property
    def held(self) -> bool:
        """Whether it is held open, from before its device is told."""
        return self._held

    def again(self) -> None:
        """Opens if it is held and could not be told before. Raises DeviceError."""
        with self._lock:
            if self._held and not self._opened:
                self._open(Allowed(RULE))
                self._opened = True

    def release(self) -> None:
        """The button is released; it stays held until it is let go."""
        with self._lock:
            self._pressed = False

    def let_go(self) -> bool:
        """Whether it may be closed now: not when somebody pressed again meanwhile."""
        with self._lock:
            self._held = self._pressed
            return not self._held


@dataclass(slots=True)
class _Opening:
    """From the press until it may close."""

    told: Movement
    since_us: int
    still_us: int
    released: bool = False
    crossings: int = 0
    missed: int = 0
    stills: list[tuple[PictureBody, bytes]] = field(default_factory=list)
    between: dict[Direction, list[int]] = field(default_factory=lambda: {side: [] for side in Direction})
    closed: Movement | None = None


class BreakGlass:
    """What is told of an opening; to be called under the station's lock."""

    def __init__(
        self, station: str, button: str, camera: str, recording: Recording, clock: Clock,
        keep: Callable[[Frame], Still],
    ) -> None:  # fmt: skip
        self._station, self._button, self._camera = station, button, camera
        self._recording, self._clock, self._keep = recording, clock, keep
        self._opening: _Opening | None = None

    @property
    def open(self) -> bool:
        """Whether it is held open for life."""
        return self._opening is not None

    def pressed(self, approach: Direction | None) -> None:
        """Tells that it was opened, unless it is open still and this is only pressed again.

        `approach` is the way of somebody who stands between the beams already.
        """
        now, opening = self._clock.mono_us(), self._opening
        if opening is not None and opening.closed is None:
            opening.released = False
            return
        body = BreakGlassOpened(station=self._station, input=self._button)
        told = self._recording.movement(FactKind.BREAK_GLASS_OPENED, self._button, body, always=True)
        self._opening = _Opening(told, now, now)
        if approach is not None:
            self.on_beam(approach)

    def released(self) -> None:
        """From now on it waits only for the disk."""
        if self._opening is not None:
            self._opening.released = True

    def may_close(self) -> bool:
        """Once, when released and everything that must be told before it closes is on disk."""
        opening = self._opening
        if opening is None or not opening.released:
            return False
        if opening.closed is None and opening.told.seq is not None and not self._recording.blocked:
            self._tell_clip(opening, opening.told.seq)
            body = BreakGlassClosed(
                station=self._station,
                opened=opening.told.seq,
                open_ms=(self._clock.mono_us() - opening.since_us) // 1000,
                crossings=opening.crossings,
            )
            opening.closed = self._recording.movement(FactKind.BREAK_GLASS_CLOSED, self._button, body, always=True)
        if opening.closed is None or opening.closed.seq is None:
            return False
        self._opening = None
        return True

    def on_frame(self, frame: Frame) -> None:
        """Keeps a still every second; none while the disk takes nothing, and then they are counted."""
        opening, now = self._opening, self._clock.mono_us()
        if opening is None or now < opening.still_us:
            return
        opening.still_us = now + (STILL_EVERY_US if now - opening.since_us < CLOSE_LOOK_US else LATER_EVERY_US)
        if self._recording.blocked or opening.told.seq is None:
            opening.missed += 1
            return
        still = self._keep(frame)
        digest = hashlib.sha256(still.jpeg).hexdigest()
        opening.stills.append((PictureBody(digest, len(still.jpeg), still.width, still.height), still.jpeg))
        if len(opening.stills) >= CLIP:
            self._tell_clip(opening, opening.told.seq)

    def on_beam(self, side: Direction) -> Direction | None:
        """Which way somebody went through when the beam where `side` begins is broken; None while they are between.

        Counted, because in a crowd the next one is in the first beam before the last one is in the second.
        """
        opening, far, now = self._opening, other(side), self._clock.mono_us()
        if opening is None:
            return None
        waiting = [since for since in opening.between[far] if now - since < BETWEEN_US]
        if waiting:
            opening.between[far] = waiting[1:]
            return far
        opening.between[side].append(now)
        return None

    def count(self) -> None:
        """Somebody went through."""
        if self._opening is not None:
            self._opening.crossings += 1

    def _tell_clip(self, opening: _Opening, seq: int) -> None:
        if not opening.stills and not opening.missed:
            return
        pictures = [picture for picture, _ in opening.stills]
        body = BreakGlassClip(station=self._station, opened=seq, pictures=pictures, missed=opening.missed)
        effects = tuple(Effect("add_picture", {"sha256": one.sha256, "jpeg": jpeg}) for one, jpeg in opening.stills)
        self._recording.movement(FactKind.BREAK_GLASS_CLIP, self._camera, body, effects=effects)
        opening.stills, opening.missed = [], 0
