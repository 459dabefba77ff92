"""Analysis over HTTP."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from cloud.analysis import service
from cloud.analysis.models import Analysis
from cloud.analysis.table import csv_text
from cloud.db.pool import transaction
from cloud.parts import Parts, PartsIn
from cloud.people.access import ReadSite, acting
from cloud.people.roles import Right
from cloud.rules.service import pack_in_force

router = APIRouter(prefix="/analysis", tags=["analysis"], dependencies=[acting(Right.ANALYSE)])

USUAL = timedelta(days=90)

Since = Annotated[AwareDatetime | None, Query(description="From then on; none: 90 days before the end")]
Until = Annotated[AwareDatetime | None, Query(description="To before then; none: now")]


async def whole(site: ReadSite, parts: PartsIn, since: Since = None, until: Until = None) -> Analysis:
    """What is asked for."""
    return await analysed(parts, site, since, until)


async def analysed(parts: Parts, site: str, since: datetime | None, until: datetime | None) -> Analysis:
    """What stands out at `site`. Raises InvalidError."""
    now = parts.world.now()
    end = until or now
    async with transaction(parts.pool) as tx:
        pack = await pack_in_force(tx, site, now, parts.pack)
        return await service.analysis(tx, pack, site, since or end - USUAL, end, now)


Whole = Annotated[Analysis, Depends(whole)]


@router.get("", operation_id="get_analysis")
async def get_analysis(found: Whole) -> Analysis:
    """What stands out in the records of a site over a period: figures, and findings ranked with their evidence."""
    return found


@router.get(
    ".csv",
    operation_id="get_analysis_csv",
    response_class=Response,
    responses={200: {"description": "Findings, then figures", "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def get_analysis_csv(
    found: Whole, bom: Annotated[bool, Query(description="A byte order mark first, for Excel")] = False
) -> Response:
    """The same as a table."""
    name = f"analysis-{found.site}-{found.since:%Y%m%d}-{found.until:%Y%m%d}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(csv_text(found, mark=bom), media_type="text/csv; charset=utf-8", headers=headers)
