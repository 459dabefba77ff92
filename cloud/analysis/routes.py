"""Analysis over HTTP."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from cloud.analysis import service
from cloud.analysis.models import Analysis
from cloud.analysis.roll_up import unit_analysis
from cloud.analysis.table import csv_text, table, unit_table
from cloud.analysis.unit_models import UnitAnalysis
from cloud.db.pool import transaction
from cloud.parts import Parts, PartsIn
from cloud.people.access import ReadSite, acting
from cloud.people.models import Person
from cloud.people.roles import Right
from cloud.people.units import must_be_below, sites_below
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


async def whole_unit(
    unit: Annotated[str, Query(max_length=32, pattern=r"^[^\x00]*$", description="At or below that of this account")],
    person: Annotated[Person, acting(Right.ANALYSE)],
    parts: PartsIn,
    since: Since = None,
    until: Until = None,
) -> UnitAnalysis:
    """What stands out at all sites of `unit`. Raises ForbiddenError, InvalidError."""
    now = parts.world.now()
    end = until or now
    async with transaction(parts.pool) as tx:
        await must_be_below(tx, person, unit)
        sites = [(row, await pack_in_force(tx, row["id"], now, parts.pack)) for row in await sites_below(tx, unit)]
    return await unit_analysis(parts.pool, unit, sites, since or end - USUAL, end, now)


Whole = Annotated[Analysis, Depends(whole)]
WholeUnit = Annotated[UnitAnalysis, Depends(whole_unit)]
Bom = Annotated[bool, Query(description="A byte order mark first, for Excel")]


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
async def get_analysis_csv(found: Whole, bom: Bom = False) -> Response:
    """The same as a table."""
    return _csv(csv_text(table(found), mark=bom), found.site, found)


@router.get("/unit", operation_id="get_unit_analysis")
async def get_unit_analysis(found: WholeUnit) -> UnitAnalysis:
    """What stands out at all sites at or below a unit: their figures side by side, and their findings as they rank."""
    return found


@router.get(
    "/unit.csv",
    operation_id="get_unit_analysis_csv",
    response_class=Response,
    responses={
        200: {"description": "Findings, then figures by site", "content": {"text/csv": {"schema": {"type": "string"}}}}
    },
)
async def get_unit_analysis_csv(found: WholeUnit, bom: Bom = False) -> Response:
    """The same as a table."""
    return _csv(csv_text(unit_table(found), mark=bom), found.unit, found)


def _csv(text: str, of: str, found: Analysis | UnitAnalysis) -> Response:
    name = f"analysis-{of}-{found.since:%Y%m%d}-{found.until:%Y%m%d}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
