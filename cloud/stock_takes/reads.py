"""What is read of stock-takes. While two count, nobody is told what they should find, nor what the other found."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cloud.db.pool import Row, Tx, one, rows, transaction
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, NotFoundError
from cloud.ledger.service import close_ledger, open_ledger
from cloud.parts import Parts
from cloud.people.models import Person
from cloud.stock_takes.errors import NotCounterError
from cloud.stock_takes.models import (
    CounterProgress,
    CountRows,
    Difference,
    DifferenceRows,
    LineRows,
    Place,
    PlaceRows,
    StockTake,
    StockTakeRows,
)
from cloud.stock_takes.opening import draw_due, sites_to_draw
from custody.roles import Role
from custody.stock_taking import Seat

_sql = load_queries(__file__, "reads.sql")

_NEWEST = 2**62
_COUNTERS = {Role.KEEPER, Role.BOOKKEEPER}
_WATCHERS = {Role.LEADER, Role.APPROVER, Role.SUPERVISOR, Role.AUDITOR}


@asynccontextmanager
async def reading(parts: Parts, site: str) -> AsyncIterator[Tx]:
    """A transaction to read of `site` in; a draw that is due there is made first, in one of its own."""
    async with transaction(parts.pool) as tx:
        due = site in await sites_to_draw(tx)
    if due:
        async with transaction(parts.pool) as tx:
            appender = await open_ledger(tx, site)
            await draw_due(tx, appender, parts.world, parts.world.now())
            await close_ledger(tx, appender)
    async with transaction(parts.pool) as tx:
        yield tx


async def stock_takes(
    tx: Tx, site: str, person: Person, *, after: int | None, running: bool, limit: int
) -> StockTakeRows:
    """Stock-takes of the site, newest first."""
    where = {"site": site, "id": None, "before": _NEWEST if after is None else after}
    found = await rows(tx, _sql.takes, **where, running=running, most=limit)
    shown = [_shown(row, person) for row in found]
    return StockTakeRows(rows=shown, next=found[-1]["index"] if len(found) == limit else None)


async def stock_take(tx: Tx, site: str, person: Person, name: str) -> StockTake:
    """One stock-take. Raises NotFoundError."""
    return _shown(await _take(tx, site, name), person)


async def _take(tx: Tx, site: str, name: str) -> Row:
    row = await one(tx, _sql.takes, site=site, id=name, before=_NEWEST, running=False, most=1)
    if row is None:
        raise NotFoundError("stock-take", name)
    return row


def _shown(row: Row, person: Person) -> StockTake:
    told = _numbers_told(row, person)
    seats = {
        seat.value: CounterProgress(
            person=row[seat.value],
            things=row[f"{seat}_things"] if told or row[seat.value] == person.id else None,
            closed=row[f"{seat}_index"] is not None,
        )
        for seat in Seat
    }
    root = row["checkpoint_root"]
    hidden: dict[str, Any] = {} if told else {"population": None, "wanted": None}
    mine = next((seat for seat in Seat if row[seat.value] == person.id), None)
    return StockTake.model_validate(
        {**row, **hidden, **seats, "checkpoint_root": None if root is None else bytes(root).hex(), "seat": mine}
    )


def _numbers_told(row: Row, person: Person) -> bool:
    """Whoever counts, or could take a free seat, must not know how much there is to find; who watches may."""
    if row["compared_index"] is not None:
        return True
    if person.id in (row["keeper"], row["bookkeeper"]):
        return False
    seats_free = row["keeper"] is None or row["bookkeeper"] is None
    if seats_free and not _COUNTERS.isdisjoint(person.roles):
        return False
    return not _WATCHERS.isdisjoint(person.roles)


async def places(tx: Tx, site: str, name: str) -> PlaceRows:
    """Where the two counters have to go. Raises NotFoundError, ConflictError `not_drawn`."""
    take = await _take(tx, site, name)
    if take["state"] == "open":
        raise ConflictError("not_drawn", f"the sample of {name} is not drawn yet: the log has to be signed first")
    sampled = take["kind"] == "random"
    found = await rows(tx, _sql.places, site=site, zone=take["zone"], stock_take=name, sampled=sampled)
    row = await one(tx, _sql.outside, stock_take=name)
    outside = take["zone"] is None and (not sampled or bool(row and row["outside"]))
    return PlaceRows(rows=[Place.model_validate(place) for place in found], outside=outside)


async def my_counts(tx: Tx, site: str, person: Person, name: str, *, after: str, limit: int) -> CountRows:
    """The scans of `person`, and of nobody else. Raises NotFoundError, NotCounterError."""
    take = await _take(tx, site, name)
    if person.id not in (take["keeper"], take["bookkeeper"]):
        raise NotCounterError(f"{person.id} is no counter of {name}")
    own = {"stock_take": name, "person": person.id}
    found = await rows(tx, _sql.counts, **own, after=after, most=limit)
    total = await one(tx, _sql.count_total, **own) or {"total": 0}
    after_this = found[-1]["key"] if len(found) == limit else None
    return CountRows.model_validate({"rows": found, "next": after_this, **total})


async def differences(tx: Tx, site: str, name: str, *, unanswered: bool, after: str, limit: int) -> DifferenceRows:
    """Differences by thing. Raises NotFoundError, ConflictError `still_counting`."""
    await _compared(tx, site, name)
    where = {"stock_take": name, "unanswered": unanswered, "after": after, "most": limit}
    found = [Difference.model_validate(row) for row in await rows(tx, _sql.differences, **where)]
    return DifferenceRows(rows=found, next=found[-1].thing if len(found) == limit else None)


async def lines(tx: Tx, site: str, name: str, *, drawn: bool, after: str, limit: int) -> LineRows:
    """The book that was counted against. Raises NotFoundError, ConflictError `still_counting`."""
    await _compared(tx, site, name)
    where = {"stock_take": name, "drawn": drawn, "after": after, "most": limit}
    found = await rows(tx, _sql.lines, **where)
    return LineRows.model_validate({"rows": found, "next": found[-1]["thing"] if len(found) == limit else None})


async def _compared(tx: Tx, site: str, name: str) -> None:
    take = await _take(tx, site, name)
    if take["compared_index"] is None:
        raise ConflictError("still_counting", f"{name} is being counted: nobody sees the book or the counts before")
