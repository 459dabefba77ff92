"""Opening a stock-take, which fixes the book that is counted against; and the draw, which the log makes.

Nobody chooses a sample: the seed is the root of the first checkpoint that covers the opening (ADR 8).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import InvalidError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.ledger.service import Appender, add_record, next_index
from cloud.stock_takes.errors import CounterError
from cloud.stock_takes.models import NewStockTake
from cloud.world import World
from custody.roles import Role
from custody.sampling import draw
from custody.stock_taking import INSIDE, Seat, Seen, StockTakeKind

ACTOR = "cloud"
"""Who draws, and who opens a recount that nobody asked for."""

_sql = load_queries(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is to be counted; `wanted` is how many are drawn of a random one, `cause` what opened it by itself."""

    kind: StockTakeKind
    zone: str | None = None
    wanted: int | None = None
    cause: str | None = None
    keeper: str | None = None
    bookkeeper: str | None = None


async def open_by_person(act: Acting, asked: NewStockTake) -> str:
    """`act.person` orders a stock-take; returns its id. Counters that are not named yet take their seat by counting.

    Raises NotFoundError; InvalidError for a scope that is none or a counter without the role; CounterError for who
    would count themselves.
    """
    if (asked.kind is StockTakeKind.RANDOM) != (asked.count is not None):
        raise InvalidError("bad_scope", "a random stock-take, and no other, says how many are to be drawn")
    least = act.pack.section("stock_take").get("sample_at_least", 1)
    if asked.count is not None and asked.count < least:
        raise InvalidError("sample_too_small", f"a sample of {asked.count} says little; the rules ask for {least}")
    if (asked.kind is StockTakeKind.ZONE and asked.zone is None) or (asked.kind is StockTakeKind.FULL and asked.zone):
        raise InvalidError("bad_scope", "a zone is named for the stock-take of one zone, and none for a full one")
    if asked.keeper is not None and asked.keeper == asked.bookkeeper:
        raise InvalidError("same_counter", "keeper and bookkeeper are two people")
    for seat, person in ((Seat.KEEPER, asked.keeper), (Seat.BOOKKEEPER, asked.bookkeeper)):
        await _check_counter(act, seat, person)
    scope = Scope(
        kind=asked.kind, zone=asked.zone, wanted=asked.count, keeper=asked.keeper, bookkeeper=asked.bookkeeper
    )
    return await _open(act.tx, act.appender, act.world, scope, act.person.id, act.at)


async def _check_counter(act: Acting, seat: Seat, person: str | None) -> None:
    if person is None:
        return
    if person == act.person.id:
        raise CounterError(f"{person} opens it and would count it")
    row = await one(act.tx, _sql.roles_of, person=person, site=act.site)
    if row is None:
        raise NotFoundError("person", person)
    if Role(seat.value) not in row["roles"]:
        raise InvalidError("not_of_that_role", f"{person} is no {seat.value}")


async def open_recount(tx: Tx, appender: Appender, world: World, site: str, zone: str, cause: str, at: datetime) -> str:
    """The recount of `zone` that `cause` (an exception, such as a door broken open) leads to; returns its id.

    The ledger of `site` is open in `appender`. Nobody is named to count: the first keeper and the first bookkeeper
    who do take the seats. Raises NotFoundError for a zone that the site has not.
    """
    if appender.site != site:
        raise NotFoundError("zone", zone)
    return await _open(tx, appender, world, Scope(kind=StockTakeKind.ZONE, zone=zone, cause=cause), ACTOR, at)


async def _open(tx: Tx, appender: Appender, world: World, scope: Scope, actor: str, at: datetime) -> str:
    site, name = appender.site, world.new_id(appender.site, "T")
    if scope.zone is not None and await one(tx, _sql.zone_of, zone=scope.zone, site=site) is None:
        raise NotFoundError("zone", scope.zone)
    everything = scope.kind is not StockTakeKind.RANDOM
    told: dict[str, Any] = {
        "kind": scope.kind.value, "zone": scope.zone, "cause": scope.cause, "wanted": scope.wanted,
        "keeper": scope.keeper, "bookkeeper": scope.bookkeeper,
    }  # fmt: skip
    state = "counting" if everything else "open"
    new = {**told, "id": name, "site": site, "opened_by": actor, "index": next_index(appender)}
    await tx.execute(_sql.add_take, {**new, "at": at, "state": state})
    inside = sorted(state.value for state in INSIDE)
    line = {"stock_take": name, "site": site, "zone": scope.zone, "inside": inside, "drawn": everything}
    fixed = await one(tx, _sql.add_lines, **line) or {}
    await tx.execute(_sql.set_population, {"stock_take": name, **fixed})
    content = {"stock_take": name, **told, **fixed}
    await _record(tx, appender, world, "stock_take_opened", content, actor, at)
    return name


async def book_of(tx: Tx, stock_take: str) -> tuple[dict[str, Seen], set[str]]:
    """The book when it was opened, and what of it is to be counted."""
    lines = await rows(tx, _sql.lines, stock_take=stock_take)
    book = {row["thing"]: Seen(row["slot"], row["quantity"]) for row in lines}
    return book, {row["thing"] for row in lines if row["drawn"]}


async def draw_due(tx: Tx, appender: Appender, world: World, at: datetime) -> list[str]:
    """Draws the sample of every stock-take of the site whose opening a checkpoint covers; returns which."""
    waiting = await rows(tx, _sql.to_draw, site=appender.site)
    for row in waiting:
        await _draw(tx, appender, world, row, at)
    return [row["id"] for row in waiting]


async def sites_to_draw(tx: Tx) -> list[str]:
    """The sites where a draw is due."""
    return [row["site"] for row in await rows(tx, _sql.sites_to_draw)]


async def _draw(tx: Tx, appender: Appender, world: World, row: Row, at: datetime) -> None:
    name, size, root = row["id"], row["size"], bytes(row["root"])
    book, _ = await book_of(tx, name)
    sample = draw(list(book), root, size, name, row["wanted"])
    drawn = {"stock_take": name, "size": size, "root": root, "index": next_index(appender)}
    await tx.execute(_sql.draw_lines, {"stock_take": name, "sample": sample})
    await tx.execute(_sql.set_drawn, drawn)
    content = {"stock_take": name, "checkpoint_size": size, "checkpoint_root": root.hex(), "sample": sample}
    await _record(tx, appender, world, "stock_take_drawn", content, ACTOR, at)


async def _record(
    tx: Tx, appender: Appender, world: World, kind: str, content: Mapping[str, Any], actor: str, at: datetime
) -> int:
    """Filed under the stock-take alone: a thing's history must not tell that it is being counted."""
    return await add_record(
        tx, appender, kind=kind, at=at, actor=actor, content=content, salt=world.salt(), things=[content["stock_take"]]
    )
