"""Approvals: given too fast to have been read, and between the same two more often than chance would have it (J32)."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from cloud.analysis.asking import Asked, Look, entries, finding, share, unlikely
from cloud.analysis.models import Figure, Finding
from cloud.analysis.statistics import binomial_tail, hypergeometric_tail, median, wilson
from cloud.db.pool import Row, rows
from cloud.db.queries import load_queries
from custody.analysis_rules import Threshold

MOST_PAIRS = 30
"""Figures of pairs that are shown."""

_sql = load_queries(__file__, "people.sql")


async def approval_speed(asked: Asked, told: Threshold) -> Look:
    """How long after the request each approver signed."""
    return judge_speed(asked, told, await _given(asked, told))


async def same_pair(asked: Asked, told: Threshold) -> Look:
    """Who approves whose requests."""
    return judge_pairs(asked, told, await _given(asked, told))


async def _given(asked: Asked, told: Threshold) -> list[Row]:
    return await rows(asked.tx, _sql.approvals, **asked.span, by=list(told.told["by"]))


def judge_speed(asked: Asked, told: Threshold, given: Sequence[Row]) -> Look:
    """Figures: the median seconds of each approver. A finding: certainly more than `share_pct` of theirs were quicker
    than `faster_than_s`.
    """
    look = Look(n=len(given), absent=None if given else "no_approvals")
    limit = told.number("faster_than_s")
    of: Mapping[str, list[Row]] = defaultdict(list)
    for row in given:
        of[row["person"]].append(row)
    look.measures = [share("all", sum(row["seconds"] < limit for row in given), len(given))] if given else []
    for person, own in sorted(of.items()):
        seconds = [row["seconds"] for row in own]
        quick = [row for row in own if row["seconds"] < limit]
        look.figures.append(
            Figure(
                subject=person, value=median(seconds), low=min(seconds), high=max(seconds), unit="seconds", n=len(own)
            )
        )
        low, high = wilson(len(quick), len(own))
        if len(own) < told.sample_at_least or low <= told.share:
            continue
        chance = min(1.0, binomial_tail(len(quick), len(own), told.share) * len(of) * asked.among)
        look.findings.append(
            finding(
                asked, told, person, value=100 * len(quick) / len(own), unit="percent", low=100 * low, high=100 * high,
                expected_low=0.0, expected_high=100 * told.share, hits=len(quick), n=len(own), chance=chance,
                surprise=unlikely(chance), evidence=entries(row["signed"] for row in quick),
                weakens=["talked_over_before", *(["small_sample"] if len(own) < 30 else [])],
            )
        )  # fmt: skip
    return look


def judge_pairs(asked: Asked, told: Threshold, given: Sequence[Row]) -> Look:
    """Figures: which share of one's requests the other approved. A finding: so many are less likely than `chance_ppm`,
    among all pairs there are. It is judged within one seat of one action, so that who may sit there explains nothing.
    """
    look = Look(n=len(given), absent=None if given else "no_approvals")
    if given and len({row["person"] for row in given}) < 2:
        look.absent = "one_approver"
    asks = Counter(row["proposed_by"] for row in given)
    for (first, second), together in Counter(map(_pair, given)).most_common(MOST_PAIRS):
        low, high = wilson(together, asks[first])
        share = 100 * together / asks[first]
        look.figures.append(
            Figure(
                subject=first, aspect=second, value=share, low=100 * low, high=100 * high, unit="percent",
                n=asks[first],
            )
        )  # fmt: skip
    seats: Mapping[tuple[str, int], list[Row]] = defaultdict(list)
    for row in given:
        seats[row["action"], row["seat"]].append(row)
    tests = sum(len({r["proposed_by"] for r in own}) * len({r["person"] for r in own}) for own in seats.values())
    tests *= asked.among
    for (action, _), own in sorted(seats.items()):
        look.findings += _pairs_of_a_seat(asked, told, action, own, tests)
    return look


def _pair(row: Row) -> tuple[str, str]:
    return row["proposed_by"], row["person"]


def _pairs_of_a_seat(asked: Asked, told: Threshold, action: str, given: Sequence[Row], tests: int) -> Iterator[Finding]:
    """`tests` is how many pairs could have met in any seat: each is one that might have stood out (Bonferroni).

    The least likely is told first and left out of what the next are judged by: where one approver always takes one
    person's requests, the others share the rest of necessity.
    """
    left = list(given)
    while True:
        asks, approves = Counter(row["proposed_by"] for row in left), Counter(row["person"] for row in left)
        pairs = Counter(map(_pair, left))
        chances = {
            pair: min(1.0, hypergeometric_tail(together, asks[pair[0]], approves[pair[1]], len(left)) * tests)
            for pair, together in pairs.items()
            if together >= told.sample_at_least
        }
        pair = min(chances, key=lambda each: (chances[each], each), default=None)
        if pair is None or chances[pair] >= told.chance:
            return
        yield _pair_found(asked, told, action, pair, chances[pair], left)
        left = [row for row in left if _pair(row) != pair]


def _pair_found(
    asked: Asked, told: Threshold, action: str, pair: tuple[str, str], chance: float, among: Sequence[Row]
) -> Finding:
    own = [row for row in among if row["proposed_by"] == pair[0]]
    met = [row for row in own if _pair(row) == pair]
    approvers = Counter(row["person"] for row in among)
    low, high = wilson(len(met), len(own))
    weak = [*(["few_approvers"] if len(approvers) < 3 else []), *(["small_sample"] if len(met) < 30 else [])]
    return finding(
        asked, told, pair[0], other=pair[1], aspect=action, value=100 * len(met) / len(own), unit="percent",
        low=100 * low, high=100 * high, expected_low=0.0, expected_high=100 * approvers[pair[1]] / len(among),
        hits=len(met), n=len(own), chance=chance, surprise=unlikely(chance),
        evidence=entries(row["signed"] for row in met), weakens=["same_shift", *weak],
    )  # fmt: skip
