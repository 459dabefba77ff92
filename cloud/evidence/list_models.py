"""Lists of slots that are lit together, as the API takes them in and shows them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud.evidence.models import ThingId
from wire.racks import MOST_LISTED, ListColour, ListWay

Ids = Annotated[list[ThingId], Field(min_length=1, max_length=MOST_LISTED)]


class NewList(BaseModel):
    """What is to be lit, for so many minutes; one of four: `things` where they lie, the slots that `tasks` or an `act`
    lead to (or where its things lie), or all slots of a `zone`, to be looked at.
    """

    model_config = ConfigDict(extra="forbid")

    things: Ids | None = None
    tasks: Ids | None = None
    act: ThingId | None = None
    zone: ThingId | None = None
    minutes: int = Field(default=30, ge=1, le=720)

    @model_validator(mode="after")
    def _one_of_all(self) -> "NewList":
        if sum(one is not None for one in (self.things, self.tasks, self.act, self.zone)) != 1:
            raise ValueError("a list is of things, of tasks, of an act or of a zone")
        return self


class ListAsked(BaseModel):
    """A list to be stopped."""

    model_config = ConfigDict(extra="forbid")

    list_id: ThingId


class ListedShown(BaseModel):
    """A slot of a list. `state`: an order is on its way, it is lit, it was confirmed (`by` its sensor or a scan), no
    light can be shown there, or its lights are over; `misplaced`: the rack found something in another slot instead.
    """

    slot: str
    name: str
    zone_name: str
    things: list[str]
    state: Literal["waiting", "lit", "confirmed", "unlit", "over"]
    by: Literal["sensor", "scan"] | None
    misplaced: bool


class ListShown(BaseModel):
    """A list with how far it is; `left` counts the slots that are neither confirmed nor without a light."""

    id: str
    way: ListWay
    colour: ListColour
    until: datetime
    started_by: str
    started_name: str | None
    index: int
    state: Literal["lit", "done", "expired", "stopped"]
    left: int
    slots: list[ListedShown]


class ListRows(BaseModel):
    """Newest first; `next` goes on as `after`."""

    rows: list[ListShown]
    next: int | None
