"""A door: who comes with which pass, may it be opened, was it, for how long, and what moved meanwhile.

Record before act: the decision is on disk, then the lock opens. What the door then did is its contact's word. From
inside it opens at once and for anybody, by the button there; what opened in no way that is known was forced. Everything
happens under one lock; life and the way out do not wait for it.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence

from custody.decisions import Allowed, Reason
from custody.doors import Door as Place
from custody.doors import Leave, decide_door, held_open_after, people_at
from custody.passage import Genuineness, Sight
from custody.permits import time_text
from edge_agent.devices import Frame, Light, Position
from edge_agent.errors import DeviceError
from edge_agent.journal.drafts import Draft
from edge_agent.stations.break_glass import BreakGlass, HeldOpen
from edge_agent.stations.door_memory import DoorMemory, Interrupted
from edge_agent.stations.door_plan import DoorParts, DoorPlan
from edge_agent.stations.in_sight import key_of
from edge_agent.stations.opening import Question, Session, Unlocked, decided_body
from edge_agent.stations.recording import Movement, Recording
from edge_agent.stations.seeing import MAX_STALE, sights_in
from edge_agent.stations.shown import Shown
from edge_agent.store import Effect
from wire.doors import DoorClosed, DoorHeldOpen, DoorOpened, How
from wire.kinds import FactKind
from wire.messages import DoorState, PictureBody, to_body

EXIT_RULE = "door.exit"
"""By which the lock opens from inside: nobody is kept in."""
MOST_THINGS = 30
MOST_MOVED = 500
"""Slots told of one session; a rack that chatters must not make a fact too large."""
FRESH_US = 2_000_000
"""An older picture does not show who opened it."""

_log = logging.getLogger(__name__)


class DoorStation:
    """One door with its camera, its lock and its contact."""

    def __init__(self, plan: DoorPlan, parts: DoorParts) -> None:
        self._plan, self._parts = plan, parts
        self._lock = threading.RLock()
        self._passes = Shown(parts.packs.presence_us, plan.forget_us)
        self._things = Shown(parts.packs.presence_us, plan.forget_us)
        self._refused: Question | None = None
        self._waits_for_more = False
        """Whether more people are what a refusal lacks: then who came first is present still when the next one comes"""
        self._unlocked: Unlocked | None = None
        self._leaving_us: int | None = None
        """Since when somebody inside asks to be let out; known before its lock is told, as its contact may be faster"""
        self._memory = DoorMemory(plan.name, parts.journal, parts.clock)
        self._interrupted = self._memory.interrupted
        """What goes on, or ended, while no agent was there: told as soon as the contact has spoken"""
        self._session: Session | None = None
        self._let_in_us = self._memory.let_in_us  # when it last stood open for somebody whom it had let in
        self._position: Position | None = None
        self._newest: Frame | None = None
        self._read_us = -plan.idle_us
        self._stopped = False
        self._recording = Recording(plan.name, parts.journal, parts.book, parts.clock, plan.retry_us)
        self._leaf = HeldOpen(parts.door.unlock, parts.door.lock)
        self._life = BreakGlass(plan.name, plan.button, plan.camera, self._recording, parts.clock, parts.keep)

    def on_frame(self, frame: Frame) -> None:
        """Reads, decides, records, unlocks: everything between a picture and the lock."""
        if self._may_rest(frame):
            return
        reads = () if self._life.open else self._parts.read(frame)
        with self._lock:
            if self._stopped:
                return
            self.tick()
            if self._life.open:  # nothing is decided; who goes through is in the pictures
                self._life.on_frame(frame)
                return
            now, moment = self._parts.clock.mono_us(), self._parts.clock.read().moment
            sights = sights_in(reads, self._plan.site, self._parts.label_keys, moment)
            self._passes.see([one for one in sights if one.is_stale or (one.is_person and one.copies == 1)], now)
            ours = [one for one in sights if one.genuineness is not Genuineness.UNKNOWN]
            self._things.see([one for one in ours if one.concerns_gate], now)
            self._judge(frame)

    def on_position(self, position: Position) -> None:
        """The door's own contact spoke."""
        with self._lock:
            before, self._position = self._position, position
            if position is before:
                return
            if self._interrupted is not None:
                self._go_on(self._interrupted, position)
            elif position is Position.OPEN:
                self._opened(found=before is None)
            elif self._session is not None:
                self._shut(self._session)

    def on_exit(self, pressed: bool) -> None:
        """The button inside was pressed: nobody is kept in, so it unlocks before anything is waited for."""
        if not pressed:
            return
        now = self._leaving_us = self._parts.clock.mono_us()
        self._tell_device(self._plan.door, lambda: self._leaf.apply(Allowed(EXIT_RULE)))
        with self._lock:
            waits = self._leaving_us is not None  # else it is open already
            if waits and (self._unlocked is None or self._unlocked.seq is None):
                self._unlocked = Unlocked(now)

    def on_break_glass(self, pressed: bool) -> None:
        """The rescue button was pressed or released. Life first: it unlocks before anything is waited for."""
        if pressed:
            self._tell_device(self._plan.door, self._leaf.hold)
        else:
            self._leaf.release()
        with self._lock:
            if pressed:
                self._life.pressed(None)
                self._show(Light.GREEN)
            else:
                self._life.released()
                self._end_life()

    def on_moved(self, slot: str) -> None:
        """The sensor of a slot behind the door changed."""
        with self._lock:
            session = self._session
            if session is not None and slot not in session.moved and len(session.moved) < MOST_MOVED:
                session.moved.append(slot)
                self._memory.note(session)

    @property
    def guards(self) -> frozenset[str]:
        """The stations behind it."""
        return self._plan.guards

    def let_in(self, within_us: int) -> bool:
        """Whether somebody whom it let in may be behind it: it stands open for them, or fell shut so lately."""
        with self._lock:
            going_on = self._session or self._interrupted
            if going_on is not None and going_on.leave is not None:
                return True
            return self._let_in_us is not None and self._parts.clock.mono_us() - self._let_in_us <= within_us

    def state(self) -> DoorState:
        """How the door stands now."""
        with self._lock:
            at = self._position
            return DoorState(station=self._plan.name, position=at.value if at else None)

    def busy(self) -> str | None:
        """What is open here, if anything: nobody is to be interrupted."""
        with self._lock:
            if self._life.open:
                return "break_glass"
            if self._session or self._unlocked or self._passes or self._position is Position.OPEN:
                return "door_open"
            return None

    def tick(self) -> None:
        """What time alone brings; called several times a second, also when the camera is dead."""
        with self._lock:
            now = self._parts.clock.mono_us()
            for shown in (self._passes, self._things):
                shown.see((), now)
            if self._recording.blocked and self._recording.try_again():
                self._show(Light.OFF)
            if self._life.open:
                self._tell_device(self._plan.door, self._leaf.again)
                self._end_life()
            if self._unlocked is not None and now - self._unlocked.since_us >= self._plan.open_within_us:
                self._relock()
                self._close(Light.OFF)
            if self._session is not None and not self._life.open:
                self._watch_open(self._session, now)
            if self._refused is not None and not self._passes.in_sight(now):
                self._refused = None
                if not self._waits_for_more:
                    self._passes.forget({key_of(sight) for sight in self._passes.open})
                self._show(Light.OFF)

    def stop(self) -> None:
        """Locks for good; from inside its handle opens it still."""
        with self._lock:
            self._stopped = True
            self._relock()
            self._leaf.release()
            self._life.released()
            self._end_life()
            self._close(Light.OFF)

    def _may_rest(self, frame: Frame) -> bool:
        """Whether this frame need not be read: nobody is near, and one was read a moment ago."""
        with self._lock:
            self._newest, now = frame, self._parts.clock.mono_us()
            near = self._passes or self._things or self._life.open
            if not near and now - self._read_us < self._plan.idle_us:
                return True
            self._read_us = now
            return False

    def _judge(self, frame: Frame) -> None:
        if self._unlocked is not None or self._session is not None:
            self._settle()
            return
        if not self._passes.in_sight(self._parts.clock.mono_us()) or self._recording.blocked:
            return
        passes = self._passes.open
        people = frozenset(one.id for one in passes if one.is_person)
        stale = [one for one in passes if one.is_stale and one.id not in people][:MAX_STALE]
        things = self._things.open[:MOST_THINGS]
        books = self._parts.book.changes + self._parts.tasks.changes
        question = Question(frozenset(map(key_of, things)), people, frozenset(one.id for one in stale), books)
        if not (self._refused and self._refused.covers(question)):
            self._decide(frame, [*things, *stale], question)

    def _settle(self) -> None:
        """What is shown now has had its answer, or came in with it: it asks nothing when the door is shut again."""
        if self._session is not None and len(self._session.people) < MOST_THINGS:
            before = len(self._session.people)
            self._session.people.update(one.id for one in self._passes.open if one.is_person)
            if len(self._session.people) > before:
                self._memory.note(self._session)
        for shown in (self._passes, self._things):
            shown.settle({key_of(sight) for sight in shown.open})

    def _decide(self, frame: Frame, sights: Sequence[Sight], question: Question) -> None:
        plan, parts = self._plan, self._parts
        picture, kept = self._still(frame)
        with parts.book.lock:
            reading = parts.clock.read()
            pack = parts.packs.in_force(reading.at)
            leave = decide_door(
                sights,
                door=Place(plan.agent, plan.name, plan.guards, people_at(pack, plan.zones)),
                tasks=parts.tasks.at(plan.guards),
                done=parts.tasks.done,
                permits=parts.book.permits_at({plan.name, *plan.guards}),
                spent=parts.book.spent,
                people=question.people,
                now=reading.moment,
                pack=pack,
            )
            body = decided_body(plan.name, sights, question.people, leave, pack, picture)
            allowed = isinstance(leave.answer, Allowed)
            effects = (kept, self._memory.unlocked(leave, question.people)) if allowed else (kept,)
            draft = Draft(
                kind=FactKind.DOOR_DECIDED, device=f"{plan.name}.{plan.camera}", body=to_body(body), effects=effects,
                reading=reading,
            )  # fmt: skip
            seq = self._recording.decision(draft)
        if seq is None:
            self._close(Light.AMBER)
            return
        if isinstance(leave.answer, Allowed):
            self._unlocked = Unlocked(parts.clock.mono_us(), seq, leave, question.people)
            self._refused = None
            self._tell_device(plan.door, lambda: self._leaf.apply(Allowed(leave.answer.rule)))
            self._settle()
            self._show(Light.GREEN)
        else:
            self._refused, self._waits_for_more = question, leave.answer.reason is Reason.TOO_FEW_PEOPLE
            self._close(Light.RED)
        _log.info("door decided", extra={"fields": {
            "station": plan.name, "seq": seq, "outcome": body.outcome, "reason": body.reason,
            "ms": (parts.clock.mono_us() - frame.taken_us) / 1000,
        }})  # fmt: skip

    def _opened(self, *, found: bool) -> None:
        unlocked, self._unlocked = self._unlocked, None
        left_us, self._leaving_us = self._leaving_us, None
        leaving = left_us is not None and self._parts.clock.mono_us() - left_us < self._plan.open_within_us
        decision = unlocked.seq if unlocked else None
        how: How = (
            "found" if found else "break_glass" if self._life.open or self._leaf.held
            else "decision" if decision is not None else "exit" if unlocked or leaving else "forced"
        )  # fmt: skip
        frame, now = self._newest, self._parts.clock.mono_us()
        fresh = frame is not None and not found and now - frame.taken_us < FRESH_US
        picture, kept = self._still(frame) if frame is not None and fresh else (None, None)
        body = DoorOpened(
            station=self._plan.name, decision=decision if how == "decision" else None, how=how, picture=picture
        )
        leave = unlocked.leave if unlocked and how == "decision" else None
        people = set(unlocked.people) if unlocked and leave else set[str]()
        effects = (*([kept] if kept else []), self._memory.opened(body.decision, leave, people))
        told = self._recording.movement(FactKind.DOOR_OPENED, self._plan.door, body, effects=effects, always=True)
        heads = self._parts.heads
        self._session = Session(told, now, leave, people, heads.mark() if heads else None)
        self._close(Light.GREEN if how in ("decision", "exit") else Light.RED)  # it locks when it falls shut

    def _watch_open(self, session: Session, now: int) -> None:
        limit = self._plan.held_open_us
        if limit is None:
            limit = int(held_open_after(self._parts.packs.now).total_seconds() * 1_000_000)
        if not session.held and now - session.since_us >= limit:
            session.held = True
            open_ms = (now - session.since_us) // 1000
            body = DoorHeldOpen(station=self._plan.name, opened=session.told.seq, open_ms=open_ms)
            self._recording.movement(FactKind.DOOR_HELD_OPEN, self._plan.door, body, always=True)
            self._memory.note(session)
            self._show(Light.RED)

    def _shut(self, session: Session) -> None:
        leave = session.leave or Leave(Allowed(""))
        body = DoorClosed(
            station=self._plan.name, opened=session.told.seq, people=sorted(session.people), task=leave.task,
            permit=leave.permit, open_ms=(self._parts.clock.mono_us() - session.since_us) // 1000,
            moved=session.moved, heads=self._parts.heads.since(session.heads) if self._parts.heads else None,
        )  # fmt: skip
        if session.leave is not None:
            self._let_in_us = self._parts.clock.mono_us()
        self._session = None
        effects = (self._memory.shut(),)
        self._recording.movement(FactKind.DOOR_CLOSED, self._plan.door, body, effects=effects, always=True)
        self._close(Light.OFF)

    def _go_on(self, was: Interrupted, position: Position) -> None:
        """The agent was away in the midst of a session. Whoever it let in counts as inside, though nobody saw it."""
        self._interrupted, is_open = None, position is Position.OPEN
        reading = self._parts.clock.read()
        body = was.body(self._plan.name, time_text(reading.at), is_open=is_open)
        begins = is_open and was.opened is None  # this fact is its opening
        effects: tuple[Effect, ...] = ()
        if begins:
            effects = (self._memory.opened(was.decision, was.leave, was.people),)
        elif not is_open:
            effects = (self._memory.shut(),)
        told = self._recording.movement(FactKind.DOOR_RESUMED, self._plan.door, body, effects=effects, always=True)
        if is_open:
            opening = told if begins else Movement(told.draft, (), was.opened)
            since_us = reading.mono_us if begins else was.since_us
            self._session = Session(opening, since_us, was.leave, was.people, None, was.moved, was.held)
        elif was.leave is not None:
            self._let_in_us = reading.mono_us
        self._close(Light.OFF)

    def _relock(self) -> None:
        """Nobody opens any more what was unlocked."""
        if self._unlocked is not None and self._unlocked.seq is not None:
            self._memory.forget()
        self._unlocked = None

    def _end_life(self) -> None:
        """Locks as soon as what must be on disk before is there."""
        if self._life.may_close() and self._leaf.let_go():
            self._close(Light.OFF)

    def _still(self, frame: Frame) -> tuple[PictureBody, Effect]:
        still = self._parts.keep(frame)
        digest = hashlib.sha256(still.jpeg).hexdigest()
        picture = PictureBody(digest, len(still.jpeg), still.width, still.height)
        return picture, Effect("add_picture", {"sha256": digest, "jpeg": still.jpeg})

    def _close(self, light: Light) -> None:
        self._tell_device(self._plan.door, self._leaf.close)
        self._show(light)

    def _show(self, light: Light) -> None:
        lamp, shown = self._parts.lamp, Light.GREEN if self._life.open else light
        shown = Light.AMBER if self._recording.blocked else shown
        if lamp is not None:
            self._tell_device(self._plan.lamp, lambda: lamp.show(shown))

    def _tell_device(self, name: str, do: Callable[[], None]) -> None:
        """A device that cannot be told is reported; a lock without word stays locked by itself."""
        try:
            do()
        except DeviceError as error:
            self._parts.report(name, str(error))
        else:
            self._parts.report(name, None)
