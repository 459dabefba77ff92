"""Sensors of rooms over HTTP: what there is, and what one value was over time."""

from typing import Annotated

from fastapi import APIRouter, Query

from cloud.db.pool import transaction
from cloud.evidence import rooms
from cloud.evidence.read_routes import MOST_INDEX, Limit
from cloud.evidence.room_models import ReadingRows, SensorRows
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from wire.sensors import Measure

router = APIRouter(tags=["warehouse"])

Named = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]


@router.get("/sensors", operation_id="list_sensors")
async def get_sensors(site: ReadSite, parts: PartsIn) -> SensorRows:
    """Every value that is measured at my site with its newest reading, and every contact as it is."""
    async with transaction(parts.pool) as tx:
        return await rooms.sensors(tx, site)


@router.get("/readings", operation_id="list_readings")
async def get_readings(
    site: ReadSite, parts: PartsIn, agent: Named, device: Named, measures: Measure,
    before: Annotated[int | None, Query(ge=0, le=MOST_INDEX)] = None, limit: Limit = 100,
) -> ReadingRows:  # fmt: skip
    """What one value of one sensor was, newest first, and which readings were left out between."""
    async with transaction(parts.pool) as tx:
        return await rooms.readings(tx, site, agent, device, measures, before=before, limit=limit)
