"""Movements and what sensors told, as the log leads to them; and whether each judgement by sensors follows from both.

What the sensors are asked for is the rules' own code (custody/corroboration.py); when it is asked, and what is there,
is found here once more, apart from the code that keeps the tables.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cloud.ledger.faults import LedgerFaultError
from custody.corroboration import (
    AGREES,
    EMPTIED,
    FILLED,
    LEAVES,
    MOVES,
    OPENED,
    SHARED,
    SLOTTED,
    Moved,
    Movement,
    Observation,
    Sensor,
    Trace,
    error_known,
    fits,
    gate_place,
    heads_place,
    lacking,
    needs_of,
    traces_of,
    weights_agree,
    window_of,
)
from custody.doors import stay_s
from custody.permits import parse_time
from custody.rule_pack import RulePack
from custody.things import Action, Direction
from wire.heads import HeadsCounted
from wire.messages import SlotChanged, WeightMeasured

if TYPE_CHECKING:  # at run time `derived` imports this
    from cloud.ledger.derived import Derived, Row, Told

LYING, LEAVE, OPEN, BY_ENTRY = "things in a slot", "leave of a thing", "open at a place", "key of a movement"
"""What is remembered of the log to derive later rows by; no tables."""


def lies(derived: "Derived", thing: str, was: str | None, now: str | None) -> None:
    """`thing` lay in the slot `was` and lies in `now`."""
    if was is not None:
        derived.table(LYING).get(was, {}).pop(thing, None)
    if now is not None:
        derived.table(LYING).setdefault(now, {})[thing] = True


def _telling(derived: "Derived", things: Sequence[str], slots: Iterable[str]) -> frozenset[str]:
    known = derived.table("slot_sensor")
    return frozenset(s for s in slots if s in known and set(derived.table(LYING).get(s, {})) <= set(things))


def _behind(derived: "Derived", slots: Iterable[str]) -> set[str]:
    """The zones of `slots` that are behind a door."""
    doors = set[str]().union(*(row["zones"] for row in derived.table("door").values()))
    return doors & {derived.table("slot")[slot]["zone"] for slot in slots if slot in derived.table("slot")}


def door_opened(derived: "Derived", index: int, zones: Sequence[str], at: datetime, error_ms: int | None) -> None:
    """A door before `zones` was opened."""
    for zone in zones:
        _observed(derived, index, Sensor.DOOR, zone, OPENED, at, error_known(error_ms))


def stepped(derived: "Derived", told: "Told", pack: RulePack | None, before: Mapping[str, "Row"]) -> None:
    """A step was taken: `before` is what was known of the custody of its things."""
    content, action, things = told.content, Action(told.content["action"]), list(told.content["things"])
    fact = content.get("fact")
    at = parse_time(told.at if fact is None else fact["at"])
    error = 0 if fact is None else error_known(fact["error_ms"])
    if pack is None:
        derived.unsure.add(f"entry:{told.index}")
        return
    lay_in = {row["slot"] for row in before.values() if row.get("slot")}
    to = content["details"].get("slot") if action in SLOTTED else None
    slots = {*lay_in, *([to] if to else ())}
    moved = Moved.between(things, lay_in, to, _telling(derived, things, slots), _behind(derived, slots))
    _add_movement(derived, told.index, pack, action, moved, at, error)
    for thing in things if action is Action.WEIGH else ():
        if weights_agree(pack, before[thing].get("weight_g"), content["details"]["weight_g"]):
            _observed(derived, told.index, Sensor.WEIGHT, thing, AGREES, at, error)


def let_pass(
    derived: "Derived", index: int, pack: RulePack | None, agent: str, station: str, direction: Direction,
    things: Sequence[str], at: datetime, error_ms: int | None,
) -> None:  # fmt: skip
    """A gate let `things` pass, under the rules of the case of the first of them that is known."""
    if pack is None:
        return
    custody = derived.table("custody")
    lay_in = {slot for thing in things if (slot := custody.get(thing, {}).get("slot"))}
    moved = Moved.between(things, lay_in, None, _telling(derived, things, lay_in))
    moved = replace(moved, gate=(gate_place(agent, station), direction))
    _add_movement(derived, index, pack, Action.passing(direction), moved, at, error_known(error_ms))


def crossed(
    derived: "Derived", index: int, agent: str, station: str, direction: str, at: datetime, error_ms: int | None
) -> None:
    """The beams of a gate saw somebody."""
    _observed(derived, index, Sensor.GATE, gate_place(agent, station), direction, at, error_known(error_ms))


def heads_counted(
    derived: "Derived", index: int, agent: str, body: HeadsCounted, at: datetime, error_ms: int | None
) -> None:
    """A camera above a gate saw somebody."""
    if body.went > 0:
        place = heads_place(gate_place(agent, body.station))
        _observed(derived, index, Sensor.HEADS, place, body.direction, at, error_known(error_ms))


def abandoned(derived: "Derived", passage: int, index: int) -> None:
    """Nobody went through."""
    row = _movement(derived, passage)
    if row is not None:
        row.update(state="abandoned", judged_index=index)
        _close(derived, passage, row)


def slot_changed(
    derived: "Derived", index: int, body: SlotChanged, agent: str, at: datetime, error_ms: int | None
) -> set[str]:
    """A slot's sensor spoke."""
    slot = derived.table("slot").get(body.slot)
    if slot is None or slot["agent"] != agent:
        return set()
    before = derived.table("slot_sensor").get(body.slot)
    if before is None or before["occupied"] is not body.occupied:
        derived.table("slot_sensor")[body.slot] = {"occupied": body.occupied, "at": at, "index": index}
        if before is not None:
            what = FILLED if body.occupied else EMPTIED
            _observed(derived, index, Sensor.SLOT, body.slot, what, at, error_known(error_ms))
    return {body.slot}


