"""A gate on mock pins, with a real journal, real permits and labels shown to it by their texts."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from custody.permits import PERMIT_TYPE, Permit, PermitThing
from custody.things import Direction, Kind
from edge_agent.devices import Around, Frame
from edge_agent.drivers import beam_gpiozero, button_gpiozero, gate_gpiozero, lamp_gpiozero
from edge_agent.journal.journal import Journal
from edge_agent.permits import Change, PermitBook
from edge_agent.rule_packs import PackBook
from edge_agent.stations.gate import GateParts, GatePlan, GateStation
from edge_agent.stations.heads import Heads
from edge_agent.vision.heads import HeadCounter
from proof import jws
from proof.keys import SigningKey
from simulators.crowd import FPS, Walker, film
from tests.edge_agent.hands import Hands, counted_bytes
from wire.labels import Label, write_label, write_pass
from wire.messages import Fact
from wire.rule_packs import load_rule_pack

CLOUD = SigningKey.from_seed(b"c" * 32)
LABELS = SigningKey.from_seed(b"l" * 32)
SITE, AGENT = "nj01", "nj01.gate-a"
PACK = load_rule_pack()
RELAY, SWITCH, OUTSIDE, INSIDE, GREEN, RED, GLASS = 17, 27, 22, 23, 5, 6, 24
HEAD = 0.17
"""How wide a head with its shoulders is in the pictures of `simulators.crowd`."""
BLANK = np.zeros((4, 4, 3), np.uint8)


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Card:
    """A still that says which frame it is of."""

    jpeg: bytes
    width: int = 4
    height: int = 4


def around(hands: Hands, folder: Path = Path()) -> Around:
    return Around(folder=folder, mono_us=hands.clock.mono_us, report=lambda _: None)


def package(name: str, issue: int = 1, site: str = SITE) -> str:
    return write_label(Label(Kind.PACKAGE, f"{site}/P-{name}", issue), LABELS)


def item(name: str, issue: int = 1) -> str:
    return write_label(Label(Kind.ITEM, f"{SITE}/I-{name}", issue), LABELS)


def person(name: str) -> str:
    return write_label(Label(Kind.PERSON, f"{SITE}/U-{name}", 1), LABELS)


def slot(name: str) -> str:
    return write_label(Label(Kind.SLOT, f"{SITE}/S-{name}", 1), LABELS)


def phone(name: str, until: datetime) -> str:
    """The pass on somebody's phone."""
    return write_pass(f"{SITE}/U-{name}", 1, until, LABELS)


def a_permit(hands: Hands, id_: str, *names: str, direction: Direction, **changes: Any) -> Permit:
    content = {
        "id": id_,
        "site": SITE,
        "agent": AGENT,
        "stations": ("gate-a",),
        "direction": direction,
        "things": tuple(PermitThing(Kind.PACKAGE, f"{SITE}/P-{name}", 1) for name in names),
        "people_required": 1,
        "rule_pack": PACK.hash,
        "not_before": hands.now - timedelta(hours=1),
        "not_after": hands.now + timedelta(hours=1),
        "entry": 1,
    }
    return Permit(**{**content, **changes})


def walk_under(heads: Heads | None, hands: Hands, walkers: Sequence[Walker], seconds: float) -> None:
    """These people walk under the camera that is `heads`, while time passes."""
    assert heads is not None
    for picture in film(walkers, seconds, np.random.default_rng(7), lead=0.5):
        hands.pass_(1 / FPS)
        heads.on_frame(Frame(picture, hands.mono_us))


