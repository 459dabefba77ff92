"""The gate: how many labels are read beside zxing, pyzbar and OpenCV each alone; and from frame to decision on disk."""

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
import zxingcpp
from numpy.random import default_rng
from pyzbar import pyzbar
from rich.console import Console
from rich.table import Table

from benchmarks.pictures import LABEL_KEY, SETS, Picture, Shot, box, item_label, photograph_sets, shots
from custody.decisions import Decision
from custody.permits import PERMIT_TYPE, Permit, PermitThing
from custody.things import Direction, Kind
from edge_agent.clock import Reading
from edge_agent.devices import Frame, Position
from edge_agent.journal.journal import Journal
from edge_agent.permits import Change, PermitBook
from edge_agent.rule_packs import PackBook
from edge_agent.stations.gate import GateParts, GatePlan, GateStation
from edge_agent.vision.labels import read_labels, warm_up
from edge_agent.vision.stills import keep_still
from proof import jws
from proof.keys import SigningKey
from simulators.frames import Conditions, gate_scene, render
from wire.rule_packs import load_rule_pack

PICTURES_A_SET = 30
PASSAGES = 200
LIMIT_MS = 25.0

Reader = Callable[[Picture], Iterable[str]]

_QR = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
_CLOUD = SigningKey.from_seed(b"benchmark cloud key, no secret !")
_AGENT, _STATION = "nj01.gate-a", "gate-a"


def _gray(picture: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)


def _ours(picture: Picture) -> Iterable[str]:
    return [read.text for read in read_labels(picture)]


def _zxing(picture: Picture) -> Iterable[str]:
    return [code.text for code in zxingcpp.read_barcodes(_gray(picture), formats=_QR)]


def _pyzbar(picture: Picture) -> Iterable[str]:
    try:
        found = pyzbar.decode(_gray(picture), symbols=[pyzbar.ZBarSymbol.QRCODE])
    except ValueError:  # it has no name for "orientation unknown": counted as something read
        return ["?"]
    return [symbol.data.decode("utf-8", "replace") for symbol in found]


def _opencv(picture: Picture) -> Iterable[str]:
    try:
        _, texts, _, _ = cv2.QRCodeDetector().detectAndDecodeMulti(picture)
    except (cv2.error, UnicodeDecodeError):  # it gives up on some pictures, and on texts that are not UTF-8
        return []
    return [text for text in texts if text]


READERS: dict[str, Reader] = {"ours": _ours, "zxing": _zxing, "pyzbar": _pyzbar, "OpenCV": _opencv}


def run() -> None:
    """Print both tables."""
    console = Console(width=100)
    warm_up()
    for read in READERS.values():
        list(read(next(shots("low light 0.06", 1)).picture))  # what is only slow the first time
    table = Table(title="Labels read, and milliseconds a picture",
                  caption="holds: as many as each of the others at least, in pyzbar's time at most")  # fmt: skip
    for heading in ("pictures", "labels", *READERS, "holds"):
        table.add_column(heading, justify="left" if heading == "pictures" else "right", no_wrap=True)
    for name in SETS:
        _add_row(table, name, list(shots(name, PICTURES_A_SET)))
    for name, photographs in photograph_sets().items():
        _add_row(table, name, photographs)
    console.print(table)
    console.print(_decisions())


def _add_row(table: Table, name: str, taken: Sequence[Shot]) -> None:
    hits, ms = dict.fromkeys(READERS, 0), dict.fromkeys(READERS, 0.0)
    for shot in taken:  # each reader in turn, so that what else this machine does slows them all alike
        for reader, read in READERS.items():
            started = time.perf_counter()
            texts = set(read(shot.picture))
            ms[reader] += (time.perf_counter() - started) * 1000 / len(taken)
            hits[reader] += bool(texts) if shot.texts is None else len(texts.intersection(shot.texts))
    there = sum(1 if shot.texts is None else len(shot.texts) for shot in taken)
    holds = hits["ours"] == max(hits.values()) and ms["ours"] <= ms["pyzbar"]
    cells = [f"{hits[reader]} {ms[reader]:6.1f}" for reader in READERS]
    table.add_row(name, str(there), *cells, "yes" if holds else "NO")


class _Clock:
    """This machine's clock, taken as right to 12 ms; `wait` is how much of its time is skipped."""

    def __init__(self) -> None:
        self._skipped_us = 0

    def wait(self, skipped_us: int) -> None:
        self._skipped_us += skipped_us

    def read(self) -> Reading:
        return Reading(datetime.now(UTC), self.mono_us(), "benchmark", "ntp", 12)

    def mono_us(self) -> int:
        return time.monotonic_ns() // 1000 + self._skipped_us

    def learn(self, receipt_at: datetime, sent_us: int, received_us: int) -> None:
        """There is no cloud here."""


