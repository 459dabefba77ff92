"""Labels on sheets of stickers, as PDF: code, name, case, id and issue; the same labels give the same bytes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from cloud.db.pool import Tx, rows
from cloud.db.queries import load_queries
from cloud.errors import InvalidError, NotFoundError
from cloud.evidence.drawing import draw_svg
from cloud.evidence.typesetting import set_pages
from cloud.live.models import Wording

TEMPLATE = Path(__file__).with_name("label_sheet.typ")
LAYOUTS = Path(__file__).with_name("label_layouts.yaml")

_sql = load_queries(__file__, "labels.sql")


class Layout(BaseModel):
    """A sheet of stickers; lengths in millimetres, `left` and `top` are margins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Wording
    paper: tuple[float, float]
    columns: int = Field(ge=1)
    rows: int = Field(ge=1)
    width: float = Field(gt=0)
    height: float = Field(gt=0)
    left: float = Field(ge=0)
    top: float = Field(ge=0)
    gap_x: float = Field(ge=0)
    gap_y: float = Field(ge=0)

    @property
    def stickers(self) -> int:
        """How many are on a sheet."""
        return self.columns * self.rows


class ToPrint(BaseModel):
    """A label with what stands beside its code: the thing's name (of a package its seal's number), and its case."""

    thing: str
    kind: str
    issue: int
    text: str
    issued_at: datetime
    name: str
    case: str


@cache
def layouts() -> Mapping[str, Layout]:
    """The sheets there are, by their codes."""
    return {name: Layout.model_validate(told) for name, told in yaml.safe_load(LAYOUTS.read_text("utf-8")).items()}


def layout_of(code: str) -> Layout:
    """The sheet of that code. Raises InvalidError `no_such_layout`."""
    if code not in layouts():
        raise InvalidError("no_such_layout", f"no layout {code!r}; there are {', '.join(layouts())}")
    return layouts()[code]


async def to_print(tx: Tx, site: str, things: Sequence[str], issue: int | None = None) -> list[ToPrint]:
    """The labels (the newest, or that `issue`) of `things`, in the order asked for. Raises NotFoundError."""
    values = {"site": site, "things": list(dict.fromkeys(things)), "issue": issue}
    found = {row["thing"]: ToPrint.model_validate(row) for row in await rows(tx, _sql.to_print, **values)}
    for thing in things:
        if thing not in found:
            raise NotFoundError("label of", thing)
    return [found[thing] for thing in things]


def draw_sheets(labels: Sequence[ToPrint], layout: Layout, start: int) -> bytes:
    """The PDF; the first label comes on sticker `start` (from 1). Raises InvalidError, StatementError."""
    return set_pages(TEMPLATE, sheet_data(labels, layout, start), max(label.issued_at for label in labels))


def sheet_data(labels: Sequence[ToPrint], layout: Layout, start: int) -> dict[str, Any]:
    """What the template is told: of each sheet its labels, by the number (from 0) of their sticker.

    Raises InvalidError `no_such_sticker`.
    """
    if start > layout.stickers:
        raise InvalidError("no_such_sticker", f"sticker {start} of {layout.stickers}")
    places = [divmod(number, layout.stickers) for number in range(start - 1, start - 1 + len(labels))]
    sheets: list[list[tuple[int, dict[str, Any]]]] = [[] for _ in range(places[-1][0] + 1)]
    for (sheet, at), label in zip(places, labels, strict=True):
        sheets[sheet].append((at, words_of(label) | {"code": draw_svg(label.text).decode()}))
    return {"layout": layout.model_dump(mode="json"), "sheets": sheets}


def words_of(label: ToPrint) -> dict[str, Any]:
    """What stands beside the code, for people."""
    return {"id": label.thing, "issue": label.issue, "name": label.name, "case": label.case}