def weight_measured(
    derived: "Derived", index: int, body: WeightMeasured, pack: RulePack | None, at: datetime, error_ms: int | None
) -> None:
    """A scale stood still under a thing of the site."""
    thing = str(body.thing)
    if pack is not None and weights_agree(pack, derived.table("custody").get(thing, {}).get("weight_g"), body.weight_g):
        _observed(derived, index, Sensor.WEIGHT, thing, AGREES, at, error_known(error_ms))


def _add_movement(
    derived: "Derived", index: int, pack: RulePack, action: Action, moved: Moved, at: datetime, error_ms: int
) -> None:
    for thing in moved.things:
        leave = derived.table(LEAVE).pop(thing, None)
        row = None if leave is None else derived.table("movement").get(leave["key"])
        if row is not None and row["until"] is None:
            row["until"] = at
    traces = traces_of(pack, action, moved)
    if (not traces and action not in MOVES) or index < derived.sensed_from:
        return
    needs, key = needs_of(pack, action, traces), " ".join([f"entry:{index}", *moved.things])
    derived.table(BY_ENTRY)[str(index)] = {"key": key}
    derived.table("movement")[key] = {
        "action": action.value, "things": list(moved.things), "at": at, "until": None if action in LEAVES else at,
        "error_ms": error_ms, "window_s": int(window_of(pack).total_seconds()),
        "stay_s": stay_s(pack, traces),
        "traces": [[trace.sensor.value, trace.place, trace.what] for trace in traces],
        "needs": [sorted(group) for group in needs], "places": sorted({trace.place for trace in traces}),
        "corroborated_by": [None] * len(traces), "judged_index": None,
        "state": "waiting" if needs else "unwatched" if action in MOVES else "explains",
    }  # fmt: skip
    if _blurred(derived):
        derived.unsure.add(f"entry:{index}")
    for thing in moved.things if action in LEAVES else ():
        derived.table(LEAVE)[thing] = {"key": key}
    for trace in traces:
        derived.table(OPEN).setdefault(trace.place, {})[str(index)] = "movement"


def _blurred(derived: "Derived") -> bool:
    """Whether contents were erased that where things lay hangs on."""
    return any(one.partition("/")[2].startswith(("I-", "P-", "C-", "S-")) for one in derived.unsure)


def _observed(
    derived: "Derived", index: int, sensor: Sensor, place: str, what: str, at: datetime, error_ms: int
) -> None:
    if index < derived.sensed_from:
        return
    derived.table("observation")[f"entry:{index} {place}"] = {
        "kind": sensor.value, "what": what, "at": at, "error_ms": error_ms, "explained_by": None, "state": "waiting",
        "judged_index": None,
    }  # fmt: skip
    derived.table(OPEN).setdefault(place, {})[str(index)] = "observation"


def _movement(derived: "Derived", index: int) -> "Row | None":
    named = derived.table(BY_ENTRY).get(str(index))
    return None if named is None else derived.table("movement").get(named["key"])


def _close(derived: "Derived", index: int, row: "Row") -> None:
    """Nothing more can be found for the movement."""
    for place in row["places"]:
        derived.table(OPEN).get(place, {}).pop(str(index), None)


def _as_movement(index: int, row: "Row") -> Movement:
    return Movement(
        id=index, at=row["at"], until=row["until"], error=timedelta(milliseconds=row["error_ms"]),
        window=timedelta(seconds=row["window_s"]),
        traces=tuple(Trace(Sensor(sensor), place, what) for sensor, place, what in row["traces"]),
        needs=tuple(frozenset(map(Sensor, group)) for group in row["needs"]),
        seen=frozenset(n for n, entry in enumerate(row["corroborated_by"]) if entry is not None),
        stay=timedelta(seconds=row["stay_s"]),
    )  # fmt: skip


def _as_observation(index: int, place: str, row: "Row") -> Observation:
    return Observation(
        id=index, sensor=Sensor(row["kind"]), place=place, what=row["what"], at=row["at"],
        error=timedelta(milliseconds=row["error_ms"]),
    )  # fmt: skip


def _fault(told: "Told", problem: str, row: str) -> LedgerFaultError:
    return LedgerFaultError("sensors_differ", problem, told.index, row)


