"""The warehouse: zones, slots, what lies where, which slot suits, and lighting one (J8, J18)."""

from datetime import datetime, timedelta
from typing import Any, Literal

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.evidence.slot_models import Located, NewSlots, NewZone, Slot, SlotRows, Suggestion, Zone, ZoneRows
from cloud.evidence.steps import things_asked
from custody.corroboration import window_of
from custody.permits import time_text
from custody.rule_pack import RulePack
from custody.slots import Slot as Place
from custody.slots import suggest as suggest_slots
from wire.kinds import OrderKind

_sql = load_queries(__file__, "slots.sql")

MOST_SUGGESTED = 5


async def add_zone(act: Acting, new: NewZone) -> str:
    """A new zone; returns its id. Raises InvalidError `unknown_class`, ConflictError `zone_exists`."""
    if new.zone_class not in act.pack.section("zones"):
        raise InvalidError("unknown_class", f"the rules know no zone class {new.zone_class!r}")
    zone = act.new_id("Z")
    values = {"id": zone, "site": act.site, "name": new.name, "class": new.zone_class, "index": act.next_index}
    if await one(act.tx, _sql.add_zone, **values) is None:
        raise ConflictError("zone_exists", f"there is a zone {new.name!r} already")
    await act.record("zone_added", {"zone": zone, "name": new.name, "class": new.zone_class}, [zone])
    return zone


async def add_slots(act: Acting, new: NewSlots) -> list[str]:
    """New slots; returns their ids. Raises NotFoundError, InvalidError `unknown_size`, ConflictError `slot_exists`."""
    if await one(act.tx, _sql.zone_of, zone=new.zone, site=act.site) is None:
        raise NotFoundError("zone", new.zone)
    made = []
    for slot in new.slots:
        if slot.size not in act.pack.section("slots").get("sizes", ()):
            raise InvalidError("unknown_size", f"the rules know no slot size {slot.size!r}")
        row = {**slot.model_dump(), "id": act.new_id("S"), "site": act.site, "zone": new.zone, "index": act.next_index}
        if await one(act.tx, _sql.add_slot, **row) is None:
            raise ConflictError("slot_exists", f"there is a slot {slot.name!r} already")
        made.append({"slot": row["id"], **slot.model_dump()})
    await act.record("slots_added", {"zone": new.zone, "slots": made}, [new.zone])
    return [slot["slot"] for slot in made]


async def list_zones(tx: Tx, site: str) -> ZoneRows:
    """All zones with how full they are."""
    found = [
        Zone(**row, zone_class=row["class"], level=level(row["used"], row["capacity"]))
        for row in await rows(tx, _sql.zones, site=site)
    ]
    return ZoneRows(rows=found)


def level(used: int, capacity: int) -> Literal["green", "yellow", "red"]:
    """How full: red from exactly 100 %, yellow from exactly 90 % (W7); a zone without slots is full."""
    if used >= capacity:
        return "red"
    return "yellow" if used * 10 >= capacity * 9 else "green"


async def list_slots(
    tx: Tx, site: str, settled: datetime, *, zone: str | None = None, name: str | None = None, after: str = "",
    limit: int = 500,
) -> SlotRows:  # fmt: skip
    """Slots by name, with what lies in them; what has not changed since `settled` has to agree with its sensor."""
    found = await rows(tx, _sql.slots, site=site, settled=settled, zone=zone, id=name, after=after, most=limit)
    shown = [_shown(row) for row in found]
    return SlotRows(rows=shown, next=shown[-1].name if len(shown) == limit else None)


def _shown(row: Row) -> Slot:
    things, reserved = row["things"], row["reserved"] or []
    full = len(things) >= row["capacity"]
    state: Literal["free", "part", "full", "reserved", "mismatch"] = (
        "mismatch" if row["mismatch"] else "full" if full else "reserved" if reserved else "part" if things else "free"
    )
    told: dict[str, Any] = {**row, "zone_class": row["class"], "reserved": reserved, "state": state}
    return Slot.model_validate(told)


async def suggest(tx: Tx, site: str, pack: RulePack, thing: str, at: datetime, *, often: bool) -> Suggestion:
    """The slots that suit `thing`, best first. Raises NotFoundError."""
    (asked,) = await things_asked(tx, site, [thing])
    places = [
        Place(row["id"], row["zone_class"], row["size"], row["free"], row["near"])
        for row in await rows(tx, _sql.places, site=site)
    ]
    best = suggest_slots(pack, places, asked["goods"], asked["size"], often=often)[:MOST_SUGGESTED]
    return Suggestion(rows=[await _one(tx, site, place.id, at - window_of(pack)) for place in best])


async def _one(tx: Tx, site: str, slot: str, settled: datetime) -> Slot:
    return (await list_slots(tx, site, settled, name=slot)).rows[0]


async def locate(act: Acting, thing: str, seconds: int) -> Located:
    """Lights the slot in which `thing`, or the package it is in, lies. Raises NotFoundError where it lies in none."""
    row = await one(act.tx, _sql.light_of, thing=thing, site=act.site)
    if row is None:
        raise NotFoundError("slot of", thing)
    order = None
    if row["agent"] is not None:
        until = time_text(act.at + timedelta(seconds=seconds))
        body = {"slot": row["id"], "things": [thing], "until": until}
        order = await act.order(row["agent"], OrderKind.LIGHT_SLOT, body)
    return Located(thing=thing, slot=row["id"], name=row["name"], lit=order is not None, order=order)
