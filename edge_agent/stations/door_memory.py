"""What a door remembers over a restart: whom it let in, for what and since when.

One row of the journal's file, changed together with the facts that say so, before the lock opens. It is told from by
the next agent there, with the time in which nobody looked.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from custody.decisions import Allowed
from custody.doors import Leave
from custody.permits import parse_time, time_text
from edge_agent.clock import Clock
from edge_agent.errors import JournalError
from edge_agent.journal.journal import Journal
from edge_agent.stations.opening import Session
from edge_agent.store import Effect
from wire.doors import DoorResumed

_log = logging.getLogger(__name__)


class Instant(msgspec.Struct, frozen=True):
    """A moment that is known after a restart too: `mono_us` in the same `boot`, by the wall clock in another."""

    boot: str
    mono_us: int
    at: str


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The row's body. `since` it is unlocked or open; `let_in`: when it last fell shut behind somebody."""

    since: Instant | None = None
    let_in: Instant | None = None
    rule: str | None = None
    """Null where nobody was let in: it was opened from inside, for life, or by force."""
    task: str | None = None
    permit: str | None = None
    people: list[str] = []
    moved: list[str] = []
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """What was going on at the door when the agent went away: unlocked by `decision`, and open where `opened`.

    `away_from` is the time of the last fact before.
    """

    decision: int | None
    opened: int | None
    since_us: int
    leave: Leave | None
    people: set[str]
    moved: list[str]
    held: bool
    away_from: str

    def body(self, station: str, away_to: str, *, is_open: bool) -> DoorResumed:
        """The body of the fact that tells it; `is_open` as its contact has it now."""
        leave = self.leave or Leave(Allowed(""))
        return DoorResumed(
            station=station, decision=self.decision, opened=self.opened, people=sorted(self.people), task=leave.task,
            permit=leave.permit, moved=self.moved, away_from=self.away_from, away_to=away_to,
            position="open" if is_open else "closed",
        )  # fmt: skip


class DoorMemory:
    """The memory of one door; to be called under its lock."""

    def __init__(self, station: str, journal: Journal, clock: Clock) -> None:
        self._station, self._journal, self._clock = station, journal, clock
        self._decision: int | None = None
        self._kept = Kept()
        self.interrupted: Interrupted | None = None
        rows = journal.reads.rows("door_kept", station=station)
        if rows:
            self._decision, opened, body = rows[0]
            self._kept = msgspec.json.decode(body, type=Kept)
            self.interrupted = self._interrupted(opened)

    @property
    def let_in_us(self) -> int | None:
        """When it last fell shut behind somebody whom it had let in, in this boot's monotonic µs."""
        return None if self._kept.let_in is None else self._mono_us(self._kept.let_in)

    def unlocked(self, leave: Leave, people: Collection[str]) -> Effect:
        """With the fact that decided so."""
        return self._effect("decision", self._told(leave, people))

    def opened(self, decision: int | None, leave: Leave | None, people: Collection[str]) -> Effect:
        """With the fact that says so."""
        self._decision = decision
        return self._effect("opened", self._told(leave, people))

    def shut(self) -> Effect:
        """With the fact that says so: who was let in may be inside from now on."""
        let_in = self._now() if self._kept.rule is not None else self._kept.let_in
        self._decision = None
        return self._effect("", Kept(let_in=let_in))

    def note(self, session: Session) -> None:
        """Who came in meanwhile, what moved, and that it was told as held open."""
        if session.told.seq is None:  # its opening is not on disk yet
            return
        changed = {"people": sorted(session.people), "moved": session.moved, "held": session.held}
        self._apply(msgspec.structs.replace(self._kept, **changed), session.told.seq)

    def forget(self) -> None:
        """Nobody opened it: it is locked again."""
        self._decision = None
        self._apply(Kept(let_in=self._kept.let_in), None)

    def _interrupted(self, opened: int | None) -> Interrupted | None:
        kept = self._kept
        if kept.since is None:
            return None
        leave = None if kept.rule is None else Leave(Allowed(kept.rule), kept.task, kept.permit)
        return Interrupted(
            decision=self._decision, opened=opened, since_us=self._mono_us(kept.since), leave=leave,
            people=set(kept.people), moved=list(kept.moved), held=kept.held, away_from=self._last_at(kept.since.at),
        )  # fmt: skip

    def _last_at(self, otherwise: str) -> str:
        newest = self._journal.reads.rows("newest_at")
        return str(newest[0][0]) if newest else otherwise

    def _told(self, leave: Leave | None, people: Collection[str]) -> Kept:
        kept = Kept(since=self._now(), let_in=self._kept.let_in, people=sorted(people))
        if leave is None:
            return kept
        return msgspec.structs.replace(kept, rule=leave.answer.rule, task=leave.task, permit=leave.permit)

    def _effect(self, fact: str, kept: Kept, opened: int | None = None) -> Effect:
        self._kept = kept
        values: dict[str, Any] = {
            "station": self._station, "fact": fact, "decision": self._decision, "opened": opened,
            "body": msgspec.json.encode(kept).decode(),
        }  # fmt: skip
        return Effect("keep_door", values)

    def _apply(self, kept: Kept, opened: int | None) -> None:
        try:
            self._journal.apply([self._effect("", kept, opened)])
        except JournalError as error:  # a restart before the next fact would not know it; the door works on
            _log.warning("%s remembers less: %s", self._station, error)

    def _now(self) -> Instant:
        reading = self._clock.read()
        return Instant(reading.boot, reading.mono_us, time_text(reading.at))

    def _mono_us(self, then: Instant) -> int:
        """Between two boots only the wall clock counts; one that went back says that no time has passed."""
        reading = self._clock.read()
        if then.boot == reading.boot:
            return then.mono_us
        passed = max(reading.at - parse_time(then.at), timedelta(0))
        return reading.mono_us - passed // timedelta(microseconds=1)
