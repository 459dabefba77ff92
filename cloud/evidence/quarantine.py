"""Bytes that could not be taken are kept whole, once, with the reason; and an alarm says so. Nothing is dropped."""

import hashlib
import logging
from enum import StrEnum

from cloud.alarms.service import Severity, raise_alarm
from cloud.db.pool import Tx, one, storable
from cloud.db.queries import load_queries
from cloud.ledger.service import Appender, add_record
from cloud.world import World

_sql = load_queries(__file__, "facts.sql")
_log = logging.getLogger(__name__)


TOPIC_CHARACTERS = 300
"""More of a topic than this is not kept: no topic of ours is longer, and it has to fit into an index."""


class Why(StrEnum):
    """Why bytes were not taken."""

    WRONG_TOPIC = "wrong_topic"
    UNKNOWN_AGENT = "unknown_agent"
    UNREADABLE = "unreadable"
    WRONG_SIGNATURE = "wrong_signature"
    WRONG_CHAIN = "wrong_chain"
    WRONG_PREV = "wrong_prev"
    GAP = "gap"
    EQUIVOCATION = "equivocation"
    UNSTORABLE = "unstorable"


_ALARM: dict[Why, tuple[str, Severity]] = {
    Why.WRONG_SIGNATURE: ("wrong_signature", "critical"),
    Why.WRONG_PREV: ("equivocation", "critical"),
    Why.EQUIVOCATION: ("equivocation", "critical"),
}


async def quarantine(
    tx: Tx,
    appender: Appender | None,
    world: World,
    *,
    topic: str,
    agent: str | None,
    why: Why,
    detail: str,
    data: bytes,
) -> None:
    """Keeps `data` and raises the alarm that belongs to `why`; a gap's alarm waits until the gap has lasted.

    `appender` is the ledger of the site it claims to come from; None where there is no such site.
    """
    topic, at, digest = storable(topic)[:TOPIC_CHARACTERS], world.now(), hashlib.sha256(data)
    values = {"topic": topic, "agent": agent, "reason": why, "detail": storable(detail)[:2000], "at": at}
    kept = await one(tx, _sql.quarantine, **values, sha256=digest.digest(), payload=data)
    if appender is None:
        _log.error("quarantined %d bytes of no known site, topic %s: %s", len(data), topic, detail)
        return
    if why is Why.GAP:
        return
    content = {"topic": topic, "reason": why.value, "sha256": digest.hexdigest(), "bytes": len(data)}
    if kept is not None:
        await add_record(
            tx, appender, kind="batch_quarantined", at=at, actor="uplink", content=content, salt=world.salt()
        )
    cause, severity = _ALARM.get(why, ("quarantine", "major"))
    alarm = {**content, "detail": storable(detail)[:500]}
    await raise_alarm(
        tx, appender, world, cause=cause, place=agent or topic, severity=severity, detail=alarm, at=at, actor="uplink"
    )
