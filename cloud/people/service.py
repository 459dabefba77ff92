"""Accounts, sessions and tokens. Of secrets only hashes are kept."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, NotFoundError
from cloud.ledger.service import Appender, add_record
from cloud.people.errors import StaleSignInError
from cloud.people.models import Account, MadeToken, Person, Session, Token
from cloud.world import World
from custody.roles import Role
from proof.keys import b64

_sql = load_queries(__file__)

SESSION_LASTS = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
BROWSER_CHARACTERS = 300
TOKEN_PREFIX = "st_"  # noqa: S105 - what a token begins with, so that people and scanners know one when they see it


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is in a directory: `subject` is never given to another by its `issuer` (OpenID Connect Core 2)."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class Browser:
    """Where somebody signs in: what the browser calls itself, and the secret of the session that it had."""

    name: str | None = None
    secret: str | None = None


NO_BROWSER = Browser()


async def add_person(
    tx: Tx,
    appender: Appender,
    world: World,
    *,
    username: str,
    name: str,
    password_hash: str | None,
    roles: Sequence[Role],
    actor: str,
    unit: str | None = None,
    identity: Identity | None = None,
    password_due: bool = False,
) -> Person:
    """A new account at the appender's site; one with `identity` signs in by its directory, and has no password here.
    `password_due`: somebody else thought of the password, and it is good for setting another only.

    Raises ConflictError `username_taken`.
    """
    person = Person(
        id=world.new_id(appender.site, "U"),
        site=appender.site,
        username=username,
        name=name,
        roles=tuple(roles),
        unit=unit,
        password_due=password_due,
    )
    at, names = world.now(), [role.value for role in roles]
    known = {"issuer": identity.issuer, "subject": identity.subject} if identity else {}
    values = {"issuer": None, "subject": None} | known | person.model_dump() | {"roles": names, "at": at}
    if await one(tx, _sql.add_person, **values, password=password_hash) is None:
        raise ConflictError("username_taken", f"there is an account {username!r} already")
    content: Row = {"person": person.id, "username": username, "name": name, "roles": names} | known
    if unit is not None:
        content["unit"] = unit
    if password_due:
        content["password_due"] = True
    await add_record(
        tx,
        appender,
        kind="person_added",
        at=at,
        actor=actor,
        content=content,
        salt=world.salt(),
        things=[person.id],
    )
    return person


async def list_people(tx: Tx, site: str, *, disabled: bool = False) -> list[Account]:
    """The accounts of `site`, by username; those that are disabled only when asked for."""
    return [Account.model_validate(row) for row in await rows(tx, _sql.people, site=site, disabled=disabled)]


async def account(tx: Tx, username: str) -> tuple[Person, str | None] | None:
    """The living account `username` and its password hash, None where it signs in by a directory."""
    row = await one(tx, _sql.account, username=username)
    return None if row is None else (Person.model_validate(row), row["password"])


async def open_session(
    tx: Tx, world: World, person: Person, *, proven_at: datetime | None, browser: Browser = NO_BROWSER
) -> str:
    """A new session's secret, for the cookie; the one that the browser had ends. Expired sessions of everybody are
    forgotten on the way.

    `proven_at`: when they last gave their password, or their directory says that they did; None where it does not say.
    """
    secret, now = b64(world.random(32)), world.now()
    await tx.execute(_sql.forget_expired_sessions, {"at": now})
    if browser.secret is not None:
        await end_session(tx, browser.secret)
    values = {"hash": _hash(secret), "person": person.id, "at": now, "expires_at": now + SESSION_LASTS}
    name = None if browser.name is None else browser.name[:BROWSER_CHARACTERS]
    await tx.execute(_sql.add_session, {**values, "proven_at": proven_at, "browser": name})
    return secret


async def end_session(tx: Tx, secret: str) -> None:
    """Ends the session; one that is not there is ended already."""
    await tx.execute(_sql.end_session, {"hash": _hash(secret)})


async def person_by_session(tx: Tx, world: World, secret: str) -> Person | None:
    """Whose unexpired session it is; that it was seen is noted once a minute."""
    values = {"hash": _hash(secret), "at": world.now()}
    row = await one(tx, _sql.person_by_session, **values, unseen=world.now() - SEEN_EVERY)
    if row is None:
        return None
    if row["unseen"]:
        await tx.execute(_sql.see_session, values)
    return Person.model_validate(row)


async def sessions_of(tx: Tx, world: World, person: Person, secret: str) -> list[Session]:
    """The open sessions of `person`, that of `secret` first, then the newest seen."""
    found = await rows(tx, _sql.sessions_of, person=person.id, hash=_hash(secret), at=world.now())
    return [Session.model_validate(row) for row in found]


async def end_one_session(tx: Tx, person: Person, session_id: str) -> None:
    """Ends a session by its id. Raises NotFoundError unless it is an open one of `person`."""
    if await one(tx, _sql.end_one_of, hash=_digest("session", session_id), person=person.id) is None:
        raise NotFoundError("session", session_id)


async def end_other_sessions(tx: Tx, person: Person, secret: str) -> None:
    """Ends every session of `person` but that of `secret`."""
    await tx.execute(_sql.end_others_of, {"person": person.id, "hash": _hash(secret)})


async def prove_session(tx: Tx, world: World, secret: str) -> None:
    """Whoever has the session just proved anew who they are."""
    await tx.execute(_sql.prove_session, {"hash": _hash(secret), "at": world.now()})


async def must_be_fresh(tx: Tx, world: World, secret: str, within: timedelta) -> None:
    """Whoever has the session proved within that time who they are. Raises StaleSignInError."""
    row = await one(tx, _sql.proven, hash=_hash(secret))
    if row is None or row["proven_at"] is None or row["proven_at"] <= world.now() - within:
        raise StaleSignInError(by_directory=row is not None and row["external"], within=within)


async def person_by_token(tx: Tx, token: str) -> Person | None:
    """Whose unrevoked bearer token it is."""
    row = await one(tx, _sql.person_by_token, hash=_hash(token))
    return None if row is None else Person.model_validate(row)


async def add_token(tx: Tx, world: World, person: Person, name: str) -> MadeToken:
    """A new bearer token with the rights of `person`; only its hash is kept, and is its id."""
    token = TOKEN_PREFIX + b64(world.random(32))
    digest = _hash(token)
    await tx.execute(_sql.add_token, {"hash": digest, "person": person.id, "name": name, "at": world.now()})
    return MadeToken(id=digest.hex(), name=name, token=token)


async def list_tokens(tx: Tx, person: Person) -> list[Token]:
    """The living tokens of `person`, oldest first."""
    return [Token.model_validate(row) for row in await rows(tx, _sql.tokens, person=person.id)]


async def revoke_token(tx: Tx, world: World, person: Person, token_id: str) -> None:
    """The token stops working. Raises NotFoundError unless it is a living one of `person`."""
    digest = _digest("token", token_id)
    if await one(tx, _sql.revoke_token, hash=digest, person=person.id, at=world.now()) is None:
        raise NotFoundError("token", token_id)


def credential_name(kind: str, secret: str) -> str:
    """The session or token that `secret` opens, as acts name it."""
    return f"{kind}:{_hash(secret).hex()[:16]}"


def _digest(kind: str, hex_id: str) -> bytes:
    try:
        return bytes.fromhex(hex_id)
    except ValueError:
        raise NotFoundError(kind, hex_id) from None


def _hash(secret: str) -> bytes:
    """Secrets are 32 random bytes, so one round of SHA-256 keeps them."""
    return hashlib.sha256(secret.encode()).digest()
