"""All sites that I may read at once: how they are, what lives there, and the stream of what happens. Read down only."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from cloud.db.pool import transaction
from cloud.live import sites
from cloud.live.hub import Hub
from cloud.live.site_models import LivingAlarms, SiteStates
from cloud.live.stream import LiveResponse
from cloud.parts import PartsIn
from cloud.people.access import Reader
from cloud.people.units import readable_sites

router = APIRouter(prefix="/sites", tags=["live"])


@router.get("/states", operation_id="list_site_states")
async def get_states(person: Reader, parts: PartsIn) -> SiteStates:
    """Each site that I may read: living alarms, racks, agents, tickets, and how far its log is signed."""
    async with transaction(parts.pool) as tx:
        return await sites.states(tx, [row["id"] for row in await readable_sites(tx, person)])


@router.get("/alarms", operation_id="list_living_alarms")
async def get_living(person: Reader, parts: PartsIn, limit: Annotated[int, Query(ge=1, le=1000)] = 500) -> LivingAlarms:
    """What lives at all sites that I may read, the worst first."""
    async with transaction(parts.pool) as tx:
        return await sites.living(tx, [row["id"] for row in await readable_sites(tx, person)], limit)


@router.get(
    "/live",
    operation_id="watch_sites",
    response_class=Response,
    responses={200: {"description": "The stream", "content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def get_live(person: Reader, parts: PartsIn, request: Request) -> LiveResponse:
    """What happens from now on at all sites that I may read: the events of `/live` without ids (of one ledger each).

    Whoever comes back asks first how things are.
    """
    async with transaction(parts.pool) as tx:
        told = tuple(row["id"] for row in await readable_sites(tx, person))
    hub: Hub = request.app.state.hub
    return LiveResponse(hub, told, None)
