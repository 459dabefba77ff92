"""The floor plan over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from cloud.db.pool import transaction
from cloud.evidence import plans
from cloud.evidence.acting import acting
from cloud.evidence.plans import Drawing, Plan
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from cloud.people.access import acting as may
from cloud.people.models import Person
from cloud.people.roles import Right

router = APIRouter(tags=["warehouse"])

IfMatch = Annotated[str | None, Header(alias="If-Match", pattern=r'^"\d{1,16}"$', description="ETag of the plan")]


@router.get("/plan", operation_id="get_plan")
async def get_plan(site: ReadSite, parts: PartsIn, response: Response) -> Plan:
    """The floor plan of a site: its picture and where things are. Empty where nobody has drawn one."""
    async with transaction(parts.pool) as tx:
        return _tagged(response, await plans.plan(tx, site))


@router.post("/plan", operation_id="draw_plan", status_code=201)
async def post_plan(
    body: Drawing,
    person: Annotated[Person, may(Right.FURNISH)],
    parts: PartsIn,
    response: Response,
    if_match: IfMatch = None,
) -> Plan:
    """Draws the plan of my site anew, an entry of its ledger. 412 where somebody drew another since `If-Match`."""
    seen = None if if_match is None else int(if_match.strip('"'))
    async with acting(parts, person) as act:
        return _tagged(response, await plans.draw(act, body, seen))


def _tagged(response: Response, drawn: Plan) -> Plan:
    if drawn.index is not None:
        response.headers["ETag"] = f'"{drawn.index}"'
    return drawn
