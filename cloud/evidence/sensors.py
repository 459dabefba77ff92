"""What movements should make sensors tell, and what sensors told: kept as it comes, judged once the window has passed
(corroborating.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from cloud.alarms.service import clear_alarm
from cloud.db.pool import Tx, one, rows, storable
from cloud.db.queries import load_queries
from cloud.evidence.acting import Acting
from cloud.evidence.misplaced import settle_by_record
from cloud.evidence.taken import ACTOR, Taken
from cloud.ledger.service import Appender
from cloud.rules.service import pack_named
from cloud.world import World
from custody.corroboration import (
    AGREES,
    EMPTIED,
    FILLED,
    LEAVES,
    MOVES,
    OPENED,
    SLOTTED,
    Moved,
    Sensor,
    error_known,
    gate_place,
    heads_place,
    needs_of,
    traces_of,
    weights_agree,
    window_of,
)
from custody.doors import stay_s
from custody.permits import parse_time
from custody.rule_pack import RulePack
from custody.things import Action, Direction
from wire.errors import MessageError
from wire.messages import SlotChanged, WeightMeasured, body_of

_sql = load_queries(__file__, "sensors.sql")
_doors = load_queries(__file__, "doors.sql")

WITHOUT_GOODS = "record_without_goods"
"""The alarm of a movement that its sensors did not see; its place is the thing."""


async def note_step(
    act: Acting, pack: RulePack, action: Action, things: Sequence[Mapping[str, Any]], details: Mapping[str, Any],
    index: int, fact: Mapping[str, Any] | None,
) -> None:  # fmt: skip
    """Keeps what the step of entry `index` should make sensors tell; `things` as they were before it.

    `fact` is what the record says of the agent's fact that told of the step; its clock counts then.
    """
    at = act.at if fact is None else parse_time(fact["at"])
    error = 0 if fact is None else error_known(fact["error_ms"])
    ids = [row["id"] for row in things]
    lay_in, to = {row["slot"] for row in things if row["slot"]}, details.get("slot") if action in SLOTTED else None
    slots = {*lay_in, *([to] if to else ())}
    moved = Moved.between(ids, lay_in, to, await _telling(act.tx, ids, slots), await _behind(act.tx, slots))
    await _add_movement(act.tx, act.site, pack, action, moved, index, at, error)
    if to is not None and fact is None:  # a rack that told of the step knows
        await settle_by_record(act, to)
    if action is Action.WEIGH:
        for row in things:
            if weights_agree(pack, row["weight_g"], details["weight_g"]):
                await _add_observation(act.tx, act.site, index, Sensor.WEIGHT, row["id"], AGREES, at, error)


async def note_passage(taken: Taken, station: str, direction: Direction, things: list[str]) -> None:
    """A gate lets `things` pass: its sensors should tell that they did."""
    lying = await rows(taken.tx, _sql.lying, site=taken.site, things=things) if things else []
    pack = await pack_named(taken.tx, lying[0]["rule_pack"]) if lying else None
    if pack is None:
        return
    lay_in = {row["slot"] for row in lying if row["slot"]}
    moved = Moved.between(things, lay_in, None, await _telling(taken.tx, things, lay_in))
    moved = replace(moved, gate=(gate_place(taken.agent, station), direction))
    action, error = Action.passing(direction), error_known(taken.fact.clock.error_ms)
    await _add_movement(taken.tx, taken.site, pack, action, moved, taken.index, taken.at, error)


async def note_crossing(taken: Taken, station: str, direction: str) -> None:
    """The beams of a gate saw somebody go through."""
    error = error_known(taken.fact.clock.error_ms)
    place = gate_place(taken.agent, station)
    await _add_observation(taken.tx, taken.site, taken.index, Sensor.GATE, place, direction, taken.at, error)


async def note_heads(taken: Taken, station: str, direction: Direction) -> None:
    """A camera above a gate saw somebody go through."""
    error = error_known(taken.fact.clock.error_ms)
    place = heads_place(gate_place(taken.agent, station))
    await _add_observation(
        taken.tx, taken.site, taken.index, Sensor.HEADS, place, direction.value, taken.at, error
    )  # fmt: skip


async def note_opening(taken: Taken, station: str) -> None:
    """A door was opened, by who was let in or from inside: what moves in each zone behind it may come of it."""
    error = error_known(taken.fact.clock.error_ms)
    row = await one(taken.tx, _doors.door_at, agent=taken.agent, station=storable(station))
    for zone in row["zones"] if row else ():
        await _add_observation(taken.tx, taken.site, taken.index, Sensor.DOOR, zone, OPENED, taken.at, error)


async def note_abandoned(taken: Taken, passage: int) -> None:
    """Nobody went through: what the gate would have let pass did not move."""
    values = {"site": taken.site, "passage": passage, "index": taken.index}
    row = await one(taken.tx, _sql.abandon, **values)
    for thing in row["things"] if row else ():
        await goods_found(taken.tx, taken.appender, taken.world, thing, taken.taken_at, ACTOR)


async def goods_found(tx: Tx, appender: Appender, world: World, thing: str, at: datetime, actor: str) -> None:
    """The alarm that `thing` moved in the records only is over, unless another movement of it speaks for it."""
    other = await one(tx, _sql.still_without_goods, site=appender.site, place=thing)
    if other is None or not other["still"]:
        await clear_alarm(tx, appender, world, cause=WITHOUT_GOODS, place=thing, at=at, actor=actor)


async def slot_changed(taken: Taken) -> None:
    """A slot's sensor spoke. What it says first is how things stand; from then on each change is a movement."""
    body = body_of(SlotChanged, taken.fact.body)
    told = taken.own([body.slot])
    slot = await one(taken.tx, _sql.slot_told, slot=told[0], site=taken.site, agent=taken.agent) if told else None
    if slot is None:
        raise MessageError(f"no slot of this agent: {body.slot!r}")
    await taken.file_under(told)
    if slot["occupied"] is body.occupied:
        return
    row = {"slot": slot["id"], "site": taken.site, "occupied": body.occupied, "at": taken.at, "index": taken.index}
    await taken.tx.execute(_sql.set_sensor, row)
    if slot["occupied"] is not None:
        what, error = FILLED if body.occupied else EMPTIED, error_known(taken.fact.clock.error_ms)
        await _add_observation(taken.tx, taken.site, taken.index, Sensor.SLOT, slot["id"], what, taken.at, error)


