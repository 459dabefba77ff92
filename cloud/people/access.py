"""Who is asking, and may they: the dependencies that every other route uses."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from cloud.db.pool import transaction
from cloud.errors import ForbiddenError, NotSignedInError
from cloud.parts import Parts, PartsIn, parts_of
from cloud.people import service, units
from cloud.people.errors import ForeignRequestError, PasswordDueError, SiteOfActError
from cloud.people.models import Person
from cloud.people.roles import Right
from cloud.rules.service import pack_in_force

COOKIE = "sealtrail_session"
HEADER = "X-Sealtrail"

_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="The session of a person, from POST /session")
_bearer = HTTPBearer(auto_error=False, description="A machine's token, from POST /tokens")
_SAFE = {"GET", "HEAD", "OPTIONS"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks; `secret` is that of the session, None where a machine asks with a token.

    `credential` names the session or token without telling its secret: two acts by one are told from acts by two.
    """

    person: Person
    secret: str | None
    credential: str


async def known_caller(
    request: Request,
    parts: PartsIn,
    cookie: Annotated[str | None, Depends(_cookie)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Who asks, also with a password that somebody else set: for what they need to set their own.

    Raises NotSignedInError; ForeignRequestError for a change by cookie without the header (CSRF).
    """
    secret = cookie if bearer is None else None
    async with transaction(parts.pool) as tx:
        if bearer is not None:
            person = await service.person_by_token(tx, bearer.credentials)
            credential = service.credential_name("token", bearer.credentials)
        elif cookie is not None:
            person = await service.person_by_session(tx, parts.world, cookie)
            credential = service.credential_name("session", cookie)
        else:
            raise NotSignedInError("neither a session nor a token")
    if person is None:
        raise NotSignedInError("the session or token is unknown, expired or revoked")
    if secret is not None and request.method not in _SAFE and request.headers.get(HEADER) != "1":
        raise ForeignRequestError(f"{request.method} by cookie without {HEADER}: 1")
    return Caller(person, secret, credential)


KnownCaller = Annotated[Caller, Depends(known_caller)]


def caller_of(caller: KnownCaller) -> Caller:
    """Who asks, by a password of their own. Raises as `known_caller`; PasswordDueError."""
    if caller.person.password_due:
        raise PasswordDueError("the password that somebody else set is good for setting another, and for nothing else")
    return caller


def browser_of(request: Request) -> service.Browser:
    """Which browser asks, and the session it has."""
    return service.Browser(request.headers.get("user-agent"), request.cookies.get(COOKIE))


def set_session(request: Request, response: Response, secret: str) -> None:
    """Gives the browser the cookie of a new session."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(service.SESSION_LASTS.total_seconds()),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


async def caller_now(request: Request) -> Caller:
    """Who asks by `request`, for what must know it before the route's dependencies do. Raises as `caller_of`."""
    return caller_of(await known_caller(request, parts_of(request), await _cookie(request), await _bearer(request)))


CallerIn = Annotated[Caller, Depends(caller_of)]


def reader_of(caller: CallerIn) -> Person:
    """Whoever is signed in may read."""
    return caller.person


Reader = Annotated[Person, Depends(reader_of)]


def acting(act: Right) -> Any:
    """A dependency: the person who asks, who may do `act`. Raises ForbiddenError."""

    async def actor_of(caller: CallerIn, parts: PartsIn) -> Person:
        async with transaction(parts.pool) as tx:
            pack = await pack_in_force(tx, caller.person.site, parts.world.now(), parts.pack)
        if not pack.may(frozenset(caller.person.roles), act):
            raise ForbiddenError(f"{act} needs another role than {', '.join(caller.person.roles)}")
        return caller.person

    return Depends(actor_of)


async def must_read(parts: Parts, person: Person, site: str) -> str:
    """`site`: the person's own, or one whose unit is at or below theirs. Raises ForbiddenError."""
    if site != person.site:
        async with transaction(parts.pool) as tx:
            if not await units.may_read(tx, person, site):
                raise ForbiddenError(f"{site!r} is no site at or below the unit of this account")
    return site


def acts_at_home(request: Request) -> None:
    """For every route: a change names no site, or somebody would believe that it happened there. Raises SiteOfActError
    unless the route itself says what its `site` is.
    """
    site = request.query_params.get("site")
    if site is None or request.method in _SAFE:
        return
    route: APIRoute = request.scope["route"]
    if not _takes_site(route.dependant):
        raise SiteOfActError(site)


def _takes_site(asked: Dependant) -> bool:
    return any(query.alias == "site" for query in asked.query_params) or any(map(_takes_site, asked.dependencies))


async def read_site(
    person: Reader,
    parts: PartsIn,
    site: Annotated[
        str | None, Query(max_length=32, pattern=r"^[^\x00]*$", description="A site that I may read; none: my own")
    ] = None,
) -> str:
    """The site to be read. Raises ForbiddenError."""
    return person.site if site is None else await must_read(parts, person, site)


ReadSite = Annotated[str, Depends(read_site)]
"""Read down, never write down: acts are at `person.site`, and one that names another is refused (`acts_at_home`)."""
