"""Several sites of a unit side by side, as the API shows them."""

from datetime import datetime

from pydantic import BaseModel, Field

from cloud.analysis.models import Absent, Finding, Kind, Unit
from cloud.live.models import Wording


class SiteSpan(BaseModel):
    """One of the sites: how much it recorded in the period, and by which rules it was looked at."""

    id: str = Field(examples=["nj01"])
    name_zh: str
    name_en: str
    unit: str | None
    entries: int = Field(description="Entries of its ledger in the period")
    findings: int
    rule_pack: str


class SiteValue(BaseModel):
    """A figure of one site, or of all together. `low` to `high` as in the kind's figures; `n`: of how many cases."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int


class Compared(BaseModel):
    """One figure, site by site. `together` is none where figures of sites cannot be added up (a median)."""

    subject: str = Field(description="A stage, a cause, a part … or `all` where a kind has one figure only")
    unit: Unit
    sites: dict[str, SiteValue] = Field(description="By site; one that has no such figure is not there")
    together: SiteValue | None


class SiteAbsent(BaseModel):
    """What data is missing where."""

    site: str
    absent: Absent


class UnitSection(BaseModel):
    """A kind over all sites. `few`: sites whose figures are drawn from fewer cases than their rules ask for."""

    kind: Kind
    n: int = Field(description="Cases looked at")
    figures: list[Compared]
    few: list[str]
    absent: list[SiteAbsent]


class UnitFinding(Finding):
    """A finding at one of the sites, by the rules of that site."""

    site: str
    basis: Wording


class UnitAnalysis(BaseModel):
    """All sites at or below a unit over a period; findings as they rank. People are never laid beside those of another
    site: only findings, which have cases enough, name them.
    """

    unit: str
    since: datetime
    until: datetime
    longest_days: int = Field(description="0: the rules in force nowhere say anything of analysis")
    rules_differ: bool = Field(description="Not all sites are looked at by the same rules")
    sites: list[SiteSpan]
    sections: list[UnitSection]
    findings: list[UnitFinding]
