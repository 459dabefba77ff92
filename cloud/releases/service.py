"""Releases of a site: kept under their digests, approved by an act of two, ordered for agents one first.

Every step is an entry of the site's ledger: `program_brought_up`, `program_approved` (cloud/evidence/decisions.py),
`update_ordered`, and the agents' facts.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.fleet.models import AgentHealth
from cloud.fleet.reads import health
from cloud.fleet.service import push_order
from cloud.ledger.service import Appender, add_record, next_index
from cloud.releases.models import AgentUpdate, Release, Wanted
from cloud.world import World
from proof.keys import Signer
from wire.kinds import OrderKind
from wire.messages import to_body
from wire.releases import Manifest, Update

_sql = load_queries(__file__)


async def bring_up(
    tx: Tx, appender: Appender, world: World, *, manifest: Manifest, sha256: str, size: int, notes: str, actor: str
) -> Release:
    """The release is known at the appender's site; nobody gets it yet. Raises ConflictError `release_exists`."""
    if await one(tx, _sql.program, site=appender.site, sha256=sha256) is not None:
        raise ConflictError("release_exists", f"version {manifest.version} with this very content is here already")
    at, told = world.now(), to_body(manifest)
    row: Row = {"site": appender.site, "sha256": sha256, "version": manifest.version, "bytes": size, "manifest": told,
                "notes": notes, "brought_by": actor, "brought_at": at, "index": next_index(appender)}  # fmt: skip
    await tx.execute(_sql.add_program, {**row, "manifest": Jsonb(told)})
    content = {"release": sha256, "version": manifest.version, "bytes": size, "manifest": told, "notes": notes}
    await add_record(
        tx, appender, kind="program_brought_up", at=at, actor=actor, content=content, salt=world.salt()
    )  # fmt: skip
    return _release({**row, "approved_at": None, "approved_index": None})


async def releases(tx: Tx, site: str) -> list[Release]:
    """The newest releases of a site."""
    return [_release(row) for row in await rows(tx, _sql.programs, site=site)]


async def to_approve(tx: Tx, site: str, sha256: str, version: str) -> Row:
    """The release that two people approve. Raises NotFoundError, ConflictError, InvalidError where it is another."""
    row = await one(tx, _sql.program, site=site, sha256=sha256)
    if row is None:
        raise NotFoundError("release", sha256)
    if row["version"] != version:
        raise InvalidError("another_version", f"this release is version {row['version']}, not {version}")
    if row["approved_index"] is not None:
        raise ConflictError("approved_already", f"entry {row['approved_index']} approved it")
    return row


async def approve(tx: Tx, site: str, sha256: str, index: int, at: datetime) -> None:
    """It may be rolled out, by the entry `index`."""
    await tx.execute(_sql.approve, {"site": site, "sha256": sha256, "index": index, "at": at})


async def roll_out(
    tx: Tx, appender: Appender, world: World, key: Signer, *, sha256: str, agents: Sequence[str], version: str,
    actor: str,
) -> dict[str, int]:  # fmt: skip
    """Orders it for `agents`, each an entry; returns those. The first time for one agent alone, the others once that
    one runs it. Raises NotFoundError, InvalidError, ConflictError `not_approved`, `agent_revoked`, `one_first`.
    """
    site = appender.site
    row = await one(tx, _sql.program, site=site, sha256=sha256)
    if row is None:
        raise NotFoundError("release", sha256)
    if row["version"] != version:
        raise InvalidError("another_version", f"this release is version {row['version']}, not {version}")
    if row["approved_index"] is None:
        raise ConflictError("not_approved", "two people approve a release before any agent gets it")
    named = sorted(set(agents))
    await _must_be_here(tx, site, named)
    await _one_first(tx, site, sha256, named)
    entries = {}
    for agent in named:
        entries[agent] = await _order(tx, appender, world, key, agent=agent, row=row, actor=actor)
    return entries


