"""How full each zone is, was, and on which day it will be at this rate (saturation)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from cloud.analysis.asking import Asked, Look, Measure, finding
from cloud.analysis.models import Evidence, Figure, Point
from cloud.analysis.statistics import drift, reached
from cloud.db.pool import Row, rows
from cloud.db.queries import load_queries
from custody.analysis_rules import Threshold

WEEK = timedelta(days=7)
FAR = timedelta(days=3650)
"""A day that is further off is no forecast."""

_sql = load_queries(__file__, "filling.sql")


async def saturation(asked: Asked, told: Threshold) -> Look:
    """The level of each zone week by week, and the day on which it is full at the mean of its weekly changes."""
    zones = await rows(asked.tx, _sql.zones, **asked.span)
    changes: Mapping[str, dict[int, int]] = defaultdict(dict)
    for row in await rows(asked.tx, _sql.changes, **asked.span) if zones else ():
        changes[row["zone"]][row["days_before"]] = row["by"]
    return judge_saturation(asked, told, zones, changes)


def levels(used: int, by_day: Mapping[int, int], weeks: int) -> list[int]:
    """How many things lay in a zone at the end of the period, a week before, and so on back. `used` lie there now;
    `by_day` is by how many it changed, by days before the end (less than 0: after it).
    """
    return [used - sum(by for day, by in by_day.items() if day < 7 * week) for week in range(weeks + 1)]


def judge_saturation(
    asked: Asked, told: Threshold, zones: Sequence[Row], changes: Mapping[str, Mapping[int, int]]
) -> Look:  # fmt: skip
    """Figures: percent of a zone's places that are taken, and the day on which all are. A finding: that day is within
    `within_days`, by no fewer than `sample_at_least` weeks.
    """
    look, taken, places = Look(absent=None if zones else "no_zones"), 0, 0
    for zone in zones:
        begin = max(asked.since, zone["founded_at"] or asked.since)
        weeks = max(0, (asked.until - begin) // WEEK)
        held = levels(zone["used"], changes.get(zone["zone"], {}), weeks)
        look.n += weeks
        capacity = zone["capacity"]
        taken, places = taken + held[0], places + capacity
        figure = Figure(
            subject=zone["zone"], aspect=zone["zone_class"], value=100 * held[0] / capacity, unit="percent", n=weeks,
            course=[
                Point(at=asked.until - week * WEEK, value=100 * level / capacity) for week, level in enumerate(held)
            ][::-1],
        )  # fmt: skip
        look.figures.append(figure)
        if weeks >= max(3, told.sample_at_least):
            _forecast(asked, told, look, figure, capacity - held[0], held)
    if places:
        look.measures.append(Measure("all", "percent", 100 * taken / places, places, hits=taken))
    return look


def _forecast(asked: Asked, told: Threshold, look: Look, figure: Figure, room: int, held: Sequence[int]) -> None:
    rate = drift([float(newer - older) for newer, older in pairwise(held)])
    likely, soon, late = (
        None if weeks is None or weeks * WEEK > FAR else weeks * WEEK for weeks in reached(float(room), rate)
    )
    figure.at, figure.at_low, figure.at_high = (
        None if after is None else asked.until + after for after in (likely, soon, late)
    )
    within = timedelta(days=told.number("within_days"))
    if likely is None or likely > within:
        return
    look.findings.append(
        finding(
            asked, told, figure.subject, value=likely / timedelta(days=1), unit="days",
            expected_low=float(within.days), low=None if soon is None else soon / timedelta(days=1),
            high=None if late is None else late / timedelta(days=1), hits=held[0], n=len(held) - 1,
            at=figure.at, at_low=figure.at_low, at_high=figure.at_high,
            surprise=(1 - likely / within) * (1 if late is not None else 0.6),
            evidence=[Evidence(about="zone", id=figure.subject)],
            weakens=["one_seizure_changes_it", *([] if late is not None else ["may_not_grow"]),
                     *(["small_sample"] if len(held) < 13 else [])],
        )
    )  # fmt: skip
