"""Stock-takes. Each route parses, asks one service function, and answers. Ids hold a slash, so an id takes the rest of
the path, and what stands behind it is matched first.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from cloud.evidence.acting import acting
from cloud.parts import PartsIn
from cloud.people.access import Reader, ReadSite
from cloud.people.access import acting as may
from cloud.people.models import Person
from cloud.people.roles import Right
from cloud.rules.service import pack_in_force
from cloud.stock_takes import answering, counting, opening, reads
from cloud.stock_takes.due import due
from cloud.stock_takes.models import (
    CountRows,
    DifferenceRows,
    DueRows,
    LineRows,
    NewAnswer,
    NewCountClosing,
    NewScans,
    NewStockTake,
    PlaceRows,
    ScanAnswers,
    StockTake,
    StockTakeAsked,
    StockTakeRows,
)

MOST_ROWS = 10_000
"""A stock-take of a whole warehouse is read in one go; each row is a line of a few words."""

router = APIRouter(prefix="/stock-takes", tags=["stock-takes"])

AnId = Annotated[str, Path(max_length=100, pattern=r"^[^\x00]*$")]
After = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]
AfterIndex = Annotated[int | None, Query(ge=-1, le=2**53)]
Limit = Annotated[int, Query(ge=1, le=500)]
Many = Annotated[int, Query(ge=1, le=MOST_ROWS)]


@router.post("", operation_id="open_stock_take", status_code=201)
async def post_stock_take(
    body: NewStockTake, person: Annotated[Person, may(Right.OPEN_STOCK_TAKE)], parts: PartsIn
) -> StockTake:
    """Orders a stock-take. The book is fixed now; a sample is drawn by the log's next checkpoint, not by anybody."""
    async with acting(parts, person) as act:
        name = await opening.open_by_person(act, body)
        return await reads.stock_take(act.tx, act.site, person, name)


@router.post("/counts", operation_id="post_counts")
async def post_counts(body: NewScans, person: Annotated[Person, may(Right.COUNT_STOCK)], parts: PartsIn) -> ScanAnswers:
    """Takes what I scanned; may be sent again, in part, or in another order."""
    return ScanAnswers(rows=await counting.post_counts(parts, person, body.stock_take, body.scans))


@router.post("/counts/close", operation_id="close_my_count")
async def post_count_closing(
    body: NewCountClosing, person: Annotated[Person, may(Right.COUNT_STOCK)], parts: PartsIn
) -> StockTake:
    """I have counted. When the other has too, the two counts and the book are compared."""
    async with acting(parts, person) as act:
        await counting.close_count(act, body.stock_take, body.scans)
        return await reads.stock_take(act.tx, act.site, person, body.stock_take)


@router.post("/differences/answer", operation_id="answer_difference", status_code=201)
async def post_answer(
    body: NewAnswer, person: Annotated[Person, may(Right.ANSWER_DIFFERENCE)], parts: PartsIn
) -> StockTake:
    """Answers a difference, pointing at what shows it. Nobody answers what they counted (403)."""
    async with acting(parts, person) as act:
        await answering.answer_difference(act, body)
        return await reads.stock_take(act.tx, act.site, person, body.stock_take)


@router.post("/close", operation_id="close_stock_take", status_code=201)
async def post_closing(
    body: StockTakeAsked, person: Annotated[Person, may(Right.OPEN_STOCK_TAKE)], parts: PartsIn
) -> StockTake:
    """Closes a stock-take whose differences are all answered. Nobody closes what they counted (403)."""
    async with acting(parts, person) as act:
        await answering.close_stock_take(act, body.stock_take)
        return await reads.stock_take(act.tx, act.site, person, body.stock_take)


@router.get("", operation_id="list_stock_takes")
async def get_stock_takes(
    site: ReadSite, person: Reader, parts: PartsIn, after: AfterIndex = None, running: bool = False, limit: Limit = 100
) -> StockTakeRows:
    """Stock-takes, newest first; only those not closed when `running`."""
    async with reads.reading(parts, site) as tx:
        return await reads.stock_takes(tx, site, person, after=after, running=running, limit=limit)


@router.get("/due", operation_id="list_stock_takes_due")
async def get_due(site: ReadSite, parts: PartsIn) -> DueRows:
    """When each zone has to be counted next, the most pressing first."""
    async with reads.reading(parts, site) as tx:
        now = parts.world.now()
        return await due(tx, await pack_in_force(tx, site, now, parts.pack), site, now)


@router.get("/{id:path}/places", operation_id="list_stock_take_places")
async def get_places(id: AnId, site: ReadSite, parts: PartsIn) -> PlaceRows:
    """Where to count, not what lies there."""
    async with reads.reading(parts, site) as tx:
        return await reads.places(tx, site, id)


@router.get("/{id:path}/counts", operation_id="list_my_counts")
async def get_counts(
    id: AnId, site: ReadSite, person: Reader, parts: PartsIn, after: After = "", limit: Many = 1000
) -> CountRows:
    """What I scanned, on whichever phone."""
    async with reads.reading(parts, site) as tx:
        return await reads.my_counts(tx, site, person, id, after=after, limit=limit)


@router.get("/{id:path}/differences", operation_id="list_differences")
async def get_differences(
    id: AnId, site: ReadSite, parts: PartsIn, unanswered: bool = False, after: After = "", limit: Limit = 100
) -> DifferenceRows:
    """Where count and book differ; 409 while it is being counted."""
    async with reads.reading(parts, site) as tx:
        return await reads.differences(tx, site, id, unanswered=unanswered, after=after, limit=limit)


@router.get("/{id:path}/lines", operation_id="list_stock_take_lines")
async def get_lines(
    id: AnId, site: ReadSite, parts: PartsIn, drawn: bool = True, after: After = "", limit: Many = 1000
) -> LineRows:
    """The book that was counted against; 409 while it is being counted."""
    async with reads.reading(parts, site) as tx:
        return await reads.lines(tx, site, id, drawn=drawn, after=after, limit=limit)


@router.get("/{id:path}", operation_id="get_stock_take")
async def get_stock_take(id: AnId, site: ReadSite, person: Reader, parts: PartsIn) -> StockTake:
    """One stock-take, and how far it is."""
    async with reads.reading(parts, site) as tx:
        return await reads.stock_take(tx, site, person, id)