async def _must_be_here(tx: Tx, site: str, agents: Sequence[str]) -> None:
    known = {row["id"]: row for row in await rows(tx, _sql.agents, site=site, agents=list(agents))}
    for agent in agents:
        if agent not in known:
            raise NotFoundError("agent", agent)
        if known[agent]["revoked_at"] is not None:
            raise ConflictError("agent_revoked", f"{agent} was shut out")


async def _one_first(tx: Tx, site: str, sha256: str, agents: Sequence[str]) -> None:
    row = await one(tx, _sql.tried_out, site=site, sha256=sha256)
    if row is not None and not row["applied"] and len({*agents, *row["under_way"]}) > 1:
        raise ConflictError("one_first", "one agent takes it first; the others once that one runs it")


async def _order(
    tx: Tx, appender: Appender, world: World, key: Signer, *, agent: str, row: Row, actor: str
) -> int:  # fmt: skip
    at = world.now()
    newest = await one(tx, _sql.newest_number, agent=agent) or {"number": 0}
    update = Update(number=newest["number"] + 1, version=row["version"], sha256=row["sha256"], bytes=row["bytes"],
                    approved=row["approved_index"])  # fmt: skip
    order = await push_order(
        tx, world, key, agent=agent, kind=OrderKind.UPDATE.value, body=to_body(update), at=at, about=row["sha256"]
    )
    values: dict[str, Any] = {
        "agent": agent, "number": update.number, "sha256": update.sha256, "version": update.version, "order_id": order,
    }  # fmt: skip
    stored = {**values, "site": appender.site, "ordered_by": actor, "ordered_at": at, "index": next_index(appender)}
    await tx.execute(_sql.add_update, stored)
    content = {name: values[name] for name in ("agent", "number", "version")}
    content |= {"release": update.sha256, "order": order}
    return await add_record(
        tx, appender, kind="update_ordered", at=at, actor=actor, content=content, salt=world.salt()
    )  # fmt: skip


async def note_state(tx: Tx, agent: str, number: int, sha256: str, state: str, index: int) -> None:
    """What the fact of entry `index` says of an update."""
    values = {"agent": agent, "number": number, "sha256": sha256.replace("\0", ""), "state": state, "index": index}
    await tx.execute(_sql.set_state, values)


async def bytes_for(tx: Tx, agent: str, sha256: str) -> int:
    """How large the release is that was ordered for `agent`. Raises NotFoundError for any other."""
    row = await one(tx, _sql.ordered_for, agent=agent, sha256=sha256)
    if row is None:
        raise NotFoundError("release that was ordered for this agent", sha256)
    return int(row["bytes"])


async def updates(tx: Tx, site: str) -> list[AgentUpdate]:
    """What each living agent of a site runs, and what is wanted of it."""
    well = {row.id: row for row in (await health(tx, site)).rows}
    return [_update(row, well[row["agent"]]) for row in await rows(tx, _sql.updates, site=site)]


def _update(row: Row, well: AgentHealth) -> AgentUpdate:
    wanted = None
    if row["number"] is not None:
        state, pct = row["state"], None
        code, reason = _told(row["told"], "code"), _told(row["told"], "reason")
        answer, _, problem = (row["answer"] or "").partition(": ")
        if state == "ordered" and answer == "refused":
            state, code, reason = "refused", "not_taken", problem
        beat = well.update
        if state in ("ordered", "staged") and beat is not None and beat.number == row["number"]:
            state, pct = beat.state, beat.pct
        shown = {name: row[name] for name in ("number", "sha256", "version", "ordered_by", "ordered_at", "index")}
        wanted = Wanted(**shown, state=state, pct=pct, code=code, reason=reason)
    return AgentUpdate(agent=row["agent"], online=well.online, running=well.software, wanted=wanted)


def _told(content: str | None, name: str) -> str:
    """By the agent's own fact; nothing where that was erased."""
    return str((json.loads(content)["body"] if content else {}).get(name) or "")


def _release(row: Row) -> Release:
    shown = {name: row["manifest"][name] for name in ("follows", "form", "python", "platform", "journal")}
    return Release.model_validate({**row, **shown})
