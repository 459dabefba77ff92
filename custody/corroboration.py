"""Whether the sensors tell of the same movements as the records (N1). Pure.

A movement leaves traces: a slot that it empties, one that it fills, a door that had to be opened to come to them, a
gate that it passes and the heads counted there, a scale that agrees with its weight. An observation is what a sensor
told. Each explains one trace at most (the opening of a door as many as come of it) and each trace takes one
observation, the nearest in time, within the window widened by the errors of both clocks. What remains is a movement
that its sensors did not see (the record moved without the goods), or an observation that no movement explains (the
goods moved without a record).

Which sensors a movement needs is in the pack's section `corroboration`; it needs only those that are there: a slot
without a sensor, or one that others lie in before and after so that its sensor cannot tell, is no trace.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from custody.rule_pack import RulePack
from custody.things import Action, Direction


class Sensor(StrEnum):
    """What kind of sensor tells of a movement."""

    GATE = "gate"
    SLOT = "slot"
    WEIGHT = "weight"
    DOOR = "door"
    HEADS = "heads"


FILLED, EMPTIED, AGREES, OPENED = "filled", "emptied", "agrees", "opened"
"""What a slot's sensor tells, a scale and a door; a gate tells the direction, its heads too."""
HELPERS = frozenset({Sensor.WEIGHT, Sensor.HEADS})
"""A scale is asked by hand, and heads are counted where somebody passes a gate: they can stand in for a sensor that
should have told, and are never missed by themselves.
"""
SHARED = frozenset({Sensor.DOOR})
"""Many movements may come of one opening of a door."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a movement should have made a sensor tell: of which kind, where (slot, agent:station, thing), and what."""

    sensor: Sensor
    place: str
    what: str


