"""Who comes outside the hours of work, and among whose things counts find differences (J32)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cloud.analysis.asking import Asked, Look, entries, finding, rest, share, things, unlikely
from cloud.analysis.models import Evidence, Figure
from cloud.analysis.statistics import binomial_tail, wilson
from cloud.db.pool import Row, rows
from cloud.db.queries import load_queries
from custody.analysis_rules import Threshold
from custody.business_time import Calendar
from custody.permits import time_text
from custody.ticket_rules import rules_of

_sql = load_queries(__file__, "people.sql")


def hours_of(
    calendar: Calendar, since: datetime, until: datetime, margin: timedelta
) -> list[tuple[datetime, datetime]]:
    """Each working day from `margin` before its first shift to `margin` after its last; breaks are no odd hours."""
    days: dict[object, tuple[datetime, datetime]] = {}
    for opens, closes in calendar.spans(since - timedelta(days=1)):
        if opens >= until + timedelta(days=1):
            break
        day = opens.astimezone(calendar.zone).date()
        begin = min(opens, days.get(day, (opens, closes))[0])
        days[day] = (begin, closes)
    return [(begin - margin, end + margin) for begin, end in days.values()]


async def after_hours(asked: Asked, told: Threshold) -> Look:
    """Doors and gates that let a person in outside the hours of the pack's calendar."""
    tickets = rules_of(asked.pack)
    if tickets is None:
        return Look(absent="no_calendar")
    hours = hours_of(tickets.calendar, asked.since, asked.until, timedelta(minutes=told.number("margin_min")))
    written = "{" + ",".join(f"[{time_text(begin)},{time_text(end)})" for begin, end in hours) + "}"
    found = await rows(asked.tx, _sql.access, **asked.span, hours=written)
    return judge_shares(
        asked, told, found, absent="no_access", weakens=("shown_passes", "rostered"),
        evidence={row["person"]: entries(row["indexes"]) for row in found},
    )  # fmt: skip


async def discrepancy(asked: Asked, told: Threshold) -> Look:
    """Of what each person had put into its slot: how much differed when it was counted."""
    found = await rows(asked.tx, _sql.handled, **asked.span)
    return judge_shares(
        asked, told, found, absent="no_counts", weakens=("hands_shared", "who_counted"),
        evidence={
            row["person"]: [*things(row["things"]), *(Evidence(about="stock_take", id=id) for id in row["takes"])]
            for row in found
        },
    )  # fmt: skip


def judge_shares(
    asked: Asked, told: Threshold, found: Sequence[Row], *, absent: str, weakens: Sequence[str],
    evidence: Mapping[str, Sequence[Evidence]],
) -> Look:  # fmt: skip
    """Rows of person, hits, n. Figures: each one's share in percent. A finding: it is less likely than `chance_ppm`,
    among all people, if the person were like all others together, and like `share_pct` at the least.
    """
    whole = {row["person"]: (row["hits"], row["n"]) for row in found}
    look = Look(n=sum(n for _, n in whole.values()), absent=None if found else absent)
    look.measures = [share("all", sum(hits for hits, _ in whole.values()), look.n)] if found else []
    for row in found:
        person, hits, n = row["person"], row["hits"], row["n"]
        low, high = wilson(hits, n)
        look.figures.append(
            Figure(subject=person, value=100 * hits / n, low=100 * low, high=100 * high, unit="percent", n=n)
        )
        others, of = rest(whole, person)
        usual = max(told.share, others / of if of else 0.0)
        chance = min(1.0, binomial_tail(hits, n, usual) * len(whole) * asked.among)
        if n < told.sample_at_least or chance >= told.chance:
            continue
        more = [*weakens, *(["small_sample"] if n < 30 else []), *(["nobody_beside"] if of == 0 else [])]
        look.findings.append(
            finding(
                asked, told, person, place=row.get("place"), value=100 * hits / n, unit="percent", low=100 * low,
                high=100 * high, expected_low=0.0, expected_high=100 * usual, hits=hits, n=n, chance=chance,
                surprise=unlikely(chance), evidence=evidence[person], weakens=more,
            )
        )  # fmt: skip
    look.figures.sort(key=lambda figure: -(figure.value or 0))
    return look
