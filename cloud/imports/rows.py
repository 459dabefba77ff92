"""Rows of a file as items to be registered: every cell checked, every fault told at once. Pure."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from cloud.imports.columns import LATER
from cloud.imports.faults import fault
from cloud.imports.models import RowFault
from cloud.imports.reading import RawFile, RawRow
from custody.permits import time_text

T = TypeVar("T")

MOST_LETTERS = 200
MOST_KEY = 100
MOST_GOODS = 32
MOST_QUANTITY = 2**31 - 1
MOST_FEN = 10**15
BEIJING = timezone(timedelta(hours=8))
"""What a time without a zone is in: the legal time where the warehouses are."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_MANGLED = re.compile(r"\d(\.\d+)?[Ee]\+\d+")
_TIME = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T\s]*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:[.,](\d{1,9}))?)?[分秒]?)?\s*(Z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)


MOST_NAMES = 20
MOST_CELL = 2000
_LATER = tuple(column.name for column in LATER)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    """An item as a file tells it; `row` is where. `goods` (as the file calls it) and `value_fen` are None where it
    does not say.
    """

    row: int
    key: str
    case_number: str
    case_title: str
    name: str
    quantity: int
    unit: str
    goods: str | None
    value_fen: int | None
    seized_at: datetime | None
    brand: str | None = None
    sku: str | None = None
    parties: tuple[str, ...] = ()
    vehicles: tuple[str, ...] = ()
    scene: str | None = None

    def content(self) -> dict[str, Any]:
        """What makes two rows the same: all but where it stood. What columns that came later do not say is left out, so
        that a row from before them is still the same.
        """
        seized = None if self.seized_at is None else time_text(self.seized_at)
        content = asdict(self) | {"seized_at": seized}
        content.pop("row")
        for name in _LATER:
            value = content.pop(name)
            if value:
                content[name] = list(value) if isinstance(value, tuple) else value
        return content


class _Cells:
    """The cells of one row; what is wrong with them is added to `faults`."""

    def __init__(self, raw: RawRow, faults: list[RowFault]) -> None:
        self._raw, self._faults = raw, faults

    def wrong(self, code: str, column: str, *told: object) -> None:
        self._faults.append(fault(code, self._raw.row, column, *told))

    def text(self, column: str, most: int = MOST_LETTERS) -> str:
        cell = self._raw.cells.get(column, "")
        if isinstance(cell, int | Decimal) and not isinstance(cell, bool):
            cell = str(cell)  # a JSON file may give a number for a number
        if not isinstance(cell, str):
            self.wrong("text", column)
        elif not cell:
            self.wrong("missing", column)
        elif len(cell) > most:
            self.wrong("too_long", column, most)
        elif _CONTROL.search(cell):
            self.wrong("control", column)
        else:
            return cell
        return ""

    def optional(self, column: str, most: int = MOST_LETTERS) -> str | None:
        """The cell as a text, None where it is empty."""
        return self.text(column, most) if self._raw.cells.get(column) not in (None, "") else None

    def several(self, column: str) -> tuple[str, ...]:
        """The names in the cell, parted by commas and such, each once."""
        names = [name.strip() for name in re.split("[、,，;；]", self.optional(column, MOST_CELL) or "")]
        found = tuple(dict.fromkeys(name for name in names if name))
        if len(found) > MOST_NAMES:
            self.wrong("too_many_names", column, MOST_NAMES)
        if any(len(name) > MOST_LETTERS for name in found):
            self.wrong("too_long", column, MOST_LETTERS)
        return found

    def key(self) -> str:
        key = self.text("key", MOST_KEY)
        if _MANGLED.fullmatch(key):
            self.wrong("mangled", "key", key)
        return key

    def sku(self) -> str | None:
        """The code on the goods, unless a spreadsheet mangled it."""
        sku = self.optional("sku")
        if sku and _MANGLED.fullmatch(sku):
            self.wrong("mangled", "sku", sku)
        return sku

    def read(self, column: str, parse: Callable[[str], T | None], code: str, *told: object) -> T | None:
        """The optional cell as `parse` reads it; it gives None for what it cannot."""
        cell = self._raw.cells.get(column)
        if cell is None or cell == "":
            return None
        number = isinstance(cell, str | int | Decimal) and not isinstance(cell, bool)
        value = parse(unicodedata.normalize("NFKC", str(cell)).strip()) if number else None
        if value is None:
            self.wrong(code, column, *told, str(cell)[:40])
        return value