@dataclass
class _Barrier:
    """A gate that notes when it was told what."""

    told: list[tuple[Decision, float]] = field(default_factory=list)

    def apply(self, decision: Decision) -> None:
        self.told.append((decision, time.perf_counter()))

    def close(self) -> None: ...

    def watch(self, on_position: Callable[[Position], None]) -> None: ...

    def stop(self) -> None: ...


def _decisions() -> Table:
    """From a frame to the gate being told, its fact and its still on disk before: real journal, real permits."""
    table = Table(title=f"Frame in → decision on disk → gate told; limit {LIMIT_MS:.0f} ms at p99",
                  caption=f"of {PASSAGES} frames of 1280×720 each, those in which the label could be read")  # fmt: skip
    for heading in ("frames", "decided", "p50", "p99", "holds"):
        table.add_column(heading, justify="left" if heading == "frames" else "right", no_wrap=True)
    walking = Conditions(motion_px=3, motion_deg=20)
    for name, conditions, permitted in (
        ("allowed: a carton carried by", walking, True),
        ("refused: no permit", walking, False),
        ("allowed: in motion, 9 px", Conditions(motion_px=9, motion_deg=20), True),
        ("allowed: low light 0.06", Conditions(light=0.06, noise=4), True),
    ):
        _add_times(table, name, list(_passages(conditions, permitted=permitted)))
    empty = [render(gate_scene(), [], Conditions(), default_rng(seed)) for seed in range(8)]
    _add_times(table, "nobody there: read only", [_read_ms(picture) for picture in empty * (PASSAGES // 8)])
    return table


def _read_ms(picture: Picture) -> float:
    started = time.perf_counter()
    read_labels(picture)
    return (time.perf_counter() - started) * 1000


def _add_times(table: Table, name: str, took_ms: list[float]) -> None:
    p50, p99 = np.percentile(took_ms, (50, 99))
    table.add_row(name, str(len(took_ms)), f"{p50:.1f} ms", f"{p99:.1f} ms", "yes" if p99 <= LIMIT_MS else "NO")


def _passages(conditions: Conditions, *, permitted: bool) -> Iterator[float]:
    """Milliseconds from each frame to its decision; frames in which no label could be read give none."""
    scene, rng, barrier, clock = gate_scene(), default_rng(3), _Barrier(), _Clock()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=Path.cwd())))  # a disk, not a tmpfs
        journal = Journal(folder, clock, os.urandom)
        stack.callback(journal.close)
        book = PermitBook(journal.reads, _AGENT, {_CLOUD.public.kid: _CLOUD.public}.get)
        packs = PackBook(journal.reads, load_rule_pack(), clock)
        plan = GatePlan(agent=_AGENT, site="nj01", name=_STATION, camera="camera", gate="barrier", lamp="")
        station = GateStation(plan, GateParts(
            gate=barrier, lamp=None, journal=journal, book=book, clock=clock, packs=packs,
            label_keys=(LABEL_KEY.public,), read=lambda frame: read_labels(frame.pixels),
            keep=lambda frame: keep_still(frame.pixels), report=lambda *_: None,
        ))  # fmt: skip
        for number in range(1, PASSAGES + 1):
            if permitted:
                _permit(journal, book, clock, number)
            frame = render(scene, [box(rng, number=number)], conditions, rng)
            clock.wait(3_000_000)  # until the one before is forgotten
            station.tick()
            station.on_beam(Direction.IN, broken=True)
            station.on_beam(Direction.IN, broken=False)
            started = time.perf_counter()
            station.on_frame(Frame(frame, clock.mono_us()))
            if barrier.told:
                yield (barrier.told.pop()[1] - started) * 1000
            station.on_beam(Direction.OUT, broken=True)
            station.on_beam(Direction.OUT, broken=False)


def _permit(journal: Journal, book: PermitBook, clock: _Clock, number: int) -> None:
    now = clock.read().at
    permit = Permit(
        id=f"nj01/L-{number}", site="nj01", agent=_AGENT, stations=(_STATION,), direction=Direction.IN,
        things=(PermitThing(Kind.ITEM, item_label(number)[1], 1),), people_required=0,
        rule_pack=load_rule_pack().hash, not_before=now - timedelta(hours=1), not_after=now + timedelta(hours=1),
        entry=1,
    )  # fmt: skip
    change = book.add(jws.sign(permit.payload(), _CLOUD, PERMIT_TYPE))
    assert isinstance(change, Change), change
    journal.apply(change.effects)
    change.make_true()
