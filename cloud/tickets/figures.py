"""Figures of tickets: of one site for its board and its manager, of all readable sites for who leads."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.tickets.figure_models import Ages, Count, SiteFigureRows, SiteFigures, TicketDay, TicketFigures, TicketTrend
from custody.business_time import Pause, counted, due_at
from custody.roles import Role
from custody.rule_pack import RulePack
from custody.ticket_rules import rules_of
from custody.tickets import TicketRules, Tier

AGES: dict[Ages, timedelta] = {"day": timedelta(days=1), "three_days": timedelta(days=3), "week": timedelta(days=7)}

_sql = load_queries(__file__, "figures.sql")


async def figures(tx: Tx, pack: RulePack, site: str, now: datetime, days: int, roles: Iterable[Role]) -> TicketFigures:
    """How the tickets of `site` stand, and what became of those of the last `days` days; for somebody with `roles`."""
    since, told = now - timedelta(days=days), rules_of(pack)
    living = await rows(tx, _sql.living, site=site)
    ended = await one(tx, _sql.ended, site=site, since=since) or {"closed": 0, "second_round": 0}
    lasted, in_time = await _replies(tx, told, site, since)
    return TicketFigures(
        site=site, since=since, homes=[Tier.DOER] if told is None else told.homes_of(frozenset(roles)),
        **{state: sum(row["state"] == state for row in living) for state in ("reported", "checked", "replied")},
        overdue=sum(row["overdue"] for row in living), paused=sum(row["paused"] for row in living),
        second_round=sum(row["round"] > 1 for row in living), closed=ended["closed"],
        closed_second_round=ended["second_round"], replies=len(lasted), replies_in_time=in_time,
        reply_median_s=round(median(lasted)) if lasted else None,
        by_type=_counts(living, [(row["type"], None) for row in living]),
        by_owner=_counts(living, [(row["assigned_to"], row["assigned_name"]) for row in living]),
        by_age=_by_age(living, now),
    )  # fmt: skip


def _counts(living: Sequence[Row], keys: Sequence[tuple[str | None, str | None]]) -> list[Count]:
    """The most first."""
    found: dict[tuple[str | None, str | None], list[bool]] = defaultdict(list)
    for row, key in zip(living, keys, strict=True):
        found[key].append(row["overdue"])
    counts = [Count(key=key, name=name, open=len(late), overdue=sum(late)) for (key, name), late in found.items()]
    return sorted(counts, key=lambda count: (-count.open, count.key or ""))


def age_of(opened_at: datetime, now: datetime) -> Ages:
    """The shortest of AGES that a ticket has not outlived."""
    return next((age for age, lasts in AGES.items() if now - opened_at <= lasts), "older")


def _by_age(living: Sequence[Row], now: datetime) -> list[Count]:
    told = {count.key: count for count in _counts(living, [(age_of(row["opened_at"], now), None) for row in living])}
    return [told.get(age, Count(key=age, open=0, overdue=0)) for age in (*AGES, "older")]


async def _replies(tx: Tx, told: TicketRules | None, site: str, since: datetime) -> tuple[list[float], int]:
    """How many seconds each reply took, and how many were in time."""
    if told is None:
        return [], 0
    found = [row for row in await rows(tx, _sql.replies, site=site, since=since) if row["checked_at"] is not None]
    pauses: dict[int, list[Pause]] = defaultdict(list)
    for row in await rows(tx, _sql.pauses, site=site, tickets=[row["index"] for row in found]):
        pauses[row["ticket"]].append((row["paused_at"], row["resumed_at"]))
    lasted, in_time = [], 0
    for row in found:
        start, end = row["checked_at"], row["replied_at"]
        stood = [
            (max(one, start), other) for one, other in pauses[row["index"]] if one < end and (other or end) > start
        ]
        lasts, calendar = told.clock(row["type"], "reply")
        due = due_at(start, lasts, calendar, stood)
        in_time += due is not None and end <= due
        lasted.append(counted(start, end, None, stood).total_seconds())
    return lasted, in_time


async def trend(tx: Tx, pack: RulePack, sites: Sequence[str], now: datetime, days: int) -> TicketTrend:
    """The last `days` days, today among them, of all `sites` together."""
    told = rules_of(pack)
    zone = ZoneInfo("UTC") if told is None else told.calendar.zone
    last = now.astimezone(zone)
    first = (last - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    found = await rows(
        tx, _sql.days, sites=list(sites), since=first, first=first.date(), last=last.date(), zone=str(zone)
    )  # fmt: skip
    return TicketTrend(sites=len(sites), days=[TicketDay.model_validate(row) for row in found])


async def by_site(
    tx: Tx, sites: Sequence[str], now: datetime, days: int, *, after: str, limit: int
) -> SiteFigureRows:  # fmt: skip
    """Each of `sites` after `after`."""
    values = {"sites": list(sites), "since": now - timedelta(days=days), "after": after, "most": limit}
    found = [SiteFigures.model_validate(row) for row in await rows(tx, _sql.sites, **values)]
    return SiteFigureRows(rows=found, next=found[-1].site if len(found) == limit else None)
