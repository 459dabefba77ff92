"""Telemetry as the API shows it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from wire.sensors import Measure


class SeriesShown(BaseModel):
    """One value of a sensor that is measured at a high rate, and its newest reading by the agent's clock."""

    agent: str
    device: str
    measures: Measure
    unit: str
    newest_at: datetime
    newest: float


class PointShown(BaseModel):
    """`n` readings from `at` on: their extremes and their mean; of a raw reading they are the same."""

    at: datetime
    n: int
    low: float
    high: float
    mean: float


class MissingShown(BaseModel):
    """Batches `first` to `last` of the agent did not come (yet); what they hold was measured between these times."""

    first: int
    last: int
    since: datetime
    until: datetime


class Course(BaseModel):
    """What a value was over time, by the agent's clock, which was at most `error_ms` wrong (null: nobody knows).

    Where single readings that would be shown were `removed` at the end of their time, it is told by the minute.
    """

    unit: str
    step: Literal["raw", "minute", "hour", "day"]
    error_ms: int | None
    removed: bool = False
    points: list[PointShown]
    gaps: list[MissingShown]
