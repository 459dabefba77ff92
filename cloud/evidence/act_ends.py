"""How an act that waits comes to its end: done, declined, or not signed in time. Its things are free again."""

from datetime import datetime

from cloud.alarms.service import clear_alarm
from cloud.db.pool import Tx
from cloud.db.queries import load_queries
from cloud.ledger.service import Appender
from cloud.world import World

STUCK = "act_stuck"
"""The alarm of an act that waits for too long; its place is the act."""

_sql = load_queries(__file__, "acts.sql")


async def end_act(
    tx: Tx, appender: Appender, world: World, *, act: str, how: str, at: datetime, index: int, actor: str
) -> None:
    """The act waits no longer, by the entry `index`; its things are free and its alarm is over."""
    await tx.execute(_sql.end_act, {"act": act, "ended": how, "at": at, "index": index})
    await tx.execute(_sql.free_things, {"act": act})
    await clear_alarm(tx, appender, world, cause=STUCK, place=act, at=at, actor=actor)
