"""Deadlines: natural and working hours, pauses, holidays, worked weekends, changes to summer time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from custody.business_time import Calendar, Pause, counted, due_at

HOUR = timedelta(hours=1)
WEEK = frozenset({1, 2, 3, 4, 5})
SHANGHAI = Calendar(ZoneInfo("Asia/Shanghai"), WEEK, ((time(9), time(12)), (time(13), time(18))))
BERLIN = Calendar(ZoneInfo("Europe/Berlin"), frozenset(range(1, 8)), ((time(0), time(8)),))
FRIDAY = datetime(2026, 11, 27, 9, tzinfo=UTC)  # 17:00 in Shanghai

moments = st.timedeltas(timedelta(0), timedelta(days=275)).map(lambda after: datetime(2026, 3, 1, tzinfo=UTC) + after)
lengths = st.timedeltas(timedelta(minutes=1), timedelta(hours=90))


def test_natural_hours_count_every_hour() -> None:
    assert due_at(FRIDAY, 48 * HOUR) == FRIDAY + 48 * HOUR


def test_working_hours_stop_over_the_night_noon_and_weekend() -> None:
    assert due_at(FRIDAY, HOUR, SHANGHAI) == FRIDAY + HOUR  # exactly when work ends
    assert due_at(FRIDAY, 5 * HOUR, SHANGHAI) == datetime(2026, 11, 30, 6, tzinfo=UTC)  # Monday, an hour after noon


def test_a_holiday_is_free_and_a_worked_weekend_is_not() -> None:
    monday, saturday = date(2026, 11, 30), date(2026, 11, 28)
    free = Calendar(SHANGHAI.zone, WEEK, SHANGHAI.shifts, frozenset({monday}))
    worked = Calendar(SHANGHAI.zone, WEEK, SHANGHAI.shifts, workdays=frozenset({saturday}))
    assert due_at(FRIDAY, 2 * HOUR, free) == datetime(2026, 12, 1, 2, tzinfo=UTC)
    assert due_at(FRIDAY, 2 * HOUR, worked) == datetime(2026, 11, 28, 2, tzinfo=UTC)


def test_a_shift_across_a_change_of_clocks_is_as_long_as_it_was() -> None:
    spring, autumn = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert counted(spring, spring + 12 * HOUR, BERLIN) == 7 * HOUR
    assert counted(autumn, autumn + 12 * HOUR, BERLIN) == 9 * HOUR


def test_a_clock_that_stands_has_no_deadline_and_goes_on_where_it_stood() -> None:
    stands: list[Pause] = [(FRIDAY + HOUR, None)]
    assert due_at(FRIDAY, 48 * HOUR, None, stands) is None
    assert counted(FRIDAY, FRIDAY + 40 * HOUR, None, stands) == HOUR
    assert due_at(FRIDAY, 48 * HOUR, None, [(FRIDAY + HOUR, FRIDAY + 11 * HOUR)]) == FRIDAY + 58 * HOUR
    assert due_at(FRIDAY, HOUR, None, stands) == FRIDAY + HOUR  # it was due as the pause began


@given(moments, lengths, st.sampled_from([None, SHANGHAI, BERLIN]), st.lists(st.tuples(lengths, lengths), max_size=3))
def test_what_has_counted_at_the_deadline_is_what_was_allowed(
    since: datetime, lasts: timedelta, calendar: Calendar | None, gaps: list[tuple[timedelta, timedelta]]
) -> None:
    pauses: list[Pause] = []
    at = since
    for before, long in gaps:
        pauses.append((at + before, at + before + long))
        at += before + long
    due = due_at(since, lasts, calendar, pauses)
    assert due is not None
    assert counted(since, due, calendar, pauses) == lasts
    assert counted(since, due - timedelta(seconds=1), calendar, pauses) < lasts
    plain = due_at(since, lasts, calendar)
    assert plain is not None
    assert plain <= due  # a pause never shortens
