"""What the screen shows as it happens: passages and alarms."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Wording(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


class Passage(BaseModel):
    """One decision at a gate. `index` is its ledger entry; `at` the device's time, `taken_at` the cloud's.

    `picture` is the hex SHA-256 of the still and `picture_ready` whether it has arrived; `differs` what the cloud
    would have answered where that differs; `crossed_index` and `abandoned_index` the entry of what came of it.
    """

    model_config = ConfigDict(from_attributes=True)

    site: str
    index: int
    agent: str = Field(examples=["nj01.gate-a"])
    seq: int
    station: str
    direction: Literal["in", "out"]
    outcome: Literal["allowed", "refused"]
    reason: str | None
    rule: str
    rule_text: Wording | None
    subject: str | None
    things: list[str]
    people: list[str]
    at: datetime
    taken_at: datetime
    picture: str | None
    picture_ready: bool
    differs: str | None
    crossed_index: int | None
    abandoned_index: int | None


class PassageRows(BaseModel):
    """Newest first; `next` goes on where these end, as `before`."""

    rows: list[Passage]
    next: int | None


class Alarm(BaseModel):
    """Something wrong: its cause, its place (an agent, a station, a thing), how often it was seen, until when."""

    id: int
    site: str
    cause: str
    place: str
    severity: Literal["info", "warning", "major", "critical"]
    detail: dict[str, Any]
    raised_at: datetime
    last_at: datetime
    occurrences: int
    index: int
    acknowledged_by: str | None
    assigned_to: str | None
    shelved_until: datetime | None
    level: int = Field(description="How often more people were told of it")
    cleared_at: datetime | None
    cleared_code: str | None
    answer_due_at: datetime | None = Field(description="As of GET /alarms/{alarm}")


class AlarmRows(BaseModel):
    """Newest first; `next` goes on where these end, as `before`."""

    rows: list[Alarm]
    next: int | None
