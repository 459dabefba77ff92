"""Clearing an alarm as the API takes it in and answers it."""

from pydantic import BaseModel, ConfigDict, Field


class Clearing(BaseModel):
    """Why an alarm is over: a code for programs and statistics, a note for people."""

    model_config = ConfigDict(extra="forbid")

    cause_code: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", examples=["restored_backup"])
    note: str = Field(default="", max_length=500, pattern=r"^[^\x00]*$")


class Cleared(BaseModel):
    """What came of it; where `cleared` is false, somebody else than `proposed_by` has to say the same."""

    id: int
    cause: str
    place: str
    cleared: bool
    proposed_by: str | None
    index: int = Field(description="The ledger entry that says so")
