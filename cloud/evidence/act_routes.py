"""Acts over HTTP: asking, signing, declining, and what waits for me. A refusal is recorded, then answered as a 409."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from cloud.db.pool import transaction
from cloud.evidence import act_reads, acts
from cloud.evidence.act_models import ActResult, ActRows, ActShown, Declining, NewAct, Signing
from cloud.evidence.acting import Acting, acting
from cloud.evidence.errors import RefusedError
from cloud.evidence.read_routes import AfterIndex, AnId, Limit
from cloud.idempotency.route import IdempotentRoute
from cloud.parts import Parts, PartsIn
from cloud.people.access import Caller, CallerIn, Reader, ReadSite
from cloud.people.passkeys import check_assertion
from custody.decisions import Refused

router = APIRouter(tags=["evidence"], route_class=IdempotentRoute)

IfMatch = Annotated[str | None, Header(alias="If-Match", pattern=r'^"\d{1,16}"$', description="ETag of the things")]


async def _answered(act: Acting, result: ActResult | Refused, what: str, things: list[str]) -> ActResult | RefusedError:
    """A refusal leaves its record: nothing is tried without a trace (J2)."""
    if not isinstance(result, Refused):
        return result
    own = [thing for thing in things if thing.startswith(f"{act.site}/")]
    told = {"action": what, "reason": result.reason.value, "rule": result.rule, "subject": result.subject}
    await act.record("act_refused", {**told, "things": own}, own)
    return RefusedError(result)


def _signer(act: Acting, caller: Caller, parts: Parts) -> acts.Signer:
    check = partial(check_assertion, act.tx, act.world, caller.person, party=parts.party)
    return acts.Signer(caller.credential, check)


@router.post(
    "/acts",
    operation_id="propose_act",
    status_code=201,
    responses={202: {"model": ActResult, "description": "It waits"}, 412: {"description": "Somebody was quicker"}},
)
async def post_act(
    body: NewAct, caller: CallerIn, parts: PartsIn, response: Response, if_match: IfMatch = None
) -> ActResult:
    """Takes a step where my hand alone is enough (201, done); else it waits for the others (202, waiting)."""
    seen = None if if_match is None else int(if_match.strip('"'))
    async with acting(parts, caller.person) as act:
        result = await acts.propose(act, body, _signer(act, caller, parts), seen)
        answer = await _answered(act, result, body.action, body.things)
    if isinstance(answer, RefusedError):
        raise answer
    if answer.status == "waiting":
        response.status_code = 202
    return answer


@router.post("/acts/sign", operation_id="sign_act", status_code=201)
async def post_signature(body: Signing, caller: CallerIn, parts: PartsIn) -> ActResult:
    """My hand on an act that waits; the last one does it. Of an act that all must stay for, the end is signed too."""
    async with acting(parts, caller.person) as act:
        result = await acts.sign(act, body.act, body.seen, body.assertion, _signer(act, caller, parts))
        answer = await _answered(act, result, "sign", [body.act])
    if isinstance(answer, RefusedError):
        raise answer
    return answer


@router.post("/acts/decline", operation_id="decline_act", status_code=201)
async def post_declining(body: Declining, caller: CallerIn, parts: PartsIn) -> ActResult:
    """The act is not to be; its things are free again."""
    async with acting(parts, caller.person) as act:
        return await acts.decline(act, body.act, body.reason)


@router.get("/acts", operation_id="list_acts")
async def get_acts(
    person: Reader,
    site: ReadSite,
    parts: PartsIn,
    waiting: bool = False,
    mine: Annotated[bool, Query(description="Only those that wait for me")] = False,
    action: AnId | None = None,
    thing: AnId | None = None,
    after: AfterIndex = None,
    limit: Limit = 100,
) -> ActRows:
    """Acts, newest first."""
    async with transaction(parts.pool) as tx:
        return await act_reads.acts(
            tx, person, site, waiting=waiting, mine=mine, action=action, thing=thing, after=after, limit=limit
        )


@router.get("/acts/{id:path}", operation_id="get_act")
async def get_act(id: str, person: Reader, site: ReadSite, parts: PartsIn) -> ActShown:
    """One act, with its hands."""
    async with transaction(parts.pool) as tx:
        return await act_reads.act(tx, person, site, id)
