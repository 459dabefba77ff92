"""Association over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from cloud.association import related, service
from cloud.association.models import RelatedCases, Together
from cloud.db.pool import transaction
from cloud.parts import PartsIn
from cloud.people.access import ReadSite

router = APIRouter(tags=["search"])


@router.get("/together/entries/{entry}", operation_id="get_together_of_entry")
async def get_of_entry(entry: Annotated[int, Path(ge=0, le=2**53)], site: ReadSite, parts: PartsIn) -> Together:
    """What belongs to an entry of the ledger, of whatever kind: things, people, permits, acts, tickets, alarms, the
    door session, and the film of that second.
    """
    async with transaction(parts.pool) as tx:
        return await service.of_entry(tx, site, entry)


@router.get("/together/things/{id:path}", operation_id="get_together_of_thing")
async def get_of_thing(
    id: Annotated[str, Path(max_length=100, pattern=r"^[^\x00]*$")], site: ReadSite, parts: PartsIn
) -> Together:
    """What belongs to a thing: a case, an item, a package, a slot, a person, a permit, an act, a ticket
    (`<site>/T-<entry>`) or an alarm (`<site>/A-<entry>`).
    """
    async with transaction(parts.pool) as tx:
        return await service.of_thing(tx, site, id)


@router.get("/related-cases/{id:path}", operation_id="list_related_cases")
async def get_related(
    id: Annotated[str, Path(max_length=100, pattern=r"^[^\x00]*$")],
    site: ReadSite,
    parts: PartsIn,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> RelatedCases:
    """Cases that have people, vehicles, the scene, brands or codes of goods in common with this one, and which."""
    async with transaction(parts.pool) as tx:
        return await related.related(tx, site, id, limit)
