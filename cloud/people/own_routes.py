"""My own account: its password, and where it is signed in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request

from cloud.db.pool import transaction
from cloud.errors import ForbiddenError
from cloud.parts import PartsIn
from cloud.people import lifecycle, service
from cloud.people.access import Caller, CallerIn, KnownCaller, Reader
from cloud.people.models import OwnAccount, PasswordChange, Person, SessionRows
from cloud.people.sign_in import Desk

router = APIRouter(tags=["people"])


def desk_of(request: Request, parts: PartsIn) -> Desk:
    """Where the one who asks shows a password."""
    state, address = request.app.state, request.client.host if request.client else ""
    return Desk(parts.pool, parts.world, state.passwords, state.throttle, address)


DeskIn = Annotated[Desk, Depends(desk_of)]


def by_session(caller: Caller) -> tuple[Person, str]:
    """Who asks and the secret of their session. Raises ForbiddenError for a machine."""
    if caller.secret is None:
        raise ForbiddenError("a machine has no account of its own; sign in")
    return caller.person, caller.secret


@router.get("/account", operation_id="get_account")
async def get_account(person: Reader, parts: PartsIn) -> OwnAccount:
    """My account: how I sign in, and since when by this password."""
    async with transaction(parts.pool) as tx:
        return await lifecycle.find(tx, person.site, person.id)


@router.post(
    "/password", operation_id="change_password", status_code=204, responses={429: {"description": "Too many failures"}}
)
async def post_password(body: PasswordChange, caller: KnownCaller, desk: DeskIn) -> None:
    """Sets my password; my other sessions end. The old one is asked for, and guessing it is slow: as signing in is.

    409 `no_password` where I sign in by a directory; 403 `old_password`; 422 `password_common`, `password_repeats`,
    `password_named`, `password_same`.
    """
    person, secret = by_session(caller)
    await desk.change_password(person, secret, body.old, body.new)


@router.get("/sessions", operation_id="list_sessions")
async def get_sessions(caller: CallerIn, parts: PartsIn) -> SessionRows:
    """Where I am signed in."""
    person, secret = by_session(caller)
    async with transaction(parts.pool) as tx:
        return SessionRows(rows=await service.sessions_of(tx, parts.world, person, secret))


@router.delete("/sessions", operation_id="end_other_sessions", status_code=204)
async def delete_sessions(caller: CallerIn, parts: PartsIn) -> None:
    """Ends all my sessions but this one."""
    person, secret = by_session(caller)
    async with transaction(parts.pool) as tx:
        await service.end_other_sessions(tx, person, secret)


@router.delete("/sessions/{id}", operation_id="end_session", status_code=204)
async def delete_session(
    id: Annotated[str, Path(max_length=100, pattern=r"^[^\x00]*$")], caller: CallerIn, parts: PartsIn
) -> None:
    """Ends one of my sessions; this one too."""
    person, _ = by_session(caller)
    async with transaction(parts.pool) as tx:
        await service.end_one_session(tx, person, id)
