"""Judging movements by sensors once the window has passed (N1): each judgement is a record, each mismatch an alarm.

Judged by the clocks of those who told, so that what an agent says late is judged as if it had come in time: an
observation that explains a movement which was an alarm clears it. Rules and limits: custody/corroboration.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cloud.alarms.service import clear_alarm, raise_alarm
from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.evidence.sensors import WITHOUT_GOODS, goods_found
from cloud.ledger.service import Appender, add_record
from cloud.world import World
from custody.corroboration import (
    FILLED,
    MOST_ERROR_MS,
    SHARED,
    Judgement,
    Movement,
    Observation,
    Sensor,
    Trace,
    judge,
    window_of,
)
from custody.rule_pack import RulePack

ACTOR = "jobs"
MOST = 200
"""Judged in one transaction; the rest is judged in the next."""
WITHOUT_RECORD = "goods_without_record"

_sql = load_queries(__file__, "corroborating.sql")


@dataclass(frozen=True, slots=True)
class _Bench:
    """A pass over one site at `at`; its ledger is open."""

    tx: Tx
    appender: Appender
    world: World
    at: datetime
    window: timedelta
    movements: dict[int, Row] = field(default_factory=dict)
    observations: dict[tuple[int, str], Row] = field(default_factory=dict)

    async def record(self, kind: str, content: dict[str, Any], things: Sequence[str]) -> int:
        return await add_record(
            self.tx, self.appender, kind=kind, at=self.at, actor=ACTOR, content=content, salt=self.world.salt(),
            things=list(dict.fromkeys(things)),
        )  # fmt: skip


async def anything_due(tx: Tx, site: str, pack: RulePack, at: datetime) -> bool:
    """Whether there is something to be judged; asked without a lock."""
    movements, observations = await _due(tx, site, window_of(pack), at, 1)
    return bool(movements or observations)


async def judge_due(tx: Tx, appender: Appender, world: World, pack: RulePack, at: datetime) -> int:
    """Judges what is due at the appender's site; returns how many records that took."""
    bench, before = _Bench(tx, appender, world, at, window_of(pack)), len(appender.entries)
    due_movements, due_observations = await _due(tx, appender.site, bench.window, at, MOST)
    if not due_movements and not due_observations:
        return 0
    await _load(bench, due_movements, due_observations)
    judged = judge(
        [movement_of(row) for row in bench.movements.values()],
        [_observation(row) for row in bench.observations.values()],
    )
    for index in sorted(bench.movements):
        await _judge_movement(bench, bench.movements[index], judged)
    for row in due_observations:
        if (row["index"], row["place"]) in judged.unexplained:
            await _unexplained(bench, bench.observations[row["index"], row["place"]])
    return len(appender.entries) - before


async def _due(tx: Tx, site: str, window: timedelta, at: datetime, most: int) -> tuple[list[Row], list[Row]]:
    movements = await rows(tx, _sql.due_movements, site=site, now=at, most=most)
    observations = await rows(tx, _sql.due_observations, site=site, now=at, window=window, most=most)
    return movements, observations


async def _load(bench: _Bench, due_movements: list[Row], due_observations: list[Row]) -> None:
    """What could have to do with what is due: everything open at the same places that is near in time."""
    places = {row["place"] for row in due_observations}.union(*(row["places"] for row in due_movements))
    times = [row["at"] for row in (*due_movements, *due_observations)]
    stay = max((row["stay_s"] for row in due_movements), default=0)
    reach = bench.window + timedelta(milliseconds=2 * MOST_ERROR_MS, seconds=stay)
    near = {
        "site": bench.appender.site, "places": sorted(places), "low": min(times) - reach, "high": max(times) + reach,
    }  # fmt: skip
    bench.movements.update({row["index"]: row for row in await rows(bench.tx, _sql.movements_at, **near)})
    for row in await rows(bench.tx, _sql.observations_at, **near):
        bench.observations[row["index"], row["place"]] = row


def movement_of(row: Row) -> Movement:
    """A movement as the rules see it."""
    return Movement(
        id=row["index"], at=row["at"], until=row["until"], error=timedelta(milliseconds=row["error_ms"]),
        window=timedelta(seconds=row["window_s"]),
        traces=tuple(Trace(Sensor(sensor), place, what) for sensor, place, what in row["traces"]),
        needs=tuple(frozenset(map(Sensor, group)) for group in row["needs"]),
        seen=frozenset(n for n, index in enumerate(row["corroborated_by"]) if index is not None),
        stay=timedelta(seconds=row["stay_s"]),
    )  # fmt: skip


def _observation(row: Row) -> Observation:
    return Observation(
        id=row["index"], sensor=Sensor(row["kind"]), place=row["place"], what=row["what"], at=row["at"],
        error=timedelta(milliseconds=row["error_ms"]),
    )  # fmt: skip