async def weight_measured(taken: Taken) -> None:
    """A rack's scale stands still: where its thing is known and weighs what it weighed, it is that thing."""
    body = body_of(WeightMeasured, taken.fact.body)
    for thing in taken.own([body.thing]) if body.thing is not None and body.stable else ():
        await taken.file_under([thing])
        known = await one(taken.tx, _sql.known_weight, thing=thing, site=taken.site)
        pack = await pack_named(taken.tx, known["rule_pack"]) if known else None
        if known is not None and pack is not None and weights_agree(pack, known["weight_g"], body.weight_g):
            error = error_known(taken.fact.clock.error_ms)
            await _add_observation(taken.tx, taken.site, taken.index, Sensor.WEIGHT, thing, AGREES, taken.at, error)


async def _telling(tx: Tx, things: Sequence[str], slots: set[str]) -> frozenset[str]:
    found = await rows(tx, _sql.telling, slots=sorted(slots), things=list(things)) if slots else []
    return frozenset(row["slot"] for row in found)


async def _behind(tx: Tx, slots: set[str]) -> list[str]:
    """The zones of `slots` that are behind a door."""
    found = await rows(tx, _doors.zones_behind, slots=sorted(slots)) if slots else []
    return [row["zone"] for row in found]


async def _add_movement(
    tx: Tx, site: str, pack: RulePack, action: Action, moved: Moved, index: int, at: datetime, error_ms: int
) -> None:
    await tx.execute(_sql.end_leave, {"site": site, "things": list(moved.things), "at": at})
    traces = traces_of(pack, action, moved)
    if not traces and action not in MOVES:
        return
    needs = needs_of(pack, action, traces)
    row = {
        "site": site, "index": index, "action": action.value, "things": list(moved.things), "at": at,
        "until": None if action in LEAVES else at, "error_ms": error_ms,
        "window_s": int(window_of(pack).total_seconds()), "stay_s": stay_s(pack, traces),
        "traces": Jsonb([[trace.sensor.value, trace.place, trace.what] for trace in traces]),
        "needs": Jsonb([sorted(group) for group in needs]),
        "places": sorted({trace.place for trace in traces}), "corroborated_by": [None] * len(traces),
        "state": "waiting" if needs else "unwatched" if action in MOVES else "explains",
    }  # fmt: skip
    await tx.execute(_sql.add_movement, row)


async def _add_observation(
    tx: Tx, site: str, index: int, sensor: Sensor, place: str, what: str, at: datetime, error_ms: int
) -> None:
    row = {"site": site, "index": index, "place": place, "kind": sensor.value, "what": what, "at": at}
    await tx.execute(_sql.add_observation, {**row, "error_ms": error_ms})
