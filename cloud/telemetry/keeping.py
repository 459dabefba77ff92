"""How long raw readings are kept: whole batches are named by an entry first, then they go (ADR 23).

What stays of a batch is its statement, its heads and the digest of its content: its place in the chain can still be
checked, and what was gathered of it by minute, hour and day stays. A batch that is not as it was signed never goes.
"""

import hashlib
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.ledger.service import Appender, add_record
from cloud.telemetry.check import keys_of, signed
from cloud.telemetry.named import KEPT, REMOVED, name
from cloud.world import World
from custody.permits import time_text
from wire.readings import Columns

ACTOR = "jobs"
DIFFER = "readings_differ"
"""The alarm about a batch that was to go and is not as it was signed."""
MOST_TOLD = 10_000
"""Batches in one entry that says which are here."""
MOST_BATCHES, MOST_READINGS = 200, 20_000
"""In one entry that says what is removed (a batch more, where one alone has so many), and in one step of removing."""
UNKNOWN_ERROR = timedelta(days=1)
"""How wrong a clock may have been of which nobody knew."""

_sql = load_queries(__file__, "keeping.sql")

Span = tuple[datetime | None, datetime]
"""From when on (None: ever) until when."""


@dataclass(slots=True)
class Going:
    """Batches of `agent` that may go: heads and digests by number, and what is in them by sensor."""

    agent: str
    heads: dict[int, bytes] = field(default_factory=dict)
    digests: dict[int, bytes] = field(default_factory=dict)
    sensors: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    doubtful: dict[int, str] = field(default_factory=dict)
    """those that stay, since they are not as they were signed, and why"""


async def anything_untold(tx: Tx, site: str) -> bool:
    """Whether the ledger does not say yet of a batch that it is here. Takes no lock."""
    return await one(tx, _sql.untold, site=site, most=1) is not None


async def tell_kept(tx: Tx, appender: Appender, world: World, at: datetime) -> bool:
    """The ledger says which batches came since it last did; whether there may be more."""
    heads: dict[str, dict[int, bytes]] = {}
    found = await rows(tx, _sql.untold, site=appender.site, most=MOST_TOLD)
    for row in found:
        heads.setdefault(row["agent"], {})[row["number"]] = row["head"]
    if not found:
        return False
    told = [name(agent, of_agent) for agent, of_agent in sorted(heads.items())]
    content = {"agents": [one.as_content() for one in told]}
    await add_record(tx, appender, kind=KEPT, at=at, actor=ACTOR, content=content, salt=world.salt())
    for said in told:
        firsts, lasts = zip(*said.batches, strict=True)
        await tx.execute(_sql.set_told, {"agent": said.agent, "firsts": list(firsts), "lasts": list(lasts)})
    return len(found) == MOST_TOLD


async def agents_of(tx: Tx, site: str) -> list[str]:
    """The agents of `site` that ever measured at a high rate."""
    return [row["agent"] for row in await rows(tx, _sql.agents, site=site)]


async def going(tx: Tx, site: str, agent: str, span: Span, doubtful: Collection[int]) -> Going:
    """What of `agent` lies within `span`, however wrong its clock was, and may go: one step of it. Takes no lock."""
    found, readings = Going(agent), 0
    about = {"agent": agent, "since": span[0], "until": span[1], "doubtful": list(doubtful), "most": MOST_BATCHES}
    keys = await keys_of(tx, site, agent)
    for row in await rows(tx, _sql.due, **about, unknown=UNKNOWN_ERROR):
        readings += row["rows"]
        if readings > MOST_READINGS and found.heads:
            break
        told = await signed(tx, row, keys)
        if isinstance(told, str):
            found.doubtful[row["number"]] = told
        else:
            _count(found, row, *told)
    return found


def _count(found: Going, row: Row, columns: Columns, at: datetime) -> None:
    found.heads[row["number"]] = row["head"]
    found.digests[row["number"]] = hashlib.sha256(zlib.decompress(row["content"])).digest()
    for told in columns.series:
        since, until = (at + timedelta(microseconds=us) for us in (min(told.after_us), max(told.after_us)))
        known = found.sensors.setdefault(
            (told.device, told.measures), {"count": 0, "since": since, "until": until}
        )  # fmt: skip
        known["count"] += len(told.values)
        known["since"], known["until"] = min(known["since"], since), max(known["until"], until)


async def release(tx: Tx, appender: Appender, world: World, gone: Going, kept: timedelta, at: datetime) -> int:
    """An entry says that the batches of `gone` are removed; its index. They are still there: `sweep` removes them."""
    sensors = [_sensor(*key, told) for key, told in sorted(gone.sensors.items())]
    content = {
        **name(gone.agent, gone.heads).as_content(), "sensors": sensors,
        "readings": sum(told["count"] for told in sensors), "kept_h": int(kept.total_seconds() // 3600),
    }  # fmt: skip
    index = await add_record(tx, appender, kind=REMOVED, at=at, actor=ACTOR, content=content, salt=world.salt())
    numbers = sorted(gone.heads)
    digests = [gone.digests[number] for number in numbers]
    await tx.execute(_sql.release, {"agent": gone.agent, "numbers": numbers, "digests": digests, "entry": index})
    return index


def _sensor(device: str, measures: str, told: Mapping[str, Any]) -> dict[str, Any]:
    span = {"since": time_text(told["since"]), "until": time_text(told["until"])}
    return {"device": device, "measures": measures, "count": told["count"], **span}


async def sweep(tx: Tx, site: str) -> int:
    """Removes what entries say is removed, a step of it; how many batches those were."""
    row = await one(tx, _sql.sweep, site=site, most=MOST_READINGS)
    return int(row["swept"]) if row else 0


async def tidy(tx: Tx, before: datetime) -> int:
    """Takes away the days before `before` in which nothing is left; how many."""
    row = await one(tx, _sql.tidy, before=before)
    return int(row["tidied"]) if row else 0
