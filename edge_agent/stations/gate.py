"""A gate: who approaches with what, may it pass, did it pass. Record before act: the fact is on disk, then it moves.

Everything happens under one lock, in the thread of the camera, of a beam or of the ticking supervisor.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from custody.decisions import Allowed, Decision, Use
from custody.passage import Gate as Place
from custody.passage import Sight, decide_passage
from custody.things import Direction
from edge_agent.clock import Clock
from edge_agent.devices import Frame, Gate, Lamp, Light, Position
from edge_agent.errors import DeviceError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.permits import NOTHING, PermitBook
from edge_agent.rule_packs import PackBook
from edge_agent.stations.break_glass import BreakGlass, HeldOpen
from edge_agent.stations.counting import Counting
from edge_agent.stations.following import Following
from edge_agent.stations.heads import Heads
from edge_agent.stations.in_sight import InSight, key_of
from edge_agent.stations.passing import Passage, Question, decided_body, other, way
from edge_agent.stations.recording import Recording
from edge_agent.stations.seeing import Present, Still, TextRead, sights_in
from edge_agent.store import Effect
from proof.keys import VerifyKey
from wire.heads import PassageFollowed
from wire.kinds import FactKind
from wire.messages import GateMoved, GateState, PassageAbandoned, PassageCrossed, PictureBody, UseBody, to_body

MAX_SIGHTS = 30
"""In one decision; with texts of MAX_TEXT each, escaped, they stay within a fact. What is beyond is judged next."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePlan:
    """What a gate is: its names and times. `camera`, `gate`, `lamp`, `button` are device names, as facts give them."""

    agent: str
    site: str
    name: str
    camera: str
    gate: str
    lamp: str
    button: str = ""
    cross_within_us: int = 20_000_000
    approach_within_us: int = 30_000_000
    forget_us: int = 2_000_000
    retry_us: int = 1_000_000
    idle_us: int = 250_000
    """Between two frames that are read while nobody is near: enough to see a pass, a third of the work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateParts:
    """What a gate works with. `read` finds codes in a frame, `keep` makes its still; `report` takes device faults."""

    gate: Gate
    lamp: Lamp | None
    journal: Journal
    book: PermitBook
    clock: Clock
    packs: PackBook
    label_keys: Sequence[VerifyKey]
    read: Callable[[Frame], Sequence[TextRead]]
    keep: Callable[[Frame], Still]
    report: Callable[[str, str | None], None]
    heads: Heads | None = None


class GateStation:
    """One gate with its camera and its two beams."""

    def __init__(self, plan: GatePlan, parts: GateParts) -> None:
        self._plan, self._parts = plan, parts
        self._lock = threading.RLock()
        self._in_sight = InSight(plan.forget_us)
        self._present = Present(parts.packs.presence_us)
        self._approach: tuple[Direction, int] | None = None
        self._standing: set[Direction] = set()  # beams that are broken now, by the direction they begin
        self._passages: list[Passage] = []
        self._held = False  # a refusal closed the gate before those passages
        self._refused: Question | None = None
        self._position: Position | None = None
        self._stopped = False
        self._read_us = -plan.idle_us
        self._recording = Recording(plan.name, parts.journal, parts.book, parts.clock, plan.retry_us)
        self._counting = Counting(plan.name, parts.heads, parts.clock.mono_us)
        self._following = Following(plan.name, parts.clock.mono_us)
        self._gate = HeldOpen(parts.gate.apply, parts.gate.close)
        self._life = BreakGlass(plan.name, plan.button, plan.camera, self._recording, parts.clock, parts.keep)

    def on_frame(self, frame: Frame) -> None:
        """Reads, decides, records, moves: everything between a picture and the gate."""
        if self._life.open:
            self._watch_life(frame)
            return
        if self._may_rest():
            return
        reads = self._parts.read(frame)
        with self._lock:
            if self._stopped:
                return
            now = self._parts.clock.mono_us()
            self.tick()
            moment = self._parts.clock.read().moment
            sights = sights_in(reads, self._plan.site, self._parts.label_keys, moment)
            self._present.see(sights, now)
            self._in_sight.see([sight for sight in sights if sight.concerns_gate], now)
            self._judge(frame, now)

    def on_break_glass(self, pressed: bool) -> None:
        """The rescue button was pressed or released. Life first: it opens before anything is waited for."""
        if pressed:
            self._tell_device(self._plan.gate, self._gate.hold)
        else:
            self._gate.release()
        with self._lock:
            if pressed:
                self._life.pressed(None if self._passages else self._direction(self._parts.clock.mono_us()))
                self._show(Light.GREEN)
            else:
                self._life.released()
                self._end_life()

    def _watch_life(self, frame: Frame) -> None:
        """While it is open for life nothing is decided; who goes through is in the pictures."""
        with self._lock:
            if not self._stopped:
                self.tick()
                self._life.on_frame(frame)

    def _end_life(self) -> None:
        """Closes as soon as what must be on disk before is there."""
        if self._life.may_close() and self._gate.let_go():
            self._approach = None
            self._close(Light.OFF)

    def _may_rest(self) -> bool:
        """Whether this frame need not be read: nobody is near, and one was read a moment ago."""
        with self._lock:
            now = self._parts.clock.mono_us()
            near = self._direction(now) is not None or self._present or self._in_sight
            if not near and now - self._read_us < self._plan.idle_us:
                return True
            self._read_us = now
            return False

    def on_beam(self, direction: Direction, broken: bool) -> None:
        """The beam where a passage in `direction` begins was broken, or is free again."""
        with self._lock:
            now = self._parts.clock.mono_us()
            if not broken:
                self._standing.discard(direction)
                self._following.freed(direction)
                return
            self._standing.add(direction)
            far = bool(self._passages) and self._passages[0].direction is not direction
            if self._life.open and not far:
                self._ran(self._life.on_beam(direction))
            elif far:
                self._crossed()
            elif not self._passages and self._walked_through(direction, now):
                if not self._following.may_follow(direction):
                    self._ran(other(direction))
                self._approach = None
            elif not self._passages:
                self._following.broken(direction)
                self._approach = direction, now

    def _ran(self, direction: Direction | None) -> None:
        """Somebody went through whom no decision let."""
        if direction is not None:
            self._life.count()
            body = PassageCrossed(station=self._plan.name, direction=way(direction), decision=None, things=[])
            self._moved(FactKind.PASSAGE_CROSSED, body)

    def on_position(self, position: Position) -> None:
        """The gate's own sensor spoke."""
        with self._lock:
            if position is not self._position:
                self._position = position
                self._moved(FactKind.GATE_MOVED, GateMoved(station=self._plan.name, position=position.value))

    def state(self) -> GateState:
        """How the gate and its beams stand now."""
        with self._lock:
            at, broken = self._position, sorted(way(side) for side in self._standing)
            return GateState(station=self._plan.name, position=at.value if at else None, broken=broken)

    def busy(self) -> str | None:
        """What is open here, if anything: nobody is to be interrupted."""
        with self._lock:
            if self._life.open:
                return "break_glass"
            shown = self._in_sight.open_questions(passing=False)
            if self._passages or self._standing or shown or self._position is Position.OPEN:
                return "gate_open"
            return None

    def tick(self) -> None:
        """What time alone brings; called several times a second, also when the camera is dead."""
        with self._lock:
            now = self._parts.clock.mono_us()
            self._present.forget(now)
            self._in_sight.see((), now)
            self._tell_heads(now)
            self._tell_followed(self._following.done(shut=self._position is Position.CLOSED))
            if self._recording.blocked and self._recording.try_again():
                self._show(Light.OFF)
            if self._life.open:
                self._tell_device(self._plan.gate, self._gate.again)
                self._end_life()
            if self._passages and now - self._passages[-1].since_us >= self._plan.cross_within_us:
                self._abandon()
                self._close(Light.OFF)
            if self._refused is not None and not self._in_sight.open_questions(passing=bool(self._passages)):
                self._refused = None
                self._show(Light.GREEN if self._passages and not self._held else Light.OFF)

    def stop(self) -> None:
        """Closes the gate for good: who has not gone through by now does not."""
        with self._lock:
            self._stopped = True
            self._gate.release()  # without its agent it falls shut anyway
            self._life.released()
            self._end_life()
            self._abandon()
            self._close(Light.OFF)

    def _judge(self, frame: Frame, now: int) -> None:
        direction = self._direction(now)
        if direction is None or self._recording.blocked:
            return
        fresh = self._in_sight.open_questions(passing=bool(self._passages))[:MAX_SIGHTS]
        if not fresh and self._held and any(thing in self._in_sight for one in self._passages for thing in one.things):
            things = [thing for one in self._passages for thing in one.things]
            self._abandon()
            self._in_sight.reopen(things)
            fresh = self._in_sight.open_questions(passing=False)
        stale = self._present.stale
        passes = frozenset(sight.id for sight in stale)
        question = Question(direction, frozenset(map(key_of, fresh)), self._present.people, passes)
        if fresh and not (self._refused and self._refused.covers(question)):
            self._decide(frame, [*fresh, *stale], question)

    def _decide(self, frame: Frame, sights: Sequence[Sight], question: Question) -> None:
        parts, plan = self._parts, self._plan
        still = parts.keep(frame)
        digest = hashlib.sha256(still.jpeg).hexdigest()
        picture = PictureBody(digest, len(still.jpeg), still.width, still.height)
        with parts.book.lock:
            reading = parts.clock.read()
            pack = parts.packs.in_force(reading.at)
            decision = decide_passage(
                sights,
                gate=Place(plan.agent, plan.name, question.direction),
                permits=parts.book.permits_for(sight.id for sight in sights),
                spent=parts.book.spent,
                holds=parts.book.holds,
                people=question.people,
                now=reading.moment,
                pack=pack,
            )
            change = parts.book.spend(decision.uses) if isinstance(decision, Allowed) else NOTHING
            draft = Draft(
                kind=FactKind.PASSAGE_DECIDED,
                device=f"{plan.name}.{plan.camera}",
                body=to_body(decided_body(plan.name, question, sights, decision, pack, picture)),
                effects=(*change.effects, Effect("add_picture", {"sha256": digest, "jpeg": still.jpeg})),
                reading=reading,
            )
            seq = self._recording.decision(draft)
            if seq is not None:
                change.make_true()
        if seq is None:
            self._close(Light.AMBER)
            return
        self._act(decision, seq, question)
        _log.info("decided", extra={"fields": {
            "station": plan.name, "seq": seq, "outcome": draft.body["outcome"], "reason": draft.body["reason"],
            "ms": (parts.clock.mono_us() - frame.taken_us) / 1000,
        }})  # fmt: skip

    def _act(self, decision: Decision, seq: int, question: Question) -> None:
        self._tell_device(self._plan.gate, lambda: self._gate.apply(decision))
        if isinstance(decision, Allowed):
            now = self._parts.clock.mono_us()
            self._passages.append(Passage(seq, question.direction, decision.uses, now, question.people))
            self._counting.allowed(seq, way(question.direction), question.people)
            self._in_sight.settle(question.keys)
            self._refused, self._held = None, False
            self._show(Light.GREEN)
        else:
            self._refused, self._held = question, bool(self._passages)
            self._show(Light.RED)

    def _direction(self, now: int) -> Direction | None:
        """Which way whoever stands here is going; None until a beam has said."""
        if self._passages:
            return self._passages[0].direction
        if self._approach is None:
            return None
        direction, since = self._approach
        recent = direction in self._standing or now - since < self._plan.approach_within_us
        return direction if recent else None

    def _walked_through(self, direction: Direction, now: int) -> bool:
        """Whether somebody who came from the other side now stands in the beam of `direction`: no decision let them."""
        if self._position is not Position.OPEN or self._approach is None:
            return False
        came, since = self._approach
        return came is not direction and now - since < self._plan.approach_within_us

    def _crossed(self) -> None:
        self._life.count()
        self._counting.crossed(self._present.people)
        self._tell_followed(self._following.crossed(self._passages, self._present.people))
        for passage in self._passages:
            self._moved(
                FactKind.PASSAGE_CROSSED,
                PassageCrossed(
                    station=self._plan.name,
                    direction=way(passage.direction),
                    decision=passage.decision,
                    things=passage.things,
                ),
            )
        self._passages.clear()
        self._held, self._approach = False, None
        self._close(Light.RED if self._refused else Light.OFF)

    def _abandon(self) -> None:
        """Nobody went through: the permits are good again."""
        self._counting.abandoned()
        for passage in self._passages:
            uses = [UseBody(use.permit, use.thing) for use in passage.uses]
            body = PassageAbandoned(station=self._plan.name, decision=passage.decision, uses=uses)
            self._moved(FactKind.PASSAGE_ABANDONED, body, passage.uses)
        self._passages.clear()
        self._held = False

    def _tell_heads(self, now: int) -> None:
        counted = self._counting.done(now)
        if counted is not None:
            self._recording.movement(FactKind.HEADS_COUNTED, self._plan.gate, counted)

    def _tell_followed(self, followed: PassageFollowed | None) -> None:
        if followed is not None:
            self._recording.movement(FactKind.PASSAGE_FOLLOWED, self._plan.gate, followed)

    def _moved(
        self, kind: FactKind, body: GateMoved | PassageCrossed | PassageAbandoned, unspent: tuple[Use, ...] = ()
    ) -> None:
        self._recording.movement(kind, self._plan.gate, body, unspent)
        if self._recording.blocked:
            self._close(Light.AMBER)

    def _close(self, light: Light) -> None:
        self._tell_device(self._plan.gate, self._gate.close)
        self._show(light)

    def _show(self, light: Light) -> None:
        lamp, shown = self._parts.lamp, Light.GREEN if self._life.open else light
        shown = Light.AMBER if self._recording.blocked else shown
        if lamp is not None:
            self._tell_device(self._plan.lamp, lambda: lamp.show(shown))

    def _tell_device(self, name: str, do: Callable[[], None]) -> None:
        """A device that cannot be told is reported; a gate without word stays closed by itself."""
        try:
            do()
        except DeviceError as error:
            self._parts.report(name, str(error))
        else:
            self._parts.report(name, None)
