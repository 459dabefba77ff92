"""What happens at the gates: pages of passages and alarms, and the stream of them."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response

from cloud.db.pool import transaction
from cloud.live import service
from cloud.live.hub import Hub
from cloud.live.models import AlarmRows, PassageRows
from cloud.live.stream import LiveResponse
from cloud.parts import PartsIn
from cloud.people.access import Reader, ReadSite
from cloud.rules.service import pack_in_force

MOST_INDEX = 2**53

router = APIRouter(tags=["live"])

Limit = Annotated[int, Query(ge=1, le=500)]
Before = Annotated[int | None, Query(ge=0, le=MOST_INDEX)]


@router.get("/passages", operation_id="list_passages")
async def get_passages(
    site: ReadSite,
    parts: PartsIn,
    before: Before = None,
    outcome: Literal["allowed", "refused"] | None = None,
    limit: Limit = 50,
) -> PassageRows:
    """Decisions at the gates, newest first."""
    async with transaction(parts.pool) as tx:
        return await service.passages(tx, parts.pack, site=site, before=before, outcome=outcome, limit=limit)


@router.get("/alarms", operation_id="list_alarms")
async def get_alarms(
    site: ReadSite,
    person: Reader,
    parts: PartsIn,
    before: Before = None,
    living: bool = False,
    mine: bool = False,
    unanswered: bool = False,
    limit: Limit = 50,
) -> AlarmRows:
    """Alarms, newest first; `living` leaves out those that were cleared, `mine` those that I am not told of (yet),
    `unanswered` all but those that were over by themselves and of which somebody still has to say what they were.
    """
    async with transaction(parts.pool) as tx:
        pack = await pack_in_force(tx, site, parts.world.now(), parts.pack)
        return await service.alarms(
            tx, pack, site=site, before=before, living=living, limit=limit, mine=person if mine else None,
            unanswered=unanswered,
        )  # fmt: skip


_EVENTS = """Server-sent events. `id` is the ledger index; a client that comes back with `Last-Event-ID` (or `after`)
misses nothing and gets nothing twice. Events: `passage` (a Passage), `crossed` {index, crossed_index}, `abandoned`
{index, abandoned_index}, `alarm` (an Alarm); without an id, as they are in no ledger: `agent` {id, online} and
`picture` {sha256}, a still that has arrived. A stream lasts ten minutes; then the client comes back."""


@router.get(
    "/live",
    operation_id="watch_live",
    description=_EVENTS,
    response_class=Response,
    responses={200: {"description": "The stream", "content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def get_live(
    site: ReadSite,
    request: Request,
    after: Annotated[int | None, Query(ge=-1, le=MOST_INDEX)] = None,
    last_event_id: Annotated[int | None, Header(ge=-1, le=MOST_INDEX)] = None,
) -> LiveResponse:
    """The live stream of a site."""
    hub: Hub = request.app.state.hub
    return LiveResponse(hub, site, after if last_event_id is None else last_event_id)
