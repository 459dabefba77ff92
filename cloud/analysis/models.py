"""What stands out, as the API shows it."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from cloud.live.models import Wording

Kind = Literal[
    "dwell", "ageing", "approval_speed", "same_pair", "after_hours", "discrepancy", "saturation", "devices",
    "hot_spots", "lead_time", "late_capture", "thin_content", "no_tracking",
]  # fmt: skip
Unit = Literal["hours", "days", "seconds", "percent", "times", "things"]
About = Literal["entry", "thing", "person", "case", "alarm", "ticket", "stock_take", "agent", "zone"]

Weakness = Literal[
    "small_sample", "still_waiting", "over_now", "by_case_opened", "some_held", "talked_over_before", "same_shift",
    "few_approvers", "shown_passes", "rostered", "nobody_beside", "hands_shared", "who_counted",
    "one_seizure_changes_it", "may_not_grow", "network_or_device", "told_together", "uneven_by_nature",
    "not_foreseeable", "clock_of_agent", "may_not_apply", "done_elsewhere",
]  # fmt: skip
"""What speaks against a finding, by code."""
Absent = Literal[
    "no_steps", "only_now", "nothing_stored", "no_approvals", "one_approver", "no_calendar", "no_access",
    "no_counts", "no_zones", "no_agents", "no_trouble", "no_breaches", "no_passages", "nothing_recorded",
    "nothing_open",
]  # fmt: skip
"""What data is missing, by code."""


class Evidence(BaseModel):
    """Where it can be looked up: an entry of the ledger, an alarm by its id, a ticket by its entry, others by name."""

    about: About
    id: str
    thing: str | None = Field(default=None, description="Of an entry: an act or a thing whose page shows it")
    alarm: int | None = Field(default=None, description="Of an entry: the id of the alarm that it raised")


class Point(BaseModel):
    """What a figure was then."""

    at: datetime
    value: float


class Figure(BaseModel):
    """One number. `low` to `high` is its 95 % interval, or for waiting times the median's neighbours: see `kind`."""

    subject: str = Field(
        description="A person, agent, zone, stage, cause … or the site", examples=["nj01/U-AB12CD34EF"]
    )
    name: str | None = Field(default=None, description="What people call it")
    aspect: str | None = Field(default=None, description="Which side of the subject, where a kind has several")
    aspect_name: str | None = None
    value: float | None = Field(description="None: not known, or (saturation) not growing")
    unit: Unit
    low: float | None = None
    high: float | None = None
    n: int = Field(description="From how many cases")
    at: datetime | None = Field(default=None, description="The day that is forecast, with its interval")
    at_low: datetime | None = None
    at_high: datetime | None = None
    course: list[Point] = []


class Finding(BaseModel):
    """Something that stands out. `weakens` are codes of what speaks against it; `rank` is from 0 to 1, first first."""

    key: str = Field(
        description="The same for the same finding of another day", examples=["same_pair:nj01/U-A+nj01/U-B"]
    )
    kind: Kind
    subject: str
    name: str | None = None
    other: str | None = Field(default=None, description="The second of a pair")
    other_name: str | None = None
    aspect: str | None = None
    place: str | None = None
    since: datetime
    until: datetime
    value: float
    unit: Unit
    expected_low: float | None = None
    expected_high: float | None = None
    low: float | None = None
    high: float | None = None
    hits: int = Field(description="How many cases make it up")
    n: int = Field(description="Of how many")
    chance: float | None = Field(
        default=None, description="How likely chance alone would do as much, among all looked at"
    )
    at: datetime | None = None
    at_low: datetime | None = None
    at_high: datetime | None = None
    evidence: list[Evidence]
    weakens: list[Weakness]
    rank: float


class Section(BaseModel):
    """All figures of a kind, with the rule's reason for its threshold. `absent`: a code of what data is missing."""

    kind: Kind
    basis: Wording
    weight: int
    sample_at_least: int
    n: int = Field(description="Cases looked at")
    figures: list[Figure]
    absent: Absent | None = None


class Analysis(BaseModel):
    """A site over a period; findings as they rank. No sections: the rules in force say nothing of analysis."""

    site: str
    since: datetime
    until: datetime
    rule_pack: str
    longest_days: int
    sections: list[Section]
    findings: list[Finding]
