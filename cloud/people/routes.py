"""Signing in and out, accounts, and tokens for machines."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from cloud.db.pool import transaction
from cloud.errors import ForbiddenError
from cloud.ledger.service import close_ledger, open_ledger
from cloud.parts import PartsIn
from cloud.people import lifecycle, passes, service, units
from cloud.people.access import COOKIE, CallerIn, KnownCaller, Reader, ReadSite, acting, browser_of, set_session
from cloud.people.models import (
    Account,
    MadeToken,
    NewPerson,
    NewToken,
    Pass,
    PasswordReset,
    Person,
    PersonChange,
    PersonRows,
    SignedIn,
    SignIn,
    TokenRows,
    UnitRows,
)
from cloud.people.own_routes import DeskIn
from cloud.people.passwords import Passwords, must_be_good
from cloud.people.roles import Right
from cloud.rules.service import pack_in_force

router = APIRouter(tags=["people"])

AnId = Annotated[str, Path(max_length=100, pattern=r"^[^\x00]*$")]


@router.post("/session", operation_id="sign_in", responses={429: {"description": "Too many failures"}})
async def post_session(body: SignIn, request: Request, response: Response, desk: DeskIn) -> SignedIn:
    """Signs in with a local account; the session comes back as the cookie `sealtrail_session` and lasts 12 hours.

    The one that the browser had ends. Where `password_due`, the session is good for setting another password only.
    """
    person, secret = await desk.sign_in(body.username, body.password, browser_of(request))
    set_session(request, response, secret)
    return SignedIn(person=person)


@router.get("/session", operation_id="get_me")
async def get_session(caller: KnownCaller) -> Person:
    """Who is signed in."""
    return caller.person


@router.delete("/session", operation_id="sign_out", status_code=204)
async def delete_session(caller: KnownCaller, response: Response, parts: PartsIn) -> None:
    """Ends the session."""
    if caller.secret is not None:
        async with transaction(parts.pool) as tx:
            await service.end_session(tx, caller.secret)
    response.delete_cookie(COOKIE, path="/")


@router.get("/people", operation_id="list_people")
async def get_people(site: ReadSite, parts: PartsIn, disabled: bool = False) -> PersonRows:
    """The accounts of a site; `disabled` adds those that cannot sign in."""
    async with transaction(parts.pool) as tx:
        return PersonRows(rows=await service.list_people(tx, site, disabled=disabled))


@router.post("/people", operation_id="add_person", status_code=201)
async def post_person(
    body: NewPerson, actor: Annotated[Person, acting(Right.ADD_PERSON)], request: Request, parts: PartsIn
) -> Person:
    """Makes an account at my site; who it is for sets another password at their first sign-in."""
    must_be_good(body.password, body.username)
    passwords: Passwords = request.app.state.passwords
    password_hash = await passwords.hash(body.password)
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, actor.site)
        await units.must_be_below(tx, actor, body.unit)
        await lifecycle.must_not_clash(tx, parts.world, parts.pack, actor.site, body.roles)
        person = await service.add_person(
            tx,
            appender,
            parts.world,
            username=body.username,
            name=body.name,
            password_hash=password_hash,
            roles=body.roles,
            actor=actor.id,
            unit=body.unit,
            password_due=True,
        )
        await close_ledger(tx, appender)
    return person


Changer = Annotated[Person, acting(Right.CHANGE_PERSON)]


@router.post("/people/{id:path}/roles", operation_id="change_person")
async def post_roles(id: AnId, body: PersonChange, actor: Changer, parts: PartsIn) -> Account:
    """Gives somebody of my site other roles, another name or unit; nobody changes their own."""
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, actor.site)
        await units.must_be_below(tx, actor, body.unit)
        await lifecycle.must_not_clash(tx, parts.world, parts.pack, actor.site, body.roles or [])
        person = await lifecycle.change_person(
            tx, appender, parts.world, person=id, actor=actor.id, name=body.name, roles=body.roles, unit=body.unit
        )
        await close_ledger(tx, appender)
    return person


@router.post("/people/{id:path}/disable", operation_id="disable_person")
async def post_disable(id: AnId, actor: Changer, parts: PartsIn) -> Account:
    """Somebody of my site signs in no more; their sessions and tokens end now."""
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, actor.site)
        person = await lifecycle.disable_person(tx, appender, parts.world, person=id, actor=actor.id)
        await close_ledger(tx, appender)
    return person


@router.post("/people/{id:path}/enable", operation_id="enable_person")
async def post_enable(id: AnId, actor: Changer, parts: PartsIn) -> Account:
    """Somebody of my site may sign in again."""
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, actor.site)
        person = await lifecycle.enable_person(tx, appender, parts.world, person=id, actor=actor.id)
        await close_ledger(tx, appender)
    return person


@router.post("/people/{id:path}/password", operation_id="reset_password")
async def post_reset(id: AnId, body: PasswordReset, actor: Changer, request: Request, parts: PartsIn) -> Account:
    """Gives somebody of my site who has lost theirs a password to sign in with once; they then set their own. Their
    sessions end now.
    """
    passwords: Passwords = request.app.state.passwords
    async with transaction(parts.pool) as tx:
        account = await lifecycle.find(tx, actor.site, id)
    must_be_good(body.password, account.username)
    new_hash = await passwords.hash(body.password)
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, actor.site)
        person = await lifecycle.reset_password(tx, appender, parts.world, person=id, actor=actor.id, new_hash=new_hash)
        await close_ledger(tx, appender)
    return person


@router.get("/units", operation_id="list_units")
async def get_units(person: Reader, parts: PartsIn) -> UnitRows:
    """All organisation units, each after the one above it."""
    async with transaction(parts.pool) as tx:
        return UnitRows(rows=await units.list_units(tx))


@router.post("/tokens", operation_id="add_token", status_code=201)
async def post_token(body: NewToken, caller: CallerIn, parts: PartsIn) -> MadeToken:
    """Makes a bearer token with my rights; it is shown this once. A token cannot make another."""
    if caller.secret is None:
        raise ForbiddenError("a token makes no tokens; sign in")
    async with transaction(parts.pool) as tx:
        return await service.add_token(tx, parts.world, caller.person, body.name)


@router.get("/tokens", operation_id="list_tokens")
async def get_tokens(person: Reader, parts: PartsIn) -> TokenRows:
    """My living tokens."""
    async with transaction(parts.pool) as tx:
        return TokenRows(rows=await service.list_tokens(tx, person))


@router.delete("/tokens/{token_id}", operation_id="revoke_token", status_code=204)
async def delete_token(token_id: str, person: Reader, parts: PartsIn) -> None:
    """One of my tokens stops working."""
    async with transaction(parts.pool) as tx:
        await service.revoke_token(tx, parts.world, person, token_id)


@router.post("/passes", operation_id="make_pass", status_code=201)
async def post_pass(caller: CallerIn, parts: PartsIn) -> Pass:
    """A pass for the gates on my phone: a short-lived QR code; ask again before it expires. A machine gets none."""
    if caller.secret is None:
        raise ForbiddenError("a machine goes through no gate; sign in")
    async with transaction(parts.pool) as tx:
        pack = await pack_in_force(tx, caller.person.site, parts.world.now(), parts.pack)
        return await passes.make_pass(tx, parts.world, pack, parts.label_key, caller.person)
