"""The acts on evidence. Each parses, asks one service function, and answers; a refusal becomes a 409."""

from typing import Annotated, TypeVar

from fastapi import APIRouter, BackgroundTasks, Query
from pydantic import Field

from cloud.db.pool import transaction
from cloud.evidence import erasure, holds, permits, reads, service
from cloud.evidence.acting import acting
from cloud.evidence.errors import RefusedError
from cloud.evidence.models import (
    Case,
    Done,
    Erasure,
    ErasureAsked,
    Item,
    Label,
    NewCase,
    NewErasure,
    NewHold,
    NewItem,
    NewLabel,
    NewPermit,
    Permit,
    RelatedEntries,
    Revocation,
    ThingsAsked,
)
from cloud.idempotency.route import IdempotentRoute
from cloud.media import store
from cloud.parts import PartsIn
from cloud.people.access import acting as may
from cloud.people.models import Person
from cloud.people.roles import Right
from custody.decisions import Refused

T = TypeVar("T")

router = APIRouter(tags=["evidence"], route_class=IdempotentRoute)


def _allowed(result: T | Refused) -> T:
    """What was done; raises RefusedError, which rolls back, where a rule refused it."""
    if isinstance(result, Refused):
        raise RefusedError(result)
    return result


@router.post("/cases", operation_id="open_case", status_code=201)
async def post_case(body: NewCase, person: Annotated[Person, may(Right.OPEN_CASE)], parts: PartsIn) -> Case:
    """Opens a case under the rules in force now."""
    async with acting(parts, person) as act:
        return await service.open_case(act, body)


@router.post("/items", operation_id="register_item", status_code=201)
async def post_item(body: NewItem, person: Annotated[Person, may(Right.REGISTER_ITEM)], parts: PartsIn) -> Item:
    """Registers an item in a case."""
    async with acting(parts, person) as act:
        item = await service.register_item(act, body)
        return await reads.item(act.tx, act.site, item)


@router.post("/labels", operation_id="issue_label", status_code=201)
async def post_label(body: NewLabel, person: Annotated[Person, may(Right.ISSUE_LABEL)], parts: PartsIn) -> Label:
    """Issues a new label for an item, a package or a person; older ones are void."""
    async with acting(parts, person) as act:
        return await service.issue_label(act, body.thing_id, parts.label_key)


@router.post("/permits", operation_id="issue_permit", status_code=201)
async def post_permit(body: NewPermit, person: Annotated[Person, may(Right.ISSUE_PERMIT)], parts: PartsIn) -> Permit:
    """Permits things to pass stations of one agent, once, within a time; the agent gets it at once."""
    async with acting(parts, person) as act:
        permit = _allowed(await permits.issue_permit(act, body))
        return await reads.permit(act.tx, act.site, act.at, permit)


@router.post("/permits/revoke", operation_id="revoke_permit", status_code=201)
async def post_revocation(
    body: Revocation, person: Annotated[Person, may(Right.REVOKE_PERMIT)], parts: PartsIn
) -> Done:
    """Takes a permit back, with a reason."""
    async with acting(parts, person) as act:
        return await permits.revoke_permit(act, body.permit, body.reason)


@router.post("/holds", operation_id="place_hold", status_code=201)
async def post_hold(body: NewHold, person: Annotated[Person, may(Right.PLACE_HOLD)], parts: PartsIn) -> Done:
    """Puts things under legal hold; a package is held with what is in it, and by what is in it."""
    async with acting(parts, person) as act:
        return await holds.place_hold(act, body.things, body.reason)


@router.post("/holds/lift", operation_id="lift_hold", status_code=201)
async def post_lifting(body: ThingsAsked, person: Annotated[Person, may(Right.LIFT_HOLD)], parts: PartsIn) -> Done:
    """Lifts the holds on things."""
    async with acting(parts, person) as act:
        return await holds.lift_hold(act, body.things)


@router.post("/erasures", operation_id="propose_erasure", status_code=201)
async def post_erasure(body: NewErasure, person: Annotated[Person, may(Right.ERASE)], parts: PartsIn) -> Erasure:
    """Proposes to erase the contents of entries on a legal ground; a second person confirms it.

    What else tells the same goes with them, unless `with_related` is false.
    """
    async with acting(parts, person) as act:
        return _allowed(await erasure.propose(act, body.entries, body.ground, with_related=body.with_related))


@router.get("/erasures/related", operation_id="list_related_entries")
async def get_related(
    person: Annotated[Person, may(Right.ERASE)],
    parts: PartsIn,
    entry: Annotated[list[Annotated[int, Field(ge=0, le=2**53)]], Query(min_length=1, max_length=1000)],
) -> RelatedEntries:
    """What else tells what these entries tell, such as the film of a passage: it is erased with them by default."""
    async with transaction(parts.pool) as tx:
        return RelatedEntries(rows=await erasure.related(tx, person.site, entry))


@router.post("/erasures/confirm", operation_id="confirm_erasure", status_code=201)
async def post_confirmation(
    body: ErasureAsked, person: Annotated[Person, may(Right.ERASE)], parts: PartsIn, afterwards: BackgroundTasks
) -> Erasure:
    """Erases what somebody else proposed. Commitments and proofs stay; what is under legal hold is refused (409)."""
    async with acting(parts, person) as act:
        erased = _allowed(await erasure.confirm(act, body.proposal))
    for sha256 in erased.stills:
        afterwards.add_task(store.delete, parts.media, sha256)  # once this is committed
    return erased
