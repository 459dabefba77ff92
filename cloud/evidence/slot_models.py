"""Zones and slots as the API takes them in and shows them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud.evidence.models import Name, ThingId
from cloud.people.models import Text
from custody.things import State

SlotName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,31}$")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewZone(_Asked):
    """A part of the warehouse; `zone_class` is one of the rule pack's."""

    name: Text = Field(examples=["A 区"])
    zone_class: Name = Field(examples=["ordinary"])


class NewSlot(_Asked):
    """A place on a rack, named as it is painted there; `agent` is whose rack lights it."""

    name: SlotName = Field(examples=["A-01-03"])
    size: Name = Field(default="m")
    capacity: int = Field(default=1, ge=1, le=1000)
    agent: str | None = Field(default=None, max_length=80)


class NewSlots(_Asked):
    """Slots to be added to a zone."""

    zone: ThingId
    slots: Annotated[list[NewSlot], Field(min_length=1, max_length=500)]


class Zone(BaseModel):
    """A zone with how full it is; `level` is green below 90 %, yellow from exactly 90 %, red from exactly 100 %."""

    id: str
    name: str
    zone_class: str
    capacity: int
    used: int
    level: Literal["green", "yellow", "red"]
    index: int


class InSlot(BaseModel):
    """What lies in a slot."""

    id: str
    state: State
    name: str | None


class Slot(BaseModel):
    """A slot with what lies in it. `state`: free, full or partly occupied, `reserved` where an act waits that fills it,
    `mismatch` where the slot's own sensor says otherwise than the records.
    """

    id: str
    zone: str
    zone_name: str
    zone_class: str
    name: str
    size: str
    capacity: int
    agent: str | None
    things: list[InSlot]
    reserved: list[str]
    sensor: bool | None = Field(default=None, description="Occupied, as the slot's sensor last said")
    sensor_at: datetime | None = None
    state: Literal["free", "part", "full", "reserved", "mismatch"]


class ZoneRows(BaseModel):
    """All zones of the site."""

    rows: list[Zone]


class SlotRows(BaseModel):
    """By name; `next` goes on as `after`."""

    rows: list[Slot]
    next: str | None


class Suggestion(BaseModel):
    """The slots that fit a thing, best first."""

    rows: list[Slot]


class Locating(_Asked):
    """Whose slot is to be lit, for so many seconds."""

    thing: ThingId
    seconds: int = Field(default=120, ge=5, le=3600)


class Located(BaseModel):
    """Where a thing lies; `lit` when an order to light the slot is on its way, as `order`."""

    thing: str
    slot: str
    name: str
    lit: bool
    order: str | None
