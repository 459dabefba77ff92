"""A rack: who puts what where, may they, and what do the slots' own sensors say. Works with the network gone.

Somebody shows a pass, a thing's label and a slot's label; the task that names the thing is asked with what was seen;
the decision is on disk, and only then a light changes. What lies in a slot is the sensor's word, a fact of its own:
record and sensor are joined by the cloud. Everything happens under one lock; the lights have their own.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import get_args

from custody.decisions import Allowed, Refused, Waiting
from custody.passage import Genuineness, Sight
from custody.tasks import Task
from custody.things import Kind
from edge_agent.clock import Clock, Reading
from edge_agent.devices import Frame, Lamp, Light, SlotIndicator, Weight
from edge_agent.errors import DeviceError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.lists import ListBook
from edge_agent.permits import NOTHING, Change, PermitBook
from edge_agent.rule_packs import PackBook
from edge_agent.stations.asking import Books, Case, View, ask
from edge_agent.stations.in_sight import Key, key_of
from edge_agent.stations.placing import Placing
from edge_agent.stations.recording import Recording
from edge_agent.stations.scale_truth import ScaleTruth
from edge_agent.stations.seeing import Present, Still, TextRead, sights_in
from edge_agent.stations.shown import Shown
from edge_agent.stations.slot_lights import SlotLights
from edge_agent.store import Effect
from edge_agent.tasks import TaskBook
from proof.keys import VerifyKey
from wire.kinds import FactKind
from wire.messages import PictureBody, RackState, SlotChanged, StepDecided, ThingBody, WeightMeasured, to_body
from wire.sensors import ScaleDoubt, ScaleDoubted, ScaleTrusted

MOST_THINGS = 30
"""Judged in one look; what is beyond is judged in the next."""

NEWS_G = 5
"""Weights closer than this are the same: a scale is never quite still."""
DOUBTS: tuple[ScaleDoubt, ...] = get_args(ScaleDoubt)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RackPlan:
    """What a rack is: its names and times. `slots` are the ids of its slots by their names at the indicator."""

    site: str
    name: str
    camera: str
    indicator: str
    lamp: str
    scale: str = ""
    zero_g: int | None = None
    verified_until: date | None = None
    """When its scale is to be doubted: see scale_truth.py."""
    slots: Mapping[str, str]
    answer_us: int = 20_000_000
    """How long a light says what was decided, unless the slot's sensor ends it."""
    forget_us: int = 2_000_000
    retry_us: int = 1_000_000
    idle_us: int = 250_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RackParts:
    """What a rack works with; as at a gate, and the tasks."""

    indicator: SlotIndicator
    lamp: Lamp | None
    journal: Journal
    book: PermitBook
    tasks: TaskBook
    lists: ListBook
    clock: Clock
    packs: PackBook
    label_keys: Sequence[VerifyKey]
    read: Callable[[Frame], Sequence[TextRead]]
    keep: Callable[[Frame], Still]
    report: Callable[[str, str | None], None]
    moved: Callable[[str], None] = lambda slot: None
    """Told of every slot whose sensor changed."""


