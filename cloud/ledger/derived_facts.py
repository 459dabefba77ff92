"""What facts lead to: the row of each passage, permits spent and free again, things moved, orders answered."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cloud.db.pool import storable
from cloud.ledger import (
    derived_doors,
    derived_exceptions,
    derived_film,
    derived_joining,
    derived_printing,
    derived_racks,
    derived_releases,
    derived_rooms,
    derived_sensors,
)
from cloud.ledger.derived import Derived, Packs, Row, pack_of, place, step_of
from cloud.ledger.derived_custody import passed
from cloud.ledger.faults import LedgerFaultError
from custody.decisions import Reason
from custody.passage import Genuineness, Sight
from custody.things import Action, Direction, Kind
from wire.break_glass import BreakGlassClip, BreakGlassClosed, BreakGlassOpened
from wire.errors import MessageError
from wire.film import ClipClosed, ClipSegment
from wire.heads import HeadsCounted, PassageFollowed
from wire.kinds import FactKind
from wire.labels import valid_id
from wire.messages import (
    OrderAnswered,
    PassageAbandoned,
    PassageCrossed,
    PassageDecided,
    SlotChanged,
    StepDecided,
    UseBody,
    WeightMeasured,
    body_of,
)

PASSAGE_KINDS = (FactKind.PASSAGE_DECIDED, FactKind.PASSAGE_CROSSED, FactKind.PASSAGE_ABANDONED)


def take_fact(
    derived: Derived, index: int, fact: Mapping[str, Any], agent: str, at: datetime, taken_at: datetime, packs: Packs
) -> tuple[Row | None, set[str]]:
    """Takes a fact; returns the row of the passage that it is, if it is one, and the things it is filed under."""
    row, filed = _take(derived, index, fact, agent, at, taken_at, packs)
    derived_film.remember(derived, agent, fact["seq"], filed)
    return row, filed


def _take(
    derived: Derived, index: int, fact: Mapping[str, Any], agent: str, at: datetime, taken_at: datetime, packs: Packs
) -> tuple[Row | None, set[str]]:
    kind, body, seq = fact["kind"], fact["body"], fact["seq"]
    try:
        if kind == FactKind.PASSAGE_DECIDED:
            decided = body_of(PassageDecided, body)
            row, filed = _decided(derived, index, decided, agent, seq, at, taken_at)
            if row is not None and row["outcome"] == "allowed":
                _let_pass(derived, index, decided, row, fact["clock"]["error_ms"], packs)
            return row, filed
        if kind == FactKind.PASSAGE_CROSSED:
            crossed = body_of(PassageCrossed, body)
            error_ms = fact["clock"]["error_ms"]
            derived_sensors.crossed(derived, index, agent, crossed.station, crossed.direction, at, error_ms)
            return None, _crossed(derived, index, crossed, agent, seq, packs)
        if kind == FactKind.PASSAGE_ABANDONED:
            return None, _abandoned(derived, index, body_of(PassageAbandoned, body), agent, seq)
        if kind == FactKind.ORDER_ANSWERED:
            _answered(derived, index, body_of(OrderAnswered, body), agent, at)
        return None, _told_beside(derived, index, fact, agent, at, packs)
    except MessageError:  # kept as it is, with an alarm that is a record of its own
        pass
    return None, set()


def _told_beside(
    derived: Derived, index: int, fact: Mapping[str, Any], agent: str, at: datetime, packs: Packs
) -> set[str]:
    """What is told beside passages: steps at a rack, slots, openings by break-glass."""
    kind, body, seq = fact["kind"], fact["body"], fact["seq"]
    if kind == FactKind.STEP_DECIDED:
        return _step(derived, index, body_of(StepDecided, body), agent)
    if kind == FactKind.SLOT_CHANGED:
        changed = body_of(SlotChanged, body)
        return derived_sensors.slot_changed(derived, index, changed, agent, at, fact["clock"]["error_ms"])
    if kind == FactKind.WEIGHT_MEASURED:
        return _weighed(derived, index, body_of(WeightMeasured, body), at, fact["clock"]["error_ms"], packs)
    if kind == FactKind.BREAK_GLASS_OPENED:
        return derived_exceptions.opened(derived, index, body_of(BreakGlassOpened, body), agent, at)
    if kind == FactKind.BREAK_GLASS_CLIP:
        return derived_exceptions.clip(derived, body_of(BreakGlassClip, body), agent, seq)
    if kind == FactKind.BREAK_GLASS_CLOSED:
        return derived_exceptions.closed(derived, index, body_of(BreakGlassClosed, body), agent, seq, at)
    if (filed := derived_doors.told_by_agent(derived, index, fact, agent, at)) is not None:
        return filed
    if (filed := derived_racks.told_by_agent(derived, index, fact, agent, at)) is not None:
        return filed
    if (filed := derived_printing.told_by_agent(derived, index, fact, agent, at)) is not None:
        return filed
    derived_joining.told_by_agent(derived, index, kind, body, agent)
    derived_releases.told_by_agent(derived, index, kind, body, agent)
    derived_rooms.told_by_agent(derived, index, fact, agent, at)
    if kind == FactKind.AGENT_STARTED:
        derived_doors.agent_started(derived, index, agent, at)
        return derived_exceptions.agent_started(derived, index, agent, at)
    if kind == FactKind.HEADS_COUNTED:
        heads = body_of(HeadsCounted, body)
        derived_sensors.heads_counted(derived, index, agent, heads, at, fact["clock"]["error_ms"])
        return set(_own(derived.site, heads.people))
    if kind == FactKind.PASSAGE_FOLLOWED:
        return set(_own(derived.site, body_of(PassageFollowed, body).people))
    if kind == FactKind.CLIP_SEGMENT:
        return derived_film.segment_kept(derived, index, body_of(ClipSegment, body), agent, seq)
    if kind == FactKind.CLIP_CLOSED:
        return derived_film.closed(derived, index, body_of(ClipClosed, body), agent, seq)
    return set()


def _weighed(
    derived: Derived, index: int, body: WeightMeasured, at: datetime, error_ms: int | None, packs: Packs
) -> set[str]:
    things = _own(derived.site, [body.thing]) if body.thing is not None and body.stable else []
    for thing in things:
        row = derived.thing(thing)
        pack = None if row is None else pack_of(derived, row, packs)
        derived_sensors.weight_measured(derived, index, body, pack, at, error_ms)
    return set(things)


def _let_pass(
    derived: Derived, index: int, body: PassageDecided, passage: Row, error_ms: int | None, packs: Packs
) -> None:
    known = next((row for thing in sorted(passage["things"]) if (row := derived.thing(thing)) is not None), None)
    pack = None if known is None else pack_of(derived, known, packs)
    direction, things = Direction(body.direction), passage["things"]
    derived_sensors.let_pass(
        derived, index, pack, passage["agent"], body.station, direction, things, passage["at"], error_ms
    )


def _own(site: str, things: list[str]) -> list[str]:
    return [one for one in dict.fromkeys(things) if one.startswith(f"{site}/") and valid_id(one)]


def _decided(
    derived: Derived, index: int, body: PassageDecided, agent: str, seq: int, at: datetime, taken_at: datetime
) -> tuple[Row | None, set[str]]:
    try:
        sights = [
            Sight(Genuineness(s.genuineness), s.id, None if s.kind is None else Kind(s.kind)) for s in body.sights
        ]
        refused = body.outcome != "allowed"
        reason = Reason(body.reason or "").value if refused else None
    except ValueError:
        return None, set()
    genuine = [s.id for s in sights if s.genuineness is Genuineness.GENUINE and s.concerns_gate]
    things, people = _own(derived.site, genuine), _own(derived.site, body.people)
    row: Row = {
        "agent": agent, "seq": seq, "station": storable(body.station), "direction": body.direction,
        "outcome": body.outcome, "reason": reason, "rule": storable(body.rule),
        "subject": (storable(body.subject or "") or None) if refused else None, "things": things, "people": people,
        "at": at, "taken_at": taken_at, "picture": body.picture and storable(body.picture.sha256),
    }  # fmt: skip
    derived.passages += 1
    if not refused:
        derived.open_passages[f"{agent} {seq}"] = {"index": index, "things": things}
        for use in body.uses:
            _spend(derived, agent, use, index)
    uses = [use.permit for use in body.uses]
    return row, derived.with_contents(_own(derived.site, [*things, *people, *uses]))


def _step(derived: Derived, index: int, body: StepDecided, agent: str) -> set[str]:
    """What a rack says is filed under its things; an allowed step ends the task that it was taken under."""
    task = derived.table("task").get(body.task or "")
    taken = body.outcome == "allowed" and body.action in set(Action)
    if taken and task is not None and task["agent"] == agent and task["done_index"] is None:
        task["done_index"] = index
    return set(_own(derived.site, [thing.id for thing in body.things]))


def _use(use: UseBody) -> str:
    return f"{storable(use.permit)} {storable(use.thing)}"


def _spend(derived: Derived, agent: str, use: UseBody, index: int) -> None:
    row, permit = derived.table("permit_thing").get(_use(use)), derived.table("permit").get(storable(use.permit))
    if row is not None and permit is not None and permit["agent"] == agent and row["spent_index"] is None:
        row["spent_index"] = index


def _end(derived: Derived, agent: str, seq: int, decision: int | None) -> Row | None:
    """The allowed passage decided in fact `decision`, which ends now."""
    if decision is None or not 0 < decision < seq:
        return None
    return derived.open_passages.pop(f"{agent} {decision}", None)


def _crossed(derived: Derived, index: int, body: PassageCrossed, agent: str, seq: int, packs: Packs) -> set[str]:
    passage, things = _end(derived, agent, seq, body.decision), _own(derived.site, body.things)
    if passage is not None:
        _ended(derived, passage["index"], "crossed_index", index)
    for thing in things:
        action = Action.passing(Direction(body.direction))
        state, row = step_of(derived, thing, action, packs), derived.thing(thing)
        if state is not None and row is not None:
            was = row["state"]
            for name in (thing, *(i for i in derived.inside.get(thing, ()) if _is_at(derived, i, was))):
                place(derived, name, state, index)
            passed(derived, thing, action, index)
    return derived.with_contents(things)


def _is_at(derived: Derived, item: str, state: str) -> bool:
    row = derived.table("item").get(item)
    return row is not None and row["state"] == state


def _abandoned(derived: Derived, index: int, body: PassageAbandoned, agent: str, seq: int) -> set[str]:
    passage = _end(derived, agent, seq, body.decision)
    if passage is None:
        return set()
    for use in body.uses:
        row = derived.table("permit_thing").get(_use(use))
        if row is not None and row["spent_index"] == passage["index"]:
            row["spent_index"] = None
    _ended(derived, passage["index"], "abandoned_index", index)
    derived_sensors.abandoned(derived, passage["index"], index)
    return derived.with_contents(list(passage["things"]))


def _ended(derived: Derived, passage: int, how: str, index: int) -> None:
    """Ends of passages are compared when they are told, so that they need not all be remembered."""
    said = derived.ends.pop(str(passage), [None, None])
    if said != ([index, None] if how == "crossed_index" else [None, index]):
        problem = f"passage {passage} ended with entry {index}, while its {how} and the other say {said}"
        raise LedgerFaultError("row_differs", problem, passage, f"passage {passage}")


def _answered(derived: Derived, index: int, body: OrderAnswered, agent: str, at: datetime) -> None:
    answer = body.outcome if body.problem is None else f"{body.outcome}: {body.problem}"
    row = {"agent": agent, "answered_index": index, "answer": storable(answer)}
    derived.table("agent_order").setdefault(f"{storable(body.order)} {agent}", row)
    derived_printing.answered(derived, index, body, agent, at)
