"""What is behind which door, as people say it; and the sessions at doors, as they are read."""

from dataclasses import asdict, dataclass

from cloud.db.pool import Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.evidence.acting import Acting
from cloud.evidence.door_models import Door, DoorRows, DoorSession, DoorSessionRows, How, NewDoor, SessionState

_sql = load_queries(__file__, "doors.sql")
_own = load_queries(__file__, "queries.sql")

_NEWEST = 2**62


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which sessions: those that fit all that is not None."""

    agent: str | None = None
    station: str | None = None
    state: SessionState | None = None
    how: How | None = None
    person: str | None = None
    task: str | None = None


async def furnish(act: Acting, new: NewDoor) -> Door:
    """Says what is behind a door. Raises NotFoundError for an agent or a zone that is not there."""
    if await one(act.tx, _own.living_agent, agent=new.agent, site=act.site) is None:
        raise NotFoundError("agent", new.agent)
    guards, zones = sorted(set(new.guards)), sorted(set(new.zones))
    known = {row["id"] for row in await rows(act.tx, _sql.zones_among, site=act.site, zones=zones)}
    if missing := sorted(set(zones) - known):
        raise NotFoundError("zone", missing[0])
    told = {"agent": new.agent, "station": new.station, "guards": guards, "zones": zones}
    await act.tx.execute(_sql.furnish_door, {**told, "site": act.site, "index": act.next_index})
    await act.record("door_furnished", told, zones)
    return next(
        row for row in (await doors(act.tx, act.site)).rows if (row.agent, row.station) == (new.agent, new.station)
    )


async def doors(tx: Tx, site: str) -> DoorRows:
    """All doors of a site."""
    return DoorRows(rows=[Door.model_validate(row) for row in await rows(tx, _sql.doors, site=site)])


async def sessions(tx: Tx, site: str, wanted: Wanted, *, before: int | None, limit: int) -> DoorSessionRows:
    """Sessions, newest first."""
    values = {"site": site, "before": _NEWEST if before is None else before, "most": limit}
    found = await rows(tx, _sql.sessions, **asdict(wanted), **values)
    shown = [DoorSession.model_validate(row) for row in found]
    return DoorSessionRows(rows=shown, next=shown[-1].index if len(shown) == limit else None)
