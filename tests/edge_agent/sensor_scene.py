"""A sensors' station with a real journal, and sensors that say what the test says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge_agent.devices import Measured
from edge_agent.journal.journal import Journal
from edge_agent.permits import PermitBook
from edge_agent.stations.gauges import Pace
from edge_agent.stations.sensors import SensorsParts, SensorsPlan, SensorStation
from tests.edge_agent.hands import Hands, counted_bytes
from wire.messages import Fact

PACE = Pace(deadband={"temperature": 0.5}, at_most_us=10_000_000, at_least_us=900_000_000)


@dataclass
class Told:
    """A sensor: whoever watches it hears what the test says."""

    watchers: list[Callable[..., None]] = field(default_factory=list)

    def watch(self, on_said: Callable[..., None]) -> None:
        self.watchers.append(on_said)

    def stop(self) -> None:
        self.watchers.clear()

    def say(self, *said: Any) -> None:
        for on_said in self.watchers:
            on_said(*said)


@dataclass
class Room:
    """A room with one sensor of each kind."""

    hands: Hands
    journal: Journal
    air: Told = field(default_factory=Told)
    seal: Told = field(default_factory=Told)
    power: Told = field(default_factory=Told)
    panel: Told = field(default_factory=Told)

    def open(self, pace: Pace = PACE, burst: int = 20) -> SensorStation:
        """As at a start."""
        for one in (self.air, self.seal, self.power, self.panel):
            one.stop()
        book = PermitBook(self.journal.reads, "nj01.gate-a", lambda _: None)
        parts = SensorsParts(
            journal=self.journal, book=book, clock=self.hands.clock, climates={"air": self.air},
            contacts={"seal": ("tilt", self.seal), "power": ("ups", self.power), "panel": ("alarmpanel", self.panel)},
        )  # fmt: skip
        self.station = SensorStation(SensorsPlan(name="room", pace=pace, burst=burst), parts)
        self.station.attach()
        return self.station

    def measure(self, value: float, measures: str = "temperature", after_s: float = 0) -> None:
        self.hands.pass_(after_s)
        self.air.say(Measured(measures, value))

    def tick(self, after_s: float) -> None:
        self.hands.pass_(after_s)
        self.station.tick()

    @property
    def facts(self) -> list[Fact]:
        self.journal.apply([])  # whatever was handed in before is on disk then
        run = self.journal.run_from(1, 100_000, 1 << 26)
        return run.facts if run else []

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [fact.body for fact in self.facts if fact.kind == kind]


@contextmanager
def a_room(folder: Path) -> Iterator[Room]:
    hands = Hands()
    journal = Journal(folder, hands.clock, counted_bytes())
    room = Room(hands, journal)
    room.open()
    yield room
    journal.close()
