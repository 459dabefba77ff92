"""Looking through a camera now: a person asks, the agent brings its picture (WHIP), the browser takes it (WHEP)."""

import hashlib
from contextlib import ExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from starlette.exceptions import HTTPException

from cloud.db.pool import transaction
from cloud.errors import NotSignedInError
from cloud.evidence.acting import acting
from cloud.media.routes import signed_by_agent
from cloud.media.service import uploader
from cloud.parts import PartsIn
from cloud.people.access import acting as may
from cloud.people.models import Person
from cloud.people.roles import Right
from cloud.viewing import service
from cloud.viewing.models import NewView, View
from cloud.viewing.relay import LONGEST, Relay
from cloud.viewing.turn import ice_servers
from wire.looking import MAX_SDP_BYTES, SDP_TYPE

router = APIRouter(tags=["live"])

ViewId = Annotated[str, Path(max_length=40, pattern=r"^V-[A-Z0-9]+$")]
Watcher = Annotated[Person, may(Right.WATCH_LIVE)]
Token = Annotated[HTTPAuthorizationCredentials | None, Depends(signed_by_agent)]


def relay_of(request: Request) -> Relay:
    """The relay of this process."""
    relay: Relay = request.app.state.relay
    return relay


RelayIn = Annotated[Relay, Depends(relay_of)]

_SDP: dict[str, Any] = {
    "requestBody": {"required": True, "content": {SDP_TYPE: {"schema": {"type": "string"}}}},
}
_ANSWER: dict[int | str, dict[str, Any]] = {
    201: {"description": "The answer", "content": {SDP_TYPE: {"schema": {"type": "string"}}}}
}


@router.post("/live-views", operation_id="open_live_view", status_code=201)
async def post_view(body: NewView, person: Watcher, parts: PartsIn, relay: RelayIn) -> View:
    """I look through a camera of my site, which is an entry of the ledger; its agent is asked for the picture."""
    name = parts.world.new_name("V")
    with ExitStack() as undo:
        first = relay.open(name, person.site, person.id, body.agent, body.station)
        undo.callback(relay.forget, name)
        async with acting(parts, person) as act:
            servers = ice_servers(parts.turn, person.id, act.at)
            view = await service.open_view(act, name, body, servers, LONGEST, first=first)
        undo.pop_all()
    return view


@router.post(
    "/live-views/whep/{view}", operation_id="take_live_view", status_code=201, response_class=Response,
    openapi_extra=_SDP, responses=_ANSWER,
)  # fmt: skip
async def post_whep(view: ViewId, request: Request, person: Watcher, relay: RelayIn) -> Response:
    """Takes the picture of my view (WHEP): an SDP offer in, the answer out. 409 where the agent sends none."""
    answer = await relay.whep(view, person.id, await _offer(request))
    return Response(answer, 201, media_type=SDP_TYPE, headers={"Location": str(request.url.path)})


@router.delete("/live-views/whep/{view}", operation_id="leave_live_view", status_code=204, response_class=Response)
async def delete_whep(view: ViewId, person: Watcher, relay: RelayIn) -> Response:
    """I look no longer."""
    relay.leave(view, person.id)
    return Response(status_code=204)


@router.post(
    "/live-views/whip/{view}", operation_id="bring_live_view", status_code=201, response_class=Response,
    openapi_extra=_SDP, responses=_ANSWER,
)  # fmt: skip
async def post_whip(view: ViewId, request: Request, parts: PartsIn, relay: RelayIn, token: Token) -> Response:
    """Takes the picture of a camera from its agent (WHIP); its token names the digest of the offer."""
    if token is None:
        raise NotSignedInError("an agent brings a picture with a token signed by its key")
    offer = await _offer(request)
    async with transaction(parts.pool) as tx:
        agent = await uploader(tx, token.credentials, hashlib.sha256(offer.encode()).hexdigest())
    answer = await relay.whip(view, agent["agent"], offer)
    return Response(answer, 201, media_type=SDP_TYPE, headers={"Location": str(request.url.path)})


async def _offer(request: Request) -> str:
    content = await request.body()
    if len(content) > MAX_SDP_BYTES:
        raise HTTPException(413, f"An offer has at most {MAX_SDP_BYTES} bytes.")
    return content.decode("utf-8", "replace")
