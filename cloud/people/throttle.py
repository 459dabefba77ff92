"""Guessing passwords is slow: so many failures for a name from an address, then a pause. In this process only."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

Key = tuple[str, str]
"""A username and the address it was tried from."""


@dataclass(slots=True)
class _Failures:
    count: int
    last_at: datetime


class Throttle:
    """Counts failed sign-ins. After `failures` of them a key waits `pause` from the newest one on.

    Remembers at most `keys` keys, the newest; `now` tells the time.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        failures: int = 5,
        pause: timedelta = timedelta(minutes=1),
        keys: int = 10_000,
    ) -> None:
        self._now, self._most, self._pause, self._keys = now, failures, pause, keys
        self._failed: OrderedDict[Key, _Failures] = OrderedDict()

    def wait(self, key: Key) -> timedelta | None:
        """How long `key` still has to wait; None when it may try."""
        failed = self._failed.get(key)
        if failed is None or failed.count < self._most:
            return None
        left = failed.last_at + self._pause - self._now()
        return left if left > timedelta(0) else None

    def failed(self, key: Key) -> None:
        """A wrong password: after a pause that was waited for, one more failure starts the next."""
        count = self._failed[key].count if key in self._failed else 0
        self._failed[key] = _Failures(count + 1, self._now())
        self._failed.move_to_end(key)
        while len(self._failed) > self._keys:
            self._failed.popitem(last=False)

    def succeeded(self, key: Key) -> None:
        """The right password: all is forgotten."""
        self._failed.pop(key, None)