def read_rows(file: RawFile, now: datetime) -> tuple[list[NewRow], list[RowFault]]:
    """The rows of `file`, and all that is wrong with it; where anything is, the rows are not to be used."""
    faults = list(file.faults)
    rows = [_row(raw, faults, now) for raw in file.rows] if not file.faults else []
    faults += _collisions(rows)
    return rows, sorted(faults, key=lambda one: one.row)


def _row(raw: RawRow, faults: list[RowFault], now: datetime) -> NewRow:
    cells = _Cells(raw, faults)
    quantity = cells.read("quantity", _whole, "quantity", MOST_QUANTITY)
    if raw.cells.get("quantity") in (None, ""):
        cells.wrong("missing", "quantity")
    seized_at = cells.read("seized_at", parse_seized, "time")
    if seized_at is not None and seized_at > now:
        cells.wrong("future", "seized_at", seized_at.isoformat())
    return NewRow(
        row=raw.row,
        key=cells.key(),
        case_number=cells.text("case_number"),
        case_title=cells.text("case_title"),
        name=cells.text("name"),
        quantity=quantity or 0,
        unit=cells.text("unit"),
        goods=cells.read("goods", lambda text: text if len(text) <= MOST_GOODS else None, "goods"),
        value_fen=cells.read("value_yuan", parse_yuan, "money"),
        seized_at=seized_at,
        brand=cells.optional("brand"),
        sku=cells.sku(),
        parties=cells.several("parties"),
        vehicles=cells.several("vehicles"),
        scene=cells.optional("scene"),
    )


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,10}", text) and 1 <= int(text) <= MOST_QUANTITY else None


def parse_yuan(text: str) -> int | None:
    """An amount in yuan as fen, exactly; None for what is none: a third decimal, a sign, odd grouping."""
    digits = text.removeprefix("¥").removeprefix("￥").removesuffix("元").strip()
    if not re.fullmatch(r"([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]{1,2})?", digits):
        return None
    try:
        fen = int(Decimal(digits.replace(",", "")).scaleb(2))
    except InvalidOperation:
        return None
    return fen if fen <= MOST_FEN else None


def yuan_text(fen: int) -> str:
    """Fen as yuan with two decimals: what `parse_yuan` reads."""
    return f"{fen // 100}.{fen % 100:02}"


def parse_seized(text: str) -> datetime | None:
    """A time as people and spreadsheets write it, in UTC (Beijing time without a zone); None for anything else."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    zoned = BEIJING
    if zone:
        sign = -1 if zone[0] == "-" else 1
        minutes = 0 if zone in "Zz" else int(zone[1:3]) * 60 + int(zone[-2:])
        zoned = timezone(sign * timedelta(minutes=minutes))
    try:
        return datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
            int((fraction or "0")[:6].ljust(6, "0")), tzinfo=zoned,
        ).astimezone(UTC)  # fmt: skip
    except (ValueError, OverflowError):
        return None


def _collisions(rows: Sequence[NewRow]) -> list[RowFault]:
    """Numbers that stand twice in the file, and cases that have two titles in it."""
    faults: list[RowFault] = []
    keys: dict[str, NewRow] = {}
    cases: dict[str, NewRow] = {}
    for row in rows:
        first = keys.setdefault(row.key, row) if row.key else row
        if first is not row:
            faults.append(fault("double_key", row.row, "key", row.key, first.row, row.row, other_row=first.row))
        titled = cases.setdefault(row.case_number, row) if row.case_number and row.case_title else row
        if titled.case_title != row.case_title:
            told = (row.case_number, titled.row)
            faults.append(fault("other_title", row.row, "case_title", *told, other_row=titled.row))
    return faults
