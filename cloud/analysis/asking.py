"""What is looked at: a site, a period, which entries that is; and what each kind of look comes to."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cloud.analysis.models import Evidence, Figure, Finding, Unit
from cloud.analysis.statistics import wilson
from cloud.db.pool import Tx, one
from cloud.db.queries import load_queries
from custody.analysis_rules import Threshold
from custody.rule_pack import RulePack

MOST_EVIDENCE = 20
"""Shown of one finding."""
SURE = 1e-9
"""A chance as small as this ranks highest."""

_sql = load_queries(__file__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A site from `since` to before `until`, which are its entries from `first` to before `end`. It is one of `among`
    sites that are looked at together: so many times as much might stand out by chance (Bonferroni).
    """

    tx: Tx
    pack: RulePack
    site: str
    since: datetime
    until: datetime
    now: datetime
    first: int
    end: int
    among: int = 1

    @property
    def span(self) -> dict[str, Any]:
        """For queries."""
        return {
            "site": self.site, "since": self.since, "until": self.until, "first": self.first, "end": self.end,
        }  # fmt: skip

    @property
    def up_to_now(self) -> bool:
        """Whether what is so now is what was so at the end of the period."""
        return self.until >= self.now


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of a whole site, to be laid beside those of others. `subject`: of what (a stage, a cause), or `all`
    where a kind has one only; `hits`: how many of `n`, where those of several sites may be added up.
    """

    subject: str
    unit: Unit
    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    hits: int | None = None
    evidence: Sequence[Evidence] = ()


@dataclass(slots=True)
class Look:
    """What looking for one kind came to."""

    n: int = 0
    figures: list[Figure] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)
    absent: str | None = None


async def asked_of(
    tx: Tx, pack: RulePack, site: str, since: datetime, until: datetime, now: datetime, among: int = 1
) -> Asked:  # fmt: skip
    """Finds the entries by halving: the cloud's records are in the order of their times, and a fact counts with the
    record before it. Up to now is all there is.
    """
    await tx.execute(_sql.roomy)
    first, last = [
        (await one(tx, _sql.entry_at, site=site, at=at) or {"index": 0})["index"]
        for at in (since, until if until < now else datetime.max.replace(tzinfo=UTC))
    ]
    return Asked(tx, pack, site, since, until, now, first, last, among)


def finding(
    asked: Asked, told: Threshold, subject: str, *, value: float, n: int, hits: int, surprise: float,
    evidence: Iterable[Evidence], weakens: Iterable[str] = (), **more: Any,
) -> Finding:  # fmt: skip
    """One, ranked by the weight of its kind and by how far beyond the ordinary it is (`surprise`, 0 to 1)."""
    sides = "".join(f"+{more[name]}" for name in ("other", "aspect") if more.get(name))
    return Finding.model_validate({
        "key": f"{told.kind}:{subject}{sides}", "kind": told.kind, "subject": subject, "since": asked.since,
        "until": asked.until, "value": value, "n": n, "hits": hits, "evidence": list(evidence)[:MOST_EVIDENCE],
        "weakens": list(dict.fromkeys(weakens)),
        "rank": round(told.weight / 10 * (0.5 + min(1.0, max(0.0, surprise)) / 2), 4), **more,
    })  # fmt: skip


def share(subject: str, hits: int, n: int) -> Measure:
    """`hits` of `n` in percent, with its interval."""
    low, high = wilson(hits, n)
    return Measure(subject, "percent", 100 * hits / n if n else None, n, 100 * low, 100 * high, hits)


def unlikely(chance: float) -> float:
    """How far beyond the ordinary something is that chance alone does so seldom: 0 to 1."""
    return min(1.0, math.log10(max(chance, SURE)) / math.log10(SURE))


def times(value: float, usual: float) -> float:
    """The same of something so many times the usual: sixteen times is as far as it counts."""
    return min(1.0, math.log2(max(1.0, value / usual)) / 4) if usual > 0 else 1.0


def entries(indexes: Iterable[int]) -> list[Evidence]:
    """Entries of the ledger."""
    return [Evidence(about="entry", id=str(index)) for index in indexes]


def things(names: Iterable[str]) -> list[Evidence]:
    """Items and packages."""
    return [Evidence(about="thing", id=name) for name in dict.fromkeys(names)]


def rest(whole: Mapping[str, tuple[int, int]], own: str) -> tuple[int, int]:
    """Of (hits, n) by subject, those of all others together."""
    hits, n = (sum(row[part] for row in whole.values()) for part in (0, 1))
    return hits - whole[own][0], n - whole[own][1]
