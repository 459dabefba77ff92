"""A batch of readings into the tables, once; and what they were over time.

The worker calls `store` with what it verified. A number that was seen is not taken again, whatever order batches come
in; what contradicts a neighbour in the agent's chain is told as such. Where the server has no TimescaleDB the touched
buckets are added to here: each reading is taken once, so a late one lands in its bucket as any other. Where it has,
that is so of the buckets whose readings were removed (ADR 23).
"""

import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from wire.readings import OpenedReadings

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
"""No clock that somebody cared for is before the one, or further ahead than the other."""
MINUTE_US = 60_000_000
LATE = timedelta(hours=12)
"""Nothing that came sooner can have been removed: readings are kept for a day at least."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)

_sql = load_queries(__file__)


class Standing(StrEnum):
    """How a batch stands to what is here: new, seen before, another one of the same place, of an impossible time."""

    NEW = "new"
    SEEN = "seen"
    CONTRADICTS = "contradicts"
    IMPOSSIBLE_TIME = "impossible_time"


@dataclass(slots=True)
class _Buckets:
    """What a batch adds to minutes: parallel columns."""

    series: list[int] = field(default_factory=list)
    bucket: list[datetime] = field(default_factory=list)
    n: list[int] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    total: list[float] = field(default_factory=list)


async def gathers(tx: Tx) -> bool:
    """Whether buckets are kept by `store`; else TimescaleDB keeps them."""
    row = await one(tx, _sql.gathers)
    return bool(row and row["gathers"])


async def store(tx: Tx, site: str, batch: OpenedReadings, taken_at: datetime, gather: bool) -> Standing:
    """Stores a verified batch, unless it is here; `gather` as `gathers` says."""
    said = batch.statement
    standing = await _standing(tx, batch)
    if standing is not Standing.NEW:
        return standing
    base = (batch.at - _EPOCH) // _US
    after = [us for one in batch.columns.series for us in one.after_us]
    try:
        since, until = (_EPOCH + timedelta(microseconds=base + us) for us in (min(after), max(after)))
    except OverflowError:
        return Standing.IMPOSSIBLE_TIME
    if since < EARLIEST or until > taken_at + AHEAD:
        return Standing.IMPOSSIBLE_TIME
    (kept,) = await rows(
        tx, _sql.add_batch, site=site, agent=said.agent, number=said.number, prev=bytes.fromhex(said.prev),
        head=bytes.fromhex(said.head), rows=said.rows, since=since, until=until, taken_at=taken_at,
        error_ms=batch.columns.clock.error_ms, jws=batch.jws, content=zlib.compress(batch.content, 1),
    )  # fmt: skip
    ids = await _series(tx, site, batch, base)
    days = sorted({(since + timedelta(days=n)).date() for n in range((until - since).days + 2)} | {until.date()})
    await tx.execute(_sql.days, {"days": [day for day in days if day <= until.date()]})
    await _copy(tx, batch, base, ids, kept["id"])
    if gather:
        await tx.execute(_sql.add_minutes, _gathered(batch, base, ids))
    elif since < taken_at - LATE:
        await tx.execute(_sql.add_late, _gathered(batch, base, ids))
    return Standing.NEW


async def _standing(tx: Tx, batch: OpenedReadings) -> Standing:
    said = batch.statement
    await tx.execute(_sql.lock_agent, {"agent": said.agent})
    near = {row["number"]: row for row in await rows(tx, _sql.neighbours, agent=said.agent, number=said.number)}
    same, before, after = (near.get(said.number + step) for step in (0, -1, 1))
    prev, head = bytes.fromhex(said.prev), bytes.fromhex(said.head)
    if same is not None:
        return Standing.SEEN if same["head"] == head else Standing.CONTRADICTS
    if (before is not None and before["head"] != prev) or (after is not None and after["prev"] != head):
        return Standing.CONTRADICTS
    return Standing.NEW


async def _series(tx: Tx, site: str, batch: OpenedReadings, base: int) -> dict[tuple[str, str], int]:
    newest: dict[tuple[str, str], tuple[int, float]] = {}
    for told in batch.columns.series:
        for pair in zip(told.after_us, told.values, strict=True):
            newest[told.device, told.measures] = max(newest.get((told.device, told.measures), pair), pair)
    keys = sorted(newest)  # in one order for all, so that two workers never wait for each other
    found = await rows(
        tx, _sql.set_series, site=site, agent=batch.statement.agent, devices=[key[0] for key in keys],
        measures=[key[1] for key in keys], values=[newest[key][1] for key in keys],
        at=[_EPOCH + timedelta(microseconds=base + newest[key][0]) for key in keys],
    )  # fmt: skip
    return {(row["device"], row["measures"]): row["id"] for row in found}


async def _copy(tx: Tx, batch: OpenedReadings, base: int, ids: dict[tuple[str, str], int], kept: int) -> None:
    async with tx.cursor() as cursor, cursor.copy(_sql.copy) as copy:
        await copy.write(b"".join(binary_rows(batch, base, ids, kept)))


def _instants(base: int, after: list[int]) -> Iterator[int]:
    return (base + us for us in after)


def binary_rows(batch: OpenedReadings, base: int, ids: dict[tuple[str, str], int], kept: int) -> Iterator[bytes]:
    """The rows of `telemetry` in PostgreSQL's binary COPY format, version 1 of it (its manual, "COPY")."""
    from struct import Struct

    row = Struct("!hiiiqidiq")
    yield b"PGCOPY\n\xff\r\n\0" + bytes(8)
    start = base - _PG_EPOCH_US
    for told in batch.columns.series:
        series = ids[told.device, told.measures]
        for us, value in zip(told.after_us, told.values, strict=True):
            yield row.pack(4, 4, series, 8, start + us, 8, value, 8, kept)
    yield b"\xff\xff"


