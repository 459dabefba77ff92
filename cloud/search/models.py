"""Hits as the API shows them."""

from enum import StrEnum

from pydantic import BaseModel, Field


class HitKind(StrEnum):
    """What can be found, in the order in which it is shown."""

    CASE = "case"
    ITEM = "item"
    PACKAGE = "package"
    TICKET = "ticket"
    ALARM = "alarm"
    PERMIT = "permit"
    PERSON = "person"
    SLOT = "slot"
    AGENT = "agent"
    PRINT_JOB = "print_job"


class Piece(BaseModel):
    """A part of a text; `hit` where it is what was asked for."""

    text: str
    hit: bool


class FoundField(BaseModel):
    """A field of what was found: its text in pieces, which together are all of it."""

    name: str = Field(examples=["title"])
    pieces: list[Piece]


class Hit(BaseModel):
    """Something that was found. `fields` are its heading first, and then those that say why it was found."""

    kind: HitKind
    thing: str = Field(examples=["nj01/C-AB12CD34EF", "nj01/T-118"])
    site: str
    alarm: int | None = Field(description="The id of an alarm, which its page goes by")
    exact: bool = Field(description="A code of it was given whole")
    fields: list[FoundField]


class Group(BaseModel):
    """The hits of one kind: what was given whole first, then newest first. `next` is where its next page begins."""

    kind: HitKind
    hits: list[Hit]
    next: int | None


class Found(BaseModel):
    """What was found, by kinds; kinds of which there is nothing are left out."""

    groups: list[Group]
