"""How things flow: how long each stage takes (J23; the slow flow of L13), and what lies here for too long."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cloud.analysis.asking import Asked, Look, Measure, entries, finding, things, times
from cloud.analysis.models import Evidence, Figure
from cloud.analysis.statistics import far_above, surviving
from cloud.db.pool import Row, rows
from cloud.db.queries import load_queries
from custody.analysis_rules import Threshold
from custody.rule_pack import RulePack
from custody.things import Action, State

HOUR_S = 3600
AGES_DAYS = (30, 90, 180, 365, 730)
"""Where one bar of ages ends and the next begins."""

_sql = load_queries(__file__, "flow.sql")


@dataclass(slots=True)
class Stage:
    """How long things stayed in a stage: hours, with the thing and the entry that ended it or, last of all, was."""

    over: list[tuple[float, str, int]] = field(default_factory=list)
    lasting: list[tuple[float, str, int]] = field(default_factory=list)


def stage_after(pack: RulePack, action: str, before: str | None) -> State | None:
    """The state that `action` led to, by the rules; `before` is the action before it, which tells a return from a
    first entry. None where that cannot be told.
    """
    sources = _led_to(pack, before, None) if before else None
    found = _led_to(pack, action, sources) or _led_to(pack, action, None)
    return found.pop() if len(found) == 1 else None


def _led_to(pack: RulePack, action: str, sources: set[State] | None) -> set[State]:
    """Where `action` leads from any of `sources`, or from wherever it may be taken."""
    if action == Action.REGISTER:
        return {State.INTAKE}
    return {
        step.target
        for (source, each), step in pack.steps.items()
        if each == action and step.target and (sources is None or source in sources)
    }


def settled(pack: RulePack, stages: Sequence[str]) -> list[str]:
    """The actions that never lead into one of `stages`: how long a thing then stayed is not asked for."""
    return [action.value for action in Action if (to := _led_to(pack, action, None)) and to.isdisjoint(stages)]


def stages_of(pack: RulePack, stays: Iterable[Row], stuck: Iterable[Row], wanted: Sequence[str]) -> dict[str, Stage]:
    """The stages of `wanted` in which anything was."""
    found: Mapping[str, Stage] = defaultdict(Stage)
    for row in stays:
        state = stage_after(pack, row["action"], row["before"])
        if state is not None and state in wanted:
            told = zip((s / HOUR_S for s in row["seconds"]), row["things"], row["indexes"], strict=True)
            (found[state].over if row["over"] else found[state].lasting).extend(told)
    for row in stuck:
        found[row["state"]].lasting.append((row["seconds"] / HOUR_S, row["thing"], row["index"]))
    return {name: found[name] for name in wanted if name in found}


async def dwell(asked: Asked, told: Threshold) -> Look:
    """How long each stage takes, and what was, or is, in one for far longer than is usual."""
    stages: list[str] = list(told.told["stages"])
    stays = await rows(asked.tx, _sql.stays, **asked.span, settled=settled(asked.pack, stages))
    stuck = await rows(asked.tx, _sql.stuck, **asked.span, stages=stages) if asked.up_to_now else []
    return judge_dwell(asked, told, stages_of(asked.pack, stays, stuck, stages))


def judge_dwell(asked: Asked, told: Threshold, stages: Mapping[str, Stage]) -> Look:
    """The figures (the median, from the first decile to the ninth; what still waits is counted in) and findings."""
    look = Look(n=sum(len(each.over) + len(each.lasting) for each in stages.values()))
    look.absent = None if look.n else "no_steps"
    for name, stage in stages.items():
        over = sorted(hours for hours, _, _ in stage.over)
        lasting = [hours for hours, _, _ in stage.lasting]
        low, middle, high = (surviving(over, lasting, share) for share in (0.1, 0.5, 0.9))
        look.figures.append(
            Figure(subject=name, value=middle, low=low, high=high, unit="hours", n=len(over) + len(lasting))
        )
        look.measures.append(Measure(name, "hours", middle, len(over) + len(lasting), low, high))
        if len(over) < told.sample_at_least:
            continue
        limit = max(far_above(over, told.number("spread")), float(told.number("at_least_h")))
        late = sorted((row for row in (*stage.over, *stage.lasting) if row[0] > limit), reverse=True)
        if late:
            lasts = sum(1 for hours in lasting if hours > limit)
            look.findings.append(
                finding(
                    asked, told, name, value=late[0][0], unit="hours", expected_high=limit, hits=len(late),
                    n=len(over) + len(lasting), surprise=times(late[0][0], limit),
                    evidence=_both(late), weakens=[
                        "still_waiting" if lasts else "over_now", *(["small_sample"] if len(over) < 30 else []),
                    ],
                )
            )  # fmt: skip
    return look


def _both(late: Sequence[tuple[float, str, int]]) -> list[Evidence]:
    """Each thing, and the entry."""
    return [one for _, thing, index in late for one in (*things([thing]), *entries([index]))]


async def ageing(asked: Asked, told: Threshold) -> Look:
    """What lies here, by the age of its case; old cases whose things nobody holds should be purged."""
    if not asked.up_to_now:
        return Look(absent="only_now")
    return judge_ageing(asked, told, await rows(asked.tx, _sql.lying, **asked.span))


def judge_ageing(asked: Asked, told: Threshold, cases: Sequence[Row]) -> Look:
    """`cases` are those of which something lies here: days since each was opened, things, how many of them are held."""
    look = Look(n=sum(row["n"] for row in cases), absent=None if cases else "nothing_stored")
    edges = (0, *AGES_DAYS)
    for begin, end in zip(edges, (*AGES_DAYS, None), strict=True):
        inside = [row for row in cases if row["days"] >= begin and (end is None or row["days"] < end)]
        label = f"{begin}-{end}" if end else f"{begin}-"
        count = sum(row["n"] for row in inside)
        look.figures.append(Figure(subject=label, value=count, unit="things", n=look.n))
    limit = told.number("older_than_days")
    old = [row for row in cases if row["days"] >= limit and row["n"] > row["held"]]
    free = sum(row["n"] - row["held"] for row in old)
    if look.n:
        look.measures.append(Measure("all", "percent", 100 * free / look.n, look.n, hits=free))
    if free >= told.sample_at_least and old:
        evidence = [
            one
            for row in old
            for one in (Evidence(about="case", id=row["case_id"]), *things((row["things"] or [])[:1]))
        ]  # fmt: skip
        look.findings.append(
            finding(
                asked, told, asked.site, value=old[0]["days"], unit="days", expected_high=float(limit), hits=free,
                n=look.n, surprise=max(times(old[0]["days"], limit), free / look.n), evidence=evidence,
                weakens=["by_case_opened", *(["some_held"] if any(row["held"] for row in cases) else [])],
            )
        )  # fmt: skip
    return look
