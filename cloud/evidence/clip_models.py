"""Clips as the API shows them."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, Field


class SegmentShown(BaseModel):
    """A few seconds of a clip. `sha256` is what the agent signed in entry `index`; `ready` once it can be fetched."""

    sha256: str
    bytes: int
    begun: datetime
    ended: datetime
    error_ms: int | None = Field(description="How wrong the agent's clock can be; null where nobody knows")
    frames: int
    index: int
    ready: bool
    erased: bool


class ClipShown(BaseModel):
    """What a camera saw around an event, `clip` being its seq at the agent. Until it is closed there may be more."""

    clip: int
    station: str
    camera: str
    closed_index: int | None
    missing_before_ms: int | None
    missing_after_ms: int | None
    missing_between_ms: int | None
    segments: list[SegmentShown]


class ClipRows(BaseModel):
    """The clips of an event."""

    rows: list[ClipShown]


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionWanted:
    """Motion that ended between `since` and `until`; of one agent, or of all."""

    since: datetime
    until: datetime
    agent: str | None = None
    limit: int = 100


class MotionShown(BaseModel):
    """Something moved before a camera, as the agent told in entry `index`; `looks` are seconds in which it did."""

    index: int
    agent: str
    seq: int
    station: str
    camera: str
    since: datetime
    until: datetime
    looks: int
    most_pct: float = Field(description="Of the picture, at the most")


class WatchShown(BaseModel):
    """A station that only watches, which its live view may be asked of."""

    agent: str
    station: str


class WatchRows(BaseModel):
    """All of the site."""

    rows: list[WatchShown]


class MotionRows(BaseModel):
    """Newest first."""

    rows: list[MotionShown]
