"""Live views as the API shows them."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_REASON = 200


class IceServerShown(BaseModel):
    """A STUN or TURN server, as browsers take it."""

    urls: str
    username: str | None = None
    credential: str | None = None


class NewView(BaseModel):
    """Which camera is to be looked through, by agent and station, and why."""

    model_config = ConfigDict(extra="forbid")

    agent: Annotated[str, Field(max_length=65, pattern=r"^[^\x00]+$")]
    station: Annotated[str, Field(max_length=65, pattern=r"^[^\x00]+$")]
    reason: Annotated[str, Field(min_length=2, max_length=MAX_REASON, pattern=r"^[^\x00]+$")]


class View(BaseModel):
    """A look through a camera; entry `index` says who looks. The picture comes at `/live-views/whep/<id>` (WHEP)."""

    id: str
    agent: str
    station: str
    until: datetime
    index: int
    ice: list[IceServerShown]
