"""Imports as the API shows them."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

MAX_ROWS = 5000
MAX_FILE_BYTES = 4 << 20
MOST_FAULTS = 500
"""So many are written out; the rest is counted."""

Source = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


class RowFault(BaseModel):
    """One thing wrong: in which row (as a spreadsheet numbers them: the headers are row 1; 0 is the file as a whole)
    and column, and with which other row it collides.
    """

    row: int
    column: str | None = None
    code: str = Field(examples=["quantity"])
    zh: str
    en: str
    other_row: int | None = None


class ImportedRow(BaseModel):
    """What became of a row: an item was made of it, or was there already; in a check `thing` is null for a new one."""

    row: int
    key: str
    outcome: Literal["made", "unchanged"]
    thing: str | None


class ImportAnswer(BaseModel):
    """What an import did, or in a check would do.

    `id` and `index` (its ledger entry) are null where nothing was done: in a check, and when every row was there
    already. `cases` are the numbers of cases it opened. `ignored` are headers that nothing was read from.
    """

    id: str | None
    index: int | None
    check: bool
    source: str
    sha256: str
    charset: str
    rows: int
    made: int
    unchanged: int
    cases: list[str]
    items: list[ImportedRow]
    ignored: list[str]
    faults: list[RowFault]
    fault_count: int
