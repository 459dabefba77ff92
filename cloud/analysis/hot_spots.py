"""Where, about whom and about what there are more alarms and tickets than elsewhere (L6)."""

from collections.abc import Mapping, Sequence

from cloud.analysis.asking import Asked, Look, Measure, finding, unlikely
from cloud.analysis.models import Evidence, Figure
from cloud.analysis.statistics import binomial_tail, poisson_interval, poisson_tail
from cloud.db.pool import Row, rows
from cloud.db.queries import load_queries
from custody.analysis_rules import Threshold

SHOWN = 20
"""Figures of each dimension."""

_sql = load_queries(__file__, "trouble.sql")


async def hot_spots(asked: Asked, told: Threshold) -> Look:
    """By place, by person, by class of goods."""
    found = {
        "place": await rows(asked.tx, _sql.places, **asked.span),
        "person": await rows(asked.tx, _sql.persons, **asked.span),
        "class": await rows(asked.tx, _sql.classes, **asked.span),
    }
    return judge_hot_spots(asked, told, found)


def judge_hot_spots(asked: Asked, told: Threshold, found: Mapping[str, Sequence[Row]]) -> Look:
    """Rows of subject and n; those of a class say how many `items` there are of it. Figures: how many. A finding: so
    many are less likely than `chance_ppm`, among all subjects, beside the mean of the others, or for a class its share
    of items.
    """
    look = Look(n=sum(row["n"] for own in found.values() for row in own))
    look.absent = None if look.n else "no_trouble"
    look.measures = [_at_places(found.get("place", ()))]
    for aspect, own in found.items():
        there = sorted((row for row in own if row["n"]), key=lambda row: (-row["n"], row["subject"]))
        whole, items = sum(row["n"] for row in own), sum(row.get("items", 0) for row in own)
        for row in there:
            low, high = poisson_interval(row["n"])
            figure = Figure(
                subject=row["subject"], aspect=aspect, value=row["n"], low=low, high=high, unit="times", n=row["n"]
            )  # fmt: skip
            look.figures += [figure] if sum(f.aspect == aspect for f in look.figures) < SHOWN else []
            if aspect == "class":
                usual = whole * row["items"] / items
                chance = binomial_tail(row["n"], whole, row["items"] / items)
            elif len(there) >= 3:
                usual = (whole - row["n"]) / (len(there) - 1)
                chance = poisson_tail(row["n"], usual)
            else:
                continue
            chance = min(1.0, chance * len(own) * asked.among)
            if row["n"] < told.sample_at_least or chance >= told.chance:
                continue
            evidence = _listed(row)
            look.findings.append(
                finding(
                    asked, told, row["subject"], aspect=aspect, place=row["subject"] if aspect == "place" else None,
                    value=float(row["n"]), unit="times", low=low, high=high, expected_high=usual, hits=row["n"],
                    n=whole, chance=chance, surprise=unlikely(chance), evidence=evidence,
                    weakens=["uneven_by_nature", *(["small_sample"] if row["n"] < 30 else [])],
                )
            )  # fmt: skip
    return look


def _listed(row: Row) -> list[Evidence]:
    return [Evidence(about=about, id=str(index)) for about, index in zip(row["abouts"], row["indexes"], strict=True)]


def _at_places(found: Sequence[Row]) -> Measure:
    """All trouble at places of the site, with the newest of it."""
    n = sum(row["n"] for row in found)
    low, high = poisson_interval(n)
    newest = sorted((one for row in found for one in _listed(row)), key=lambda one: -int(one.id))
    return Measure("all", "times", n, n, low, high, hits=n, evidence=newest)
