"""Telemetry over HTTP: which values there are, and what one was over time."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from cloud.db.pool import transaction
from cloud.errors import InvalidError
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from cloud.telemetry import service
from cloud.telemetry.models import Course, SeriesShown
from wire.sensors import UNITS, Measure

router = APIRouter(tags=["warehouse"])

Named = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
MOST_POINTS = 5000


@router.get("/telemetry", operation_id="list_telemetry")
async def get_series(site: ReadSite, parts: PartsIn) -> list[SeriesShown]:
    """Every value that is measured at a high rate at my site, with its newest reading."""
    async with transaction(parts.pool) as tx:
        found = await service.series(tx, site)
    return [SeriesShown(**row, unit=UNITS[row["measures"]]) for row in found]


@router.get("/telemetry/course", operation_id="get_telemetry_course")
async def get_course(
    site: ReadSite, parts: PartsIn, agent: Named, device: Named, measures: Measure, since: AwareDatetime,
    until: AwareDatetime, points: Annotated[int, Query(ge=10, le=MOST_POINTS)] = 1000,
) -> Course:  # fmt: skip
    """What one value was between two times: raw readings where they are few enough, else by minute, hour or day."""
    _in_order(since, until)
    async with transaction(parts.pool) as tx:
        found = await service.course(tx, site, agent, device, measures, since, until, points)
    return Course(**found, unit=UNITS[measures])


def _in_order(since: datetime, until: datetime) -> None:
    if until <= since:
        raise InvalidError("no_span", f"{until} is not after {since}")
