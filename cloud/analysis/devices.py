"""How reliable agents and their devices are: how much of the time they were there, and how often they were lost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cloud.analysis.asking import Asked, Look, Measure, entries, finding, times
from cloud.analysis.models import Evidence, Figure
from cloud.analysis.statistics import poisson_interval
from cloud.db.pool import Row, rows
from cloud.db.queries import load_queries
from custody.analysis_rules import Threshold

HOUR = timedelta(hours=1)

_sql = load_queries(__file__, "trouble.sql")


@dataclass(slots=True)
class Watched:
    """One agent or device: since when it was looked at, and each gap with the entry that told of it."""

    since: datetime
    gaps: list[tuple[datetime, datetime, int]] = field(default_factory=list)

    def gone(self) -> timedelta:
        """How long it was not there; gaps that overlap count once."""
        total, reached = timedelta(0), self.since
        for begin, end, _ in sorted(self.gaps):
            total += max(timedelta(0), end - max(begin, reached))
            reached = max(reached, end)
        return total


async def devices(asked: Asked, told: Threshold) -> Look:
    """Agents by their alarms of being gone, devices by what their agents told."""
    agents = await rows(asked.tx, _sql.agents, **asked.span)
    lost = [*await rows(asked.tx, _sql.offline, **asked.span), *await rows(asked.tx, _sql.lost, **asked.span)]
    look = judge_devices(asked, told, watched(asked, agents, lost))
    if any(row["grouped"] for row in agents):
        for found in look.findings:
            found.weakens.append("told_together")
    return look


def watched(asked: Asked, agents: Sequence[Row], lost: Sequence[Row]) -> dict[tuple[str, str | None], Watched]:
    """Each agent, and each device that was lost at least once, with its gaps within the period."""
    begin = {row["id"]: max(asked.since, row["added_at"]) for row in agents}
    found: dict[tuple[str, str | None], Watched] = {(agent, None): Watched(since) for agent, since in begin.items()}
    for row in lost:
        if row["agent"] not in begin:
            continue
        one = found.setdefault((row["agent"], row["device"]), Watched(begin[row["agent"]]))
        since, until = max(row["since"], one.since), min(row["until"] or asked.until, asked.until)
        if until > since:
            one.gaps.append((since, until, row["index"]))
    return found


def judge_devices(asked: Asked, told: Threshold, found: Mapping[tuple[str, str | None], Watched]) -> Look:
    """Figures: percent of the time that each was there, and between losses the mean time in hours with its interval. A
    finding: less than `up_pct`, by no fewer than `sample_at_least` losses.
    """
    look = Look(n=sum(len(each.gaps) for each in found.values()), absent=None if found else "no_agents")
    agents = [one for (_, device), one in found.items() if device is None]
    if span := sum((asked.until - one.since for one in agents), timedelta(0)):
        gone = sum((one.gone() for one in agents), timedelta(0))
        look.measures.append(Measure("all", "percent", 100 * (1 - gone / span), sum(len(one.gaps) for one in agents)))
    for (agent, device), one in sorted(found.items(), key=lambda pair: (pair[0][0], pair[0][1] or "")):
        span, gone, losses = asked.until - one.since, one.gone(), len(one.gaps)
        up = 100 * (1 - gone / span)
        look.figures.append(Figure(subject=agent, aspect=device, value=up, unit="percent", n=losses))
        if losses:
            least, most = poisson_interval(losses)
            there = (span - gone) / HOUR
            look.figures.append(
                Figure(
                    subject=agent, aspect=device, value=there / losses, low=there / most,
                    high=there / least, unit="hours", n=losses,
                )
            )  # fmt: skip
        limit = told.number("up_pct")
        if losses < told.sample_at_least or up >= limit:
            continue
        listed = [Evidence(about="agent", id=agent), *entries(index for _, _, index in sorted(one.gaps, reverse=True))]
        look.findings.append(
            finding(
                asked, told, agent, aspect=device, place=agent, value=up, unit="percent", expected_low=float(limit),
                expected_high=100.0, hits=losses, n=losses, surprise=times(100 - up, 100 - limit + 1e-9),
                evidence=listed, weakens=["network_or_device", *(["small_sample"] if losses < 10 else [])],
            )
        )  # fmt: skip
    return look
