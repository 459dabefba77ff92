"""Signing in by a directory: two visits of a browser, with the provider's word in between. No connection is held while
the provider is asked."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from cloud.db.pool import Pool, one, transaction
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.parts import Directory, Parts
from cloud.people import openid, service
from cloud.people.directory import Refusal, account_for, read_claims
from cloud.people.errors import DirectorySignInError
from cloud.people.models import Person
from cloud.world import World
from proof.keys import b64

LOGIN_LASTS = timedelta(minutes=10)

_sql = load_queries(__file__, "oidc.sql")


@dataclass(frozen=True, slots=True)
class Finished:
    """Who signed in, the secret of their new session, and whether they were sent to show `fresh` that it is they."""

    person: Person
    secret: str
    fresh: bool


def directory_of(directory: Directory | None) -> Directory:
    """The directory, where one was set. Raises NotFoundError."""
    if directory is None:
        raise NotFoundError("directory", "oidc")
    return directory


async def begin(pool: Pool, world: World, directory: Directory, *, fresh: bool = False) -> tuple[str, str]:
    """Where to send the browser, and the state it must bring back; `fresh`: the directory asks for the password anew.

    Raises DirectoryGoneError.
    """
    async with openid.client() as http:
        provider = await openid.discover(http, directory)
    state, nonce, verifier = (b64(world.random(32)) for _ in range(3))
    now = world.now()
    async with transaction(pool) as tx:
        await tx.execute(_sql.forget_expired, {"at": now})
        values = {"hash": _hash(state), "nonce": nonce, "verifier": verifier, "expires_at": now + LOGIN_LASTS}
        await tx.execute(_sql.add_login, {**values, "fresh_from": now if fresh else None})
    return openid.authorization_url(
        provider, directory, state=state, nonce=nonce, verifier=verifier, fresh=fresh
    ), state


async def finish(
    parts: Parts,
    directory: Directory,
    *,
    state: str,
    kept: str | None,
    code: str | None,
    error: str | None,
    browser: service.Browser,
) -> Finished:
    """Who it is, and their new session in `browser`; `kept` is the state that it kept.

    Raises DirectorySignInError, DirectoryGoneError, ConflictError `username_taken`, RolesClashError.
    """
    pool, world = parts.pool, parts.world
    async with transaction(pool) as tx:
        login = await one(tx, _sql.take_login, hash=_hash(state), at=world.now())
    if login is None or kept != state:
        raise DirectorySignInError("wrong_state", "this sign-in was not begun in this browser, or too long ago")
    if code is None:
        raise DirectorySignInError("directory_refused", f"the directory answered {str(error)[:100]!r}")
    async with openid.client() as http:
        provider = await openid.discover(http, directory)
        given = await openid.redeem(http, provider, directory, code=code, verifier=login["verifier"])
        claims = await openid.claims_of(http, provider, directory, given, nonce=login["nonce"], now=world.now())
    proven_at = openid.proven_at(claims, parts.world.now(), after=login["fresh_from"])
    told = read_claims(directory, claims)
    async with transaction(pool) as tx:
        person = await account_for(tx, world, parts.pack, told)
        if not isinstance(person, Refusal):
            secret = await service.open_session(tx, world, person, proven_at=proven_at, browser=browser)
            return Finished(person, secret, fresh=login["fresh_from"] is not None)
    raise DirectorySignInError(person.code, person.message)


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