@dataclass
class Scene:
    hands: Hands
    journal: Journal
    book: PermitBook
    packs: PackBook
    station: GateStation
    pins: MockFactory
    shown: list[str] = field(default_factory=list)
    reports: list[tuple[str, str | None]] = field(default_factory=list)
    before_still: Callable[[], None] = lambda: None
    number: int = 0
    frames_read: int = 0
    heads: Heads | None = None

    def permit(self, *names: str, direction: Direction = Direction.IN, **changes: Any) -> Permit:
        """A granted permit for packages `names`, for one person, valid for an hour before and after now."""
        self.number += 1
        permit = a_permit(self.hands, f"{SITE}/L-{self.number}", *names, direction=direction, **changes)
        change = self.book.add(jws.sign(permit.payload(), CLOUD, PERMIT_TYPE))
        assert isinstance(change, Change), change
        self.make(change)
        return permit

    def make(self, change: Change) -> None:
        self.journal.apply(change.effects)
        change.make_true()

    def show(self, *texts: str, seconds: float = 0.1) -> None:
        """One frame with `texts`, after `seconds`."""
        self.hands.pass_(seconds)
        self.shown[:] = texts
        self.station.on_frame(Frame(BLANK, self.hands.mono_us))

    def look_away(self, seconds: float) -> None:
        """Frames without any code, ten a second."""
        for _ in range(round(seconds * 10)):
            self.show()

    def beam(self, pin: int, *, broken: bool) -> None:
        (self.pins.pin(pin).drive_high if broken else self.pins.pin(pin).drive_low)()

    def walk_into(self, pin: int) -> None:
        """Somebody goes through the beam on `pin`."""
        self.beam(pin, broken=True)
        self.beam(pin, broken=False)

    def walk(self, *walkers: Walker, seconds: float = 6.0) -> None:
        """What the camera above sees meanwhile: these people on their way."""
        walk_under(self.heads, self.hands, walkers, seconds)

    def glass(self, *, pressed: bool) -> None:
        """The rescue button behind the glass."""
        (self.pins.pin(GLASS).drive_low if pressed else self.pins.pin(GLASS).drive_high)()

    def is_open(self) -> bool:
        return bool(self.pins.pin(RELAY).state)

    @property
    def lamp(self) -> str:
        lit = (bool(self.pins.pin(GREEN).state), bool(self.pins.pin(RED).state))
        return {(True, False): "green", (False, True): "red", (True, True): "amber", (False, False): "off"}[lit]

    def facts(self, kind: str = "") -> list[Fact]:
        run = self.journal.run_from(1, 1000, 1 << 24)
        return [fact for fact in run.facts if kind in ("", fact.kind)] if run else []

    @property
    def outcomes(self) -> list[str]:
        """Of every decision: `allowed`, or the reason of the refusal."""
        return [fact.body["reason"] or fact.body["outcome"] for fact in self.facts("passage_decided")]


@contextmanager
def gate_scene(
    folder: Path, hands: Hands | None = None, *, on_disk: Journal | None = None, above: bool = False
) -> Iterator[Scene]:
    """A gate whose switch follows its relay, with a camera `above` it; `on_disk` is a journal in place of one in
    `folder`.
    """
    hands = hands or Hands()
    pins = Device.pin_factory = MockFactory()
    journal = on_disk or Journal(folder, hands.clock, counted_bytes())
    book = PermitBook(journal.reads, AGENT, {CLOUD.public.kid: CLOUD.public}.get)
    gate = gate_gpiozero.build(gate_gpiozero.Options(pin=RELAY, closed_pin=SWITCH), around(hands))
    lamp = lamp_gpiozero.build(lamp_gpiozero.Options(green_pin=GREEN, red_pin=RED), around(hands))
    beams = {
        way: beam_gpiozero.build(beam_gpiozero.Options(pin=pin), around(hands))
        for way, pin in ((Direction.IN, OUTSIDE), (Direction.OUT, INSIDE))
    }
    button = button_gpiozero.build(button_gpiozero.Options(pin=GLASS), around(hands))
    for pin in (SWITCH, OUTSIDE, INSIDE):  # closed, and both beams see their light
        pins.pin(pin).drive_low()
    shown: list[str] = []
    reports: list[tuple[str, str | None]] = []

    def read(frame: Frame) -> list[Text]:
        scene.frames_read += 1
        return [Text(text) for text in shown]

    def keep(frame: Frame) -> Card:
        scene.before_still()
        return Card(b"%d" % frame.taken_us)

    plan = GatePlan(agent=AGENT, site=SITE, name="gate-a", camera="camera", gate="barrier", lamp="lamp", button="glass")
    packs = PackBook(journal.reads, PACK, hands.clock)
    parts = GateParts(
        gate=gate,
        lamp=lamp,
        journal=journal,
        book=book,
        clock=hands.clock,
        packs=packs,
        label_keys=[LABELS.public],
        read=read,
        keep=keep,
        report=lambda device, problem: reports.append((device, problem)),
        heads=Heads(HeadCounter(head=HEAD), hands.clock.mono_us) if above else None,
    )
    station = GateStation(plan, parts)
    scene = Scene(hands, journal, book, packs, station, pins, shown, reports, heads=parts.heads)
    gate.watch(station.on_position)
    for way, beam in beams.items():
        beam.watch(partial(station.on_beam, way))
    button.watch(station.on_break_glass)
    try:
        yield scene
    finally:
        station.stop()
        for stop in (gate.stop, lamp.stop, button.stop, *(beam.stop for beam in beams.values())):
            stop()
        journal.close()
        pins.reset()
        Device.pin_factory = None


def follow(scene: Scene) -> None:
    """The switch says now what the relay does."""
    switch: MockPin = scene.pins.pin(SWITCH)
    (switch.drive_high if scene.is_open() else switch.drive_low)()
