"""The floor plan of a site: a picture, and where on it gates, doors, cameras, sensors and zones are.

The newest record of a drawing is the plan: nothing else is kept of it, so there is nothing that could differ from it.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from cloud.db.pool import Tx, one
from cloud.db.queries import load_queries
from cloud.errors import InvalidError
from cloud.evidence.acting import Acting
from cloud.evidence.errors import ChangedError

KIND = "plan_drawn"
MOST_MARKS = 500
FULL = 10_000
"""What a position counts to, from the left and from the top: parts of the plan's width and height."""

_sql = load_queries(__file__, "plans.sql")


class Mark(BaseModel):
    """Where something is. `name` is a zone's id; of all else the agent, a space, and the station or device."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["gate", "door", "camera", "sensor", "zone"]
    name: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
    x: int = Field(ge=0, le=FULL)
    y: int = Field(ge=0, le=FULL)


class Drawing(BaseModel):
    """A whole plan: `picture` is the digest of a JPEG from POST /photos, null for the drawing made from the data."""

    model_config = ConfigDict(extra="forbid")

    picture: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    marks: Annotated[list[Mark], Field(max_length=MOST_MARKS)] = []


class Plan(Drawing):
    """The plan as it is; `index` is its ledger entry, null where nobody has drawn one."""

    index: int | None = None
    at: AwareDatetime | None = None
    drawn_by: str | None = None


async def plan(tx: Tx, site: str) -> Plan:
    """The newest drawing of `site`; an empty one before the first, and where it was erased."""
    row = await one(tx, _sql.newest, site=site)
    if row is None:
        return Plan()
    said: dict[str, Any] = json.loads(row["content"] or "{}")
    drawn = {"picture": said.get("picture"), "marks": said.get("marks", [])}
    return Plan(**drawn, index=row["index"], at=row["at"], drawn_by=row["drawn_by"])


async def draw(act: Acting, new: Drawing, seen: int | None) -> Plan:
    """Records a drawing in place of the one at entry `seen` (None: of none).

    Raises ChangedError where there is a newer one, InvalidError `unknown_picture`, `placed_twice`.
    """
    before = await plan(act.tx, act.site)
    if before.index != seen:
        raise ChangedError(f"the plan was drawn anew by {before.drawn_by}, entry {before.index}")
    if len({(mark.kind, mark.name) for mark in new.marks}) < len(new.marks):
        raise InvalidError("placed_twice", "something stands at two places")
    if new.picture and await one(act.tx, _sql.picture_of, sha256=new.picture, site=act.site) is None:
        raise InvalidError("unknown_picture", f"nobody here sent a picture {new.picture}")
    await act.record(KIND, new.model_dump(), [])
    return await plan(act.tx, act.site)
