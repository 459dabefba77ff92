"""Sensors of rooms as the API shows them."""

from datetime import datetime

from pydantic import BaseModel, Field

from wire.sensors import ContactSensor, Measure, Why


class SensorShown(BaseModel):
    """One value of a sensor with its newest reading; `low` and `high` since the reading before."""

    agent: str
    station: str
    device: str = Field(examples=["room.air"])
    measures: Measure
    unit: str
    value: float
    low: float
    high: float
    at: datetime
    index: int


class ContactShown(BaseModel):
    """A contact as it is: `active` is tilted, without power, in alarm."""

    agent: str
    station: str
    device: str
    contact: str
    sensor: ContactSensor
    active: bool
    at: datetime
    index: int


class SensorRows(BaseModel):
    """The sensors of a site."""

    values: list[SensorShown]
    contacts: list[ContactShown]


class ReadingShown(BaseModel):
    """What was measured, by the agent's clock, and the extremes since the reading before."""

    index: int
    value: float
    low: float
    high: float
    at: datetime


class GapShown(BaseModel):
    """So many readings of the device were left out, measured between `since` and `until`, because of `why`."""

    index: int
    count: int
    since: datetime
    until: datetime
    why: list[Why]


class ReadingRows(BaseModel):
    """Newest first; `next` goes on as `before`. `gaps` are those that were told between these."""

    unit: str
    rows: list[ReadingShown]
    gaps: list[GapShown]
    next: int | None
