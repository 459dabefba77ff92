"""Quiet hours: when nobody is to be there, by the clock on the wall of the warehouse. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone


@dataclass(frozen=True, slots=True)
class Quiet:
    """From `begin` on each of `days` (0 is Monday) until `end`, which is on the next day where it is not later."""

    days: frozenset[int]
    begin: time
    end: time

    def holds(self, local: datetime) -> bool:
        """Whether `local` is in it."""
        now, today, yesterday = local.time(), local.weekday(), (local.weekday() - 1) % 7
        if self.begin < self.end:
            return today in self.days and self.begin <= now < self.end
        return (today in self.days and now >= self.begin) or (yesterday in self.days and now < self.end)


def is_quiet(quiet: Sequence[Quiet], at: datetime, offset: timedelta) -> bool:
    """Whether `at` is in quiet hours where local time is UTC and `offset`; without any, it always is."""
    local = at.astimezone(timezone(offset))
    return not quiet or any(one.holds(local) for one in quiet)
