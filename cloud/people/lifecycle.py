"""What becomes of an account: changed, disabled, enabled, given another password. Each is a record; whoever is disabled
is out at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cloud.db.pool import Tx, one
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, NotFoundError
from cloud.ledger.service import Appender, add_record
from cloud.people.errors import OwnAccountError, RolesClashError
from cloud.people.models import Account, OwnAccount
from cloud.rules.service import pack_in_force
from cloud.world import World
from custody.roles import Role
from custody.rule_pack import RulePack

CHANGED, DISABLED, ENABLED = "person_changed", "person_disabled", "person_enabled"
PASSWORD_CHANGED, PASSWORD_RESET = "password_changed", "password_reset"

_sql = load_queries(__file__)


async def find(tx: Tx, site: str, person: str) -> OwnAccount:
    """The account `person` of `site`, living or not, with all that its person sees. Raises NotFoundError."""
    row = await one(tx, _sql.person_at, site=site, person=person)
    if row is None:
        raise NotFoundError("person", person)
    return OwnAccount.model_validate(row)


async def find_username(tx: Tx, username: str) -> tuple[str, str]:
    """Id and site of the account `username`. Raises NotFoundError."""
    row = await one(tx, _sql.id_of_username, username=username)
    if row is None:
        raise NotFoundError("person", username)
    return row["id"], row["site"]


async def change_person(
    tx: Tx,
    appender: Appender,
    world: World,
    *,
    person: str,
    actor: str,
    name: str | None = None,
    roles: Sequence[Role] | None = None,
    unit: str | None = None,
) -> Account:
    """Somebody of the appender's site has another name, other roles, another unit; what is None stays.

    Nothing is recorded where nothing changes. Raises NotFoundError, OwnAccountError.
    """
    _must_be_another(person, actor)
    was = await find(tx, appender.site, person)
    now = was.model_copy(
        update={"name": name or was.name, "roles": tuple(roles or was.roles), "unit": unit or was.unit}
    )
    if (now.name, set(now.roles), now.unit) == (was.name, set(was.roles), was.unit):
        return was
    told = {"person": person, "name": now.name, "roles": [role.value for role in now.roles], "unit": now.unit}
    await tx.execute(_sql.change_person, told)
    await _record(tx, appender, world, world.now(), CHANGED, told, actor)
    return now


async def disable_person(tx: Tx, appender: Appender, world: World, *, person: str, actor: str) -> Account:
    """Somebody of the appender's site signs in no more: sessions and tokens end now.

    Raises NotFoundError, OwnAccountError, ConflictError `disabled_already`.
    """
    _must_be_another(person, actor)
    was, at = await find(tx, appender.site, person), world.now()
    if was.disabled_at is not None:
        raise ConflictError("disabled_already", f"{was.username} is disabled already")
    await tx.execute(_sql.disable_person, {"person": person, "at": at, "by": actor})
    await tx.execute(_sql.end_sessions_of, {"person": person})
    await tx.execute(_sql.revoke_tokens_of, {"person": person, "at": at})
    await _record(tx, appender, world, at, DISABLED, {"person": person}, actor)
    return was.model_copy(update={"disabled_at": at, "disabled_by": actor})


async def enable_person(tx: Tx, appender: Appender, world: World, *, person: str, actor: str) -> Account:
    """Somebody of the appender's site may sign in again.

    Raises NotFoundError, OwnAccountError, ConflictError `enabled_already`.
    """
    _must_be_another(person, actor)
    was = await find(tx, appender.site, person)
    if was.disabled_at is None:
        raise ConflictError("enabled_already", f"{was.username} is not disabled")
    await tx.execute(_sql.disable_person, {"person": person, "at": None, "by": None})
    await _record(tx, appender, world, world.now(), ENABLED, {"person": person}, actor)
    return was.model_copy(update={"disabled_at": None, "disabled_by": None})


async def change_password(
    tx: Tx, appender: Appender, world: World, *, person: str, old_hash: str, new_hash: str
) -> None:
    """Somebody of the appender's site gave their password, of `old_hash`, and has another from now on.

    Raises ConflictError `password_changed` where it was changed meanwhile.
    """
    at = world.now()
    values = {"person": person, "old": old_hash, "password": new_hash, "due": False, "at": at, "by": person}
    if await one(tx, _sql.set_password, **values) is None:
        raise ConflictError("password_changed", "the password was changed meanwhile")
    await _record(tx, appender, world, at, PASSWORD_CHANGED, {"person": person}, person)


async def reset_password(
    tx: Tx, appender: Appender, world: World, *, person: str, actor: str, new_hash: str
) -> Account:
    """Somebody of the appender's site signs in once by what `new_hash` was made of, and then sets their own password;
    their sessions end now.

    Raises NotFoundError, OwnAccountError, ConflictError `no_password`.
    """
    _must_be_another(person, actor)
    was = await find(tx, appender.site, person)
    must_have_password(was)
    at = world.now()
    values = {"person": person, "old": None, "password": new_hash, "due": True, "at": at, "by": actor}
    await tx.execute(_sql.set_password, values)
    await tx.execute(_sql.end_sessions_of, {"person": person})
    await _record(tx, appender, world, at, PASSWORD_RESET, {"person": person}, actor)
    return was.model_copy(update={"password_due": True, "password_at": at, "password_by": actor})


def must_have_password(account: Account) -> None:
    """Raises ConflictError `no_password` where the account signs in by a directory, which keeps the password."""
    if account.external:
        raise ConflictError("no_password", f"{account.username} signs in by a directory, which keeps their password")


async def must_not_clash(tx: Tx, world: World, founding: RulePack, site: str, roles: Iterable[Role]) -> None:
    """Raises RolesClashError where the rules in force let nobody have two of `roles` together."""
    pack = await pack_in_force(tx, site, world.now(), founding)
    pair = pack.clash(frozenset(roles))
    if pair is not None:
        raise RolesClashError(f"nobody is {' and '.join(sorted(pair))} at once")


def _must_be_another(person: str, actor: str) -> None:
    if person == actor:
        raise OwnAccountError("nobody changes their own account; ask another administrator")


async def _record(
    tx: Tx, appender: Appender, world: World, at: datetime, kind: str, content: Mapping[str, Any], actor: str
) -> None:
    things = [content["person"]]
    await add_record(tx, appender, kind=kind, at=at, actor=actor, content=content, salt=world.salt(), things=things)
