"""Search over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from cloud.db.pool import transaction
from cloud.parts import PartsIn
from cloud.people.access import Reader, must_read
from cloud.search import service
from cloud.search.models import Found, HitKind

router = APIRouter(tags=["search"])


@router.get("/search", operation_id="search")
async def get_search(
    person: Reader,
    parts: PartsIn,
    q: Annotated[str, Query(min_length=1, max_length=200, pattern=r"^[^\x00]*$", examples=["卷烟", "苏A12345"])],
    site: Annotated[
        str | None, Query(max_length=32, pattern=r"^[^\x00]*$", description="A site that I may read; none: all of them")
    ] = None,
    kind: Annotated[list[HitKind] | None, Query(description="Of these kinds only")] = None,
    before: Annotated[int | None, Query(ge=0, le=2**62, description="`next` of a group; with one kind")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Of each kind")] = 5,
) -> Found:
    """Cases, items, packages by their seals, tickets, alarms, permits, people, slots and agents by parts of their texts
    and codes. Blanks part words, all of which must be there; case, width, brackets, dots and dashes do not count.
    """
    if site is not None:
        await must_read(parts, person, site)
    async with transaction(parts.pool) as tx:
        sites = await service.readable(tx, person, site)
        asked = service.Asked(words=q, sites=sites, kinds=kind or list(HitKind), before=before, limit=limit)
        return await service.search(tx, asked)
