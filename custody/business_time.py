"""Time that counts against a deadline: natural hours, or the hours of a calendar; never those of a pause. Pure.

Hours are elapsed hours: a shift across a change to summer time is as long as it really was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
"""From, inclusive, to, exclusive; both in UTC."""
Pause = tuple[datetime, datetime | None]
"""From when a clock stood still, and until when; None: it still does."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """When people are at work. `weekdays` as ISO counts them (1 is Monday); `shifts` are wall-clock times of `zone`.

    A day of `holidays` is free whatever weekday it is; one of `workdays` is worked whatever it is (调休).
    """

    zone: ZoneInfo
    weekdays: frozenset[int]
    shifts: tuple[tuple[time, time], ...]
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def works_on(self, day: date) -> bool:
        """Whether `day` is a working day."""
        return day in self.workdays or (day.isoweekday() in self.weekdays and day not in self.holidays)

    def spans(self, since: datetime) -> Iterator[Span]:
        """The shifts that end after `since`, one after the other, for ever."""
        day = since.astimezone(self.zone).date()
        while True:
            for opens, closes in self.shifts if self.works_on(day) else ():
                start, end = self._moment(day, opens), self._moment(day, closes)
                if end > since and end > start:
                    yield max(start, since), end
            day += timedelta(days=1)

    def _moment(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def due_at(
    since: datetime, lasts: timedelta, calendar: Calendar | None = None, pauses: Sequence[Pause] = ()
) -> datetime | None:
    """When `lasts` has been counted from `since`; None while the clock stands. No calendar: every hour counts."""
    left = lasts
    for start, end in _counting(since, calendar, pauses):
        if end is None or end - start >= left:
            return start + left
        left -= end - start
    return None


def counted(
    since: datetime, until: datetime, calendar: Calendar | None = None, pauses: Sequence[Pause] = ()
) -> timedelta:
    """How much counts between `since` and `until`."""
    total = timedelta(0)
    for start, end in _counting(since, calendar, pauses):
        if start >= until:
            break
        total += (until if end is None else min(end, until)) - start
    return total


def _counting(
    since: datetime, calendar: Calendar | None, pauses: Sequence[Pause]
) -> Iterator[tuple[datetime, datetime | None]]:
    """What counts from `since` on, in order; the last has no end where every hour counts and no pause is left."""
    open_from = since.astimezone(UTC)
    for start, end in sorted(pauses, key=lambda pause: pause[0]):
        if start > open_from:
            yield from _within(open_from, start, calendar)
        if end is None:
            return
        open_from = max(open_from, end)
    yield from _within(open_from, None, calendar)


def _within(
    start: datetime, end: datetime | None, calendar: Calendar | None
) -> Iterator[tuple[datetime, datetime | None]]:
    if calendar is None:
        yield start, end
        return
    for opens, closes in calendar.spans(start):
        if end is not None and opens >= end:
            return
        yield opens, closes if end is None else min(closes, end)
