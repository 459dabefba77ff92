"""What the steps of custody lead to, computed anew from their records: states, packages made, slots, weights, acts and
the hands on them. A step that the rules did not allow, or that too few hands took, is a fault at its entry.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cloud.ledger import derived_corrections, derived_sensors
from cloud.ledger.derived import Derived, Packs, Row, Told, pack_of, place
from cloud.ledger.faults import LedgerFaultError
from custody.decisions import Refused
from custody.details import fixed_by_seal
from custody.permits import parse_time
from custody.rule_pack import Step
from custody.steps import place_hands
from custody.things import Action, State
from proof.canonical import canonical

NOTHING_KNOWN: Row = {
    "slot": None, "size": None, "weight_g": None, "openings": 0, "parent": None, "purpose": None, "due_at": None,
    "method": None,
}  # fmt: skip

Take = Callable[[Derived, Told, Packs], set[str]]


def _step(derived: Derived, told: Told, packs: Packs) -> set[str]:
    content, action = told.content, Action(told.content["action"])
    things = list(content["things"])
    steps = [_allowed(derived, told, thing, action, packs) for thing in things]
    if steps and steps[0] is not None:
        _enough_hands(derived, told, things, steps[0])
    moved: set[str] = set()
    for thing, step in zip(things, steps, strict=True):
        row = derived.thing(thing)
        if step is not None and row is not None:
            moved |= _move(derived, thing, row, step, told.index)
    people = [hand["person"] for hand in content["hands"]]
    before = {thing: dict(derived.table("custody").get(thing, NOTHING_KNOWN)) for thing in things}
    _hands_on(derived, things, action, people)
    concerned = _made(derived, told, action, things, people)
    for thing in things:
        row = derived.table("custody").get(thing, NOTHING_KNOWN)
        changed = _CHANGES[action](content["details"], row) if action in _CHANGES else {}
        if changed:
            derived.table("custody")[thing] = now = {**row, **changed, "index": told.index}
            derived_sensors.lies(derived, thing, row["slot"], now["slot"])
        if (known := derived.thing(thing)) is not None:
            known["index"] = told.index
    if action is Action.CORRECT:
        derived_corrections.step(derived, told, things[0], before[things[0]])
    derived_sensors.stepped(derived, told, packs.get(content["rule_pack"]), before)
    acts = {content["act"]} if "act" in content else set()
    _end(derived, content, "done", told)
    return {*things, *moved, *concerned, *acts}


def _allowed(derived: Derived, told: Told, thing: str, action: Action, packs: Packs) -> Step | None:
    row = derived.thing(thing)
    pack = None if row is None else pack_of(derived, row, packs)
    if row is not None and row["case_id"] in derived.unsure:  # by which rules is not told any more
        derived.unsure |= {thing, *derived.inside.get(thing, ())}
    step = None if row is None or pack is None else pack.step(thing, State(row["state"]), action)
    free = not _closed_in(derived, row) or (
        action is Action.CORRECT and pack is not None and not fixed_by_seal(told.content["details"]["changes"], pack)
    )
    if isinstance(step, Step) and not step.by_gate and free and (step.while_held or not derived.held(thing)):
        return step
    if thing in derived.unsure:
        return None
    why = step.rule if isinstance(step, Refused) else "not by the hands of people, or not while it is held"
    raise LedgerFaultError("step_not_allowed", f"{action.value} of {thing}: {why}", told.index, thing)


def _closed_in(derived: Derived, row: Row | None) -> bool:
    """Whether it is in a package that is closed: what is done to it is done to its package."""
    package = derived.table("package").get((row or {}).get("package_id") or "")
    return package is not None and row is not None and package["state"] == row["state"] != State.OPENED


def _enough_hands(derived: Derived, told: Told, things: list[str], step: Step) -> None:
    value, hands = sum(_value(derived, thing) for thing in things), told.content["hands"]
    seats, people = step.seats_for(value), {hand["person"] for hand in hands}
    placed = place_hands(seats, derived_corrections.hands_of(hands))
    full = len(people) == len(seats) == len(hands) and placed is not None
    if not full and derived.unsure.isdisjoint(things):
        raise LedgerFaultError("step_not_allowed", f"{step.action.value} by {sorted(people)}", told.index, things[0])
    for thing in things:
        for done in step.apart:
            own = people & derived.hands.get(f"{thing} {done.value}", set())
            if own and thing not in derived.unsure:
                problem = f"{step.action.value} by {sorted(own)}, whose hand was on its {done.value}"
                raise LedgerFaultError("step_not_allowed", problem, told.index, thing)


def _value(derived: Derived, thing: str) -> int:
    items = derived.inside.get(thing, [thing])
    return sum(derived.table("item")[item].get("value_fen", 0) for item in items if item in derived.table("item"))


def _move(derived: Derived, thing: str, row: Row, step: Step, index: int) -> set[str]:
    was = State(row["state"])
    going = [thing, *_inside_at(derived, thing, was)]
    for name in going:
        place(derived, name, step.to(was).value, index)
    return set(going)


def _inside_at(derived: Derived, package: str, state: State) -> list[str]:
    items = derived.table("item")
    return [i for i in derived.inside.get(package, ()) if i in items and items[i]["state"] == state.value]


def _hands_on(derived: Derived, things: list[str], action: Action, people: list[str]) -> None:
    for thing in things:
        for person in people:
            derived.table("thing_hand")[f"{thing} {action.value} {person}"] = {}
        derived.hands.setdefault(f"{thing} {action.value}", set()).update(people)


def _made(derived: Derived, told: Told, action: Action, things: list[str], people: list[str]) -> set[str]:
    concerned: set[str] = set()
    for made in told.content["made"]:
        if action in (Action.SEAL, Action.REPACK):
            concerned |= _package(derived, told, action, things, made, people)
        elif action is Action.SPLIT:
            concerned |= _part(derived, told, things[0], made, people)
    if action is Action.RESEAL and things[0] in derived.table("package"):
        derived.table("package")[things[0]]["seal_number"] = told.content["details"]["seal_number"]
    return concerned


def _package(derived: Derived, told: Told, action: Action, items: list[str], made: Row, people: list[str]) -> set[str]:
    package, details, parent = made["package"], told.content["details"], None
    for name in items:
        item = derived.table("item").get(name)
        if item is not None:
            if action is Action.REPACK:
                parent = item["package_id"]
                derived.inside[parent] = [i for i in derived.inside.get(parent, ()) if i != name]
            item["package_id"] = package
    derived.table("package")[package] = {
        "case_id": made["case"], "seal_number": made["seal_number"], "index": told.index,
        "state": (State.SEALED if action is Action.SEAL else State.ARRIVED).value,
    }  # fmt: skip
    derived.inside[package] = list(items)
    derived.table("custody")[package] = {
        **NOTHING_KNOWN, "weight_g": details["weight_g"], "size": details.get("size"), "parent": parent,
        "index": told.index,
    }  # fmt: skip
    _hands_on(derived, [package], Action.SEAL, people)
    return {package, made["case"], *([parent] if parent else [])}


def _part(derived: Derived, told: Told, whole: str, made: Row, people: list[str]) -> set[str]:
    item, row = made["item"], derived.table("item").get(whole, {})
    derived.table("item")[item] = {
        **row, "name": made["name"], "quantity": made["quantity"], "value_fen": made["value_fen"],
        "state": State.OPENED.value, "index": told.index, "corrected_index": None,
    }  # fmt: skip
    if row.get("package_id"):
        derived.inside.setdefault(row["package_id"], []).append(item)
    derived.table("custody")[item] = {**NOTHING_KNOWN, "parent": whole, "index": told.index}
    _hands_on(derived, [item], Action.REGISTER, people)
    return {item}


def _due(details: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(details["due_at"]) if "due_at" in details else None


_CHANGES: Mapping[Action, Callable[[Mapping[str, Any], Row], Row]] = {
    Action.PLACE: lambda d, _: {"slot": d["slot"]},
    Action.MOVE: lambda d, _: {"slot": d["slot"]},
    Action.SHELVE: lambda d, _: {"slot": d["slot"]},
    Action.WEIGH: lambda d, _: {"weight_g": d["weight_g"]},
    Action.OPEN: lambda _, row: {"openings": row["openings"] + 1},
    Action.RESEAL: lambda d, _: {"weight_g": d["weight_g"]},
    Action.EMPTY: lambda _, __: {"slot": None},
    Action.APPROVE_RELEASE: lambda d, _: {"purpose": d.get("purpose"), "due_at": _due(d)},
    Action.WITHDRAW_RELEASE: lambda _, __: {"purpose": None, "due_at": None},
    Action.APPROVE_DISPOSAL: lambda d, _: {"method": d["method"]},
    Action.WITHDRAW_DISPOSAL: lambda _, __: {"method": None},
    Action.DECLARE_MISSING: lambda _, __: {"slot": None},
    Action.CORRECT: lambda d, _: {name: d["changes"][name] for name in ("weight_g", "size") if name in d["changes"]},
}


def _proposed(derived: Derived, told: Told, packs: Packs) -> set[str]:
    content, said = told.content, told.content["content"]
    if hashlib.sha256(canonical(said)).hexdigest() != content["hash"]:
        raise LedgerFaultError(
            "step_not_allowed", "its hash is not that of its content", told.index, f"act {said['act']}"
        )
    derived.table("act")[said["act"]] = {
        "action": said["action"], "things": list(said["things"]), "details": said["details"], "hash": content["hash"],
        "rule": said["rule"], "rule_pack": said["rule_pack"], "seats": said["seats"], "proposed_by": told.actor,
        "proposed_at": parse_time(said["proposed_at"]), "expires_at": parse_time(content["expires_at"]),
        "ages_at": parse_time(content["ages_at"]) if content["ages_at"] else None, "index": told.index,
        "ended": None, "ended_at": None, "ended_index": None,
    }  # fmt: skip
    return {said["act"], *said["things"]}


def _signed(derived: Derived, told: Told, packs: Packs) -> set[str]:
    content = told.content
    act = derived.table("act").get(content["act"])
    if act is None and content["act"] in derived.unsure:  # what was proposed was erased since
        return {content["act"]}
    if act is None or act["hash"] != content["hash"]:
        raise LedgerFaultError("step_not_allowed", "another content was signed", told.index, f"act {content['act']}")
    derived.table("act_hand")[f"{content['act']} {content['person']} {content['part']}"] = {
        "seat": content["seat"], "credential": content["credential"], "at": parse_time(told.at),
        "signature": content["signature"], "index": told.index,
    }  # fmt: skip
    return {content["act"], *act["things"]}


def _declined(derived: Derived, told: Told, packs: Packs) -> set[str]:
    return _ended(derived, told, "declined")


def _expired(derived: Derived, told: Told, packs: Packs) -> set[str]:
    return _ended(derived, told, "expired")


def _ended(derived: Derived, told: Told, how: str) -> set[str]:
    act = derived.table("act").get(told.content["act"])
    _end(derived, told.content, how, told)
    return {told.content["act"], *(act["things"] if act else ())}


def _end(derived: Derived, content: Mapping[str, Any], how: str, told: Told) -> None:
    act = derived.table("act").get(content.get("act", ""))
    if act is not None and act["ended"] is None:
        act.update(ended=how, ended_at=parse_time(told.at), ended_index=told.index)


def _refused(derived: Derived, told: Told, packs: Packs) -> set[str]:
    return set(told.content["things"])


def _adopted(derived: Derived, told: Told, packs: Packs) -> set[str]:
    content = told.content
    if content["pack"] not in packs:
        raise LedgerFaultError("rule_pack_differs", "there is no such pack", told.index, f"rule_pack {content['pack']}")
    row = {"hash": content["pack"], "effective_from": parse_time(content["effective_from"])}
    derived.table("pack_adoption")[str(told.index)] = row
    if row["effective_from"] < parse_time(told.at):
        raise LedgerFaultError("step_not_allowed", "rules put in force back-dated", told.index, "pack_adoption")
    _end(derived, content, "done", told)
    return set()


def _repinned(derived: Derived, told: Told, packs: Packs) -> set[str]:
    content = told.content
    case = derived.table("evidence_case").get(content["case"])
    people = {hand["person"] for hand in content["hands"]}
    if len(people) < 2:
        raise LedgerFaultError("step_not_allowed", "new rules by one person", told.index, content["case"])
    if case is not None:
        case["rule_pack"] = content["to"]
    _end(derived, content, "done", told)
    return {content["case"]}


def _case_corrected(derived: Derived, told: Told, packs: Packs) -> set[str]:
    filed = derived_corrections.case(derived, told, packs)
    _end(derived, told.content, "done", told)
    return filed


def _zone(derived: Derived, told: Told, packs: Packs) -> set[str]:
    content = told.content
    derived.table("zone")[content["zone"]] = {"name": content["name"], "class": content["class"], "index": told.index}
    return {content["zone"]}


def _slot(derived: Derived, told: Told, packs: Packs) -> set[str]:
    content = told.content
    for slot in content["slots"]:
        derived.table("slot")[slot["slot"]] = {
            "zone": content["zone"], "name": slot["name"], "size": slot["size"], "capacity": slot["capacity"],
            "agent": slot["agent"], "index": told.index,
        }  # fmt: skip
    return {content["zone"]}


def _task(derived: Derived, told: Told, packs: Packs) -> set[str]:
    payload = told.content["task"]
    derived.table("task")[payload["id"]] = {
        "agent": payload["agent"], "payload": payload, "granted_by": told.actor, "index": told.index,
        "revoked_at": None, "done_index": None,
    }  # fmt: skip
    things = {thing["id"] for thing in payload["things"]}
    for thing in things:
        if (row := derived.thing(thing)) is not None:
            row["index"] = told.index
    return {payload["id"], *things}


def _task_revoked(derived: Derived, told: Told, packs: Packs) -> set[str]:
    row = derived.table("task").get(told.content["task"])
    if row is None:
        return {told.content["task"]}
    row["revoked_at"] = parse_time(told.at)
    return {told.content["task"], *(thing["id"] for thing in row["payload"]["things"])}


def passed(derived: Derived, thing: str, action: Action, index: int) -> None:
    """`thing` passed a gate: what is known of its place and its loan is over."""
    row = derived.table("custody").get(thing)
    if row is not None:
        if action is Action.STOCK_OUT:
            derived_sensors.lies(derived, thing, row["slot"], None)
        over = {"slot": None} if action is Action.STOCK_OUT else {"purpose": None, "due_at": None, "method": None}
        row.update(over, index=index)


TAKE: Mapping[str, Take] = {
    "custody_step": _step,
    "act_proposed": _proposed,
    "act_signed": _signed,
    "act_declined": _declined,
    "act_expired": _expired,
    "act_refused": _refused,
    "rules_adopted": _adopted,
    "case_repinned": _repinned,
    "case_corrected": _case_corrected,
    "task_granted": _task,
    "task_revoked": _task_revoked,
    "zone_added": _zone,
    "slots_added": _slot,
}
