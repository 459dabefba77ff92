"""A camera's pictures by the hands of a test's clock, and a journal that says what was kept of them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_agent.devices import Frame
from edge_agent.film.clips import Keep
from edge_agent.film.films import FilmPlan, Films
from edge_agent.film.recorder import Pace
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from simulators.acting import Held, pose
from simulators.frames import Conditions, gate_scene, render
from tests.edge_agent.hands import Hands, counted_bytes
from wire.kinds import FactKind
from wire.messages import Fact

CAMERA, STATION = "camera", "gate-a"
KEEP = Keep(before_us=4_000_000, after_us=3_000_000, longest_us=20_000_000)
PACE = Pace(segment_us=2_000_000)


def pictures(count: int, size: tuple[int, int] = (320, 180)) -> list[NDArray[np.uint8]]:
    """A keeper with a carton in a simulated gate, small."""
    dice, scene = np.random.default_rng(4), gate_scene()
    held = [Held("a label", "a label")]
    drawn = (render(scene, pose(held, number / 10), Conditions(), dice) for number in range(count))
    return [np.asarray(cv2.resize(one, size, interpolation=cv2.INTER_AREA), np.uint8) for one in drawn]


@dataclass
class Studio:
    hands: Hands
    journal: Journal
    films: Films
    drawn: list[NDArray[np.uint8]]
    number: int = 0
    news: threading.Condition = field(default_factory=threading.Condition)

    def film(self, seconds: float) -> None:
        """Pictures for so long, ten a second; waits until each is taken."""
        for _ in range(round(seconds * 10)):
            self.hands.pass_(0.1)
            self.films.offer(CAMERA, Frame(self.drawn[self.number % len(self.drawn)], self.hands.mono_us))
            self.number += 1
            self.films.wait(CAMERA)

    def event(self, kind: str = FactKind.PASSAGE_CROSSED, station: str = STATION, **body: Any) -> int:
        """Something happens at the gate; its seq."""
        return self.journal.record(Draft(kind=kind, device=station, body={"station": station, **body})).fact.seq

    def facts(self, kind: str | None = None) -> list[Fact]:
        run = self.journal.run_from(1, 1000, 1 << 24)
        return [one for one in (run.facts if run else ()) if kind in (None, one.kind)]

    def bodies(self, kind: str) -> list[dict[str, Any]]:
        return [one.body for one in self.facts(kind)]

    def until(self, count: int, kind: str, seconds: float = 240) -> list[dict[str, Any]]:
        """The bodies of that kind, once there are so many."""
        with self.news:
            assert self.news.wait_for(lambda: len(self.bodies(kind)) >= count, seconds), self.facts()
        return self.bodies(kind)

    def _wake(self) -> None:
        with self.news:
            self.news.notify_all()


@contextmanager
def studio(
    folder: Path, hands: Hands | None = None, *, ring_bytes: int = 1 << 30, free_bytes: int = 0, keep: Keep = KEEP,
    pace: Pace = PACE, drawn: Callable[[], list[NDArray[np.uint8]]] = lambda: pictures(20),
) -> Iterator[Studio]:  # fmt: skip
    """A journal with films, at work."""
    hands = hands or Hands()
    journal = Journal(folder / "data", hands.clock, counted_bytes())
    plan = FilmPlan(folder=folder / "film", ring_bytes=ring_bytes, free_bytes=free_bytes, keep=keep, pace=pace)
    films = Films(plan, {STATION: CAMERA}, journal, hands.clock)
    set_ = Studio(hands, journal, films, drawn())
    journal.watch(set_._wake)
    films.start()
    try:
        yield set_
    finally:
        films.stop()
        journal.close()
