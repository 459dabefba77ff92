"""What time it is, and how wrong that can be.

Sources: the kernel's bound (adjtimex(2), kept by chrony, ntpd or timesyncd, from servers or from satellites), the
cloud's receipts, after a power cut the battery clock, or nobody. A receipt bounds the error because its time lies
between the sending of a batch and the coming of its receipt.
"""

import ctypes
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from custody.things import Moment

DRIFT = 200e-6
"""How much a quartz may gain or lose, at the most, as a part of the time that passed since a receipt."""

STEP = timedelta(milliseconds=500)
"""A jump of the wall clock against the monotonic one that is worth a fact; NTP slews smaller ones."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the clock: UTC to the microsecond, µs since boot `boot`; `error_ms` None where nobody knows."""

    at: datetime
    mono_us: int
    boot: str
    source: str
    error_ms: int | None

    @property
    def moment(self) -> Moment:
        """The same as custody's rules take it, with the very bound that the fact will state."""
        return Moment(self.at, None if self.error_ms is None else timedelta(milliseconds=self.error_ms))


class Clock(Protocol):
    """Tells the time; from any thread."""

    def read(self) -> Reading:
        """The time now."""

    def mono_us(self) -> int:
        """Monotonic microseconds, as in `read`."""

    def learn(self, receipt_at: datetime, sent_us: int, received_us: int) -> None:
        """Takes a cloud receipt of `receipt_at` for what was first sent at `sent_us`, received at `received_us`."""


@dataclass(frozen=True, slots=True)
class _Bound:
    source: str
    error_s: float
    offset_us: int  # wall − monotonic when it was learned
    learned_us: int


class SystemClock:
    """This machine's clocks. `wall_us`, `mono_us` and `kernel_error_us` are given in tests."""

    def __init__(
        self,
        boot: str,
        wall_us: Callable[[], int] = lambda: time.time_ns() // 1000,
        mono_us: Callable[[], int] = lambda: time.monotonic_ns() // 1000,
        kernel_error_us: Callable[[], int | None] | None = None,
    ) -> None:
        self._boot, self._wall_us, self._mono_us = boot, wall_us, mono_us
        self._kernel_error_us = kernel_error_us or ntp_error_us
        self.kernel_source = "ntp"
        self._bound: _Bound | None = None
        self._lock = threading.Lock()

    def mono_us(self) -> int:
        """Monotonic microseconds since boot."""
        return self._mono_us()

    def read(self) -> Reading:
        """The time now, with the smaller of the bounds that are known."""
        mono, wall = self._mono_us(), self._wall_us()
        source, error_ms = "none", None
        kernel = self._kernel_error_us()
        if kernel is not None:
            source, error_ms = self.kernel_source, math.ceil(kernel / 1000)
        bound = self._bound
        if bound is not None:
            bound_ms = math.ceil(_error_s(bound, wall, mono) * 1000)
            if error_ms is None or bound_ms < error_ms:
                source, error_ms = bound.source, bound_ms
        return Reading(_EPOCH + timedelta(microseconds=wall), mono, self._boot, source, error_ms)

    def learn(self, receipt_at: datetime, sent_us: int, received_us: int) -> None:
        """Keeps the bound that a receipt gives when it is better than what the last one is worth by now."""
        wall, mono = self._wall_us(), self._mono_us()
        offset = wall - mono
        told = (receipt_at - _EPOCH) // timedelta(microseconds=1)
        error_s = max(abs(sent_us + offset - told), abs(received_us + offset - told)) / 1e6
        self._take(_Bound("cloud", error_s, offset, mono))

    def recall(self, error_s: float) -> None:
        """Takes that the clock, set by the battery clock at this start, is wrong by `error_s` at most."""
        wall, mono = self._wall_us(), self._mono_us()
        self._take(_Bound("rtc", error_s, wall - mono, mono))

    def _take(self, bound: _Bound) -> None:
        with self._lock:
            if self._bound is None or bound.error_s < _error_s(
                self._bound, bound.offset_us + bound.learned_us, bound.learned_us
            ):
                self._bound = bound


def _error_s(bound: _Bound, wall_us: int, mono_us: int) -> float:
    """What `bound` is worth now: grown by drift, and by every step of the wall clock since."""
    stepped = abs(wall_us - mono_us - bound.offset_us) / 1e6
    return bound.error_s + stepped + (mono_us - bound.learned_us) / 1e6 * DRIFT


class StepWatch:
    """Notices that the wall clock jumped against the monotonic one."""

    def __init__(self, reading: Reading) -> None:
        self._last = reading

    def step(self, reading: Reading) -> timedelta | None:
        """By how much it jumped since the last call, when by more than STEP."""
        last, self._last = self._last, reading
        passed = timedelta(microseconds=reading.mono_us - last.mono_us)
        jump = reading.at - last.at - passed
        return jump if abs(jump) > STEP else None


def boot_id() -> str:
    """The kernel's id of this boot, 32 hex digits."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip().replace("-", "")


class _Timex(ctypes.Structure):
    """struct timex of adjtimex(2), as far as it is read here; the rest is room for what the kernel writes."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


_libc = ctypes.CDLL(None)
_STA_UNSYNC = 0x40
_TIME_ERROR = 5


def ntp_error_us() -> int | None:
    """The kernel's own bound on the wall clock's error in µs; None while it says that nobody disciplines it."""
    timex = _Timex()
    state = _libc.adjtimex(ctypes.byref(timex))
    if state in (-1, _TIME_ERROR) or timex.status & _STA_UNSYNC:
        return None
    return int(timex.maxerror)
