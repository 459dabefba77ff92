"""Doors over HTTP: what is behind each, who asked at it, when it stood open and for what."""

from typing import Annotated

from fastapi import APIRouter, Query

from cloud.db.pool import transaction
from cloud.evidence import door_sessions
from cloud.evidence.acting import acting
from cloud.evidence.door_models import Door, DoorRows, DoorSessionRows, How, NewDoor, SessionState, StationName
from cloud.evidence.door_sessions import Wanted
from cloud.evidence.read_routes import MOST_INDEX, AnId, Limit
from cloud.idempotency.route import IdempotentRoute
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from cloud.people.access import acting as may
from cloud.people.models import Person
from cloud.people.roles import Right

router = APIRouter(tags=["warehouse"], route_class=IdempotentRoute)


@router.get("/doors", operation_id="list_doors")
async def get_doors(site: ReadSite, parts: PartsIn) -> DoorRows:
    """The doors of my site, what is behind each, and whether it stands open."""
    async with transaction(parts.pool) as tx:
        return await door_sessions.doors(tx, site)


@router.post("/doors", operation_id="furnish_door", status_code=201)
async def post_door(body: NewDoor, person: Annotated[Person, may(Right.FURNISH)], parts: PartsIn) -> Door:
    """Says what is behind a door, anew where it was said before."""
    async with acting(parts, person) as act:
        return await door_sessions.furnish(act, body)


@router.get("/door-sessions", operation_id="list_door_sessions")
async def get_door_sessions(
    site: ReadSite, parts: PartsIn, agent: AnId | None = None, station: StationName | None = None,
    state: SessionState | None = None, how: How | None = None, person: AnId | None = None, task: AnId | None = None,
    before: Annotated[int | None, Query(ge=0, le=MOST_INDEX)] = None, limit: Limit = 100,
) -> DoorSessionRows:  # fmt: skip
    """Who asked at doors and was let or refused, when they stood open, for what and how long; newest first."""
    wanted = Wanted(agent=agent, station=station, state=state, how=how, person=person, task=task)
    async with transaction(parts.pool) as tx:
        return await door_sessions.sessions(tx, site, wanted, before=before, limit=limit)
