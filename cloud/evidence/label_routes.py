"""Labels on paper: sheets of stickers, and what label printers understand. Each asks one service function."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from cloud.db.pool import transaction
from cloud.evidence import label_acts, label_sheet
from cloud.evidence.acting import acting
from cloud.evidence.label_acts import LabelRows, LayoutRow, LayoutRows, NewLabels, NewPrint, PrintOrder, Prints
from cloud.evidence.label_print import Language, Stock, print_bytes
from cloud.evidence.models import Things
from cloud.idempotency.route import IdempotentRoute
from cloud.parts import Parts, PartsIn
from cloud.people.access import ReadSite
from cloud.people.access import acting as may
from cloud.people.models import Person
from cloud.people.roles import Right
from wire.labels import MAX_ISSUE

router = APIRouter(tags=["evidence"], route_class=IdempotentRoute)

Issue = Annotated[int | None, Query(ge=1, le=MAX_ISSUE)]
WidthMm = Annotated[float, Query(ge=20, le=120)]
HeightMm = Annotated[float, Query(ge=15, le=150)]
GapMm = Annotated[float, Query(ge=0, le=20)]
Dpi = Annotated[Literal["203", "300", "600"], Query(description="The printer's dots an inch")]


@router.post("/labels/batch", operation_id="issue_labels", status_code=201)
async def post_labels(body: NewLabels, person: Annotated[Person, may(Right.ISSUE_LABEL)], parts: PartsIn) -> LabelRows:
    """Issues a new label for each of many things; older ones are void."""
    async with acting(parts, person) as act:
        return await label_acts.issue_labels(act, body.thing_ids, parts.label_key)


@router.get("/labels/layouts", operation_id="list_label_layouts")
async def get_layouts(site: ReadSite) -> LayoutRows:
    """The sheets of stickers that labels can be printed on."""
    found = label_sheet.layouts().items()
    return LayoutRows(rows=[LayoutRow(code=code, stickers=one.stickers, layout=one) for code, one in found])


@router.get(
    "/labels/sheet.pdf",
    operation_id="draw_label_sheet",
    response_class=Response,
    responses={200: {"description": "The sheets", "content": {"application/pdf": {}}}},
)
async def get_sheet(
    site: ReadSite,
    parts: PartsIn,
    thing: Annotated[Things, Query(description="In the order of the stickers; twice for two")],
    layout: Annotated[str, Query(max_length=32)] = "a4-21",
    start: Annotated[int, Query(ge=1, le=1000, description="The first sticker that is not used yet")] = 1,
) -> Response:
    """The newest labels of things on sheets of stickers, as PDF: the same labels give the same bytes."""
    chosen = label_sheet.layout_of(layout)
    async with transaction(parts.pool) as tx:
        labels = await label_sheet.to_print(tx, site, thing)
    drawn = await asyncio.to_thread(label_sheet.draw_sheets, labels, chosen, start)
    headers = {"Content-Disposition": 'inline; filename="labels.pdf"', "Cache-Control": "private, no-cache"}
    return Response(drawn, media_type="application/pdf", headers=headers)


@router.post("/labels/print", operation_id="print_labels", status_code=201)
async def post_print(body: NewPrint, person: Annotated[Person, may(Right.ISSUE_LABEL)], parts: PartsIn) -> Prints:
    """Sends the newest labels of things to a label printer of an agent."""
    async with transaction(parts.pool) as tx:
        labels = await label_sheet.to_print(tx, person.site, list(dict.fromkeys(body.things)))
    jobs = await asyncio.to_thread(label_acts.draw_jobs, labels, body)  # before the ledger is locked
    async with acting(parts, person) as act:
        return await label_acts.send_to_printer(act, body, jobs)


@router.get("/labels/orders/{id:path}", operation_id="get_print_order")
async def get_print_order(id: str, site: ReadSite, parts: PartsIn) -> PrintOrder:
    """Whether an order to print was done."""
    async with transaction(parts.pool) as tx:
        return await label_acts.print_order(tx, site, id)


@router.get(
    "/labels/{id:path}.tspl",
    operation_id="draw_label_tspl",
    response_class=Response,
    responses={200: {"description": "TSPL", "content": {"application/octet-stream": {}}}},
)
async def get_tspl(
    id: str, site: ReadSite, parts: PartsIn, issue: Issue = None, width_mm: WidthMm = 60, height_mm: HeightMm = 40,
    gap_mm: GapMm = 2, dpi: Dpi = "203",
) -> Response:  # fmt: skip
    """What prints a label on a TSPL or TSPL2 printer."""
    return await _printed(parts, site, id, issue, Stock(width_mm, height_mm, int(dpi), gap_mm), Language.TSPL)


@router.get(
    "/labels/{id:path}.zpl",
    operation_id="draw_label_zpl",
    response_class=Response,
    responses={200: {"description": "ZPL II", "content": {"application/octet-stream": {}}}},
)
async def get_zpl(
    id: str, site: ReadSite, parts: PartsIn, issue: Issue = None, width_mm: WidthMm = 60, height_mm: HeightMm = 40,
    dpi: Dpi = "203",
) -> Response:  # fmt: skip
    """What prints a label on a ZPL II printer."""
    return await _printed(parts, site, id, issue, Stock(width_mm, height_mm, int(dpi)), Language.ZPL)


async def _printed(
    parts: Parts, site: str, thing: str, issue: int | None, stock: Stock, language: Language
) -> Response:  # fmt: skip
    async with transaction(parts.pool) as tx:
        (label,) = await label_sheet.to_print(tx, site, [thing], issue)
    drawn = await asyncio.to_thread(print_bytes, label, stock, language)
    return Response(drawn, media_type="application/octet-stream", headers={"Cache-Control": "private, no-cache"})
