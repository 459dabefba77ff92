"""Break-glass (N7): a gate that was opened for life without asking. It opens at once, and cannot be silent: the same
transaction that takes the fact makes an exception with an alarm and a date for its review; what came of it, the clip
and the closing are added, the zones are counted anew, and two people review it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from cloud.alarms.service import raise_alarm
from cloud.db.pool import Row, Tx, one, rows, storable
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.evidence.effects import clear
from cloud.evidence.taken import ACTOR, Taken
from cloud.ledger.service import Appender, add_record, next_index
from cloud.world import World
from custody.permits import time_text
from custody.rule_pack import RulePack
from wire.break_glass import BreakGlassClip, BreakGlassClosed, BreakGlassOpened
from wire.errors import MessageError
from wire.messages import body_of

OPENED, OVERDUE = "break_glass", "exception_review_overdue"
JOBS = "jobs"
MOST_COUNTED = 2**31 - 1
"""A larger number, which only a broken agent tells, is cut: it has to fit into a column."""

OpenRecount = Callable[[Tx, Appender, World, str, str, str, datetime], Awaitable[str]]
"""Orders that a zone is counted anew: of a site, a zone, for a cause, at a time; returns the stock-take."""

_sql = load_queries(__file__, "exceptions.sql")


async def opened(taken: Taken) -> None:
    """A gate was opened for life: the exception, its alarm and the date of its review are there with the fact."""
    body = body_of(BreakGlassOpened, taken.fact.body)
    await _cut_short(taken, storable(body.station))
    name = taken.world.new_id(taken.site, "X")
    due = min(taken.at, taken.taken_at) + review_within(taken.pack)
    content = {
        "exception": name, "agent": taken.agent, "station": body.station, "input": body.input,
        "fact": {"seq": taken.fact.seq, "entry": taken.index, "at": time_text(taken.at)}, "due_at": time_text(due),
    }  # fmt: skip
    row = {
        "id": name, "site": taken.site, "agent": taken.agent, "station": storable(body.station),
        "input": storable(body.input), "opened_seq": taken.fact.seq, "opened_index": taken.index,
        "opened_at": taken.at, "due_at": due,
    }  # fmt: skip
    await taken.tx.execute(_sql.open_exception, {**row, "index": next_index(taken.appender)})
    await add_record(
        taken.tx, taken.appender, kind="exception_opened", at=taken.taken_at, actor=ACTOR, content=content,
        salt=taken.world.salt(), things=[name],
    )  # fmt: skip
    await taken.alarm(OPENED, taken.place(body.station), "critical", {"exception": name, "input": body.input})


async def clip(taken: Taken) -> None:
    """Stills of the time while it was open."""
    body = body_of(BreakGlassClip, taken.fact.body)
    row = await _opening(taken, body.opened)
    pictures = [storable(picture.sha256) for picture in body.pictures]
    values = {"id": row["id"], "pictures": pictures, "missed": _counted(body.missed)}
    await taken.tx.execute(_sql.add_clip, values)


async def closed(taken: Taken) -> None:
    """The gate is about to close again; what an agent tells of one that was cut short before comes too late."""
    body = body_of(BreakGlassClosed, taken.fact.body)
    row = await _opening(taken, body.opened)
    if row["state"] == "open":
        told = {"open_ms": _counted(body.open_ms), "crossings": _counted(body.crossings)}
        await taken.tx.execute(_sql.close_exception, {"id": row["id"], "index": taken.index, "at": taken.at, **told})


async def agent_started(taken: Taken) -> None:
    """Whatever the agent held open ended when it did: nobody will tell of its closing."""
    await _cut_short(taken, None)


async def open_at(taken: Taken, station: str) -> str | None:
    """The exception that is open at `station` now."""
    row = await one(taken.tx, _sql.open_at, agent=taken.agent, station=storable(station))
    return None if row is None else str(row["id"])


async def _cut_short(taken: Taken, station: str | None) -> None:
    values = {"agent": taken.agent, "station": station, "index": taken.index, "at": taken.at}
    await taken.file_under([row["id"] for row in await rows(taken.tx, _sql.cut_short, **values)])


async def _opening(taken: Taken, seq: int) -> Row:
    """The exception that the agent's fact `seq` opened; the fact is about it. Raises MessageError."""
    known = 0 < seq < taken.fact.seq
    row = await one(taken.tx, _sql.of_opening, agent=taken.agent, opened=seq, site=taken.site) if known else None
    if row is None:
        raise MessageError(f"fact {seq} opened nothing")
    await taken.file_under([row["id"]])
    return row