class RackStation:
    """One rack with its camera, its lights and its sensors."""

    def __init__(self, plan: RackPlan, parts: RackParts) -> None:
        self._plan, self._parts = plan, parts
        self._lock = threading.RLock()
        self._present = Present(parts.packs.presence_us)
        self._things = Shown(parts.packs.presence_us, plan.forget_us)
        self._slots = Shown(parts.packs.presence_us, plan.forget_us)
        self._refused: dict[Key, View] = {}
        self._lamp_until_us: int | None = None
        self._lamp_shows = Light.OFF
        self._read_us = -plan.idle_us
        self._stopped = False
        self._weight_g: int | None = None  # what the scale shows and stands still at
        self._weighed_g = 0  # what was told last
        self._truth = ScaleTruth(plan.zero_g, plan.verified_until)
        self._recording = Recording(plan.name, parts.journal, parts.book, parts.clock, plan.retry_us)
        known = parts.journal.reads.rows("slots", station=plan.name)
        self._truth.doubts |= {doubt for doubt in DOUBTS if (f"{plan.scale}/{doubt}", 1) in known}
        self._occupied = {slot: bool(there) for slot, there in known if slot in plan.slots.values()}
        self.lights = SlotLights(
            parts.indicator,
            {slot: name for name, slot in plan.slots.items()},
            parts.clock.mono_us,
            lambda problem: parts.report(plan.indicator, problem),
        )
        self._placing = Placing(
            plan.name, plan.indicator, plan.camera, self.lights, list(plan.slots.values()), parts.lists,
            self._open_tasks, self._recording, parts.journal, parts.clock,
        )  # fmt: skip

    def on_frame(self, frame: Frame) -> None:
        """Reads, asks, records, lights: everything between a picture and a light."""
        if self._may_rest():
            return
        reads = self._parts.read(frame)
        with self._lock:
            if self._stopped:
                return
            self.tick()
            reading = self._parts.clock.read()
            sights = sights_in(reads, self._plan.site, self._parts.label_keys, reading.moment)
            now = self._parts.clock.mono_us()
            self._present.see(sights, now)
            ours = [sight for sight in sights if sight.genuineness is not Genuineness.UNKNOWN]
            self._things.see([sight for sight in ours if sight.concerns_gate], now)
            self._slots.see([sight for sight in ours if sight.kind is Kind.SLOT and sight.copies == 1], now)
            if not self._recording.blocked:
                self._judge(frame)

    def on_slot(self, name: str, occupied: bool) -> None:
        """The sensor of the slot called `name` at the indicator spoke."""
        slot = self._plan.slots.get(name)
        if slot is None:
            return
        with self._lock:
            self._placing.sensed(slot, occupied)
            if self._occupied.get(slot) is occupied:
                return
            self._occupied[slot] = occupied
            body = SlotChanged(station=self._plan.name, slot=slot, occupied=occupied)
            row = {"station": self._plan.name, "slot": slot, "occupied": occupied}
            self._moved(FactKind.SLOT_CHANGED, self._plan.indicator, body, (Effect("set_slot", row),))
        self.lights.dark(slot)
        self._parts.moved(slot)

    def on_weight(self, weight: Weight) -> None:
        """The scale said something."""
        with self._lock:
            self._look_at_scale(weight)
            good = weight.stable and weight.grams > 0 and not self._truth.doubts
            self._weight_g = weight.grams if good else None
            if not weight.stable or abs(weight.grams - self._weighed_g) < NEWS_G:
                return
            self._weighed_g = weight.grams
            things = [] if self._truth.doubts else self._things.all
            body = WeightMeasured(
                station=self._plan.name, thing=things[0].id if len(things) == 1 else None, weight_g=weight.grams,
                stable=True,
            )  # fmt: skip
            self._moved(FactKind.WEIGHT_MEASURED, self._plan.scale, body)

    def _look_at_scale(self, weight: Weight | None) -> None:
        """Tells when the scale is to be doubted, and when no longer; then no step rests on what it says."""
        if not self._plan.scale:
            return
        for why, doubted in self._truth.see(weight, self._parts.clock.read().at.date()):
            row = {"station": self._plan.name, "slot": f"{self._plan.scale}/{why}", "occupied": doubted}
            body: ScaleDoubted | ScaleTrusted = ScaleTrusted(station=self._plan.name, why=why)
            if doubted:
                until, self._weight_g = self._plan.verified_until, None
                body = ScaleDoubted(
                    station=self._plan.name, why=why, weight_g=weight.grams if weight else None,
                    until=until.isoformat() if until else None,
                )  # fmt: skip
            kind = FactKind.SCALE_DOUBTED if doubted else FactKind.SCALE_TRUSTED
            self._moved(kind, self._plan.scale, body, (Effect("set_slot", row),))

    def _moved(
        self, kind: FactKind, device: str, body: SlotChanged | WeightMeasured | ScaleDoubted | ScaleTrusted,
        effects: tuple[Effect, ...] = (),
    ) -> None:  # fmt: skip
        self._recording.movement(kind, device, body, effects=effects)
        if self._recording.blocked:
            self._show(Light.AMBER)

    def state(self) -> RackState:
        """What lies where now."""
        with self._lock:
            taken = sorted(slot for slot, occupied in self._occupied.items() if occupied)
            return RackState(station=self._plan.name, occupied=taken)

    def busy(self) -> str | None:
        """Whether somebody is here, or something was shown that waits for its task, or for the rest of it."""
        with self._lock:
            return "task_open" if self._present or self._things.open else None

    def tick(self) -> None:
        """What time alone brings; called several times a second, also when the camera is dead."""
        with self._lock:
            now = self._parts.clock.mono_us()
            self._present.forget(now)
            self._things.see((), now)
            self._slots.see((), now)
            self._look_at_scale(None)
            if self._recording.blocked and self._recording.try_again():
                self._show(Light.OFF)
            if self._lamp_until_us is not None and now >= self._lamp_until_us:
                self._show(Light.OFF)
            if not self._stopped:
                self._placing.tick({sight.id for sight in self._slots.all})
                self._count()
            shown = {key_of(sight) for sight in self._things.open}
            self._refused = {key: view for key, view in self._refused.items() if key in shown}
        self.lights.tick()

    def stop(self) -> None:
        """Goes dark for good."""
        with self._lock:
            self._stopped = True
            self._show(Light.OFF)
        self.lights.stop()

    def _open_tasks(self) -> list[Task]:
        tasks = self._parts.tasks
        with self._parts.book.lock:
            return [task for task in tasks.at({self._plan.name}) if task.id not in tasks.done]

    def at_work(self) -> bool:
        """Whether a task or a list says why somebody is here."""
        now = self._parts.clock.read().at
        with self._lock:
            listed = self._placing.flashes() is not None
        return listed or any(task.not_before <= now <= task.not_after for task in self._open_tasks())

    def _count(self) -> None:
        """While the rack's lamp has no answer to show it tells of what is in a wrong slot, or counts what is left."""
        if self._lamp_until_us is not None:
            return
        flash = self._placing.flashes()
        light = Light.RED if self._placing.wrong else Light.AMBER if flash else Light.OFF
        if light is not self._lamp_shows:
            self._light_lamp(light)

    def _may_rest(self) -> bool:
        """Whether this frame need not be read: nothing is shown, and one was read a moment ago."""
        with self._lock:
            now = self._parts.clock.mono_us()
            if not (self._present or self._things) and now - self._read_us < self._plan.idle_us:
                return True
            self._read_us = now
            return False

    def _judge(self, frame: Frame) -> None:
        view = self._view()
        about = [sight for sight in view.things if self._is_news(sight, view)]
        if not about:
            return
        books, parts = self._parts.book, self._parts
        with books.lock:
            reading = parts.clock.read()
            case = ask(self._books(reading), view, about[:MOST_THINGS], reading.moment)
            if case is None or isinstance(case.answer, Waiting):
                seq = None
            else:
                change = self._parts.tasks.do(case.task) if case.task and isinstance(case.answer, Allowed) else NOTHING
                seq = self._recording.decision(self._draft(frame, case, view, change, reading))
                if seq is not None:
                    change.make_true()
        if case is not None:
            self._tell(case, view, seq)

    def _view(self) -> View:
        return View(
            things=tuple(self._things.open),
            slots=frozenset(sight.id for sight in self._slots.open),
            slots_here=frozenset(sight.id for sight in self._slots.all),
            people=self._present.people,
            stale=tuple(sight.id for sight in self._present.stale),
            weight_g=self._weight_g,
        )

    def _is_news(self, sight: Sight, view: View) -> bool:
        """Whether nothing was said about it yet, or something was shown since."""
        earlier = self._refused.get(key_of(sight))
        return earlier is None or view.adds_to(earlier)

    def _books(self, reading: Reading) -> Books:
        parts, station = self._parts, self._plan.name
        return Books(
            pack=parts.packs.in_force(reading.at),
            pack_of=lambda task: parts.packs.named(task.rule_pack),
            tasks_for=lambda thing: parts.tasks.tasks_for(station, thing),
            done=parts.tasks.done,
            holds=parts.book.holds,
        )

    def _draft(self, frame: Frame, case: Case, view: View, change: Change, reading: Reading) -> Draft:
        still = self._parts.keep(frame)
        digest = hashlib.sha256(still.jpeg).hexdigest()
        picture = PictureBody(digest, len(still.jpeg), still.width, still.height)
        return Draft(
            kind=FactKind.STEP_DECIDED,
            device=f"{self._plan.name}.{self._plan.camera}",
            body=to_body(_decided(self._plan.name, case, view, picture)),
            effects=(*change.effects, Effect("add_picture", {"sha256": digest, "jpeg": still.jpeg})),
            reading=reading,
        )

    def _tell(self, case: Case, view: View, seq: int | None) -> None:
        """Only now a light changes: the decision is on disk, or there is none yet."""
        slot = case.task.slot if case.task else None
        if self._recording.blocked:
            self._show(Light.AMBER)
        elif seq is None:
            self._light(Light.AMBER, {slot} if slot else set())
        elif isinstance(case.answer, Allowed):
            self._things.settle({key_of(sight) for sight in case.things})
            self._slots.settle({key_of(sight) for sight in self._slots.all if sight.id == slot})
            self._light(Light.GREEN, {slot} if slot else set())
        else:
            self._refused |= {key_of(sight): view for sight in case.things}
            self._light(Light.RED, set(view.slots))
        if seq is not None:
            self._placing.decided(case, view)
            _log.info("decided", extra={"fields": {"station": self._plan.name, "seq": seq, "answer": str(case.answer)}})

    def _light(self, light: Light, slots: set[str]) -> None:
        for slot in slots:
            if slot in self.lights:
                self.lights.show(slot, light, self._plan.answer_us)
        self._show(light)

    def _show(self, light: Light) -> None:
        """The rack's own lamp; it goes out by itself."""
        shown = Light.AMBER if self._recording.blocked else light
        self._lamp_until_us = None if shown is Light.OFF else self._parts.clock.mono_us() + self._plan.answer_us
        self._light_lamp(shown)

    def _light_lamp(self, shown: Light) -> None:
        lamp = self._parts.lamp
        if lamp is None or shown is self._lamp_shows:
            return
        try:
            lamp.show(shown)
        except DeviceError as error:
            self._parts.report(self._plan.lamp, str(error))
        else:
            self._lamp_shows = shown
            self._parts.report(self._plan.lamp, None)


def _decided(station: str, case: Case, view: View, picture: PictureBody) -> StepDecided:
    refused = case.answer if isinstance(case.answer, Refused) else None
    details = dict(case.details)
    if refused and "slot" not in details and view.slots:
        details["slot"] = min(view.slots)
    return StepDecided(
        station=station,
        task=case.task.id if case.task else None,
        action=case.action.value,
        things=[ThingBody(one.kind.value, one.id, one.issue) for one in case.things if one.kind is not None],
        people=sorted(view.people) if refused else list(case.hands),
        details=details,
        outcome="refused" if refused else "allowed",
        rule=case.answer.rule,
        reason=refused.reason.value if refused else None,
        subject=refused.subject if refused else None,
        rule_pack=case.pack.hash,
        picture=picture,
    )
