"""Evidence as the API shows it, and what the acts are asked with."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from cloud.people.models import Text
from custody.things import Direction, Kind, State
from proof.canonical import canonical
from proof.errors import CanonicalError

ThingId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}/[A-Za-z0-9][A-Za-z0-9._-]{0,62}$")]
Things = Annotated[list[ThingId], Field(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
Long = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""As canonical JSON writes it; behind a backslash that is itself written as two it is only the text of it."""


def _kept_exactly(value: dict[str, Any]) -> dict[str, Any]:
    try:
        text = canonical(value)
    except CanonicalError as error:  # it is what is hashed and signed
        raise ValueError(str(error)) from error
    if _NUL.search(text):
        raise ValueError("no text has a NUL character")
    return value


Details = Annotated[dict[str, Any], Field(max_length=30), AfterValidator(_kept_exactly)]
"""What else a step needs, as the rule pack asks for it."""


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


Texts = Annotated[list[Text], Field(max_length=20)]


class NewCase(_Asked):
    """A case to be opened; `number` is the authority's own. The rest is what cases are found to belong together by."""

    number: Text = Field(examples=["宁烟立〔2026〕第118号"])
    title: Text
    parties: Texts = Field(default=[], description="Names of the people it is about", examples=[["张三"]])
    vehicles: Texts = Field(default=[], description="Number plates", examples=[["苏A·12345"]])
    scene: Text | None = Field(default=None, description="Where it was found out", examples=["江宁区东山街道"])

    def known(self) -> dict[str, Any]:
        """What was told besides number and title; a case of which nothing was has the record that it always had."""
        return {name: value for name in ("parties", "vehicles", "scene") if (value := getattr(self, name))}


class NewItem(_Asked):
    """An item to be registered in a case."""

    case_id: ThingId
    name: Text = Field(examples=["卷烟 硬盒 200支"])
    quantity: int = Field(ge=1, le=2**31 - 1)
    unit: Text = Field(examples=["条"])
    goods: Name = Field(default="tobacco", description="A class of goods of the rule pack")
    value_fen: int = Field(default=0, ge=0, le=2**53, description="What it is worth together, in fen (0.01 yuan)")
    brand: Text | None = Field(default=None, examples=["中华"])
    sku: Text | None = Field(default=None, description="The code on the goods", examples=["6901028075831"])

    def content(self) -> dict[str, Any]:
        """What its record tells beside its case; what was not told is left out, as it always was."""
        told = self.model_dump(exclude={"case_id"})
        return {name: value for name, value in told.items() if value is not None}


class NewLabel(_Asked):
    """A label to be issued: of an item, a package or a person."""

    thing_id: ThingId


class ThingsAsked(_Asked):
    """Items and packages that something is to be done to."""

    things: Things


class NewHold(ThingsAsked):
    """Things that must not leave, and why."""

    reason: Long


class NewPermit(_Asked):
    """Leave for things to pass. `people_required` is at least what the rule pack asks for, and that when left out."""

    agent: str = Field(max_length=80, examples=["nj01.gate-a"])
    stations: list[Name] = Field(min_length=1, max_length=20, examples=[["gate-a"]])
    direction: Direction
    things: Things
    not_before: AwareDatetime
    not_after: AwareDatetime
    people_required: int | None = Field(default=None, ge=1, le=20)


class Revocation(_Asked):
    """A permit to be revoked, and why."""

    permit: ThingId
    reason: Long = Field(examples=["车辆故障，改期"])


class NewErasure(_Asked):
    """Entries whose contents are to be erased, and the legal ground."""

    entries: list[Annotated[int, Field(ge=0, le=2**53)]] = Field(min_length=1, max_length=1000)
    ground: Long = Field(examples=["《个人信息保护法》第四十七条，当事人申请"])
    with_related: bool = Field(
        default=True, description="Also what else tells the same: corrections of it, and the film of a passage"
    )


class RelatedEntry(BaseModel):
    """An entry that tells what another tells: in `words` (a registration, its corrections) or as `film` of it.

    `shows`: what else a segment of film shows, by entry.
    """

    index: int
    kind: str
    why: Literal["words", "film"]
    shows: list[int]


class RelatedEntries(BaseModel):
    """What is erased with entries unless it is left out, by entry."""

    rows: list[RelatedEntry]


class ErasureAsked(_Asked):
    """A proposal to erase, to be confirmed: the entry of the proposal."""

    proposal: int = Field(ge=0, le=2**53)


class Erasure(BaseModel):
    """What is to be erased, or was when somebody confirmed it; `index` is the entry of the proposal or erasure.

    `stills` are the pictures that went with it, by digest.
    """

    index: int
    entries: list[int]
    ground: str
    proposed_by: str
    confirmed_by: str | None = None
    stills: list[str] = []


