"""Certificates that their agents should have renewed by now."""

from datetime import datetime

from cloud.alarms.service import clear_alarm, raise_alarm
from cloud.db.pool import Tx, rows
from cloud.db.queries import load_queries
from cloud.ledger.service import Appender
from cloud.world import World
from custody.permits import time_text

OVERDUE = "certificate_overdue"
ACTOR = "jobs"

_sql = load_queries(__file__)


async def anything_due(tx: Tx, site: str, at: datetime) -> bool:
    """Whether an alarm is to be raised or cleared; asked without a lock."""
    late, told = await _state(tx, site, at)
    return set(late) != told


async def watch(tx: Tx, appender: Appender, world: World, at: datetime) -> None:
    """Raises the alarm of each agent whose certificate is overdue at `at`, and clears those that are over."""
    late, told = await _state(tx, appender.site, at)
    for agent in sorted(set(late) - told):
        detail = {"not_after": time_text(late[agent]), "days_left": (late[agent] - at).days}
        await raise_alarm(
            tx, appender, world, cause=OVERDUE, place=agent, severity="major", detail=detail, at=at, actor=ACTOR
        )
    for agent in sorted(told - set(late)):
        await clear_alarm(tx, appender, world, cause=OVERDUE, place=agent, at=at, actor=ACTOR)


async def _state(tx: Tx, site: str, at: datetime) -> tuple[dict[str, datetime], set[str]]:
    late = {row["agent"]: row["not_after"] for row in await rows(tx, _sql.overdue, site=site, at=at)}
    return late, {row["place"] for row in await rows(tx, _sql.alarmed, site=site, cause=OVERDUE)}
