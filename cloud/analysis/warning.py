"""Whether breaches were warned of beforehand, and how long before (J28).

Which warnings belong to which breach is in the rule pack: alarms at the same place, or records that are filed under it
(`told_by`: a kind, or of reminders `reminder_made.<subject>`).
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cloud.analysis.asking import Asked, Look, entries, finding, share, times
from cloud.analysis.models import Figure
from cloud.analysis.statistics import median, wilson
from cloud.db.pool import Row, one, rows
from cloud.db.queries import load_queries
from custody.analysis_rules import Threshold

WITHDRAWN = timedelta(days=1)
"""A warning that ended longer before the breach was no warning of it."""

_sql = load_queries(__file__, "trouble.sql")
_places = load_queries(__file__)


async def lead_time(asked: Asked, told: Threshold) -> Look:
    """Breaches of each cause, with the first warning that still stood."""
    breaches = told.told["breaches"]
    since = asked.since - timedelta(days=told.number("within_days"))
    causes = sorted({cause for row in breaches for cause in (row["breach"], *row.get("warned_by", ()))})
    kinds = sorted({kind.partition(".")[0] for row in breaches for kind in row.get("told_by", ())})
    begin = await one(asked.tx, _places.entry_at, site=asked.site, at=since)
    from_index = 0 if begin is None else begin["index"]
    return judge_lead_time(
        asked, told,
        await rows(asked.tx, _sql.alarms, **asked.span, causes=causes, **{"from": since}),
        await rows(asked.tx, _sql.told, **asked.span, kinds=kinds, from_index=from_index) if kinds else [],
    )  # fmt: skip


def judge_lead_time(asked: Asked, told: Threshold, alarms: Sequence[Row], records: Sequence[Row]) -> Look:
    """Figures of each cause: percent that were warned of, and the median hours before. A finding: certainly less than
    `share_pct` of a cause were.
    """
    look = Look()
    at: Mapping[tuple[str, str], list[Row]] = defaultdict(list)
    for row in (*alarms, *records):
        for place in _around(row["place"]):
            at[row["cause"], place].append(row)
    for pair in told.told["breaches"]:
        found = [row for row in alarms if row["cause"] == pair["breach"] and row["at"] >= asked.since]
        if not found:
            continue
        names = (*pair.get("warned_by", ()), *pair.get("told_by", ()))
        within = timedelta(days=told.number("within_days"))
        leads = [
            lead_of(row["at"], within, [w for name in names for w in at.get((name, row["place"]), ())]) for row in found
        ]
        warned = [lead / timedelta(hours=1) for lead in leads if lead is not None]
        low, high = wilson(len(warned), len(found))
        value = 100 * len(warned) / len(found)
        look.measures.append(share(pair["breach"], len(warned), len(found)))
        look.n += len(found)
        look.figures.append(
            Figure(subject=pair["breach"], value=value, low=100 * low, high=100 * high, unit="percent", n=len(found))
        )
        if warned:
            look.figures.append(
                Figure(
                    subject=pair["breach"], value=median(warned), low=min(warned), high=max(warned), unit="hours",
                    n=len(warned),
                )
            )  # fmt: skip
        if len(found) < told.sample_at_least or high >= told.share:
            continue
        missed = [row["index"] for row, lead in zip(found, leads, strict=True) if lead is None]
        look.findings.append(
            finding(
                asked, told, pair["breach"], value=value, unit="percent", low=100 * low, high=100 * high,
                expected_low=100 * told.share, expected_high=100.0, hits=len(missed), n=len(found),
                surprise=times(told.share, high), evidence=entries(missed),
                weakens=["not_foreseeable", *(["small_sample"] if len(found) < 30 else [])],
            )
        )  # fmt: skip
    look.absent = None if look.n else "no_breaches"
    return look


def _around(place: str) -> list[str]:
    """A place and what it is a part of: a device's agent, an agent's site."""
    return [place, *(place[: found.start()] for found in re.finditer(r"[.:]", place))]


def lead_of(at: datetime, within: timedelta, warnings: Sequence[Row]) -> timedelta | None:
    """How long before `at` the first of `warnings` was that still stood then; None: nothing warned of it."""
    before = [
        row["at"]
        for row in warnings
        if at - within <= row["at"] < at and (row["until"] is None or row["until"] >= at - WITHDRAWN)
    ]
    return at - min(before) if before else None
