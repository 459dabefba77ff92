"""Print jobs and printers, as the API takes them in and shows them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from cloud.evidence.models import Name, ThingId, Things
from wire.printing import LabelOutcome, PrinterState, Trouble

JobOutcome = Literal["printed", "not_printed", "partial", "unknown"]


class PrintedShown(BaseModel):
    """A label of a job; `outcome` is null until the agent told."""

    thing: str
    name: str
    issue: int
    outcome: LabelOutcome | None


class PrintJob(BaseModel):
    """Labels that were sent to a printer in one order.

    `outcome` is null until the agent told; printed only where the printer said so of every label.
    """

    id: str = Field(examples=["nj01/O-AB12CD34EF"])
    agent: str
    printer: str
    sent_by: str
    sent_name: str | None
    sent_at: datetime
    index: int
    again: str | None = Field(description="The job that it repeats")
    outcome: JobOutcome | None
    problem: str | None
    ended_at: datetime | None
    ended_index: int | None
    labels: list[PrintedShown]


class PrintJobs(BaseModel):
    """Jobs, newest first; `next` is where the next page begins."""

    rows: list[PrintJob]
    next: int | None


class NewAgain(BaseModel):
    """A job to be printed again: of its `things` the newest labels; where none are named, those that did not come out
    for certain, and all where all did.
    """

    model_config = ConfigDict(extra="forbid")

    job: ThingId
    things: Things | None = None


class Printer(BaseModel):
    """A label printer as it told last; `state` is null where it never does.

    `left` is what a new roll has, less what came out since somebody said that there is one; null where either is not
    known. `reloaded`: it ran out and is ready again, and nobody said so.
    """

    agent: str
    printer: str
    state: PrinterState | None
    trouble: Trouble | None
    problem: str | None
    at: datetime | None
    index: int | None
    roll: int | None
    left: int | None
    rolled_at: datetime | None
    rolled_by: str | None
    rolled_name: str | None
    reloaded: bool


class Printers(BaseModel):
    """The label printers that told of themselves, or got a roll."""

    rows: list[Printer]


class NewRoll(BaseModel):
    """A new roll is in the printer; `labels` where it has another number of them than the printer's options say."""

    model_config = ConfigDict(extra="forbid")

    agent: str = Field(max_length=80, pattern=r"^[^\x00]*$", examples=["nj01.desk-a"])
    printer: Name = Field(examples=["label-printer"])
    labels: int | None = Field(default=None, ge=1, le=100_000)
