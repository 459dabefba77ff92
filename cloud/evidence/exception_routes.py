"""Openings by break-glass and the supervisor's list, over HTTP. They are reviewed by the act `review_exception`."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from cloud.db.pool import transaction
from cloud.evidence import overrides
from cloud.evidence.exception_models import ExceptionRows, ExceptionShown, OverrideKind, OverrideRows
from cloud.evidence.read_routes import MOST_INDEX, Limit
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from cloud.rules.service import pack_in_force

router = APIRouter(tags=["control"])

Before = Annotated[int | None, Query(ge=0, le=MOST_INDEX)]


@router.get("/exceptions", operation_id="list_exceptions")
async def get_exceptions(
    site: ReadSite, parts: PartsIn, state: Literal["open", "closed", "reviewed"] | None = None, before: Before = None,
    limit: Limit = 100,
) -> ExceptionRows:  # fmt: skip
    """Gates that were opened for life, newest first."""
    async with transaction(parts.pool) as tx:
        return await overrides.exceptions(tx, site, parts.world.now(), state=state, before=before, limit=limit)


@router.get("/exceptions/{id:path}", operation_id="get_exception")
async def get_exception(id: str, site: ReadSite, parts: PartsIn) -> ExceptionShown:
    """One of them, with its clip, its recounts and its review."""
    async with transaction(parts.pool) as tx:
        return await overrides.exception(tx, site, parts.world.now(), id)


@router.get("/overrides", operation_id="list_overrides")
async def get_overrides(
    site: ReadSite, parts: PartsIn, kind: OverrideKind | None = None, before: Before = None, limit: Limit = 100
) -> OverrideRows:
    """All that went around the ordinary way or was tried: openings by break-glass, refused and declined acts,
    corrections, rules put in force or given to an open case, holds lifted, contents erased.
    """
    async with transaction(parts.pool) as tx:
        pack = await pack_in_force(tx, site, parts.world.now(), parts.pack)
        return await overrides.overrides(tx, pack, site, kind=kind, before=before, limit=limit)
