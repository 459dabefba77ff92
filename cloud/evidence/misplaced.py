"""Things in a wrong slot: told by the rack at once, an alarm until it is put right, or until a record says it is right.

What the records explain is none: the rack, which does not know them all, is told to be quiet. While one lives, the
judging by sensors (corroborating.py) raises no second alarm about the same slots.
"""

from psycopg.types.json import Jsonb

from cloud.alarms.service import Severity
from cloud.db.pool import one, rows, storable
from cloud.db.queries import load_queries
from cloud.evidence.acting import Acting
from cloud.evidence.taken import Taken
from cloud.fleet.service import push_order
from custody.corroboration import EMPTIED, FILLED, Sensor, window_of
from wire.errors import MessageError
from wire.kinds import OrderKind
from wire.messages import body_of
from wire.racks import MisplacementEnded, SlotMisplaced

MISPLACED = "misplaced"
"""The alarm; its place is the slot that something was put into, or taken from."""
SEVERITY: dict[str, Severity] = {"sensor": "major", "scan": "warning"}

_sql = load_queries(__file__, "misplaced.sql")


async def misplaced(taken: Taken) -> None:
    """Something is in another slot than the one that was lit or named."""
    body = body_of(SlotMisplaced, taken.fact.body)
    slots, things = await _slots(taken, body.found, body.expected), taken.own(body.things)
    await taken.file_under([*slots, *things])
    task, listed = (None if name is None else storable(name) for name in (body.task, body.list_id))
    row = {
        "site": taken.site, "index": taken.index, "agent": taken.agent, "station": storable(body.station),
        "found": body.found, "expected": body.expected, "moved": body.moved, "by": body.by, "task": task,
        "list": listed, "things": things, "at": taken.at,
    }  # fmt: skip
    await taken.tx.execute(_sql.add_misplacement, row)
    if await _recorded(taken, body):
        await push_order(
            taken.tx, taken.world, taken.key, agent=taken.agent, kind=OrderKind.DARK_SLOT.value,
            body={"slot": body.found}, at=taken.taken_at,
        )  # fmt: skip
        return
    detail = {
        "station": body.station, "expected": body.expected, "found": body.found, "moved": body.moved, "by": body.by,
        "task": body.task, "list": body.list_id, "things": things,
    }  # fmt: skip
    await taken.alarm(MISPLACED, body.found, SEVERITY[body.by], {k: v for k, v in detail.items() if v is not None})


async def ended(taken: Taken) -> None:
    """It was put right, or is right by now."""
    body = body_of(MisplacementEnded, taken.fact.body)
    await taken.file_under(await _slots(taken, body.found, body.expected))
    row = {"site": taken.site, "agent": taken.agent, "found": body.found, "index": taken.index, "at": taken.at}
    await taken.tx.execute(_sql.end_misplacement, {**row, "how": body.how})
    await taken.clear(MISPLACED, body.found)


async def settle_by_record(act: Acting, slot: str) -> None:
    """A record says that what was found in `slot` belongs there: its rack is told, whose word ends the alarm."""
    living = await one(act.tx, _sql.living_at, site=act.site, found=slot)
    if living is not None:
        await act.order(living["agent"], OrderKind.DARK_SLOT, {"slot": slot})


async def _slots(taken: Taken, *named: str) -> list[str]:
    """The slots `named`. Raises MessageError where one is no slot of this agent."""
    own = taken.own(named)
    values = {"slots": own, "site": taken.site, "agent": taken.agent}
    if len(own) < len(set(named)) or len(await rows(taken.tx, _sql.slots_here, **values)) < len(own):
        raise MessageError(f"no slots of this agent: {', '.join(named)[:200]!r}")
    return own


async def _recorded(taken: Taken, body: SlotMisplaced) -> bool:
    if body.by == "scan":
        return False
    trace = [[Sensor.SLOT.value, body.found, FILLED if body.moved == "put" else EMPTIED]]
    values = {"site": taken.site, "slot": body.found, "trace": Jsonb(trace), "at": taken.at}
    found = await one(taken.tx, _sql.recorded, **values, window=window_of(taken.pack))
    return found is not None and bool(found["there"])