Groups = tuple[frozenset[Sensor], ...]
"""Of each group one kind of sensor must have told of a movement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A movement by the records, at `at`; or leave to fetch something, from `at` to `until` (None: it lasts).

    `seen` are the traces, by their number, that an observation was found for already. The opening of a door may be
    earlier than the window by `stay`: people go in, and then move things.
    """

    id: int
    at: datetime
    until: datetime | None
    error: timedelta
    window: timedelta
    traces: tuple[Trace, ...]
    needs: Groups = ()
    seen: frozenset[int] = frozenset()
    stay: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What a sensor told at `at`."""

    id: int
    sensor: Sensor
    place: str
    what: str
    at: datetime
    error: timedelta


Found = Mapping[tuple[int, int], tuple[int, str]]
"""Movement and number of its trace → observation that explains it: id and place."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a step does as far as sensors could tell: `filled` and `emptied` are slots whose sensor has to change,
    `gate` where (agent:station) and which way it passes, `zones` those behind doors that it comes from or goes to.
    """

    things: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()
    gate: tuple[str, Direction] | None = None
    zones: tuple[str, ...] = ()

    @classmethod
    def between(
        cls, things: Sequence[str], lay_in: Iterable[str], to: str | None, telling: frozenset[str],
        behind: Iterable[str] = (),
    ) -> "Moved":  # fmt: skip
        """Of `things` that lay in the slots `lay_in` and come into `to`, or stay where None; `telling` are the slots
        with a sensor in which nothing else lies, `behind` the zones of all those slots that are behind a door.
        """
        lay, after = frozenset(lay_in), frozenset(() if to is None else (to,))
        filled, emptied = (lay, lay) if to is None else (after - lay, lay - after)
        told = tuple(sorted(filled & telling)), tuple(sorted(emptied & telling))
        return cls(tuple(things), *told, zones=tuple(sorted(behind)))


LEAVES = frozenset({Action.APPROVE_RELEASE, Action.APPROVE_DISPOSAL})
"""Steps after which a thing may be fetched from its slot, until its next step."""
MOVES = frozenset({Action.STOCK_IN, Action.STOCK_OUT, Action.PLACE, Action.MOVE, Action.SHELVE})
"""Steps that move the thing itself; all others can only explain what a sensor told."""
SLOTTED = frozenset({Action.PLACE, Action.MOVE, Action.SHELVE})
"""Steps whose details name the slot that the things come into: somebody stands before it."""
TAKEN_OUT = LEAVES | {
    Action.STOCK_OUT, Action.MOVE, Action.OPEN, Action.EMPTY, Action.WEIGH, Action.DECLARE_MISSING,
}  # fmt: skip
_PUT_IN = frozenset({
    Action.PLACE, Action.MOVE, Action.SHELVE, Action.RESEAL, Action.WEIGH, Action.WITHDRAW_RELEASE,
    Action.WITHDRAW_DISPOSAL,
})  # fmt: skip


def traces_of(pack: RulePack, action: Action, moved: Moved) -> tuple[Trace, ...]:
    """The traces that `action` leaves at the sensors that are there: doors and heads only where the pack asks them."""
    traces, asked = [], frozenset[str]().union(*_asked(pack, action))
    if moved.gate is not None:
        traces.append(Trace(Sensor.GATE, moved.gate[0], moved.gate[1].value))
        if Sensor.HEADS in asked:
            traces.append(Trace(Sensor.HEADS, heads_place(moved.gate[0]), moved.gate[1].value))
    if action in TAKEN_OUT:
        traces += [Trace(Sensor.SLOT, slot, EMPTIED) for slot in moved.emptied]
    if action in _PUT_IN:
        traces += [Trace(Sensor.SLOT, slot, FILLED) for slot in moved.filled]
    if action in SLOTTED and Sensor.DOOR in asked:
        traces += [Trace(Sensor.DOOR, zone, OPENED) for zone in moved.zones]
    if action in (Action.PLACE, Action.SHELVE):
        traces += [Trace(Sensor.WEIGHT, thing, AGREES) for thing in moved.things]
    return tuple(traces)


def _asked(pack: RulePack, action: Action) -> Sequence[Sequence[str]]:
    rows: Sequence[Sequence[str]] = pack.section("corroboration").get("sensors", {}).get(action.value, [])
    return rows


def needs_of(pack: RulePack, action: Action, traces: Sequence[Trace]) -> Groups:
    """The groups of which a sensor must have told; those without one that could are left out (see HELPERS)."""
    there = {trace.sensor for trace in traces} - HELPERS
    rows = _asked(pack, action)
    return tuple(frozenset(map(Sensor, row)) for row in rows if not there.isdisjoint(map(Sensor, row)))


def window_of(pack: RulePack) -> timedelta:
    """Within what time record and sensors tell of the same movement."""
    return timedelta(seconds=pack.section("corroboration").get("window_s", 300))


MOST_PLACE = 200
"""A longer name of a station, which only a broken agent tells, is cut."""


def gate_place(agent: str, station: str) -> str:
    """Where a gate is: stations of two agents may share a name."""
    return f"{agent}:{station}".replace("\0", "\ufffd")[:MOST_PLACE]


def heads_place(gate: str) -> str:
    """Where the heads at the gate `gate` (agent:station) are counted."""
    return f"{gate[: MOST_PLACE - len(HEADS_AT)]}{HEADS_AT}"


HEADS_AT = ":heads"
MOST_ERROR_MS = 24 * 3600 * 1000
"""A clock that may be wrong by more than a day proves nothing about a time; what it says is not waited for longer."""


def error_known(error_ms: int | None) -> int:
    """The error of a clock in milliseconds as far as it widens the window: one that nobody knows does not."""
    return 0 if error_ms is None else min(max(error_ms, 0), MOST_ERROR_MS)


def weights_agree(pack: RulePack, before_g: int | None, now_g: int) -> bool:
    """Whether two weighings of a sealed thing are of the same thing; nothing agrees with a weight that nobody knows."""
    if before_g is None:
        return False
    seals = pack.section("seals")
    most = max(seals.get("weight_tolerance_g", 0), before_g * seals.get("weight_tolerance_pct", 0) / 100)
    return bool(abs(now_g - before_g) <= most)


def gap(movement: Movement, seen: Observation) -> timedelta:
    """How far in time the observation is from the movement."""
    late = timedelta(0) if movement.until is None else seen.at - movement.until
    return max(movement.at - seen.at, late, timedelta(0))


def fits(movement: Movement, trace: int, seen: Observation) -> bool:
    """Whether the observation can be that trace of the movement."""
    same = movement.traces[trace] == Trace(seen.sensor, seen.place, seen.what)
    reach = movement.window + movement.error + seen.error
    if seen.sensor is Sensor.DOOR and seen.at < movement.at:
        reach += movement.stay
    return same and gap(movement, seen) <= reach


def match(movements: Iterable[Movement], observations: Iterable[Observation]) -> Found:
    """Which observation explains which trace: the pairs nearest in time first, whatever the order they are given in."""
    by_trace: dict[Trace, list[Observation]] = {}
    for one in observations:
        by_trace.setdefault(Trace(one.sensor, one.place, one.what), []).append(one)
    pairs = sorted(
        (gap(movement, one), movement.id, number, one.id, one.place)
        for movement in movements
        for number, trace in enumerate(movement.traces)
        if number not in movement.seen
        for one in by_trace.get(trace, ())
        if fits(movement, number, one)
    )
    shared = {(one.id, one.place) for seen in by_trace.values() for one in seen if one.sensor in SHARED}
    found: dict[tuple[int, int], tuple[int, str]] = {}
    taken: set[tuple[int, str]] = set()
    for _, name, number, observation, place in pairs:
        if (name, number) not in found and (observation, place) not in taken:
            found[name, number] = observation, place
            taken.update({(observation, place)} - shared)
    return found


def lacking(movement: Movement, seen: frozenset[int]) -> list[Trace]:
    """The traces that keep the movement from being corroborated when those in `seen` were found; none when it is.

    Of a group one kind of sensor has to have told all that it could.
    """
    missed: list[Trace] = []
    for group in movement.needs:
        unseen = {
            sensor: [trace for n, trace in enumerate(movement.traces) if trace.sensor is sensor and n not in seen]
            for sensor in sorted(group)
            if any(trace.sensor is sensor for trace in movement.traces)
        }
        if all(unseen.values()):
            missed += [trace for sensor, traces in unseen.items() if sensor not in HELPERS for trace in traces]
    return missed


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of a site's movements and observations, each by its id."""

    found: Found
    corroborated: frozenset[int] = frozenset()
    lacking: Mapping[int, list[Trace]] = field(default_factory=dict)
    unexplained: frozenset[tuple[int, str]] = frozenset()


def judge(movements: Sequence[Movement], observations: Sequence[Observation]) -> Judgement:
    """What the sensors say of `movements`, and which of `observations` no movement explains."""
    found = match(movements, observations)
    seen = {movement.id: set(movement.seen) for movement in movements}
    for name, number in found:
        seen[name].add(number)
    missed = {m.id: absent for m in movements if (absent := lacking(m, frozenset(seen[m.id])))}
    corroborated = frozenset(m.id for m in movements if m.needs and m.id not in missed)
    unexplained = {(one.id, one.place) for one in observations if one.sensor not in SHARED} - set(found.values())
    return Judgement(found, corroborated, missed, frozenset(unexplained))
