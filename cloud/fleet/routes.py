"""Sites and agents."""

from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from cloud.db.pool import transaction
from cloud.errors import InvalidError
from cloud.fleet import reads, service
from cloud.fleet.models import AddedAgent, AgentHealthRows, AgentRows, GateRows, NewAgent, Site, SiteRows
from cloud.ledger.service import close_ledger, open_ledger
from cloud.parts import PartsIn
from cloud.people.access import Reader, ReadSite, acting, must_read
from cloud.people.models import Person
from cloud.people.roles import Right
from cloud.people.units import readable_sites
from proof.errors import EncodingError
from proof.keys import VerifyKey

router = APIRouter(tags=["fleet"])


@router.get("/sites", operation_id="list_sites")
async def get_sites(person: Reader, parts: PartsIn) -> SiteRows:
    """The sites I may see."""
    async with transaction(parts.pool) as tx:
        return SiteRows(rows=[Site.model_validate(row) for row in await readable_sites(tx, person)])


@router.get(
    "/sites/{site}/checkpoint",
    operation_id="get_checkpoint",
    response_class=PlainTextResponse,
    responses={200: {"description": "A signed note (c2sp.org/tlog-checkpoint)"}},
)
async def get_checkpoint(site: str, person: Reader, parts: PartsIn) -> PlainTextResponse:
    """The newest signed checkpoint of the site's log."""
    where = await must_read(parts, person, site)
    async with transaction(parts.pool) as tx:
        return PlainTextResponse(await reads.newest_note(tx, where))


@router.get("/agents", operation_id="list_agents")
async def get_agents(site: ReadSite, parts: PartsIn) -> AgentRows:
    """The agents of a site, and which of them are online."""
    async with transaction(parts.pool) as tx:
        return await reads.agents(tx, site)


@router.get("/agents/health", operation_id="list_agent_health")
async def get_health(site: ReadSite, parts: PartsIn) -> AgentHealthRows:
    """How the agents of a site are: software, what waits, room on the disk, devices that are lost."""
    async with transaction(parts.pool) as tx:
        return await reads.health(tx, site)


@router.get("/gates", operation_id="list_gates")
async def get_gates(site: ReadSite, parts: PartsIn) -> GateRows:
    """The gates of a site that a permit can be for."""
    async with transaction(parts.pool) as tx:
        return await reads.gates(tx, site)


@router.post("/agents", operation_id="add_agent", status_code=201)
async def post_agent(body: NewAgent, person: Annotated[Person, acting(Right.ADD_AGENT)], parts: PartsIn) -> AddedAgent:
    """Makes an agent of my site known, with its key."""
    try:
        key = VerifyKey.from_text(body.public_key)
    except EncodingError as error:
        raise InvalidError("bad_key", f"not an Ed25519 public key: {error}") from error
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        index = await service.add_agent(
            tx, appender, parts.world, agent=body.id, public_key=key, at=parts.world.now(), actor=person.id
        )
        await close_ledger(tx, appender)
    return AddedAgent(id=body.id, index=index)
