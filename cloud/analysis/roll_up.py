"""All sites of a unit in one view (L6): each looked at by its own rules, laid side by side, findings ranked together.

Looking at several sites at once finds more by chance alone, so every chance is that of all of them (Asked.among).
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cloud.analysis.asking import Asked, Look, Measure, finding, share, unlikely
from cloud.analysis.looking_up import name, show
from cloud.analysis.models import Analysis, Finding, Section
from cloud.analysis.service import look_around, span_of, told_of
from cloud.analysis.statistics import binomial_tail, poisson_interval
from cloud.analysis.unit_models import (
    Compared,
    SiteAbsent,
    SiteSpan,
    SiteValue,
    UnitAnalysis,
    UnitFinding,
    UnitSection,
)
from cloud.db.pool import Pool, Row, transaction
from cloud.errors import InvalidError
from custody.analysis_rules import AnalysisRules, rules_of
from custody.rule_pack import RulePack

MOST_SITES = 60
"""Looked at together; a unit of more is asked for by its parts."""
AT_ONCE = 3
"""Sites that are read at the same time: so many connections are left to everybody else."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A site that was looked at, in a transaction that is over; no `rules`: those in force say nothing of analysis."""

    place: Row
    asked: Asked
    rules: AnalysisRules | None
    looks: Mapping[str, Look]
    told: Analysis


async def unit_analysis(
    pool: Pool, unit: str, sites: Sequence[tuple[Row, RulePack]], since: datetime, until: datetime, now: datetime
) -> UnitAnalysis:  # fmt: skip
    """What stands out at `sites` (rows of site, each with its rules in force) from `since` to before `until`.

    Raises InvalidError `no_sites`, `too_many_sites`, `no_span`, `period_too_long` (the shortest of all rules).
    """
    if not sites:
        raise InvalidError("no_sites", f"no site is at or below the unit {unit!r}")
    if len(sites) > MOST_SITES:
        raise InvalidError("too_many_sites", f"{len(sites)} sites are at or below {unit!r}: at most {MOST_SITES}")
    known = [rules for _, pack in sites if (rules := rules_of(pack)) is not None]
    longest = min((rules.longest for rules in known), default=None)
    until = span_of(longest, since, until, now)
    room = asyncio.Semaphore(AT_ONCE)

    async def look(place: Row, pack: RulePack) -> Seen:
        async with room:
            return await _look(pool, place, pack, since, until, now, len(sites))

    seen = await asyncio.gather(*(look(place, pack) for place, pack in sites))
    found = [_at(each, one) for each in seen for one in each.told.findings]
    found += [_at(each, one) for each in seen if (one := await _busy(pool, each, seen)) is not None]
    return UnitAnalysis(
        unit=unit, since=since, until=until, longest_days=0 if longest is None else longest.days,
        rules_differ=len({pack.hash for _, pack in sites}) > 1,
        sites=[
            SiteSpan(
                **each.place, entries=_entries(each), rule_pack=each.asked.pack.hash,
                findings=sum(one.site == each.asked.site for one in found),
            )
            for each in seen
        ],
        sections=_sections(seen), findings=sorted(found, key=lambda one: (-one.rank, one.key, one.site)),
    )  # fmt: skip


async def _look(
    pool: Pool, place: Row, pack: RulePack, since: datetime, until: datetime, now: datetime, among: int
) -> Seen:  # fmt: skip
    async with transaction(pool) as tx:
        asked, rules, looks = await look_around(tx, pack, place["id"], since, until, now, among)
        told = told_of(asked, rules, looks)
        for section in told.sections:
            section.figures = []  # of people and of parts of one site: its own page has them
        await name(asked, told)
        await show(asked, told)
    return Seen(place, asked, rules, looks, told)


def _entries(seen: Seen) -> int:
    return max(0, seen.asked.end - seen.asked.first)


def _at(seen: Seen, one: Finding) -> UnitFinding:
    return UnitFinding(**one.model_dump(), site=seen.asked.site, basis=_section_of(seen, one.kind).basis)


