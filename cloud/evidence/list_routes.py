"""Lists of slots that are lit together, over HTTP."""

from typing import Annotated

from fastapi import APIRouter

from cloud.db.pool import transaction
from cloud.evidence import lists
from cloud.evidence.acting import acting
from cloud.evidence.list_models import ListAsked, ListRows, ListShown, NewList
from cloud.evidence.models import Done
from cloud.evidence.read_routes import AfterIndex, Limit
from cloud.idempotency.route import IdempotentRoute
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from cloud.people.access import acting as may
from cloud.people.models import Person
from cloud.people.roles import Right

router = APIRouter(tags=["warehouse"], route_class=IdempotentRoute)


@router.post("/lists", operation_id="start_list", status_code=201)
async def post_list(body: NewList, person: Annotated[Person, may(Right.LOCATE)], parts: PartsIn) -> ListShown:
    """Lights all slots of a list together, in a colour of its own; nothing is permitted by it."""
    async with acting(parts, person) as act:
        name = await lists.start_list(act, body)
        return await lists.list_of(act.tx, act.site, act.at, name)


@router.post("/lists/stop", operation_id="stop_list", status_code=201)
async def post_stop(body: ListAsked, person: Annotated[Person, may(Right.LOCATE)], parts: PartsIn) -> Done:
    """Puts the lights of a list out."""
    async with acting(parts, person) as act:
        return await lists.stop_list(act, body.list_id)


@router.get("/lists", operation_id="list_lists")
async def get_lists(site: ReadSite, parts: PartsIn, after: AfterIndex = None, limit: Limit = 20) -> ListRows:
    """Lists, newest first, with what is left of each."""
    async with transaction(parts.pool) as tx:
        return await lists.lists(tx, site, parts.world.now(), after=after, limit=limit)
