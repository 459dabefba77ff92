"""Doors and each time that they stood open, as the API takes them in and shows them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud.evidence.models import ThingId

StationName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
SessionState = Literal["refused", "allowed", "open", "closed"]
How = Literal["decision", "exit", "break_glass", "found", "forced"]


class NewDoor(BaseModel):
    """What is behind a door of an agent: `guards` are stations of the same agent, for whose tasks and permits it opens;
    `zones` say how many people it takes, and what moves there needs its opening. What was said before is replaced.
    """

    model_config = ConfigDict(extra="forbid")

    agent: str = Field(max_length=80)
    station: StationName
    guards: Annotated[list[StationName], Field(min_length=1, max_length=50)]
    zones: Annotated[list[ThingId], Field(min_length=1, max_length=50)]


class Door(BaseModel):
    """A door with what is behind it; `open` while it stands open."""

    agent: str
    station: str
    guards: list[str]
    zones: list[str]
    open: bool
    index: int


class DoorRows(BaseModel):
    """All doors of a site."""

    rows: list[Door]


class DoorSession(BaseModel):
    """From a question at a door, or an opening that nobody asked for, to its end.

    `state`: refused; allowed and not opened; open; closed. `open_ms` is null where a restart or another opening cut it
    short. `moved` are slots behind it whose sensor changed meanwhile; `differs` is what the cloud would have answered.
    """

    index: int
    agent: str
    station: str
    state: SessionState
    at: datetime
    rule: str | None
    reason: str | None
    subject: str | None
    task: str | None
    permit: str | None
    things: list[str]
    people: list[str]
    names: list[str] = Field(description="Of the people, in their order; the id of one who has no account")
    picture: str | None
    picture_ready: bool
    differs: str | None
    how: How | None
    opened_index: int | None
    opened_at: datetime | None
    held_open: bool = Field(description="It stood open for longer than the rules allow")
    closed_index: int | None
    closed_at: datetime | None
    open_ms: int | None
    moved: list[str]
    heads_in: int | None = Field(description="Counted from above; null where nothing saw all of it")
    heads_out: int | None


class DoorSessionRows(BaseModel):
    """Newest first; `next` goes on as `before`."""

    rows: list[DoorSession]
    next: int | None
