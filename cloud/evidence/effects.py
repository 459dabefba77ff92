"""What a step leads to beside the new state: packages made, seals and slots changed, weights kept, loans begun.

`before_step` looks whether it can be, `follow` does it, `warn` tells whom it concerns. What the log alone leads to is
written apart from this, in `cloud/ledger/derived_custody.py`, so that a fault in either shows.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from cloud.alarms.service import Severity, clear_alarm, raise_alarm
from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError
from cloud.evidence.acting import Acting
from cloud.evidence.corrections import must_be_newest, was_of
from custody.corroboration import weights_agree
from custody.decisions import Reason, Refused
from custody.rule_pack import RulePack
from custody.slots import Slot, unsuitable
from custody.things import Action, Kind, State

_sql = load_queries(__file__, "acts.sql")

EMPTY: Mapping[str, Any] = {
    "slot": None, "size": None, "weight_g": None, "openings": 0, "parent": None, "purpose": None, "due_at": None,
    "method": None,
}  # fmt: skip
"""What is known of the custody of a thing that nothing was said of yet."""

Details = Mapping[str, Any]


@dataclass(slots=True)
class Made:
    """What a step made: the ids, what the record says of each, what else it concerns, and what the record tells
    besides.
    """

    ids: list[str] = field(default_factory=list)
    content: list[dict[str, Any]] = field(default_factory=list)
    concerned: list[str] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)


async def before_step(
    act: Acting, pack: RulePack, action: Action, things: Sequence[Row], details: Details
) -> Refused | None:
    """The refusal of what the details lead to; raises InvalidError for details that cannot be."""
    photos = [*details.get("photos", ()), *([details["receipt"]] if "receipt" in details else [])]
    unknown = await rows(act.tx, _sql.unknown_photos, photos=photos) if photos else []
    if unknown:
        raise InvalidError("unknown_photo", f"the photograph {unknown[0]['photo']} was not sent: POST /photos first")
    if action in (Action.SEAL, Action.REPACK) and len({(row["case_id"], row["package_id"]) for row in things}) > 1:
        raise InvalidError("other_case", "what is packed together belongs to one case and comes out of one package")
    if action in (Action.RESEAL, Action.SPLIT, Action.CORRECT) and len(things) > 1:
        raise InvalidError("one_thing", f"{action.value} is done to one thing at a time")
    if action is Action.CORRECT:
        await _must_cite(act, things, details)
        await must_be_newest(act, things[0]["id"], details["cites"], details["changes"])
    if action is Action.SPLIT:
        await _must_add_up(act, things[0]["id"], details)
    if action is Action.EMPTY:
        await _must_be_empty(act, things)
    if "slot" in details and action in (Action.PLACE, Action.MOVE, Action.SHELVE):
        return await _slot_refused(act, pack, things, details["slot"])
    return None


async def _must_cite(act: Acting, things: Sequence[Row], details: Details) -> None:
    values = {"site": act.site, "index": details["cites"], "things": [row["id"] for row in things]}
    there = await one(act.tx, _sql.entry_is_about, **values)
    if there is None or not there["there"]:
        raise InvalidError("cites_another", f"entry {details['cites']} says nothing about {things[0]['id']}")
    item_only = set(details["changes"]) - {"weight_g", "size"}
    if things[0]["kind"] != Kind.ITEM and item_only:
        raise InvalidError("not_of_a_package", f"a package has no {sorted(item_only)[0]}")


async def _must_add_up(act: Acting, item: str, details: Details) -> None:
    whole = await one(act.tx, _sql.item_row, item=item) or {}
    parts = sum(part["quantity"] for part in details["parts"])
    if parts != whole.get("quantity"):
        raise InvalidError("does_not_add_up", f"the parts are {parts}, the whole is {whole.get('quantity')}")


async def _must_be_empty(act: Acting, packages: Sequence[Row]) -> None:
    for package in packages:
        left = await one(act.tx, _sql.still_inside, package=package["id"])
        if left is not None:
            raise ConflictError("not_empty", f"{left['id']} is still in {package['id']}")


async def _slot_refused(act: Acting, pack: RulePack, things: Sequence[Row], slot: str) -> Refused | None:
    ids = [row["id"] for row in things]
    row = await one(act.tx, _sql.slot_to_fill, slot=slot, site=act.site, things=ids)
    if row is None:
        raise InvalidError("unknown_slot", f"there is no slot {slot!r}")
    place = Slot(row["id"], row["zone_class"], row["size"], row["free"] - len(things) + 1, 0)
    for thing in things:
        if why := unsuitable(pack, place, thing["goods"], thing["size"]):
            return pack.refuse(Reason.UNSUITABLE_SLOT, f"{thing['id']} {slot} {why}")
    return None


async def follow(
    act: Acting, pack: RulePack, action: Action, things: Sequence[Row], details: Details, people: Sequence[str]
) -> Made:
    """Does what follows from the step, as of the next entry."""
    made = Made()
    if action in (Action.SEAL, Action.REPACK):
        await _pack(act, action, things, details, people, made)
    elif action is Action.SPLIT:
        await _split(act, things[0], details, people, made)
    elif action is Action.RESEAL:
        await _new_seal(act, things[0]["id"], details["seal_number"])
    elif action is Action.CORRECT:
        made.told["was"] = await _correct(act, things[0], details["changes"])
    if action in CHANGES:
        for row in await custody_rows(act, [thing["id"] for thing in things]):
            await set_custody(act, row, **CHANGES[action](details, row))
    return made


async def warn(act: Acting, pack: RulePack, action: Action, things: Sequence[Row], details: Details) -> None:
    """Raises, or ends, the alarms that the step is; after its record."""
    for what in WARNS.get(action, ()):
        await what(act, pack, things, details)


CHANGES: Mapping[Action, Callable[[Details, Row], dict[str, Any]]] = {
    Action.PLACE: lambda d, _: {"slot": d["slot"]},
    Action.MOVE: lambda d, _: {"slot": d["slot"]},
    Action.SHELVE: lambda d, _: {"slot": d["slot"]},
    Action.WEIGH: lambda d, _: {"weight_g": d["weight_g"]},
    Action.OPEN: lambda _, row: {"openings": row["openings"] + 1},
    Action.RESEAL: lambda d, _: {"weight_g": d["weight_g"]},
    Action.EMPTY: lambda _, __: {"slot": None},
    Action.APPROVE_RELEASE: lambda d, _: {
        "purpose": d.get("purpose"),
        "due_at": datetime.fromisoformat(d["due_at"]) if "due_at" in d else None,
    },
    Action.WITHDRAW_RELEASE: lambda _, __: {"purpose": None, "due_at": None},
    Action.APPROVE_DISPOSAL: lambda d, _: {"method": d["method"]},
    Action.WITHDRAW_DISPOSAL: lambda _, __: {"method": None},
    Action.DECLARE_MISSING: lambda _, __: {"slot": None},
    Action.STOCK_OUT: lambda _, __: {"slot": None},
    Action.STOCK_IN: lambda _, __: {"purpose": None, "due_at": None, "method": None},
    Action.CORRECT: lambda d, _: {name: d["changes"][name] for name in ("weight_g", "size") if name in d["changes"]},
}
"""What each step changes in the custody of its things."""


async def custody_rows(act: Acting, things: Sequence[str]) -> list[Row]:
    """What is known of the custody of each of `things`."""
    found = {row["thing"]: row for row in await rows(act.tx, _sql.custody_of, things=list(things))}
    return [found.get(thing, {**EMPTY, "thing": thing, "site": act.site}) for thing in things]


async def set_custody(act: Acting, row: Row, **changes: Any) -> None:
    """`row` with `changes` is what is known from the next entry on."""
    if changes:
        await act.tx.execute(_sql.set_custody, {**row, **changes, "index": act.next_index})


async def passed(tx: Tx, thing: str, action: Action, index: int) -> None:
    """`thing` passed a gate, by the fact of entry `index`."""
    row = await one(tx, _sql.custody_of, things=[thing])
    if row is not None:
        await tx.execute(_sql.set_custody, {**row, **CHANGES[action]({}, row), "index": index})


async def _pack(
    act: Acting, action: Action, things: Sequence[Row], details: Details, people: Sequence[str], made: Made
) -> None:
    items, case, number = [row["id"] for row in things], things[0]["case_id"], details["seal_number"]
    package, state = act.new_id("P"), State.SEALED if action is Action.SEAL else State.ARRIVED
    row = {"id": package, "site": act.site, "case_id": case, "seal_number": number, "state": state.value}
    if await one(act.tx, _sql.add_package, **row, index=act.next_index) is None:
        raise ConflictError("seal_number_taken", f"there is a package under the seal {number!r} already")
    await act.tx.execute(_sql.put_into_package, {"package": package, "items": items, "index": act.next_index})
    parent = things[0]["package_id"] if action is Action.REPACK else None
    values = {"weight_g": details["weight_g"], "size": details.get("size"), "parent": parent}
    await set_custody(act, {**EMPTY, "thing": package, "site": act.site}, **values)
    hands = {"action": Action.SEAL.value, "things": [package], "people": list(people)}
    await act.tx.execute(_sql.add_hands_on, hands)
    made.ids.append(package)
    made.content.append({"package": package, "case": case, "seal_number": number})
    made.concerned.extend([case, *([parent] if parent else [])])


async def _split(act: Acting, thing: Row, details: Details, people: Sequence[str], made: Made) -> None:
    whole = await one(act.tx, _sql.item_row, item=thing["id"])
    assert whole is not None  # noqa: S101 - it was there under the same lock
    left, parts = whole["value_fen"], details["parts"]
    for number, part in enumerate(parts, start=1):
        share = left if number == len(parts) else whole["value_fen"] * part["quantity"] // whole["quantity"]
        left -= share
        item = act.new_id("I")
        row = {**whole, "id": item, "site": act.site, "name": part["name"], "quantity": part["quantity"]}
        await act.tx.execute(
            _sql.add_part, {**row, "state": State.OPENED.value, "value_fen": share, "index": act.next_index}
        )
        await set_custody(act, {**EMPTY, "thing": item, "site": act.site}, parent=thing["id"])
        hands = {"action": Action.REGISTER.value, "things": [item], "people": list(people)}
        await act.tx.execute(_sql.add_hands_on, hands)
        made.ids.append(item)
        made.content.append({"item": item, "name": part["name"], "quantity": part["quantity"], "value_fen": share})


async def _new_seal(act: Acting, package: str, number: str) -> None:
    if await one(act.tx, _sql.new_seal, package=package, seal_number=number, site=act.site) is None:
        raise ConflictError("seal_number_taken", f"there is a package under the seal {number!r} already")


async def _correct(act: Acting, thing: Row, changes: Details) -> dict[str, Any]:
    """Returns what was known until now of what the correction changes."""
    item = await one(act.tx, _sql.item_row, item=thing["id"]) if thing["kind"] == Kind.ITEM else None
    (custody,) = await custody_rows(act, [thing["id"]])
    was = was_of(thing["id"], {**custody, **(item or {})}, changes)
    if item is not None:
        values = {"changes": Jsonb(dict(changes)), "item": thing["id"], "index": act.next_index}
        await act.tx.execute(_sql.correct_item, values)
    return was


Warn = Callable[[Acting, RulePack, Sequence[Row], Details], Awaitable[None]]


async def alarm(act: Acting, cause: str, place: str, severity: Severity, detail: Mapping[str, Any]) -> None:
    """Raises the alarm `cause` at `place`, by whoever acts."""
    await raise_alarm(
        act.tx, act.appender, act.world, cause=cause, place=place, severity=severity, detail=detail, at=act.at,
        actor=act.person.id,
    )  # fmt: skip


async def clear(act: Acting, cause: str, place: str) -> None:
    """The alarm `cause` at `place` is over."""
    await clear_alarm(act.tx, act.appender, act.world, cause=cause, place=place, at=act.at, actor=act.person.id)


async def _weight_drift(act: Acting, pack: RulePack, things: Sequence[Row], details: Details) -> None:
    now = details["weight_g"]
    for thing in things:
        before = thing["weight_g"]
        if before is not None and not weights_agree(pack, before, now):
            await alarm(act, "weight_drift", thing["id"], "major", {"before_g": before, "now_g": now})


async def _seal_broken(act: Acting, pack: RulePack, things: Sequence[Row], details: Details) -> None:
    for thing in things if details.get("seal_intact") is False else ():
        await alarm(act, "seal_broken", thing["id"], "critical", {"found": "on return"})


async def _differs(act: Acting, pack: RulePack, things: Sequence[Row], details: Details) -> None:
    for thing in things if details.get("differences") else ():
        await alarm(act, "handover_differs", thing["id"], "major", {"differences": list(details["differences"])})


async def _missing(act: Acting, pack: RulePack, things: Sequence[Row], details: Details) -> None:
    for thing in things:
        await alarm(act, "item_missing", thing["id"], "critical", {"reason": details["reason"]})


async def _found(act: Acting, pack: RulePack, things: Sequence[Row], details: Details) -> None:
    for thing in things:
        await clear(act, "item_missing", thing["id"])


WARNS: Mapping[Action, Sequence[Warn]] = {
    Action.WEIGH: (_weight_drift,),
    Action.SHELVE: (_seal_broken,),
    Action.HANDOVER: (_differs,),
    Action.DECLARE_MISSING: (_missing,),
    Action.FOUND: (_found,),
}
"""Steps that are alarms by themselves, or end one."""
