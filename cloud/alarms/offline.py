"""Agents that are gone: an alarm each, and one for all of them where many are: then it is no agent's fault but the
network's or the broker's, and a thousand alarms would hide it.
"""

from cloud.alarms.service import clear_alarm, raise_alarm
from cloud.db.pool import Tx, rows
from cloud.db.queries import load_queries
from cloud.ledger.service import Appender
from cloud.world import World

ONE, MANY = "agent_offline", "agents_offline"
TOGETHER = 10
"""More than so many of a site that are gone are one alarm."""

_sql = load_queries(__file__, "offline.sql")


async def went(tx: Tx, appender: Appender, world: World, agent: str, actor: str) -> None:
    """`agent` is gone, which its presence says already."""
    site, at = appender.site, world.now()
    gone = [row["id"] for row in await rows(tx, _sql.gone, site=site)]
    if len(gone) <= TOGETHER:
        await _raise_one(tx, appender, world, agent, actor)
        return
    detail = {"agents": len(gone), "last": agent}
    await raise_alarm(
        tx, appender, world, cause=MANY, place=site, severity="critical", detail=detail, at=at, actor=actor
    )
    for row in await rows(tx, _sql.alarmed, site=site, cause=ONE):
        await clear_alarm(tx, appender, world, cause=ONE, place=row["place"], at=at, actor=actor)


async def came(tx: Tx, appender: Appender, world: World, agent: str, actor: str) -> None:
    """`agent` is back. Who is still gone when the others are back has an alarm of its own again."""
    site, at = appender.site, world.now()
    await clear_alarm(tx, appender, world, cause=ONE, place=agent, at=at, actor=actor)
    if not await rows(tx, _sql.alarmed, site=site, cause=MANY):
        return
    gone = [row["id"] for row in await rows(tx, _sql.gone, site=site)]
    if len(gone) <= TOGETHER:
        await clear_alarm(tx, appender, world, cause=MANY, place=site, at=at, actor=actor)
        for each in gone:
            await _raise_one(tx, appender, world, each, actor)


async def _raise_one(tx: Tx, appender: Appender, world: World, agent: str, actor: str) -> None:
    await raise_alarm(
        tx, appender, world, cause=ONE, place=agent, severity="major", detail={}, at=world.now(), actor=actor
    )