def _counted(number: int) -> int:
    return min(max(number, 0), MOST_COUNTED)


def review_within(pack: RulePack) -> timedelta:
    """How long after its opening an exception has to have been reviewed."""
    limit = str(pack.section("break_glass").get("review", "exception_review"))
    return pack.limits.get(limit, timedelta(hours=48))


async def review(act: Acting, name: str, finding: str, content: Mapping[str, Any]) -> int:
    """Two people looked into it: it is over with their `finding`, and so are its alarms. Returns the entry.

    Raises NotFoundError, ConflictError `exception_open`, `exception_reviewed`.
    """
    row = await one(act.tx, _sql.to_review, id=name, site=act.site)
    if row is None:
        raise NotFoundError("exception", name)
    if row["state"] != "closed":
        raise ConflictError(f"exception_{row['state']}", f"{name} is {row['state']}")
    index = await act.record("exception_reviewed", {**content, "exception": name, "finding": finding}, [name])
    await act.tx.execute(_sql.review, {"id": name, "finding": finding, "index": index})
    await clear(act, OVERDUE, name)
    place = {"agent": row["agent"], "station": row["station"]}
    if await one(act.tx, _sql.unreviewed_at, **place) is None:
        await clear(act, OPENED, f"{row['agent']}:{row['station']}")
    return index


async def anything_due(tx: Tx, site: str, at: datetime) -> bool:
    """Whether an exception waits for its recount, or its review is overdue; asked without a lock."""
    return bool(await rows(tx, _sql.uncounted, site=site) or await rows(tx, _sql.overdue, site=site, at=at))


async def watch_reviews(tx: Tx, appender: Appender, world: World, at: datetime) -> None:
    """Raises the alarm of every review that is overdue."""
    for row in await rows(tx, _sql.overdue, site=appender.site, at=at):
        detail = {"agent": row["agent"], "station": row["station"], "due_at": time_text(row["due_at"])}
        await raise_alarm(
            tx, appender, world, cause=OVERDUE, place=row["id"], severity="critical", detail=detail, at=at, actor=JOBS
        )


async def order_recounts(
    tx: Tx, appender: Appender, world: World, pack: RulePack, at: datetime, open_recount: OpenRecount
) -> None:
    """Has the zones behind every gate that was opened for life counted anew, once it is closed."""
    for row in await rows(tx, _sql.uncounted, site=appender.site):
        recounts = {
            zone: await open_recount(tx, appender, world, appender.site, zone, row["id"], at)
            for zone in await _zones(tx, appender.site, pack, row["station"])
        }
        await tx.execute(_sql.set_recounts, {"id": row["id"], "recounts": Jsonb(recounts)})
        await add_record(
            tx, appender, kind="exception_recounted", at=at, actor=JOBS,
            content={"exception": row["id"], "recounts": recounts}, salt=world.salt(), things=[row["id"]],
        )  # fmt: skip


async def _zones(tx: Tx, site: str, pack: RulePack, station: str) -> Sequence[str]:
    """All zones of the site, unless the pack names those behind the station (`break_glass.zones`: station → names)."""
    section = pack.section("break_glass")
    if not section.get("recount", True):
        return []
    behind = section.get("zones", {}).get(station)
    return [row["id"] for row in await rows(tx, _sql.zones, site=site) if behind is None or row["name"] in behind]
