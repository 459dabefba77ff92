"""A clock whose hands are moved by the test, and what else most edge tests begin with."""

import hashlib
import itertools
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from edge_agent.clock import SystemClock
from edge_agent.journal.drafts import Draft
from wire.kinds import FactKind

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BOOT = "b" * 32


class Hands:
    """Wall and monotonic time of a test: both move by `pass_`, the wall alone by `step`."""

    def __init__(self, error_ms: int | None = 10) -> None:
        self.wall_us = int(NOON.timestamp() * 1e6)
        self.mono_us = 1_000_000
        self.error_ms, self.boots = error_ms, 1
        self.clock = self._clock(BOOT)

    def _clock(self, boot: str) -> SystemClock:
        return SystemClock(
            boot,
            lambda: self.wall_us,
            lambda: self.mono_us,
            lambda: None if self.error_ms is None else self.error_ms * 1000,
        )

    def pass_(self, seconds: float) -> None:
        self.wall_us += int(seconds * 1e6)
        self.mono_us += int(seconds * 1e6)

    def reboot(self, seconds: float) -> None:
        """The power was gone for so long: monotonic time begins anew."""
        self.wall_us += int(seconds * 1e6)
        self.mono_us = 5_000_000
        self.boots += 1
        self.clock = self._clock(f"{self.boots:032}")

    def step(self, seconds: float) -> None:
        self.wall_us += int(seconds * 1e6)

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=self.wall_us)


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process may grow, as on a full disk: the kernel refuses the write."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def counted_bytes() -> Callable[[int], bytes]:
    """Randomness that can be repeated."""
    numbers = itertools.count()
    return lambda size: hashlib.shake_128(f"{next(numbers)}".encode()).digest(size)


def fact(text: str = "", **body: Any) -> Draft:
    return Draft(kind=FactKind.HEARTBEAT, device="agent", body={"text": text, **body})
