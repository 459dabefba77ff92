"""How the sites are that somebody may read: the first look over a province."""

from datetime import datetime

from pydantic import BaseModel, Field

from cloud.live.models import Alarm


class SiteState(BaseModel):
    """One site as it is now. Nothing is known of racks where `capacity` is 0, nor of a log without a checkpoint."""

    id: str = Field(examples=["nj01"])
    name_zh: str
    name_en: str
    unit: str | None
    critical: int = Field(description="Living alarms of this severity; so the next three")
    major: int
    warning: int
    info: int
    capacity: int = Field(description="Things that fit into all slots")
    used: int
    zones: int
    zones_full: int = Field(description="Zones without a free place")
    zones_filling: int = Field(description="Zones of which nine tenths or more are taken, and that are not full")
    agents: int
    agents_offline: int
    tickets: int = Field(description="Open tickets")
    overdue: int = Field(description="Open tickets whose missed deadline was told")
    oldest_ticket: int | None = Field(description="The open ticket that was opened first, by its entry")
    oldest_at: datetime | None
    checkpoint_at: datetime | None = Field(description="When the newest checkpoint was signed")
    entries_after: int = Field(description="Entries that no checkpoint covers yet")


class SiteStates(BaseModel):
    """All sites that I may read, by their ids."""

    rows: list[SiteState]


class LivingAlarms(BaseModel):
    """Living alarms of several sites, the worst first and then the newest; `more`: how many others live."""

    rows: list[Alarm]
    more: int
