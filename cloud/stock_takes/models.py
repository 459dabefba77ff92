"""Stock-takes as the API shows them, and what the acts are asked with."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from cloud.evidence.models import Long, ThingId
from custody.stock_taking import AnswerKind, DifferenceKind, Seat, StockTakeKind

MOST_SCANS = 500
"""In one batch: with its labels it stays under the limit of a body."""

Scanned = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{8,64}$")]


Reference = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9-]{0,31}/[A-Za-z0-9][A-Za-z0-9._-]{0,62}|[0-9]{1,16})$")
]
"""An id, or the number of a ledger entry."""


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewStockTake(_Asked):
    """A stock-take to be opened: all, one zone, or `count` things drawn at random (of one zone, if one is named).

    Counters that are not named take their seat by counting first.
    """

    kind: StockTakeKind
    zone: ThingId | None = None
    count: int | None = Field(default=None, ge=1, le=100_000)
    keeper: ThingId | None = None
    bookkeeper: ThingId | None = None


class StockTakeAsked(_Asked):
    """A stock-take that something is to be done to."""

    stock_take: ThingId


class NewScan(_Asked):
    """One scan: the texts of the labels of a thing and of the slot it lies in, or their ids typed by hand.

    `key` is made by the phone, once a scan. No slot: it lies in none. The last scan of a thing by (`at`, `key`)
    counts; `taken_back` means that it was not seen after all. `quantity` where pieces were counted.
    """

    key: Key
    thing: Scanned
    slot: Scanned | None = None
    quantity: int | None = Field(default=None, ge=0, le=2**31 - 1)
    taken_back: bool = False
    at: AwareDatetime


class NewScans(StockTakeAsked):
    """Scans made on a phone; a batch may be sent again, in part, or after a later one."""

    scans: list[NewScan] = Field(min_length=1, max_length=MOST_SCANS)


class ScanFate(StrEnum):
    """What became of a scan: taken, known already, or no scan of ours."""

    COUNTED = "counted"
    REPEATED = "repeated"
    KEY_USED = "key_used"
    UNKNOWN = "unknown"
    FORGED = "forged"


class ScanAnswer(BaseModel):
    """What became of the scan `key`; `thing` is what it is of."""

    key: str
    fate: ScanFate
    thing: str | None


class ScanAnswers(BaseModel):
    """In the order of the batch."""

    rows: list[ScanAnswer]


class NewCountClosing(StockTakeAsked):
    """My count is done; `scans` is how many were made on all my phones together."""

    scans: int = Field(ge=0, le=2**31 - 1)


class NewAnswer(StockTakeAsked):
    """What a difference was, and what shows it.

    `reference`: for `found` the slot where it lies (None where the book has it in none); for `missing` the step that
    declared it missing and for `corrected` what put it right, by its act or its ledger entry; for `recount` the later
    stock-take that counts it again.
    """

    thing: ThingId
    answer: AnswerKind
    reference: Reference | None = None
    reason: Long


class CounterProgress(BaseModel):
    """Who counts, how many different things they have scanned (None while that is not yours to know), and whether
    they are done.
    """

    person: str | None
    things: int | None
    closed: bool


class StockTake(BaseModel):
    """A stock-take. `population` and `wanted` are None for who may still count; `seat` is mine.

    State: `open` until the log draws, `counting`, `compared` when both have closed, `closed` when all is answered.
    """

    id: str
    kind: StockTakeKind
    zone: str | None
    zone_name: str | None
    cause: str | None
    opened_by: str
    opened_at: datetime
    index: int
    state: str
    population: int | None
    wanted: int | None
    checkpoint_size: int | None
    checkpoint_root: str | None
    drawn_index: int | None
    keeper: CounterProgress
    bookkeeper: CounterProgress
    seat: Seat | None
    differences: int
    unanswered: int
    compared_at: datetime | None
    closed_at: datetime | None


class StockTakeRows(BaseModel):
    """Stock-takes, newest first; `next` is the `after` of the next page."""

    rows: list[StockTake]
    next: int | None


class Place(BaseModel):
    """A slot to go to."""

    slot: str
    name: str
    zone: str
    zone_name: str


class PlaceRows(BaseModel):
    """Where to count, by zone and name; `outside` when something of it lies in no slot. Not what lies there."""

    rows: list[Place]
    outside: bool


class CountRow(BaseModel):
    """A scan that I made."""

    key: str
    thing: str
    slot: str | None
    quantity: int | None
    taken_back: bool
    typed: bool
    at: datetime


class CountRows(BaseModel):
    """My scans by key, `total` in all; `next` is the `after` of the next page."""

    rows: list[CountRow]
    total: int
    next: str | None


class SeenAt(BaseModel):
    """Where, and how many pieces; `slot` None: in none."""

    slot: str | None
    quantity: int | None


class Difference(BaseModel):
    """Where count and book differ, and how it was answered. None: not expected, not seen."""

    thing: str
    kind: DifferenceKind
    expected: SeenAt | None
    keeper: SeenAt | None
    bookkeeper: SeenAt | None
    answer: AnswerKind | None
    reference: str | None
    reason: str | None
    answered_by: str | None
    answered_at: datetime | None
    answered_index: int | None


class DifferenceRows(BaseModel):
    """Differences by thing; `next` is the `after` of the next page."""

    rows: list[Difference]
    next: str | None


class Line(BaseModel):
    """A line of the book as it was when the stock-take was opened; `drawn`: it had to be counted."""

    thing: str
    name: str
    slot: str | None
    slot_name: str | None
    quantity: int | None
    drawn: bool
    difference: DifferenceKind | None


class LineRows(BaseModel):
    """The book, by thing; `next` is the `after` of the next page."""

    rows: list[Line]
    next: str | None


class Due(BaseModel):
    """When a zone has to be counted next; `last` is the newest stock-take that covered it whole and was compared."""

    zone: str
    name: str
    zone_class: str
    interval_days: int
    last: str | None
    last_at: datetime | None
    due_at: datetime
    overdue: bool
    running: str | None


class DueRows(BaseModel):
    """Every zone, the most pressing first."""

    rows: list[Due]
