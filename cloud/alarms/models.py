"""Alarms as the API takes in what is done about them, and shows them with their whole life."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

Note = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Clearing(_Asked):
    """Why an alarm is over: one of the rule pack's codes, a note for people."""

    cause_code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", examples=["restored_backup"])
    note: Note = ""


class Cleared(BaseModel):
    """What came of it; where `cleared` is false, somebody else than `proposed_by` has to say the same."""

    id: int
    cause: str
    place: str
    cleared: bool
    proposed_by: str | None
    index: int = Field(description="The ledger entry that says so")


class Acknowledging(_Asked):
    """I took notice of it: nobody else has to be told."""

    step: Literal["acknowledge"]
    note: Note = ""


class Assigning(_Asked):
    """It is for this colleague of mine to deal with."""

    step: Literal["assign"]
    person: str = Field(max_length=100, pattern=r"^[^\x00]*$", examples=["nj01/U-AB12CD34EF"])
    note: Note = ""


class Commenting(_Asked):
    """What is known of it, or was done."""

    step: Literal["comment"]
    note: Words


class Shelving(_Asked):
    """It is set aside until then, and why; None: it no longer is."""

    step: Literal["shelve"]
    until: AwareDatetime | None
    note: Words


AlarmStep = Annotated[Acknowledging | Assigning | Commenting | Shelving, Field(discriminator="step")]
"""What is done about an alarm while it lives."""


class StepShown(BaseModel):
    """Something that became of an alarm; `told` is None where it was erased."""

    index: int
    kind: str = Field(examples=["alarm_acknowledged"])
    at: datetime
    actor: str
    actor_name: str | None
    told: dict[str, Any] | None


class AlarmWhole(BaseModel):
    """An alarm with its life. `hears`: the roles that were told of it so far; `next_at` when more are, `next_roles`."""

    id: int
    name: str = Field(description="What its entries are filed under", examples=["nj01/A-118"])
    site: str
    cause: str
    place: str
    severity: Literal["info", "warning", "major", "critical"]
    detail: dict[str, Any]
    raised_at: datetime
    last_at: datetime
    occurrences: int
    index: int
    acknowledged_by: str | None
    acknowledged_name: str | None
    acknowledged_at: datetime | None
    assigned_to: str | None
    assigned_name: str | None
    shelved_until: datetime | None
    level: int
    hears: list[str]
    next_at: datetime | None
    next_roles: list[str]
    cleared_at: datetime | None
    cleared_by: str | None
    cleared_code: str | None
    clear_proposed_by: str | None
    answer_due_at: datetime | None = Field(
        description="Until when somebody has to say what it was, where it was over by itself and that is asked"
    )
    steps: list[StepShown]


class Handled(BaseModel):
    """The ledger entry of what was done about an alarm."""

    id: int
    index: int
