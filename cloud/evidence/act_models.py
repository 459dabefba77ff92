"""Acts with their hands, as the API takes them in and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud.evidence.models import Details, Long, ThingId
from custody.roles import Role


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewAct(_Asked):
    """A step to be taken by me with these things, or a decision by name with none (`correct_case`: with its case).

    `details` are those that the rule pack asks for: `seal_number`, `photos` (SHA-256 of photographs sent before),
    `weight_g`, `slot`, `reason` …
    """

    action: str = Field(max_length=40, pattern=r"^[a-z_]+$", examples=["handover"])
    things: Annotated[list[ThingId], Field(max_length=200)] = []
    details: Annotated[Details, Field(examples=[{"differences": []}])] = {}


class Signing(_Asked):
    """My hand on a waiting act; `assertion` is the passkey's over its `hash`, where my seat asks for one.

    `seen` is the hash of the act as I saw it: another one is refused.
    """

    act: ThingId
    seen: str = Field(pattern=r"^[0-9a-f]{64}$")
    assertion: dict[str, Any] | None = None


class Declining(_Asked):
    """A waiting act is not to be, and why."""

    act: ThingId
    reason: Long


class HandShown(BaseModel):
    """Somebody's hand on an act: at its beginning or, where all must stay, at its `end`."""

    person: str
    name: str
    part: Literal["begin", "end"]
    seat: int
    passkey: bool
    at: datetime


class ActShown(BaseModel):
    """An act: who asked for what, whose hands are on it, whose are still waited for.

    `mine`: whether it waits for me, and why not where a rule keeps me from it. `passkey`: my seat asks for one.
    """

    id: str
    action: str
    things: list[str]
    details: dict[str, Any]
    hash: str
    rule: str
    rule_pack: str
    proposed_by: str
    proposed_by_name: str | None
    proposed_at: datetime
    expires_at: datetime
    index: int
    hands: list[HandShown]
    seats: list[list[Role]]
    waiting_for: list[list[Role]]
    ending: bool = Field(description="All have signed the beginning; the end is signed now")
    ended: Literal["done", "declined", "expired"] | None
    ended_at: datetime | None
    ended_index: int | None
    mine: bool
    passkey: bool
    challenge: str = Field(description="What my passkey would sign now, in hex")


class ActRows(BaseModel):
    """Newest first; `next` goes on as `after`."""

    rows: list[ActShown]
    next: int | None


class ActResult(BaseModel):
    """What came of it: `done` with the ledger entry and what moved, or `waiting` as the act `act` for further hands.

    `made` are the packages or items that it made.
    """

    status: Literal["done", "waiting"]
    index: int
    rule: str
    act: str | None = None
    hash: str | None = None
    things: list[str] = []
    made: list[str] = []
    waiting_for: list[list[Role]] = []