def _section_of(seen: Seen, kind: str) -> Section:
    return next(section for section in seen.told.sections if section.kind == kind)


def _sections(seen: Sequence[Seen]) -> list[UnitSection]:
    """Each kind that any site's rules have."""
    kinds = {kind: None for each in seen for kind in each.looks}
    return [_section(kind, [each for each in seen if kind in each.looks]) for kind in kinds]


def _section(kind: str, seen: Sequence[Seen]) -> UnitSection:
    measures: dict[str, dict[str, Measure]] = {}
    for each in seen:
        for one in each.looks[kind].measures:
            measures.setdefault(one.subject, {})[each.asked.site] = one
    absent = [{"site": each.asked.site, "absent": each.looks[kind].absent} for each in seen if each.looks[kind].absent]
    return UnitSection.model_validate({
        "kind": kind, "n": sum(each.looks[kind].n for each in seen),
        "figures": [
            Compared(
                subject=subject, unit=next(iter(by.values())).unit, together=together(list(by.values())),
                sites={site: _value(one) for site, one in by.items()},
            )
            for subject, by in measures.items()
        ],
        "few": [each.asked.site for each in seen if _too_few(each, kind)],
        "absent": [SiteAbsent.model_validate(each) for each in absent],
    })  # fmt: skip


def _too_few(seen: Seen, kind: str) -> bool:
    """Whether figures that are drawn from cases (those that are counted have no interval) are drawn from too few."""
    drawn = any(one.low is not None for one in seen.looks[kind].measures)
    return drawn and seen.looks[kind].n < _section_of(seen, kind).sample_at_least


def _value(one: Measure) -> SiteValue:
    return SiteValue(value=one.value, low=one.low, high=one.high, n=one.n)


def together(measures: Sequence[Measure]) -> SiteValue | None:
    """The figure of all sites as if they were one; None where that cannot be told from those of each."""
    counts = [one.hits for one in measures if one.hits is not None]
    if len(counts) < len(measures):
        return None
    hits, n = sum(counts), sum(one.n for one in measures)
    if measures[0].unit == "times":
        low, high = poisson_interval(hits)
        return SiteValue(value=hits, low=low, high=high, n=n)
    whole = _value(share("all", hits, n))
    if all(one.low is None for one in measures):  # everything was counted: there is no interval
        whole.low = whole.high = None
    return whole


async def _busy(pool: Pool, seen: Seen, among: Sequence[Seen]) -> Finding | None:
    """That more alarms and tickets are at the places of this site than its share of all other entries would have."""
    mine = _trouble(seen)
    if seen.rules is None or mine is None or len(among) < 3:
        return None
    told = seen.rules.kinds["hot_spots"]
    whole = sum(other.n for each in among if (other := _trouble(each)) is not None)
    part = _else(seen) / max(1, sum(map(_else, among)))
    chance = min(1.0, binomial_tail(mine.n, whole, part) * len(among))
    if mine.n < told.sample_at_least or chance >= told.chance:
        return None
    one = finding(
        seen.asked, told, seen.asked.site, aspect="site", value=float(mine.n), unit="times", low=mine.low,
        high=mine.high, expected_high=whole * part, hits=mine.n, n=whole, chance=chance, surprise=unlikely(chance),
        evidence=mine.evidence, weakens=["uneven_by_nature", *(["small_sample"] if mine.n < 30 else [])],
    )  # fmt: skip
    async with transaction(pool) as tx:
        await show(replace(seen.asked, tx=tx), seen.told.model_copy(update={"findings": [one]}))
    return one


def _else(seen: Seen) -> int:
    """How much happened at the site besides, by its entries: trouble makes entries itself."""
    mine = _trouble(seen)
    return max(1, _entries(seen) - (0 if mine is None else mine.n))


def _trouble(seen: Seen) -> Measure | None:
    return seen.looks["hot_spots"].measures[0] if "hot_spots" in seen.looks else None
