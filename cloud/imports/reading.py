"""A file's bytes as rows of texts: which charset it is in, where its columns are. Pure; every fault at once."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from cloud.imports.columns import column_of, missing
from cloud.imports.faults import fault
from cloud.imports.models import MAX_ROWS, RowFault

GUARDED = ("=", "+", "-", "@", "\t", "\r", "'")
"""A cell that begins so is written with an apostrophe before it, which spreadsheets do not show and do not compute
(OWASP, CSV injection), and read without it.
"""

_NO_TEXT = {
    b"PK\x03\x04": "workbook", b"\xd0\xcf\x11\xe0": "workbook", b"\x89PNG": "no_text", b"\xff\xd8\xff": "no_text",
    b"GIF8": "no_text", b"%PDF": "no_text",
}  # fmt: skip
"""How files begin that people choose by mistake, by the fault that they are."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands in the file: `row` as a spreadsheet numbers it, `cells` by column."""

    row: int
    cells: Mapping[str, Any]


@dataclass(slots=True)
class RawFile:
    """A file read as far as it could be."""

    charset: str = ""
    rows: list[RawRow] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)


def read_file(data: bytes, *, is_json: bool) -> RawFile:
    """The rows of a CSV or JSON file in UTF-8 (with a mark or without), UTF-16 with a mark, GBK or GB18030."""
    file = RawFile()
    text = _decode(file, data)
    if text is None:
        return file
    found = _json_rows(file, text) if is_json else _csv_rows(file, text)
    for row in found:
        if len(file.rows) <= MAX_ROWS:
            file.rows.append(row)
    if not file.faults and not file.rows:
        file.faults.append(fault("empty", 0, None))
    if len(file.rows) > MAX_ROWS:
        file.faults.append(fault("too_many_rows", 0, None, f"> {MAX_ROWS}"))
    return file


def guard(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(GUARDED) else cell


def unguard(cell: str) -> str:
    """The cell as it was before `guard`."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(GUARDED) else cell


def _decode(file: RawFile, data: bytes) -> str | None:
    other = next((code for start, code in _NO_TEXT.items() if data.startswith(start)), None)
    if other is not None:
        file.faults.append(fault(other, 0, None))
        return None
    if data.startswith(b"\xef\xbb\xbf"):
        charsets = [("utf-8-sig", "utf-8-bom")]
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        charsets = [("utf-16", "utf-16")]
    else:
        charsets = [("utf-8", "utf-8"), ("gbk", "gbk"), ("gb18030", "gb18030")]
    at = 0
    for codec, name in charsets:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError as error:
            at = max(at, error.start)
        else:
            file.charset = name
            return text
    file.faults.append(fault("charset", 0, None, at))
    return None


def _csv_rows(file: RawFile, text: str) -> Iterator[RawRow]:
    text = text.removeprefix("sep=,\r\n").removeprefix("sep=,\n")
    first = text.partition("\n")[0]
    delimiter = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str | None] | None = None
    number = 0
    try:
        for cells in reader:
            number += 1
            if columns is None:
                columns = _columns(file, cells)
            elif any(cell.strip() for cell in cells):
                if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
                    file.faults.append(fault("cells", number, None, len(cells), len(columns)))
                named = zip(columns, cells, strict=False)
                yield RawRow(number, {name: unguard(cell.strip()) for name, cell in named if name})
    except csv.Error:
        file.faults.append(fault("csv", number + 1, None))


def _columns(file: RawFile, headers: Sequence[str]) -> list[str | None]:
    columns = [column_of(header) for header in headers]
    named = [name for name in columns if name]
    file.ignored = [header.strip() for header, name in zip(headers, columns, strict=True) if name is None and header]
    file.faults += [fault("no_column", 1, column.name, column.zh) for column in missing(named)]
    file.faults += [fault("two_columns", 1, name, name) for name in dict.fromkeys(named) if named.count(name) > 1]
    return columns


def _json_rows(file: RawFile, text: str) -> Iterator[RawRow]:
    try:
        content = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        at = (error.lineno, error.colno) if isinstance(error, json.JSONDecodeError) else (1, 1)
        file.faults.append(fault("json", 0, None, *at))
        return
    rows = content.get("rows") if isinstance(content, dict) else content
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        file.faults.append(fault("json_rows", 0, None))
        return
    headers = list(dict.fromkeys(name for row in rows for name in row))
    file.ignored = [header for header in headers if column_of(header) is None]
    for number, row in enumerate(rows, 1):
        cells: dict[str, Any] = {}
        for header, cell in row.items():
            name = column_of(header)
            if name in cells:
                file.faults.append(fault("two_columns", number, name, header))
            if name and cell is not None:
                cells[name] = cell.strip() if isinstance(cell, str) else cell
        yield RawRow(number, cells)
