"""Sites and agents as the API shows them."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Site(BaseModel):
    """A warehouse with its own ledger."""

    id: str = Field(examples=["nj01"])
    name_zh: str
    name_en: str
    unit: str | None = None


class SiteRows(BaseModel):
    """The sites I may see."""

    rows: list[Site]


class Agent(BaseModel):
    """An edge agent: whether it is online now, when it was last heard, and the seq it will say next."""

    id: str = Field(examples=["nj01.gate-a"])
    site: str
    online: bool
    seen_at: datetime | None
    next_seq: int


class AgentRows(BaseModel):
    """All agents of the site."""

    rows: list[Agent]


class Gate(BaseModel):
    """A station that things pass, and the agent that a permit for it goes to."""

    agent: str = Field(examples=["nj01.gate-a"])
    station: str = Field(examples=["gate-a"])
    online: bool


class GateRows(BaseModel):
    """The gates of a site, by agent."""

    rows: list[Gate]


class StationHealth(BaseModel):
    """A station of an agent."""

    name: str
    kind: Literal["gate", "rack", "door"]
    position: str | None = Field(default=None, description="Of a gate or door, by its own sensor")


class UpdateProgress(BaseModel):
    """How far an update has come, by the agent's newest sign of life."""

    number: int
    version: str
    state: Literal["fetching", "staging", "waiting", "trying"]
    pct: int


class AgentHealth(BaseModel):
    """How an agent is, by its newest sign of life (none: it has not given one, or it was erased) and its last start.

    `waiting` facts had no receipt yet then; `lost` are devices that cannot be reached.
    """

    id: str
    online: bool
    seen_at: datetime | None
    software: str | None
    started_at: datetime | None
    beat_at: datetime | None
    waiting: int | None
    free_bytes: int | None
    lost: list[str]
    stations: list[StationHealth]
    update: UpdateProgress | None = None


class AgentHealthRows(BaseModel):
    """All agents of a site, by name."""

    rows: list[AgentHealth]


class NewAgent(BaseModel):
    """An agent to be made known; `public_key` is its raw Ed25519 key as base64url."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}\.[a-z0-9][a-z0-9-]{0,31}$", examples=["nj01.gate-a"])
    public_key: str = Field(pattern=r"^[A-Za-z0-9_-]{43}$")


class AddedAgent(BaseModel):
    """The agent, and the ledger entry that says so."""

    id: str
    index: int
