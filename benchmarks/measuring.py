"""An agent that only measures: makes batches of readings, for load and for tests of the cloud."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime

from custody.permits import time_text
from proof.keys import SigningKey
from wire.messages import ClockReading
from wire.readings import GENESIS, Columns, Series, seal_readings
from wire.topics import READINGS, Topic

START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


class Measurer:
    """Numbers and signs what it is told to have measured. The same seed says the same."""

    def __init__(self, agent: str, seed: int = 1) -> None:
        self.agent, self.topic = agent, str(Topic(agent, READINGS))
        self.random = random.Random(f"{agent}/{seed}")
        self.key = SigningKey.from_seed(self.random.randbytes(32))
        self.number, self.head = 0, GENESIS

    def tell(self, *series: Series, at: datetime = START, error_ms: int | None = 10) -> bytes:
        """The message of these series, as the next in the chain."""
        columns = Columns(at=time_text(at), boot="b7", clock=ClockReading("ntp", error_ms), series=list(series))
        self.number += 1
        message, self.head = seal_readings(self.agent, self.number, self.head, columns, self.key)
        return message

    def run(self, count: int, *, device: str = "room.air", step_us: int = 1_000_000, base: float = 20.0) -> Series:
        """`count` temperatures around `base`, one each `step_us`."""
        values = [round(base + self.random.gauss(0, 0.4), 2) for _ in range(count)]
        return column(device, [step_us * n for n in range(count)], values)


def column(device: str, after_us: Sequence[int], values: Sequence[float], measures: str = "temperature") -> Series:
    """These readings of one sensor."""
    return Series(device=device, measures=measures, after_us=list(after_us), values=list(values))
