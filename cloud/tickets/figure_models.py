"""Figures of tickets as the API shows them: what three first pages and the board tell."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, Field

from custody.tickets import Tier

Ages = Literal["day", "three_days", "week", "older"]


class Count(BaseModel):
    """How many tickets of one kind are open; `key` is a type, or a person's id (None: nobody's)."""

    key: str | None
    name: str | None = None
    open: int
    overdue: int


class TicketFigures(BaseModel):
    """How a site's tickets stand now, and what became of those of the last days.

    `overdue` are those whose missed deadline was told. `replies_in_time` are those within the clock of the rules, its
    pauses not counted; `reply_median_s` is from the check to the reply, its pauses not counted.
    """

    site: str
    since: datetime = Field(description="What ended or was replied from then on is counted")
    homes: list[Tier] = Field(description="The first pages of whoever asks, the widest last")
    reported: int
    checked: int
    replied: int
    overdue: int
    paused: int
    second_round: int = Field(description="Open ones that go round once more")
    closed: int
    closed_second_round: int
    replies: int
    replies_in_time: int
    reply_median_s: int | None
    by_type: list[Count]
    by_owner: list[Count]
    by_age: list[Count] = Field(description="By key: day, three_days, week, older: open for at most that long")


class TicketDay(BaseModel):
    """What happened on one day of the calendar's time zone."""

    day: date
    opened: int
    closed: int
    breached: int = Field(description="Deadlines missed")


class TicketTrend(BaseModel):
    """Day by day, the oldest first, none left out; over `sites`."""

    sites: int
    days: list[TicketDay]


class SiteFigures(BaseModel):
    """A site at a glance: its tickets, what is missed, its living alarms, how full its racks are."""

    site: str
    name_zh: str
    name_en: str
    unit: str | None
    open: int
    overdue: int
    opened: int
    closed: int
    breached: int
    alarms: int
    grave_alarms: int = Field(description="Major and critical ones")
    used: int = Field(description="Things on racks")
    capacity: int


class SiteFigureRows(BaseModel):
    """By site; `next` is where the next page begins."""

    rows: list[SiteFigures]
    next: str | None


class Waiting(BaseModel):
    """What a ticket waits for me to do, or anybody of my role where it is nobody's yet; `due_at` None: no clock."""

    site: str
    ticket: int
    name: str
    type: str
    title: str | None
    round: int
    step: Literal["check", "reply", "evaluate", "remedy", "confirm"]
    mine: bool
    due_at: datetime | None
    overdue: bool


class WaitingRows(BaseModel):
    """What is due first comes first."""

    rows: list[Waiting]
