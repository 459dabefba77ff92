"""What belongs together, as the API shows it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

LinkKind = Literal["case", "item", "package", "slot", "person", "permit", "act", "ticket", "alarm", "print_job"]
MomentKind = Literal["passage", "door_session", "clip"]


class Link(BaseModel):
    """A thing that belongs to it. `name` is what it is called: a number, a name, a seal, a cause, an action,
    a printer.
    """

    kind: LinkKind
    thing: str
    name: str | None
    more: str | None = Field(
        description="The title of a case or ticket, the state of a thing, the place of an alarm, how a print job ended"
    )
    at: datetime | None
    index: int | None
    alarm: int | None = Field(description="The id of an alarm, which its page goes by")


class Linked(BaseModel):
    """All links of one kind, the newest first; `more` says that there are more than are shown."""

    kind: LinkKind
    links: list[Link]
    more: bool


class Instant(BaseModel):
    """Something that happened with it, at a gate or a door or before a camera.

    `agent` and `seq` name the event whose film is at `GET /clips`, where there is `film`; `at` is the second in it.
    """

    kind: MomentKind
    index: int
    at: datetime
    agent: str
    seq: int | None
    station: str
    name: str | None = Field(description="allowed or refused, the state of a door session, the camera of a clip")
    film: bool


class Reason(BaseModel):
    """What a case has in common with another: of how many `cases` besides that other."""

    why: Literal["party", "vehicle", "scene", "brand", "sku"]
    value: str
    cases: int


class RelatedCase(BaseModel):
    """A case that has something in common with another, and what: the rarest first."""

    id: str
    number: str
    title: str
    opened_at: datetime
    reasons: list[Reason]


class RelatedCases(BaseModel):
    """The cases that have most in common first; `total` is how many there are."""

    total: int
    rows: list[RelatedCase]


class Together(BaseModel):
    """What belongs together, by kinds, and what happened, newest first."""

    linked: list[Linked]
    moments: list[Instant]
