"""Accounts of a directory: the first sign-in makes one, later ones bring what the directory changed; all recorded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cloud.db.pool import Tx, one
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.ledger.service import Appender, close_ledger, open_ledger
from cloud.parts import Directory
from cloud.people import lifecycle
from cloud.people.errors import DirectorySignInError
from cloud.people.models import Person, Text, Username
from cloud.people.service import Identity, add_person
from cloud.world import World
from custody.roles import Role
from custody.rule_pack import RulePack

ACTOR = "directory"

_sql = load_queries(__file__)
_USERNAME, _LINE = TypeAdapter[str](Username), TypeAdapter[str](Text)


@dataclass(frozen=True, slots=True)
class Told:
    """What a directory tells of somebody: who, what they are called, their roles of ours, where they work."""

    identity: Identity
    username: str
    name: str
    roles: tuple[Role, ...]
    site: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody whom the directory knows is not let in; what was recorded of it stays."""

    code: str
    message: str


def read_claims(directory: Directory, claims: Mapping[str, Any]) -> Told:
    """`claims` in our words. Raises DirectorySignInError `bad_claims`."""
    try:
        username = _USERNAME.validate_python(str(_claim(claims, directory.username_claim)).lower())
        name = _LINE.validate_python(_claim(claims, directory.name_claim) or username)
        site = _LINE.validate_python(_claim(claims, directory.site_claim) or directory.site)
        subject = _LINE.validate_python(claims["sub"])
    except ValidationError as error:
        what = error.errors()[0]["msg"]
        raise DirectorySignInError("bad_claims", f"no usable username, name, site or subject: {what}") from error
    return Told(Identity(directory.issuer, subject), username, name, _roles(directory, claims), site)


async def account_for(tx: Tx, world: World, founding: RulePack, told: Told) -> Person | Refusal:
    """The account of whoever the directory tells of, made or brought up to date. Opens the site's ledger.

    `founding` are the rules where none were put in force. Raises ConflictError `username_taken`, RolesClashError,
    DirectorySignInError.
    """
    known = await one(tx, _sql.person_of_subject, issuer=told.identity.issuer, subject=told.identity.subject)
    appender = await _open(tx, known["site"] if known else told.site)
    known = await one(tx, _sql.person_of_subject, issuer=told.identity.issuer, subject=told.identity.subject)
    await lifecycle.must_not_clash(tx, world, founding, appender.site, told.roles)
    person = await _known(tx, appender, world, known["id"], told) if known else await _new(tx, appender, world, told)
    await close_ledger(tx, appender)
    return person


async def _new(tx: Tx, appender: Appender, world: World, told: Told) -> Person | Refusal:
    if not told.roles:
        return _no_role(told)
    return await add_person(
        tx, appender, world, username=told.username, name=told.name, password_hash=None, roles=told.roles, actor=ACTOR,
        identity=told.identity,
    )  # fmt: skip


async def _known(tx: Tx, appender: Appender, world: World, person: str, told: Told) -> Person | Refusal:
    """An account that an administrator disabled stays so; one that the directory took away, it may give back."""
    account = await lifecycle.find(tx, appender.site, person)
    if not told.roles:
        if account.disabled_at is None:
            await lifecycle.disable_person(tx, appender, world, person=person, actor=ACTOR)
        return _no_role(told)
    if account.disabled_at is not None and account.disabled_by != ACTOR:
        return Refusal("account_disabled", f"{account.username} is disabled")
    if told.site != appender.site:
        return Refusal("other_site", f"{account.username} belongs to {appender.site}, not to {told.site}")
    if account.disabled_at is not None:
        await lifecycle.enable_person(tx, appender, world, person=person, actor=ACTOR)
    return await lifecycle.change_person(
        tx, appender, world, person=person, actor=ACTOR, name=told.name, roles=told.roles
    )


async def _open(tx: Tx, site: str) -> Appender:
    try:
        return await open_ledger(tx, site)
    except NotFoundError as error:
        raise DirectorySignInError("bad_claims", f"the directory names the site {site!r}, which is not here") from error


def _no_role(told: Told) -> Refusal:
    return Refusal("no_role", f"the directory gives {told.username} no role here")


def _roles(directory: Directory, claims: Mapping[str, Any]) -> tuple[Role, ...]:
    """Roles that we know, in our order; others are for other programs."""
    said = _claim(claims, directory.roles_claim)
    names = said if isinstance(said, Sequence) and not isinstance(said, str) else [said]
    ours = directory.roles or {role.value: role for role in Role}
    return tuple(role for role in Role if role in {ours.get(name) for name in names if isinstance(name, str)})


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    """The claim of that name, or at that path: `realm_access.roles`."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