def _judged(derived: "Derived", told: "Told") -> set[str] | None:
    """A movement was judged, or explains something more."""
    content, index = told.content, told.content["movement"]
    row, sure = _movement(derived, index), f"entry:{index}" not in derived.unsure
    for one in content["observations"]:
        _explain(derived, told, row if sure else None, one)
    if row is None:
        return None
    for one in content["observations"]:
        row["corroborated_by"][one["trace"]] = one["index"]
    if told.kind != "observation_explained":
        if sure and derived.unsure.isdisjoint(row["things"]):
            _check_judgement(derived, told, row)
        row["state"] = told.kind.removeprefix("movement_")
    row["judged_index"] = told.index
    if None not in row["corroborated_by"]:
        _close(derived, index, row)
    return set(row["things"])


def _explain(derived: "Derived", told: "Told", movement: "Row | None", one: Mapping[str, Any]) -> None:
    """The observation explains a trace of the movement that nothing did yet."""
    index, place, name = one["index"], one["place"], told.content["movement"]
    key = f"entry:{index} {place}"
    row = derived.table("observation").get(key)
    if row is None:
        if f"entry:{index}" not in derived.unsure:
            raise _fault(told, f"entry {index} is no observation at {place}", f"observation {key}")
        return
    if row["state"] == "explained":
        raise _fault(told, f"explains movement {row['explained_by']} already", f"observation {key}")
    if movement is not None:
        known, trace = _as_movement(name, movement), one["trace"]
        if trace in known.seen or not fits(known, trace, _as_observation(index, place, row)):
            raise _fault(told, f"not what movement {name} makes it tell, or not in time", f"observation {key}")
    if row["kind"] in SHARED:
        return
    row.update(state="explained", explained_by=name, judged_index=told.index)
    derived.table(OPEN).get(place, {}).pop(str(index), None)


def _check_judgement(derived: "Derived", told: "Told", row: "Row") -> None:
    """Judged when its time had come, and in the only way that what was known then allows."""
    index, where = told.content["movement"], f"movement {told.content['movement']}"
    known = _as_movement(index, row)
    absent = lacking(known, known.seen)
    if known.at + known.window + known.error > parse_time(told.at):
        raise _fault(told, "judged before its window had passed", where)
    if told.kind == "movement_corroborated":
        if absent or not known.needs or row["state"] not in ("waiting", "uncorroborated"):
            raise _fault(told, f"lacks {absent}", where)
        return
    if not absent or row["state"] != "waiting":
        raise _fault(told, "its sensors told of it", where)
    for trace in absent:
        number = known.traces.index(trace)
        for entry, kind in derived.table(OPEN).get(trace.place, {}).items():
            seen = derived.table("observation").get(f"entry:{entry} {trace.place}") if kind == "observation" else None
            if seen is not None and fits(known, number, _as_observation(int(entry), trace.place, seen)):
                raise _fault(told, f"entry {entry} tells of it at {trace.place}", where)


def _unexplained(derived: "Derived", told: "Told") -> set[str] | None:
    """Nothing explained what a sensor told, its window having passed."""
    content = told.content
    index, place = content["observation"], content["place"]
    key, filed = f"entry:{index} {place}", {place} if place.startswith(f"{derived.site}/") else set()
    row = derived.table("observation").get(key)
    if row is None:
        if f"entry:{index}" in derived.unsure:
            return filed
        raise _fault(told, f"entry {index} is no observation at {place}", f"observation {key}")
    seen, now = _as_observation(index, place, row), parse_time(told.at)
    if row["state"] != "waiting" or seen.at + seen.error + timedelta(seconds=content["window_s"]) > now:
        raise _fault(told, f"it was {row['state']}, or its window had not passed", f"observation {key}")
    for entry in [entry for entry, kind in derived.table(OPEN).get(place, {}).items() if kind == "movement"]:
        _check_unexplained(derived, told, seen, int(entry), now)
    row.update(state="unexplained", judged_index=told.index)
    return filed


def _check_unexplained(derived: "Derived", told: "Told", seen: Observation, index: int, now: datetime) -> None:
    """No movement that was judged, or is no longer waited for, would have explained it."""
    row = _movement(derived, index)
    if row is None or f"entry:{index}" in derived.unsure or not derived.unsure.isdisjoint(row["things"]):
        return
    known = _as_movement(index, row)
    if row["state"] == "waiting" and known.at + known.window + known.error > now:
        return
    if any(n not in known.seen and fits(known, n, seen) for n in range(len(known.traces))):
        raise _fault(told, f"movement {index} explains it", f"observation entry:{seen.id} {seen.place}")


TAKE: dict[str, "Callable[[Derived, Told], set[str] | None]"] = {
    "movement_corroborated": _judged,
    "movement_uncorroborated": _judged,
    "observation_explained": _judged,
    "observation_unexplained": _unexplained,
}
"""How each kind of record is taken; see `derived.take_record`."""
