"""Items as a file for other systems and spreadsheets, written while it is read: an import elsewhere reads it back."""

import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Literal

from cloud.db.pool import Pool, Row, transaction
from cloud.db.queries import load_queries
from cloud.imports.columns import BY_NAME
from cloud.imports.reading import guard
from cloud.imports.rows import yuan_text
from custody.permits import time_text
from custody.things import State

PIECE = 500

_sql = load_queries(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which items: those of `case` and in `state`, where those are named."""

    case: str | None = None
    state: State | None = None


def told(row: Row) -> dict[str, Any]:
    """A row as it goes out, by the names of its columns; what is not known is null."""
    seized = row["seized_at"]
    row = {**row, "value_yuan": yuan_text(row["value_fen"]), "seized_at": None if seized is None else time_text(seized)}
    return {name: row[name] for name in BY_NAME}


async def csv_file(
    pool: Pool, site: str, which: Which, *, headers: Literal["en", "zh"], mark: bool
) -> AsyncIterator[bytes]:
    """CSV (RFC 4180) in UTF-8, with a byte order mark where `mark` (Excel needs it); no cell is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([column.name if headers == "en" else column.zh for column in BY_NAME.values()])
    if mark:
        yield b"\xef\xbb\xbf"
    async for row in _rows(pool, site, which):
        writer.writerow([guard(cell) if isinstance(cell, str) else cell for cell in told(row).values()])
        if out.tell() > 1 << 15:
            yield _taken(out)
    yield _taken(out)


async def json_file(pool: Pool, site: str, which: Which) -> AsyncIterator[bytes]:
    """`{"rows": […]}`, one row a line."""
    between, write = '{"rows": [\n', _compact()
    async for row in _rows(pool, site, which):
        yield (between + write(told(row))).encode()
        between = ",\n"
    yield b'{"rows": []}\n' if between.startswith("{") else b"\n]}\n"


def _compact() -> Callable[[Any], str]:
    return json.JSONEncoder(ensure_ascii=False).encode


def _taken(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode()


async def _rows(pool: Pool, site: str, which: Which) -> AsyncIterator[Row]:
    """As they were at one moment, however long it takes."""
    async with transaction(pool) as tx, tx.cursor(name="export") as cursor:
        cursor.itersize = PIECE
        await cursor.execute(_sql.export, {"site": site, "case": which.case, "state": which.state})
        async for row in cursor:
            yield row
