"""When a person is told of what waits for them: one message for what comes together, and none at night. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reminder that nobody was told of by any way yet."""

    id: int
    made_at: datetime
    urgent: bool


@dataclass(frozen=True, slots=True)
class Quiet:
    """From `since` to `until`, on the clock on the wall of `zone`, only what is urgent is told. Over midnight too."""

    since: time
    until: time
    zone: ZoneInfo

    def holds(self, now: datetime) -> bool:
        """Whether it is quiet at `now`."""
        at = now.astimezone(self.zone).time()
        if self.since < self.until:
            return self.since <= at < self.until
        return at >= self.since or at < self.until


def to_tell(waiting: Sequence[Waiting], within: timedelta, quiet: Quiet | None, now: datetime) -> list[int]:
    """The ids of what goes out now as one message; empty: not yet.

    The first waits `within` for others to come; what is urgent takes along all that may go with it.
    """
    may = [one for one in waiting if one.urgent or quiet is None or not quiet.holds(now)]
    if not may or not (any(one.urgent for one in may) or now - min(one.made_at for one in may) >= within):
        return []
    return [one.id for one in may]
