"""Asking a door's question again: what the cloud, knowing what it knew at the device's time, would have answered.

Whether it opens is compared, not for which of several tasks or for which of several reasons it does not: an agent may
have forgotten what ended long ago.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cloud.db.pool import Row, one, rows, storable
from cloud.db.queries import load_queries
from cloud.evidence.judgement import has_open_orders, pack_for
from cloud.evidence.taken import Taken
from custody.decisions import Allowed, Decision, Refused, Use
from custody.doors import Door, decide_door, people_at
from custody.errors import CustodyError
from custody.passage import Sight
from custody.permits import Permit
from custody.rule_pack import RulePack
from custody.tasks import Task
from wire.doors import DoorDecided

_sql = load_queries(__file__, "doors.sql")


async def difference(taken: Taken, body: DoorDecided, sights: Sequence[Sight], answer: Decision) -> Decision | None:
    """The cloud's own answer where it is another than the agent's; None where both agree.

    As at a gate: within the error of the device's clock the agent has the benefit of the doubt, and a refusal is not
    judged while orders to the agent are unanswered.
    """
    if isinstance(answer, Refused) and await has_open_orders(taken.tx, taken.agent):
        return None
    pack = await pack_for(taken, body.rule_pack)
    row = await one(taken.tx, _sql.door_at, agent=taken.agent, station=storable(body.station))
    guards, classes = (row["guards"], row["classes"]) if row else ([], [])
    door = Door(taken.agent, body.station, frozenset(guards), people_at(pack, classes))
    ours = await _decide(taken, body, sights, door, pack, allowed=isinstance(answer, Allowed))
    return None if type(ours) is type(answer) else ours


async def _decide(
    taken: Taken, body: DoorDecided, sights: Sequence[Sight], door: Door, pack: RulePack, *, allowed: bool
) -> Decision:
    """Of several tasks and permits the agent may take any: of an allowed one only the one it names is looked at."""
    moment = taken.moment
    doubt = moment.error or timedelta(0)
    known_at = taken.at - doubt if allowed else taken.at + doubt
    tasks = await _at(taken, _sql.tasks_at, door, known_at, body.task if allowed else None, allowed=allowed)
    permits = await _at(taken, _sql.permits_at, door, known_at, body.permit if allowed else None, allowed=allowed)
    read = [task for row in tasks if (task := _task(row)) is not None]
    return decide_door(
        sights,
        door=door,
        tasks=read,
        done={row["payload"]["id"] for row in tasks if row["done_index"] is not None},
        permits=[permit for row in permits if (permit := _permit(row)) is not None],
        spent={Use(row["id"], thing) for row in permits for thing in row["spent"]},
        people=body.people,
        now=moment,
        pack=pack,
    ).answer


async def _at(taken: Taken, query: bytes, door: Door, at: datetime, named: str | None, *, allowed: bool) -> list[Row]:
    """Tasks or permits that open the door: all that there were, or of an allowed one the named one, if one was."""
    if allowed and named is None:
        return []
    stations = sorted(storable(station) for station in {*door.guards, door.station})
    wanted = {"agent": taken.agent, "named": named and storable(named), "stations": stations, "at": at}
    return await rows(taken.tx, query, **wanted)


def _task(row: Row) -> Task | None:
    try:
        return Task.from_payload(row["payload"])
    except CustodyError:  # of another version: no edge of this version could have read it either
        return None


def _permit(row: Row) -> Permit | None:
    try:
        return Permit.from_payload(row["payload"])
    except CustodyError:  # the same
        return None
