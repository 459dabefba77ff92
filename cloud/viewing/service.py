"""Looks through cameras as the ledger has them: who, which camera, why, from when to when at the longest."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from cloud.db.pool import one, transaction
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.evidence.acting import Acting
from cloud.ledger.service import add_record, close_ledger, open_ledger
from cloud.parts import Parts
from cloud.viewing.models import IceServerShown, NewView, View
from cloud.viewing.relay import Look
from custody.permits import time_text
from wire.kinds import OrderKind

OPENED, CLOSED = "live_view_opened", "live_view_closed"

_sql = load_queries(__file__)


async def open_view(
    act: Acting, view: str, asked: NewView, ice: list[IceServerShown], lasts: timedelta, *, first: bool
) -> View:
    """Says that somebody looks; who is the `first` to do so has the agent asked for the picture.

    Raises NotFoundError for an agent that is not there.
    """
    if await one(act.tx, _sql.living_agent, agent=asked.agent, site=act.site) is None:
        raise NotFoundError("agent", asked.agent)
    until = act.at + lasts
    content: Mapping[str, Any] = {
        "view": view, "agent": asked.agent, "station": asked.station, "until": time_text(until), "reason": asked.reason,
    }  # fmt: skip
    index = await act.record(OPENED, content, [])
    if first:
        servers = [server.model_dump() for server in ice]
        body = {"view": view, "station": asked.station, "until": time_text(until), "ice": servers}
        await act.order(asked.agent, OrderKind.LOOK, body)
    return View(id=view, agent=asked.agent, station=asked.station, until=until, index=index, ice=ice)


async def close_view(parts: Parts, look: Look, seconds: float) -> None:
    """Says that a look is over."""
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, look.site)
        agent, station = look.source.camera
        content = {"view": look.view, "agent": agent, "station": station, "seconds": round(seconds)}
        await add_record(
            tx, appender, kind=CLOSED, at=parts.world.now(), actor=look.person, content=content,
            salt=parts.world.salt(),
        )  # fmt: skip
        await close_ledger(tx, appender)
