"""Births and ends of keys, as records of the log: so that proofs are checked with the key that was valid then.

Owners: of an agent's key the agent, of a log's key the log's origin, of the cloud's and the labels' keys
`sealtrail/<deployment>`, of a witness's key the witness's name. The cloud's and labels' keys serve every site, so
each site's log tells of them.
"""

from collections.abc import Iterable
from typing import Literal

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, NotFoundError
from cloud.ledger.service import Appender, add_record, next_index
from cloud.world import World
from proof.keyring import KEY_BORN, KEY_ENDED
from proof.keys import VerifyKey

Role = Literal["agent", "cloud", "label", "log", "person", "witness"]
Why = Literal["rotated", "lost", "revoked"]
Birth = tuple[Role, str, VerifyKey]

_sql = load_queries(__file__, "keys.sql")


def deployment_owner(deployment: str) -> str:
    """Who owns the keys that a deployment uses for all its sites."""
    return f"sealtrail/{deployment}"


async def record_birth(
    tx: Tx, appender: Appender, world: World, *, role: Role, owner: str, key: VerifyKey, actor: str
) -> int:
    """From this entry on `key` speaks for `owner`; returns the entry. Raises ConflictError for a key that ever did."""
    life = {"role": role, "owner": owner, "kid": key.kid, "public_key": key.raw}
    if await one(tx, _sql.add_life, site=appender.site, **life, index=next_index(appender)) is None:
        raise ConflictError("key_known", f"the key {key.kid} of {owner} is in the log already; a key is born once")
    content = {"role": role, "owner": owner, "public_key": key.text}
    return await add_record(
        tx, appender, kind=KEY_BORN, at=world.now(), actor=actor, content=content, salt=world.salt(), things=()
    )


async def record_end(
    tx: Tx, appender: Appender, world: World, *, role: Role, owner: str, kid: str, why: Why, actor: str
) -> int:
    """Before this entry the key `kid` spoke for `owner`, from now on not; returns the entry. Raises NotFoundError."""
    ended = {"role": role, "owner": owner, "kid": kid, "why": why}
    if await one(tx, _sql.end_life, site=appender.site, **ended, index=next_index(appender)) is None:
        raise NotFoundError("living key", kid)
    return await add_record(
        tx, appender, kind=KEY_ENDED, at=world.now(), actor=actor, content=ended, salt=world.salt(), things=()
    )


async def lives(tx: Tx, site: str | None = None) -> list[Row]:
    """The key lives of `site`, or of all: site, role, owner, kid, public_key, born, ended, why; oldest first."""
    return await rows(tx, _sql.lives, site=site)


async def record_missing(tx: Tx, appender: Appender, world: World, births: Iterable[Birth], actor: str) -> list[int]:
    """Tells the log of those `births`, and of the keys of agents, that it has not been told of; returns the entries."""
    told = {(life["role"], life["owner"], life["kid"]) for life in await lives(tx, appender.site)}
    agents = await rows(tx, _sql.agents_without_life, site=appender.site)
    older: list[Birth] = [("agent", row["id"], VerifyKey.from_raw(row["public_key"])) for row in agents]
    return [
        await record_birth(tx, appender, world, role=role, owner=owner, key=key, actor=actor)
        for role, owner, key in [*births, *older]
        if (role, owner, key.kid) not in told
    ]


async def find_living(tx: Tx, site: str, kid: str) -> Row:
    """The one living key of `site` with this id. Raises NotFoundError, ConflictError for a key of two owners."""
    found = [life for life in await lives(tx, site) if life["kid"] == kid and life["ended"] is None]
    if not found:
        raise NotFoundError("living key", kid)
    if len(found) > 1:
        raise ConflictError("key_of_two", f"{kid} is the key of {' and '.join(life['owner'] for life in found)}")
    return found[0]
