"""Somebody where nobody is expected, as cameras that only watch tell: an alarm, with its film.

It is over by itself once nobody is there any more, whether or not somebody took notice of it, as other alarms are.
"""

import json
from contextlib import suppress
from typing import Any

from cloud.alarms.service import Severity
from cloud.db.pool import Tx, rows
from cloud.db.queries import load_queries
from cloud.evidence.clip_models import WatchRows, WatchShown
from cloud.evidence.taken import Taken
from wire.errors import MessageError
from wire.messages import AgentStarted, body_of
from wire.watching import PresenceEnded, PresenceSeen

WITHOUT_TASK = "presence_without_task"
"""The alarm; its place is the camera's station."""

_sql = load_queries(__file__, "presence.sql")


async def seen(taken: Taken) -> None:
    """Somebody is there, and no door and no task says why."""
    body = body_of(PresenceSeen, taken.fact.body)
    detail: dict[str, Any] = {
        "station": body.station, "camera": body.camera, "since": body.since, "why": body.why, "zones": body.zones,
    }  # fmt: skip
    severity: Severity = "critical" if body.why == "quiet_hours" else "major"
    await taken.alarm(WITHOUT_TASK, taken.place(body.station), severity, detail)


async def ended(taken: Taken) -> None:
    """Nobody is there any more."""
    body = body_of(PresenceEnded, taken.fact.body)
    await taken.clear(WITHOUT_TASK, taken.place(body.station))


async def watches(tx: Tx, site: str) -> WatchRows:
    """The stations of a site that only watch."""
    shown = []
    for row in await rows(tx, _sql.watches, site=site):
        with suppress(MessageError):  # it was an alarm
            told = body_of(AgentStarted, json.loads(row["content"])["body"])
            shown += [WatchShown(agent=row["agent"], station=station) for station in told.watches]
    return WatchRows(rows=shown)
