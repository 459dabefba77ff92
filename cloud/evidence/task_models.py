"""Tasks as the API takes them in and shows them."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cloud.evidence.models import Details, Name, ThingId, Things
from custody.things import Action


class NewTask(BaseModel):
    """A step to be taken at a rack, where to `slot` it leads; `details` are what else the step needs."""

    model_config = ConfigDict(extra="forbid")

    agent: str = Field(max_length=80, examples=["nj01.gate-a"])
    station: Name = Field(examples=["rack-1"])
    action: Action
    things: Things
    slot: ThingId | None = None
    details: Details = {}
    not_after: AwareDatetime


class TaskAsked(BaseModel):
    """A task to be taken back."""

    model_config = ConfigDict(extra="forbid")

    task: ThingId


class TaskShown(BaseModel):
    """A task; `answer` is the agent's: `done` once it holds the task; `done_index` is the fact of the step."""

    id: str
    agent: str
    station: str
    action: Action
    things: list[str]
    slot: str | None
    not_after: datetime
    granted_by: str
    index: int
    answer: str | None
    revoked_at: datetime | None
    done_index: int | None


class TaskRows(BaseModel):
    """Newest first; `next` goes on as `after`."""

    rows: list[TaskShown]
    next: int | None
