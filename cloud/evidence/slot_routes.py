"""The warehouse over HTTP: its zones and slots, where a thing fits, where it lies, and the light that shows it."""

from typing import Annotated

from fastapi import APIRouter

from cloud.db.pool import transaction
from cloud.evidence import slots
from cloud.evidence.acting import acting
from cloud.evidence.read_routes import AnId, Limit
from cloud.evidence.slot_models import Located, Locating, NewSlots, NewZone, SlotRows, Suggestion, Zone, ZoneRows
from cloud.idempotency.route import IdempotentRoute
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from cloud.people.access import acting as may
from cloud.people.models import Person
from cloud.people.roles import Right
from cloud.rules.service import pack_in_force
from custody.corroboration import window_of

router = APIRouter(tags=["warehouse"], route_class=IdempotentRoute)


@router.get("/zones", operation_id="list_zones")
async def get_zones(site: ReadSite, parts: PartsIn) -> ZoneRows:
    """The zones of my site and how full they are."""
    async with transaction(parts.pool) as tx:
        return await slots.list_zones(tx, site)


@router.post("/zones", operation_id="add_zone", status_code=201)
async def post_zone(body: NewZone, person: Annotated[Person, may(Right.FURNISH)], parts: PartsIn) -> Zone:
    """Adds a zone to my site."""
    async with acting(parts, person) as act:
        zone = await slots.add_zone(act, body)
        return next(row for row in (await slots.list_zones(act.tx, act.site)).rows if row.id == zone)


@router.get("/slots", operation_id="list_slots")
async def get_slots(
    site: ReadSite, parts: PartsIn, zone: AnId | None = None, after: AnId = "", limit: Limit = 500
) -> SlotRows:
    """Slots with what lies in them, by name: the map of the warehouse."""
    async with transaction(parts.pool) as tx:
        at = parts.world.now()
        settled = at - window_of(await pack_in_force(tx, site, at, parts.pack))
        return await slots.list_slots(tx, site, settled, zone=zone, after=after, limit=limit)


@router.post("/slots", operation_id="add_slots", status_code=201)
async def post_slots(body: NewSlots, person: Annotated[Person, may(Right.FURNISH)], parts: PartsIn) -> SlotRows:
    """Adds slots to a zone; answers with them."""
    async with acting(parts, person) as act:
        made = await slots.add_slots(act, body)
        shown = await slots.list_slots(act.tx, act.site, act.at, zone=body.zone, limit=10_000)
        return SlotRows(rows=[row for row in shown.rows if row.id in set(made)], next=None)


@router.get("/slots/suggestion", operation_id="suggest_slots")
async def get_suggestion(thing: AnId, site: ReadSite, parts: PartsIn, often: bool = False) -> Suggestion:
    """The slots that suit a thing by class and size, best first; `often`: it will be fetched often."""
    async with transaction(parts.pool) as tx:
        at = parts.world.now()
        pack = await pack_in_force(tx, site, at, parts.pack)
        return await slots.suggest(tx, site, pack, thing, at, often=often)


@router.post("/slots/locate", operation_id="locate", status_code=201)
async def post_locating(body: Locating, person: Annotated[Person, may(Right.LOCATE)], parts: PartsIn) -> Located:
    """Finds a thing and lights the slot that it lies in."""
    async with acting(parts, person) as act:
        return await slots.locate(act, body.thing, body.seconds)