_PG_EPOCH_US = (datetime(2000, 1, 1, tzinfo=UTC) - _EPOCH) // _US


def _gathered(batch: OpenedReadings, base: int, ids: dict[tuple[str, str], int]) -> dict[str, Any]:
    told = _Buckets()
    found: dict[tuple[int, int], list[float]] = {}
    for one_ in batch.columns.series:
        series = ids[one_.device, one_.measures]
        for us, value in zip(_instants(base, one_.after_us), one_.values, strict=True):
            found.setdefault((series, us // MINUTE_US), []).append(value)
    for (series, minute), values in sorted(found.items()):
        told.series.append(series)
        told.bucket.append(_EPOCH + timedelta(minutes=minute))
        told.n.append(len(values))
        told.low.append(min(values))
        told.high.append(max(values))
        told.total.append(sum(values))
    return asdict(told)


async def series(tx: Tx, site: str) -> list[Row]:
    """Every value that was ever measured at `site` at a high rate, with its newest reading."""
    return await rows(tx, _sql.series, site=site)


async def course(
    tx: Tx, site: str, agent: str, device: str, measures: str, since: datetime, until: datetime, points: int
) -> Row:
    """What one value was between two times, in at most about `points` points: raw where those are few enough and all
    are kept.

    Returns `step` (raw, minute, hour, day), `points` (rows of at, n, low, high, mean), `gaps`, `error_ms` and whether
    single readings were `removed` that would be shown. Raises NotFoundError.
    """
    since = max(since, EARLIEST)  # nothing is from before, and no calendar has every bucket that begins earlier
    about = {"series": await series_id(tx, site, agent, device, measures), "since": since, "until": until}
    span = {"site": site, "agent": agent, "since": since, "before": until}
    shown = await rows(tx, _sql.raw, **about, most=points + 1)
    step, gone = "raw", len(shown) <= points and await any_removed(tx, agent, since, until)
    if gone or len(shown) > points:
        step = next((name for name, one_ in STEPS.items() if (until - since) / one_ <= points), "day")
        shown = await rows(tx, getattr(_sql, step), **about | {"since": _floor(since, STEPS[step])})
    error = await one(tx, _sql.error, **span)
    gaps = await rows(tx, _sql.gaps, **span)
    return {"step": step, "points": shown, "gaps": gaps, "removed": gone, **(error or {"error_ms": None})}


async def series_id(tx: Tx, site: str, agent: str, device: str, measures: str) -> int:
    """The number of that value in the tables. Raises NotFoundError."""
    found = await one(tx, _sql.find_series, site=site, agent=agent, device=device, measures=measures)
    if found is None:
        raise NotFoundError("sensor", f"{agent} {device} {measures}")
    return int(found["id"])


async def any_removed(tx: Tx, agent: str, since: datetime, until: datetime) -> bool:
    """Whether readings of `agent` between two times were removed at the end of their time (ADR 23)."""
    return await one(tx, _sql.any_removed, agent=agent, since=since, until=until) is not None


STEPS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}


def _floor(at: datetime, step: timedelta) -> datetime:
    return _EPOCH + (at - _EPOCH) // step * step
