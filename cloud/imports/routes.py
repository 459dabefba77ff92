"""Files in and out. Each parses, asks one service function, and answers."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from cloud.db.pool import transaction
from cloud.errors import InvalidError
from cloud.evidence.acting import acting
from cloud.idempotency.route import HEADER, MADE, IdempotentRoute, key_of
from cloud.imports import exports, service
from cloud.imports.models import ImportAnswer, Source
from cloud.parts import PartsIn
from cloud.people.access import ReadSite
from cloud.people.access import acting as may
from cloud.people.models import Person
from cloud.people.roles import Right
from cloud.rules.service import pack_in_force
from custody.things import State

router = APIRouter(tags=["imports"], route_class=IdempotentRoute)

_ROW = {
    "type": "object",
    "required": ["key", "case_number", "case_title", "name", "quantity", "unit"],
    "properties": {
        "key": {"type": "string", "description": "外部编号: the number that the source gave it"},
        "case_number": {"type": "string", "description": "案件编号"},
        "case_title": {"type": "string", "description": "案件名称"},
        "name": {"type": "string", "description": "物品名称"},
        "quantity": {"type": "integer", "minimum": 1, "description": "数量"},
        "unit": {"type": "string", "description": "单位"},
        "goods": {"type": "string", "description": "物品类别"},
        "value_yuan": {"type": "string", "description": "价值(元), exact to the fen", "examples": ["12345.60"]},
        "seized_at": {"type": "string", "description": "扣押时间; Beijing time where it names no zone"},
    },
}
_FILE: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/json": {"schema": {
                "type": "object", "required": ["rows"], "properties": {"rows": {"type": "array", "items": _ROW}},
            }},
        },
    }
}  # fmt: skip

CaseId = Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]*$")]


@router.post(
    "/imports",
    operation_id="import_items",
    status_code=MADE,
    openapi_extra=_FILE,
    dependencies=[may(Right.OPEN_CASE)],
    responses={200: {"model": ImportAnswer, "description": "A check, or a file of which every row is here already"}},
)
async def post_import(
    request: Request,
    response: Response,
    person: Annotated[Person, may(Right.REGISTER_ITEM)],
    parts: PartsIn,
    source: Source,
    check: Annotated[bool, Query(description="Only tells what would happen, faults included")] = False,
) -> ImportAnswer:
    """Opens the cases and registers the items of a file (CSV or JSON; UTF-8 or GBK; Chinese or English headers), all of
    them or none. A row that is here already with the same content is unchanged; with another it is a conflict (409).
    Needs an Idempotency-Key, but for a check. Faults are told all at once, with row and column (422).
    """
    if not check and key_of(request) is None:
        raise InvalidError("idempotency_key_missing", f"an import needs the header {HEADER}")
    is_json = request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
    data, now = await request.body(), parts.world.now()
    file = await asyncio.to_thread(service.read, data, is_json=is_json, source=source, now=now)
    if check:
        async with transaction(parts.pool) as tx:
            pack = await pack_in_force(tx, person.site, now, parts.pack)
            answer = await service.check(tx, person.site, file, pack)
    else:
        async with acting(parts, person) as act:
            answer = await service.take(act, file)
    response.status_code = 200 if answer.id is None else MADE
    return answer.model_copy(update={"check": check})


@router.get(
    "/exports/items.csv",
    operation_id="export_items_csv",
    response_class=Response,
    responses={200: {"description": "The items", "content": {"text/csv": {}}}},
)
async def get_items_csv(
    site: ReadSite,
    parts: PartsIn,
    case_id: CaseId = None,
    state: State | None = None,
    headers: Literal["en", "zh"] = "en",
    bom: Annotated[bool, Query(description="With a byte order mark, which Excel needs")] = False,
) -> StreamingResponse:
    """Items as CSV, always with the same columns; an import reads it."""
    which = exports.Which(case=case_id, state=state)
    rows = exports.csv_file(parts.pool, site, which, headers=headers, mark=bom)
    return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=_named("items.csv"))


@router.get(
    "/exports/items.json",
    operation_id="export_items_json",
    response_class=Response,
    responses={200: {"description": "The items", "content": {"application/json": {}}}},
)
async def get_items_json(
    site: ReadSite, parts: PartsIn, case_id: CaseId = None, state: State | None = None
) -> StreamingResponse:
    """Items as JSON; an import reads it."""
    rows = exports.json_file(parts.pool, site, exports.Which(case=case_id, state=state))
    return StreamingResponse(rows, media_type="application/json", headers=_named("items.json"))


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}