class Case(BaseModel):
    """A case; `rule_pack` is the hash of the rules in force when it was opened."""

    id: str
    number: str
    title: str
    rule_pack: str
    opened_at: datetime
    opened_by: str
    index: int
    parties: list[str] = []
    vehicles: list[str] = []
    scene: str | None = None
    corrected_index: int | None = Field(default=None, description="Entry of its newest correction, if there is one")

    @property
    def told_index(self) -> int:
        """The entry that told last what the case is about: what a correction cites, and its ETag."""
        return self.index if self.corrected_index is None else self.corrected_index


class Custody(BaseModel):
    """Where a thing lies (for an item that is packed, its package) and what custody knows of it."""

    slot: str | None
    slot_name: str | None
    zone: str | None
    size: str | None
    weight_g: int | None
    openings: int
    parent: str | None
    purpose: str | None
    due_at: datetime | None
    method: str | None
    act: str | None = Field(description="The act that waits for further hands and holds it")
    corroborated: bool | None = Field(
        default=None, description="Whether sensors saw its last movement; null while that is open, or where none are"
    )


class Item(BaseModel):
    """An item. `held`: it must not leave; `index`: the newest entry about it; `label_issue`: of its living label."""

    id: str
    case_id: str
    case_number: str
    name: str
    quantity: int
    unit: str
    goods: str
    value_fen: int
    state: State
    package_id: str | None
    held: bool
    index: int
    label_issue: int | None
    custody: Custody | None = None
    brand: str | None = None
    sku: str | None = None
    corrected_index: int | None = Field(default=None, description="Entry of its newest correction, if there is one")


class PackageRow(BaseModel):
    """A sealed package."""

    id: str
    case_id: str
    case_number: str
    seal_number: str
    state: State
    held: bool
    index: int
    label_issue: int | None
    custody: Custody | None = None


class Package(PackageRow):
    """A sealed package with the items in it."""

    items: list[Item]


class Label(BaseModel):
    """A label that was issued: its `text` is what the QR code says."""

    thing_id: str
    kind: Kind
    issue: int
    text: str


class Done(BaseModel):
    """What was done to which things (packages with their items), under which rules, as which ledger entry."""

    index: int
    things: list[str]
    rules: list[str] = []


class PermittedThing(BaseModel):
    """What may pass, the issue of its label, and the entry and time of the passage that spent the permit on it."""

    id: str
    kind: Kind
    issue: int
    spent_index: int | None = None
    spent_at: datetime | None = None


PermitState = Literal["living", "spent", "revoked", "expired"]
"""Spent is one of which nothing is left; a permit that is not yet valid is living."""


class Permit(BaseModel):
    """Leave to pass; `answer` is what the agent said to it: `done` once it holds the permit, null until then."""

    id: str
    site: str
    state: PermitState
    agent: str
    stations: list[str]
    direction: Direction
    things: list[PermittedThing]
    people_required: int
    rule_pack: str
    not_before: datetime
    not_after: datetime
    granted_by: str
    granted_by_name: str | None
    revoked_at: datetime | None
    revoked_by: str | None
    revoked_by_name: str | None
    revoked_index: int | None
    revoked_because: str | None
    index: int
    answer: str | None


class HistoryRow(BaseModel):
    """One entry about a thing: what an agent said (`fact`) or what was done in the cloud (`record`).

    `erased`: its content was erased on a legal ground, and is empty here. `corrected_by`: entries of corrections that
    cite this one; each has the old words (`was`) beside the new.
    """

    index: int
    site: str
    type: Literal["fact", "record"]
    kind: str
    at: datetime
    taken_at: datetime
    actor: str | None
    actor_name: str | None
    agent: str | None
    seq: int | None
    error_ms: int | None
    clock_source: str | None
    content: dict[str, Any]
    erased: bool
    picture: str | None
    picture_ready: bool
    corrected_by: list[int] = []


class HistoryThing(BaseModel):
    """What the history is about; `kind` as in its id."""

    id: str
    kind: Literal["item", "package", "case", "person", "permit", "exception", "other"]
    name: str | None
    state: State | None


class History(BaseModel):
    """Oldest first; `next` goes on where these end, as `after`."""

    thing: HistoryThing
    rows: list[HistoryRow]
    next: int | None


class CaseRows(BaseModel):
    """Newest first; `next` goes on as `after`."""

    rows: list[Case]
    next: int | None


class ItemRows(BaseModel):
    """By id; `next` goes on as `after`."""

    rows: list[Item]
    next: str | None


class PackageRows(BaseModel):
    """By id; `next` goes on as `after`."""

    rows: list[PackageRow]
    next: str | None


class PermitRows(BaseModel):
    """Newest first; `next` goes on as `after`."""

    rows: list[Permit]
    next: int | None
