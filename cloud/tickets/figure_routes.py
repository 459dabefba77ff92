"""Figures of tickets over HTTP. Read down: of the sites at or below the unit of whoever asks, and of no other."""

from typing import Annotated

from fastapi import APIRouter, Query

from cloud.db.pool import transaction
from cloud.parts import PartsIn
from cloud.people.access import Reader, ReadSite
from cloud.people.units import readable_sites
from cloud.rules.service import pack_in_force
from cloud.tickets import figures
from cloud.tickets.figure_models import SiteFigureRows, TicketFigures, TicketTrend, WaitingRows
from cloud.tickets.waiting import waiting

router = APIRouter(prefix="/tickets", tags=["tickets"])

Days = Annotated[int, Query(ge=1, le=366, description="How many days back")]


@router.get("/figures", operation_id="get_ticket_figures")
async def get_figures(site: ReadSite, person: Reader, parts: PartsIn, days: Days = 30) -> TicketFigures:
    """How a site's tickets stand: by state, type, owner and age; replies in time and their median."""
    async with transaction(parts.pool) as tx:
        now = parts.world.now()
        pack = await pack_in_force(tx, site, now, parts.pack)
        return await figures.figures(tx, pack, site, now, days, person.roles)


@router.get("/waiting", operation_id="list_waiting_tickets")
async def get_waiting(person: Reader, parts: PartsIn) -> WaitingRows:
    """What I can do next about tickets, by when; notices to put right among them."""
    async with transaction(parts.pool) as tx:
        now = parts.world.now()
        pack = await pack_in_force(tx, person.site, now, parts.pack)
        return await waiting(tx, pack, person, now)


@router.get("/trend", operation_id="get_ticket_trend")
async def get_trend(person: Reader, parts: PartsIn, days: Days = 30) -> TicketTrend:
    """Opened, closed and missed day by day, over all sites that I may read."""
    async with transaction(parts.pool) as tx:
        now = parts.world.now()
        pack = await pack_in_force(tx, person.site, now, parts.pack)
        sites = [row["id"] for row in await readable_sites(tx, person)]
        return await figures.trend(tx, pack, sites, now, days)


@router.get("/sites", operation_id="list_ticket_sites")
async def get_sites(
    person: Reader,
    parts: PartsIn,
    days: Days = 30,
    after: Annotated[str, Query(max_length=32, pattern=r"^[^\x00]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
) -> SiteFigureRows:
    """Each site that I may read: its tickets, missed deadlines, living alarms and how full its racks are."""
    async with transaction(parts.pool) as tx:
        sites = [row["id"] for row in await readable_sites(tx, person)]
        return await figures.by_site(tx, sites, parts.world.now(), days, after=after, limit=limit)
