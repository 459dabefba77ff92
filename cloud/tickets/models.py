"""Tickets as the API takes them in and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000, pattern=r"^[^\x00]*$")]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
AnId = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$", examples=["nj01/U-AB12CD34EF"])]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Photos = Annotated[list[Digest], Field(max_length=20, description="SHA-256 of photographs sent before")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FindingNamed(_Asked):
    """The finding of an analysis: whoever looks at the same period finds it again by its key."""

    key: str = Field(min_length=1, max_length=300, pattern=r"^[^\x00]*$", examples=["same_pair:nj01/U-A+nj01/U-B"])
    since: AwareDatetime
    until: AwareDatetime


class NewTicket(_Asked):
    """A report. `seen_at` is when it was seen, where it is sent later (a phone without a signal)."""

    site: str | None = Field(
        default=None, max_length=32, pattern=r"^[^\x00]*$",
        description="Another site that I may read, which shall look into it: for who supervises; none: my own",
    )  # fmt: skip

    type: str = Field(max_length=64, examples=["equipment"])
    title: Title
    words: Words
    place: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] | None = None
    links: list[AnId] = Field(default=[], max_length=20, description="Items, packages, cases and people of the site")
    alarm: int | None = Field(default=None, ge=1, le=2**53, description="The id of an alarm")
    assigned_to: AnId | None = None
    photos: Photos = []
    seen_at: AwareDatetime | None = None
    finding: FindingNamed | None = None
    page: Annotated[str, Field(max_length=200, pattern=r"^/[^\x00-\x1f]*$")] | None = Field(
        default=None, description="The page of the console that it is about"
    )
    version: Annotated[str, Field(max_length=40, pattern=r"^[^\x00-\x1f]*$")] | None = Field(
        default=None, description="The console's version then"
    )


class Answered(_Asked):
    """What was found on site, or what came of it."""

    step: Literal["check", "reply"]
    words: Words
    photos: Photos = []


class Evaluated(_Asked):
    """Satisfied: it is over. Not: it goes round once more."""

    step: Literal["evaluate"]
    satisfied: bool
    words: Words


class Said(_Asked):
    """A remark, or an order with its reason. `corrects` names an entry of mine that this puts right."""

    step: Literal["comment", "urge", "pause", "resume"]
    words: Words
    corrects: int | None = Field(default=None, ge=0, le=2**53)


class Reassigned(_Asked):
    """It is for this colleague now."""

    step: Literal["reassign"]
    person: AnId
    words: Words


class Rectified(_Asked):
    """A notice to put something right, for this colleague, until then."""

    step: Literal["rectify"]
    person: AnId
    due_at: AwareDatetime
    words: Words


class Remedied(_Asked):
    """It was put right (remedy); I looked, and it was (confirm). `notice` is the entry of the notice."""

    step: Literal["remedy", "confirm"]
    notice: int = Field(ge=0, le=2**53)
    words: Words
    photos: Photos = []


TicketAct = Annotated[
    Answered | Evaluated | Said | Reassigned | Rectified | Remedied, Field(discriminator="step")
]  # fmt: skip


class Taken(BaseModel):
    """The ledger entry of what was done; `ticket` is the entry that opened it."""

    ticket: int
    index: int


class TicketRow(BaseModel):
    """A ticket on a board. `due_at` is None while its clock stands, and after its end."""

    site: str
    index: int
    name: str = Field(examples=["nj01/T-118"])
    type: str
    title: str | None = Field(description="None where it was erased, or an alarm opened it")
    state: Literal["reported", "checked", "replied", "satisfied"]
    round: int
    opened_by: str
    opened_name: str | None
    opened_at: datetime
    assigned_to: str | None
    assigned_name: str | None
    alarm: int | None
    links: list[str]
    place: str | None
    since: datetime
    newest: int
    paused: bool
    due_at: datetime | None
    overdue: bool
    closed_at: datetime | None


class TicketRows(BaseModel):
    """Newest first; `next` is where the next page begins."""

    rows: list[TicketRow]
    next: int | None


class TicketEntry(BaseModel):
    """Something that was done; `told` is None where it was erased."""

    index: int
    kind: str
    at: datetime
    actor: str
    actor_name: str | None
    whom_name: str | None = Field(description="Whom it was given to by this")
    told: dict[str, Any] | None


class Notice(BaseModel):
    """A notice to put right."""

    index: int
    person: str
    ordered_by: str
    due_at: datetime
    remedied_index: int | None
    confirmed_index: int | None
    overdue_index: int | None = Field(description="The entry that told that its deadline was missed")


class TicketWhole(TicketRow):
    """A ticket with all that was done; `may` are the steps that whoever asks may take now."""

    may: list[str]
    notices: list[Notice]
    entries: list[TicketEntry]
