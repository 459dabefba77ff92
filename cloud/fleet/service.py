"""Agents, and orders to them. An order is open until the agent's own fact answers it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.ledger.key_history import record_birth, record_missing
from cloud.ledger.service import Appender, add_record
from cloud.world import World
from custody.permits import time_text
from proof import jws
from proof.keys import Signer, VerifyKey
from wire.kinds import OrderKind
from wire.messages import ORDER_TYPE, Order, to_body
from wire.topics import site_of, valid_agent

_sql = load_queries(__file__)


async def add_agent(
    tx: Tx, appender: Appender, world: World, *, agent: str, public_key: VerifyKey, at: datetime, actor: str
) -> int:
    """Makes `agent` known with its key; returns the ledger entry. Raises InvalidError, ConflictError."""
    if not valid_agent(agent) or site_of(agent) != appender.site:
        raise InvalidError("bad_agent_id", f"{agent!r} is no agent id of {appender.site}: {appender.site}.<name>")
    values = {"agent": agent, "site": appender.site, "public_key": public_key.raw, "at": at}
    if await one(tx, _sql.add_agent, **values) is None:
        raise ConflictError("agent_exists", f"the agent {agent} is there already")
    await tx.execute(_sql.add_stream, {"agent": agent})
    content = {"agent": agent, "public_key": public_key.text}
    index = await add_record(tx, appender, kind="agent_added", at=at, actor=actor, content=content, salt=world.salt())
    await record_birth(tx, appender, world, role="agent", owner=agent, key=public_key, actor=actor)
    return index


async def add_agent_key(tx: Tx, appender: Appender, world: World, *, agent: str, key: VerifyKey, actor: str) -> int:
    """A further key of `agent`, valid beside those it has; returns the entry. Raises NotFoundError, ConflictError."""
    if agent not in {row["id"] for row in await agents(tx, appender.site)}:
        raise NotFoundError("agent", agent)
    await record_missing(tx, appender, world, (), actor)  # an agent older than key histories keeps its first key
    return await record_birth(tx, appender, world, role="agent", owner=agent, key=key, actor=actor)


AgentKeys = dict[str, dict[str, VerifyKey]]
"""Agent → key id → key; while a key is being replaced an agent has two."""


async def keys_of(tx: Tx, agents: Sequence[str]) -> AgentKeys:
    """The keys that are valid now of those of `agents` that have any. An agent older than key histories has its own."""
    known: AgentKeys = {}
    for row in await rows(tx, _sql.keys, agents=list(agents)):
        key = VerifyKey.from_raw(row["public_key"])
        known.setdefault(row["id"], {})[key.kid] = key
    return known


async def agents(tx: Tx, site: str | None = None) -> list[Row]:
    """Rows of id, site, online, seen_at and next_seq, of all agents or those of `site`."""
    return await rows(tx, _sql.agents, site=site)


async def push_order(
    tx: Tx,
    world: World,
    key: Signer,
    *,
    agent: str,
    kind: str,
    body: Mapping[str, Any],
    at: datetime,
    about: str | None = None,
) -> str:
    """Puts a signed order for `agent` in its way (kinds and bodies: wire.messages.Order); returns its id.

    `about` is what it can be found by.
    """
    order = Order(id=world.new_id(site_of(agent), "O"), agent=agent, kind=kind, at=time_text(at), body=dict(body))
    signed = jws.sign(to_body(order), key, ORDER_TYPE)
    await tx.execute(
        _sql.add_order, {"id": order.id, "agent": agent, "kind": kind, "jws": signed, "at": at, "about": about}
    )
    await tx.execute(_sql.notify_orders, {"agent": agent})
    return order.id


async def resume(tx: Tx, world: World, key: Signer, agent: str) -> None:
    """Orders `agent`, if it is a living one, to go on where the ledger ends: it was an old copy, or had a double."""
    row = await one(tx, _sql.stream_end, agent=agent)
    if row is not None:
        body = {"upto": row["upto"], "head": row["head"].hex()}
        await push_order(tx, world, key, agent=agent, kind=OrderKind.RESUME.value, body=body, at=world.now())


async def open_orders(tx: Tx, agent: str | None = None) -> list[Row]:
    """Rows of id, agent and jws of orders not answered yet, oldest first, at most a thousand."""
    return await rows(tx, _sql.open_orders, agent=agent)
