"""Three of the four defects that records may have (L13): told late, told thinly, followed up by nobody. The fourth,
slow flow, is in flow.py.
"""

from collections.abc import Sequence
from datetime import timedelta

from cloud.analysis.asking import Asked, Look, entries, finding, share, times
from cloud.analysis.models import Evidence, Figure
from cloud.analysis.statistics import quantile, wilson
from cloud.db.pool import Row, rows
from cloud.db.queries import load_queries
from custody.analysis_rules import Threshold

DAY_S = 86_400

_sql = load_queries(__file__, "defects.sql")


async def late_capture(asked: Asked, told: Threshold) -> Look:
    """From what a gate saw to the ledger."""
    return judge_capture(asked, told, await rows(asked.tx, _sql.capture, **asked.span))


def judge_capture(asked: Asked, told: Threshold, found: Sequence[Row]) -> Look:
    """Figures: the median seconds of each agent, up to the ninth decile. A finding: certainly more than `share_pct`
    came later than `later_than_s`.
    """
    look = Look(n=sum(len(row["seconds"]) for row in found), absent=None if found else "no_passages")
    limit = told.number("later_than_s")
    if found:
        look.measures.append(share("all", sum(each > limit for row in found for each in row["seconds"]), look.n))
    for row in found:
        seconds, n = sorted(max(0.0, each) for each in row["seconds"]), len(row["seconds"])
        late = [index for each, index in zip(row["seconds"], row["indexes"], strict=True) if each > limit]
        look.figures.append(
            Figure(
                subject=row["agent"], value=quantile(seconds, 0.5), low=seconds[0], high=quantile(seconds, 0.9),
                unit="seconds", n=n,
            )
        )  # fmt: skip
        low, high = wilson(len(late), n)
        if n < told.sample_at_least or low <= told.share:
            continue
        look.findings.append(
            finding(
                asked, told, row["agent"], place=row["agent"], value=100 * len(late) / n, unit="percent",
                low=100 * low, high=100 * high, expected_low=0.0, expected_high=100 * told.share, hits=len(late), n=n,
                surprise=times(low, told.share), evidence=[Evidence(about="agent", id=row["agent"]), *entries(late)],
                weakens=["clock_of_agent", *(["small_sample"] if n < 30 else [])],
            )
        )  # fmt: skip
    return look


async def thin_content(asked: Asked, told: Threshold) -> Look:
    """What may be told and was not."""
    return judge_content(asked, told, await rows(asked.tx, _sql.content, **asked.span))


def judge_content(asked: Asked, told: Threshold, found: Sequence[Row]) -> Look:
    """Figures: percent of records that tell each part. A finding: certainly less than `share_pct` do."""
    look = Look(n=sum(row["n"] for row in found), absent=None if found else "nothing_recorded")
    for row in found:
        low, high = wilson(row["hits"], row["n"])
        value = 100 * row["hits"] / row["n"]
        look.measures.append(share(row["part"], row["hits"], row["n"]))
        look.figures.append(
            Figure(subject=row["part"], value=value, low=100 * low, high=100 * high, unit="percent", n=row["n"])
        )
        if row["n"] < told.sample_at_least or high >= told.share:
            continue
        look.findings.append(
            finding(
                asked, told, row["part"], value=value, unit="percent", low=100 * low, high=100 * high,
                expected_low=100 * told.share, expected_high=100.0, hits=row["n"] - row["hits"], n=row["n"],
                surprise=times(told.share, high), evidence=entries(row["lacking"]),
                weakens=["may_not_apply", *(["small_sample"] if row["n"] < 30 else [])],
            )
        )  # fmt: skip
    return look


async def no_tracking(asked: Asked, told: Threshold) -> Look:
    """Open tickets and living alarms about which nothing was done for long."""
    if not asked.up_to_now:
        return Look(absent="only_now")
    return judge_tracking(asked, told, await rows(asked.tx, _sql.silent, **asked.span))


def judge_tracking(asked: Asked, told: Threshold, found: Sequence[Row]) -> Look:
    """Figures: percent of them that are silent. A finding: `sample_at_least` are, for longer than `silent_days`."""
    look, limit = (
        Look(n=len(found), absent=None if found else "nothing_open"),
        timedelta(days=told.number("silent_days")),
    )
    for what in ("tickets", "alarms"):
        own = [row for row in found if row["what"] == what]
        silent = [row for row in own if asked.until - row["newest_at"] > limit]
        if not own:
            continue
        low, high = wilson(len(silent), len(own))
        look.measures.append(share(what, len(silent), len(own)))
        look.figures.append(
            Figure(
                subject=what, value=100 * len(silent) / len(own), low=100 * low, high=100 * high, unit="percent",
                n=len(own),
            )
        )  # fmt: skip
        if len(silent) < told.sample_at_least or not silent:
            continue
        longest = (asked.until - silent[0]["newest_at"]).total_seconds() / DAY_S
        look.findings.append(
            finding(
                asked, told, what, value=longest, unit="days", expected_high=float(limit.days), hits=len(silent),
                n=len(own), surprise=times(longest, limit.days),
                evidence=[Evidence(about=row["about"], id=row["id"]) for row in silent],
                weakens=["done_elsewhere"],
            )
        )  # fmt: skip
    return look
