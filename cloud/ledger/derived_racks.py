"""Lists of slots that were lit, and things in wrong slots, as records and facts lead to them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cloud.db.pool import storable
from custody.permits import parse_time
from wire.kinds import FactKind
from wire.labels import valid_id
from wire.messages import body_of
from wire.racks import ListSlotDone, MisplacementEnded, SlotMisplaced

if TYPE_CHECKING:  # at run time `derived` imports this
    from cloud.ledger.derived import Derived, Told


def told_by_agent(derived: "Derived", index: int, fact: Mapping[str, Any], agent: str, at: datetime) -> set[str] | None:
    """Takes a fact of a rack; returns the things it is filed under, None for one about something else."""
    kind, body = fact["kind"], fact["body"]
    if kind == FactKind.LIST_SLOT_DONE:
        return _slot_done(derived, index, body_of(ListSlotDone, body), agent)
    if kind == FactKind.SLOT_MISPLACED:
        return _misplaced(derived, index, body_of(SlotMisplaced, body), agent, at)
    if kind == FactKind.MISPLACEMENT_ENDED:
        return _ended(derived, index, body_of(MisplacementEnded, body), agent, at)
    return None


def _own(site: str, named: list[str]) -> list[str]:
    return [one for one in dict.fromkeys(named) if one.startswith(f"{site}/") and valid_id(one)]


def _slots(derived: "Derived", agent: str, *named: str) -> list[str] | None:
    slots = derived.table("slot")
    known = all(slots.get(one, {}).get("agent") == agent for one in named)
    return list(dict.fromkeys(named)) if known else None


def _slot_done(derived: "Derived", index: int, body: ListSlotDone, agent: str) -> set[str]:
    row = derived.table("light_list_slot").get(f"{storable(body.list_id)} {storable(body.slot)}")
    if row is not None and row["agent"] == agent and row["done_index"] is None:
        row.update(done_index=index, done_by=body.by)
    return set(_own(derived.site, [body.list_id, body.slot]))


def _misplaced(derived: "Derived", index: int, body: SlotMisplaced, agent: str, at: datetime) -> set[str]:
    slots, things = _slots(derived, agent, body.found, body.expected), _own(derived.site, body.things)
    if slots is None:
        return set()
    derived.table("misplacement")[f"entry:{index}"] = {
        "agent": agent, "station": storable(body.station), "found": body.found, "expected": body.expected,
        "moved": body.moved, "by": body.by, "task": body.task and storable(body.task),
        "list": body.list_id and storable(body.list_id), "things": things, "at": at,
        "ended_index": None, "ended_at": None, "how": None,
    }  # fmt: skip
    return {*slots, *things}


def _ended(derived: "Derived", index: int, body: MisplacementEnded, agent: str, at: datetime) -> set[str]:
    slots = _slots(derived, agent, body.found, body.expected)
    if slots is None:
        return set()
    for row in derived.table("misplacement").values():
        if (row["agent"], row["found"], row["ended_index"]) == (agent, body.found, None):
            row.update(ended_index=index, ended_at=at, how=body.how)
    return set(slots)


def _started(derived: "Derived", told: "Told") -> set[str]:
    content, name = told.content, told.content["list"]
    derived.table("light_list")[name] = {
        "way": content["way"], "colour": content["colour"], "until": parse_time(content["until"]),
        "started_by": told.actor, "index": told.index, "stopped_index": None,
    }  # fmt: skip
    for position, one in enumerate(content["slots"]):
        derived.table("light_list_slot")[f"{name} {one['slot']}"] = {
            "position": position, "things": list(one["things"]), "agent": one["agent"], "done_index": None,
            "done_by": None,
        }  # fmt: skip
    things = {thing for one in content["slots"] for thing in one["things"]}
    return {name, *(one["slot"] for one in content["slots"]), *things}


def _stopped(derived: "Derived", told: "Told") -> set[str]:
    row = derived.table("light_list").get(told.content["list"])
    if row is not None:
        row["stopped_index"] = told.index
    return {told.content["list"]}


TAKE: dict[str, "Callable[[Derived, Told], set[str] | None]"] = {"list_started": _started, "list_stopped": _stopped}
"""How each kind of record is taken; see `derived.take_record`."""
