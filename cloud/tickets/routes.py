"""Tickets. A ticket is named by the ledger entry that opened it; its ETag is its newest entry."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import AwareDatetime

from cloud.db.pool import transaction
from cloud.evidence.acting import acting
from cloud.idempotency.route import IdempotentRoute
from cloud.parts import PartsIn
from cloud.people.access import Reader, ReadSite, must_read
from cloud.rules.service import pack_in_force
from cloud.tickets import opening, reads, service
from cloud.tickets.models import NewTicket, Taken, TicketAct, TicketRows, TicketWhole
from custody.tickets import TicketState

router = APIRouter(prefix="/tickets", tags=["tickets"], route_class=IdempotentRoute)

Index = Annotated[int, Path(ge=0, le=2**53)]
Text = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")]
IfMatch = Annotated[str | None, Header(alias="If-Match", pattern=r'^"\d{1,16}"$', description="ETag of the ticket")]


@router.post("", operation_id="open_ticket", status_code=201)
async def post_ticket(body: NewTicket, person: Reader, parts: PartsIn) -> Taken:
    """Reports something: by hand, or about an alarm. With an Idempotency-Key it may be sent again.

    Who supervises may send it to a site that they may read: it is that site's, and whoever sent it evaluates it.
    """
    site = person.site if body.site is None else await must_read(parts, person, body.site)
    async with acting(parts, person, site) as act:
        index = await opening.open_by_person(act, body)
    return Taken(ticket=index, index=index)


@router.get("", operation_id="list_tickets")
async def get_tickets(
    site: ReadSite,
    person: Reader,
    parts: PartsIn,
    type: Text = None,
    state: TicketState | None = None,
    owner: Text = None,
    mine: Annotated[bool, Query(description="Only those that are mine to answer")] = False,
    nobodys: Annotated[bool, Query(description="Only those that are for nobody yet")] = False,
    overdue: bool = False,
    living: bool = False,
    sent: Annotated[bool, Query(description="Those that I sent to other sites, the newest `limit` of them")] = False,
    again: Annotated[bool, Query(description="Only those that go round once more")] = False,
    opened_after: AwareDatetime | None = None,
    opened_before: AwareDatetime | None = None,
    alarm: Annotated[int | None, Query(ge=0, le=2**53, description="The entry that raised an alarm")] = None,
    after: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> TicketRows:
    """Tickets, newest first. `overdue` are those whose missed deadline was told."""
    where = {
        "type": type, "state": state and state.value, "owner": person.id if mine else owner, "overdue": overdue,
        "living": living, "alarm": alarm, "again": again, "nobodys": nobodys,
        "opened_after": opened_after, "opened_before": opened_before,
    }  # fmt: skip
    async with transaction(parts.pool) as tx:
        now = parts.world.now()
        pack = await pack_in_force(tx, site, now, parts.pack)
        if sent:
            return await reads.sent(tx, pack, person, now, limit=limit)
        return await reads.tickets(tx, pack, site, now, where, after=after, limit=limit)


@router.get("/{ticket}", operation_id="get_ticket")
async def get_ticket(ticket: Index, site: ReadSite, person: Reader, parts: PartsIn, response: Response) -> TicketWhole:
    """A ticket with all that was done, and which steps I may take."""
    async with transaction(parts.pool) as tx:
        now = parts.world.now()
        pack = await pack_in_force(tx, site, now, parts.pack)
        found = await reads.ticket(tx, pack, site, now, ticket, person)
    response.headers["ETag"] = f'"{found.newest}"'
    return found


@router.post(
    "/{ticket}/steps",
    operation_id="take_ticket_step",
    status_code=201,
    responses={412: {"description": "Somebody was quicker"}},
)
async def post_step(
    ticket: Index, body: TicketAct, person: Reader, site: ReadSite, parts: PartsIn, if_match: IfMatch = None
) -> Taken:
    """Checks, replies, evaluates, remarks or orders; each needs its role, and 403 says whose step it is.

    At another site only about what I sent there, and only what whoever sent it may: nobody writes down but there.
    """
    seen = None if if_match is None else int(if_match.strip('"'))
    async with acting(parts, person, site) as act:
        index = await service.take(act, ticket, body, seen)
    return Taken(ticket=ticket, index=index)
