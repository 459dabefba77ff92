"""Conformity over HTTP."""

from fastapi import APIRouter

from cloud.conformity import service
from cloud.conformity.models import Conformity
from cloud.db.pool import transaction
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from cloud.rules.service import pack_in_force

router = APIRouter(tags=["warehouse"])


@router.get("/conformity", operation_id="get_conformity")
async def get_conformity(site: ReadSite, parts: PartsIn) -> Conformity:
    """Whether the warehouse is built and kept as the rule pack in force asks, zone by zone."""
    async with transaction(parts.pool) as tx:
        at = parts.world.now()
        return await service.conformity(tx, await pack_in_force(tx, site, at, parts.pack), site, at)