async def _judge_movement(bench: _Bench, row: Row, judged: Judgement) -> None:
    """What became clear of one movement; one that waits is judged when its own window has passed."""
    index, state = row["index"], row["state"]
    matched = {n: found for (name, n), found in judged.found.items() if name == index}
    wait = timedelta(seconds=row["window_s"], milliseconds=row["error_ms"])
    if state == "waiting" and row["at"] + wait > bench.at:
        return
    by = [matched[n][0] if n in matched else seen for n, seen in enumerate(row["corroborated_by"])]
    told = [{"trace": n, "index": entry, "place": place} for n, (entry, place) in sorted(matched.items())]
    content: dict[str, Any] = {"movement": index, "observations": told}
    if index in judged.corroborated and state in ("waiting", "uncorroborated"):
        entry = await bench.record("movement_corroborated", content, row["things"])
        await _set(bench, row, "corroborated", by, entry)
        for thing in row["things"] if state == "uncorroborated" else ():
            await goods_found(bench.tx, bench.appender, bench.world, thing, bench.at, ACTOR)
    elif state == "waiting":
        missed = [[trace.sensor.value, trace.place, trace.what] for trace in judged.lacking[index]]
        entry = await bench.record("movement_uncorroborated", {**content, "lacking": missed}, row["things"])
        await _set(bench, row, "uncorroborated", by, entry)
        detail = {"action": row["action"], "entry": index, "at": row["at"].isoformat(), "lacking": missed}
        known = [
            what == FILLED and await _misplaced(bench, place, row["at"], row["things"]) for _, place, what in missed
        ]
        for thing in row["things"] if not all(known) else ():
            await _alarm(bench, WITHOUT_GOODS, thing, detail)
    elif matched:
        entry = await bench.record("observation_explained", content, row["things"])
        await _set(bench, row, state, by, entry)
    for key in matched.values():
        await _explained(bench, bench.observations[key], index, entry)


async def _set(bench: _Bench, row: Row, state: str, by: list[int | None], entry: int) -> None:
    values = {"site": bench.appender.site, "movement": row["index"], "state": state, "index": entry}
    await bench.tx.execute(_sql.set_movement, {**values, "corroborated_by": by})


async def _explained(bench: _Bench, row: Row, movement: int, entry: int) -> None:
    if row["kind"] in SHARED:
        return  # more movements may come of it
    values = {"site": bench.appender.site, "observation": row["index"], "place": row["place"], "index": entry}
    await bench.tx.execute(_sql.set_observation, {**values, "state": "explained", "movement": movement})
    if row["kind"] == Sensor.SLOT and await _taken_out_again(bench, row):
        detail = {"entry": row["index"], "sensor": row["kind"], "told": row["what"], "at": row["at"].isoformat()}
        await _alarm(bench, WITHOUT_RECORD, row["place"], {**detail, "movement": movement})
    if row["state"] == "unexplained":
        await _clear(bench, row["place"])


async def _unexplained(bench: _Bench, row: Row) -> None:
    """Something moved, and no record says what."""
    index, place, site = row["index"], row["place"], bench.appender.site
    slot = row["kind"] == Sensor.SLOT
    content = {"observation": index, "place": place, "window_s": int(bench.window.total_seconds())}
    entry = await bench.record("observation_unexplained", content, [place] if slot else [])
    values = {"site": site, "observation": index, "place": place, "state": "unexplained", "movement": None}
    await bench.tx.execute(_sql.set_observation, {**values, "index": entry})
    recorded = [found["thing"] for found in await rows(bench.tx, _sql.lies_in, slot=place, site=site)] if slot else []
    if slot and await _misplaced(bench, place, row["at"]):
        return
    detail = {"entry": index, "sensor": row["kind"], "told": row["what"], "at": row["at"].isoformat()}
    await _alarm(bench, WITHOUT_RECORD, place, {**detail, "recorded": recorded})


async def _misplaced(bench: _Bench, slot: str, at: datetime, things: Sequence[str] | None = None) -> bool:
    """Whether the rack told at once what the sensor of `slot` told at `at`, or where `things` went that the records
    have there: its alarm is the one.
    """
    values = {"site": bench.appender.site, "place": slot, "at": at, "window": bench.window}
    if things is None:
        found = await one(bench.tx, _sql.misplaced_there, **values)
    else:
        found = await one(bench.tx, _sql.misplaced_goods, **values, things=list(things))
    return found is not None and bool(found["there"])


async def _taken_out_again(bench: _Bench, row: Row) -> bool:
    """Whether the rack told that what lay there was put elsewhere: a record that it still speaks for is doubted."""
    values = {"site": bench.appender.site, "place": row["place"], "at": row["at"], "window": timedelta(seconds=10)}
    found = await one(bench.tx, _sql.taken_out_again, **values)
    return found is not None and bool(found["there"])


async def _alarm(bench: _Bench, cause: str, place: str, detail: dict[str, Any]) -> None:
    await raise_alarm(
        bench.tx, bench.appender, bench.world, cause=cause, place=place, severity="critical", detail=detail,
        at=bench.at, actor=ACTOR,
    )  # fmt: skip


async def _clear(bench: _Bench, place: str) -> None:
    """Clears the alarm at `place` unless another observation that is as unexplained speaks for it."""
    other = await one(bench.tx, _sql.still_without_record, site=bench.appender.site, place=place)
    if other is None or not other["still"]:
        await clear_alarm(
            bench.tx, bench.appender, bench.world, cause=WITHOUT_RECORD, place=place, at=bench.at, actor=ACTOR
        )
