"""Clips as the API shows them."""

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
