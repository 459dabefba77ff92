"""Quiet hours go by the clock on the wall, over midnight and over the end of a week."""

from datetime import UTC, datetime, time, timedelta

import pytest

from edge_agent.stations.hours import Quiet, is_quiet

NIGHTS = Quiet(frozenset({0, 1, 2, 3, 4}), time(19), time(7, 30))
WEEKEND = Quiet(frozenset({5, 6}), time(0), time(23, 59))


@pytest.mark.parametrize(
    ("local", "quiet"),
    [
        ("2026-11-23 18:59", False),  # a Monday
        ("2026-11-23 19:00", True),
        ("2026-11-24 00:00", True),
        ("2026-11-24 07:29", True),
        ("2026-11-24 07:30", False),
        ("2026-11-23 06:00", False),  # the night before was a Sunday's
        ("2026-11-28 03:00", True),  # Friday's night, and Saturday
        ("2026-11-28 12:00", True),
        ("2026-11-30 03:00", False),
    ],
)
def test_hours_by_the_wall(local: str, quiet: bool) -> None:
    at = datetime.fromisoformat(local).replace(tzinfo=UTC) - timedelta(hours=8)
    assert is_quiet([NIGHTS, WEEKEND], at, timedelta(hours=8)) is quiet


def test_without_quiet_hours_it_always_is() -> None:
    assert is_quiet([], datetime(2026, 11, 23, 4, tzinfo=UTC), timedelta(hours=8))
