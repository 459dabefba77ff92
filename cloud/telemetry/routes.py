"""Telemetry over HTTP: which values there are, and what one was over time: as a chart, and as a file."""

import hashlib
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from cloud.db.pool import transaction
from cloud.errors import InvalidError
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from cloud.telemetry import export, service
from cloud.telemetry.models import Course, SeriesShown
from wire.sensors import UNITS, Measure

router = APIRouter(tags=["warehouse"])

Named = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]
Step = Annotated[
    Literal["raw", "minute", "hour", "day"] | None,
    Query(description="Each reading, or buckets of them; else each reading, or minutes where readings were removed"),
]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", description="ETags of what is known already")]
MOST_POINTS = 5000


@router.get("/telemetry", operation_id="list_telemetry")
async def get_series(site: ReadSite, parts: PartsIn) -> list[SeriesShown]:
    """Every value that is measured at a high rate at my site, with its newest reading."""
    async with transaction(parts.pool) as tx:
        found = await service.series(tx, site)
    return [SeriesShown(**row, unit=UNITS[row["measures"]]) for row in found]


@router.get(
    "/telemetry/course", operation_id="get_telemetry_course", response_model=Course,
    responses={304: {"description": "As it was when it had that ETag"}},
)  # fmt: skip
async def get_course(
    site: ReadSite, parts: PartsIn, agent: Named, device: Named, measures: Measure, since: AwareDatetime,
    until: AwareDatetime, points: Annotated[int, Query(ge=10, le=MOST_POINTS)] = 1000, known: IfNoneMatch = None,
) -> Response:  # fmt: skip
    """What one value was between two times: raw readings where they are few enough, else by minute, hour or day.

    Its ETag is of what is shown.
    """
    _in_order(since, until)
    async with transaction(parts.pool) as tx:
        found = await service.course(tx, site, agent, device, measures, since, until, points)
    body = Course(**found, unit=UNITS[measures]).model_dump_json().encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in {one.strip().removeprefix("W/") for one in (known or "").split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get(
    "/telemetry/course.csv", operation_id="export_telemetry_course", response_class=Response,
    responses={200: {"description": "The readings", "content": {"text/csv": {}}}},
)  # fmt: skip
async def get_course_csv(
    site: ReadSite, parts: PartsIn, agent: Named, device: Named, measures: Measure, since: AwareDatetime,
    until: AwareDatetime, step: Step = None,
) -> StreamingResponse:  # fmt: skip
    """The same as CSV, whole: when (UTC), how many, lowest, highest, mean and the unit, of each reading or bucket."""
    _in_order(since, until)
    async with transaction(parts.pool) as tx:
        series = await service.series_id(tx, site, agent, device, measures)
        finest = "minute" if await service.any_removed(tx, agent, since, until) else "raw"
    read = export.csv_rows(parts.pool, series, step or finest, UNITS[measures], since, until)
    named = {"Content-Disposition": 'attachment; filename="readings.csv"'}
    return StreamingResponse(read, media_type="text/csv; charset=utf-8", headers=named)


def _in_order(since: datetime, until: datetime) -> None:
    if until <= since:
        raise InvalidError("no_span", f"{until} is not after {since}")
