"""What is read of evidence. Ids hold a slash, so an id takes the rest of the path."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from cloud.db.pool import transaction
from cloud.evidence import drawing, history, reads
from cloud.evidence.models import (
    Case,
    CaseRows,
    History,
    Item,
    ItemRows,
    Package,
    PackageRows,
    Permit,
    PermitRows,
    PermitState,
)
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from custody.things import State
from wire.labels import MAX_ISSUE

MOST_INDEX = 2**53

router = APIRouter(tags=["evidence"])

Limit = Annotated[int, Query(ge=1, le=500)]
AfterIndex = Annotated[int | None, Query(ge=-1, le=MOST_INDEX)]
Words = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")]
AnId = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]
Issue = Annotated[int | None, Query(ge=1, le=MAX_ISSUE)]


@router.get("/cases", operation_id="list_cases")
async def get_cases(
    site: ReadSite, parts: PartsIn, q: Words = None, after: AfterIndex = None, limit: Limit = 100
) -> CaseRows:
    """Cases, newest first; `q` looks in numbers, titles and ids."""
    async with transaction(parts.pool) as tx:
        return await reads.cases(tx, site, words=q, after=after, limit=limit)


@router.get("/cases/{id:path}", operation_id="get_case")
async def get_case(id: str, site: ReadSite, parts: PartsIn, response: Response) -> Case:
    """One case. Its ETag is the entry that told last what it is about, as a correction takes it in `If-Match`."""
    async with transaction(parts.pool) as tx:
        found = await reads.case(tx, site, id)
    response.headers["ETag"] = f'"{found.told_index}"'
    return found


@router.get("/items", operation_id="list_items")
async def get_items(
    site: ReadSite,
    parts: PartsIn,
    q: Words = None,
    state: State | None = None,
    case_id: AnId | None = None,
    after: AnId = "",
    limit: Limit = 100,
) -> ItemRows:
    """Items; `q` looks in names, ids and case numbers."""
    where = reads.Filter(words=q, state=state, case=case_id)
    async with transaction(parts.pool) as tx:
        return await reads.items(tx, site, where, after=after, limit=limit)


@router.get("/items/{id:path}", operation_id="get_item")
async def get_item(id: str, site: ReadSite, parts: PartsIn, response: Response) -> Item:
    """One item. Its ETag is the newest entry about it, as an act takes it in `If-Match`."""
    async with transaction(parts.pool) as tx:
        found = await reads.item(tx, site, id)
    response.headers["ETag"] = f'"{found.index}"'
    return found


@router.get("/packages", operation_id="list_packages")
async def get_packages(
    site: ReadSite,
    parts: PartsIn,
    q: Words = None,
    state: State | None = None,
    case_id: AnId | None = None,
    after: AnId = "",
    limit: Limit = 100,
) -> PackageRows:
    """Packages; `q` looks in seal numbers, ids and case numbers."""
    where = reads.Filter(words=q, state=state, case=case_id)
    async with transaction(parts.pool) as tx:
        return await reads.packages(tx, site, where, after=after, limit=limit)


@router.get("/packages/{id:path}", operation_id="get_package")
async def get_package(id: str, site: ReadSite, parts: PartsIn) -> Package:
    """One package and the items in it."""
    async with transaction(parts.pool) as tx:
        return await reads.package(tx, site, id)


@router.get("/permits", operation_id="list_permits")
async def get_permits(
    site: ReadSite, parts: PartsIn, state: PermitState | None = None, thing: AnId | None = None,
    case_id: AnId | None = None, agent: AnId | None = None, station: AnId | None = None, after: AfterIndex = None,
    limit: Limit = 100,
) -> PermitRows:  # fmt: skip
    """Permits, newest first; those of a package are also those of what is in it."""
    which = reads.PermitFilter(state=state, thing=thing, case=case_id, agent=agent, station=station)
    async with transaction(parts.pool) as tx:
        return await reads.permits(tx, site, parts.world.now(), which, after=after, limit=limit)


@router.get("/permits/{id:path}", operation_id="get_permit")
async def get_permit(id: str, site: ReadSite, parts: PartsIn) -> Permit:
    """One permit, what it was spent on, and whether its agent holds it."""
    async with transaction(parts.pool) as tx:
        return await reads.permit(tx, site, parts.world.now(), id)


@router.get("/history/{id:path}", operation_id="get_history")
async def get_history(
    id: str,
    site: ReadSite,
    parts: PartsIn,
    after: Annotated[int, Query(ge=-1, le=MOST_INDEX)] = -1,
    limit: Limit = 200,
) -> History:
    """All that was ever said of a thing, oldest first, with its ledger entries and stills."""
    async with transaction(parts.pool) as tx:
        return await history.history(tx, site, id, after=after, limit=limit)


_DRAWN = {"Cache-Control": "private, max-age=31536000, immutable"}
_NEWEST = {"Cache-Control": "private, no-cache"}


@router.get(
    "/labels/{id:path}.svg",
    operation_id="draw_label_svg",
    response_class=Response,
    responses={200: {"description": "The label", "content": {"image/svg+xml": {}}}},
)
async def get_label_svg(
    id: str, site: ReadSite, parts: PartsIn, issue: Issue = None, caption: bool = False
) -> Response:
    """A label as SVG, the newest issue when none is named; `caption` writes the id under it."""
    async with transaction(parts.pool) as tx:
        label = await reads.label(tx, site, id, issue)
    words = f"{label.thing_id} #{label.issue}" if caption else None
    drawn = drawing.draw_svg(label.text, words)
    return Response(drawn, media_type="image/svg+xml", headers=_DRAWN if issue else _NEWEST)


@router.get(
    "/labels/{id:path}.png",
    operation_id="draw_label_png",
    response_class=Response,
    responses={200: {"description": "The label", "content": {"image/png": {}}}},
)
async def get_label_png(
    id: str,
    site: ReadSite,
    parts: PartsIn,
    issue: Issue = None,
    scale: Annotated[int, Query(ge=1, le=40, description="Pixels a module")] = 8,
) -> Response:
    """A label as PNG, the newest issue when none is named."""
    async with transaction(parts.pool) as tx:
        label = await reads.label(tx, site, id, issue)
    drawn = drawing.draw_png(label.text, scale)
    return Response(drawn, media_type="image/png", headers=_DRAWN if issue else _NEWEST)
