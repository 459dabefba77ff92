"""Releases and updates as the API takes them in and shows them."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

AgentId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,31}\.[a-z0-9][a-z0-9-]{0,31}$")]

State = Literal["ordered", "fetching", "staging", "staged", "waiting", "trying", "applied", "refused", "rolled_back"]


class Release(BaseModel):
    """A release of the program at my site. `act` is the act that asks two people to approve it, while it waits;
    `applied` how many agents run it or ran it.
    """

    sha256: str
    version: str
    bytes: int
    follows: str
    form: Literal["wheels", "tree"]
    python: str
    platform: str
    journal: int
    notes: str
    brought_by: str
    brought_at: datetime
    index: int
    approved_at: datetime | None
    approved_index: int | None
    act: str | None = None
    applied: int = 0


class ReleaseRows(BaseModel):
    """Newest first. `publishers` is how many publishers' keys are believed here: without one none can be brought up."""

    rows: list[Release]
    publishers: int


class RollOut(BaseModel):
    """Agents that are to take a release; `version` is typed by whoever wants it: the release's own, to be sure."""

    model_config = ConfigDict(extra="forbid")

    agents: Annotated[list[AgentId], Field(min_length=1, max_length=500)]
    version: str = Field(max_length=40)


class Wanted(BaseModel):
    """What is wanted of an agent, and how far it has come; `reason` says why it waits, was undone or refused."""

    number: int
    sha256: str
    version: str
    state: State
    pct: int | None
    code: str
    reason: str
    ordered_by: str
    ordered_at: datetime
    index: int


class AgentUpdate(BaseModel):
    """An agent: the version that it said it runs, and what is wanted of it, if anything ever was."""

    agent: str
    online: bool
    running: str | None
    wanted: Wanted | None


class AgentUpdateRows(BaseModel):
    """All agents of a site, by name."""

    rows: list[AgentUpdate]


class Ordered(BaseModel):
    """The ledger's entries by which it was ordered, by agent."""

    entries: dict[str, int]
