"""Openings by break-glass, and all that went around the ordinary way, as the API shows them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from cloud.live.models import Wording


class ClipPicture(BaseModel):
    """A still of the clip; `ready` once it can be fetched."""

    sha256: str
    ready: bool


class ExceptionShown(BaseModel):
    """A gate that was opened for life. `opened_at` and `closed_at` are the device's time; where it was cut short by a
    restart or another opening, `open_ms` and `crossings` are not told.

    `recounts`: zone → stock-take, null until they are ordered; `act` the review that waits for a hand.
    """

    id: str
    agent: str
    station: str
    input: str = Field(description="What was pressed")
    state: Literal["open", "closed", "reviewed"]
    opened_at: datetime
    closed_at: datetime | None
    open_ms: int | None
    crossings: int | None
    pictures: list[ClipPicture]
    missed: int = Field(description="Stills that could not be kept because the disk was full")
    recounts: dict[str, str] | None
    due_at: datetime
    overdue: bool
    act: str | None
    finding: str | None
    reviewed_by: list[str]
    opened_index: int
    closed_index: int | None
    reviewed_index: int | None
    index: int


class ExceptionRows(BaseModel):
    """Newest first; `next` goes on as `before`."""

    rows: list[ExceptionShown]
    next: int | None


OverrideKind = Literal[
    "exception_opened", "exception_reviewed", "act_refused", "act_declined", "case_repinned", "rules_adopted",
    "hold_lifted", "content_erased", "custody_step", "live_view_opened", "case_corrected",
]  # fmt: skip
"""Of the steps only corrections are there."""


class Override(BaseModel):
    """Something that went around the ordinary way, or was tried: who (`actor`, and `people` whose hands were on it),
    what (`kind` of the record, `action` where it is an act), when, by or against which rule, and why.
    """

    index: int
    kind: OverrideKind
    at: datetime
    actor: str
    actor_name: str | None
    people: list[str]
    action: str | None
    rule: str | None
    rule_text: Wording | None
    reason: str | None
    about: list[str]


class OverrideRows(BaseModel):
    """Newest first; `next` goes on as `before`."""

    rows: list[Override]
    next: int | None
