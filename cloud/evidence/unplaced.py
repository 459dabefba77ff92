"""Living alarms about a device from before their place named its agent: two agents may each have a `gate.camera`.

What an agent says of its device now is about another place, so these would live until somebody ended them by hand. They
are ended with an entry that says why; where the device did not come back since, the alarm is raised anew at its place.
"""

from datetime import datetime

from cloud.alarms.service import clear_alarm, raise_alarm
from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.ledger.service import Appender
from cloud.world import World
from wire.kinds import FactKind

ACTOR = "jobs"
WHY = "place_without_agent"
OVER_BY = {
    "device_lost": FactKind.DEVICE_BACK,
    "video_lost": FactKind.VIDEO_BACK,
    **{f"camera_{what}": FactKind.CAMERA_CLEAR
       for what in ("frozen", "covered", "moved", "out_of_focus", "too_dark")},
}  # fmt: skip
"""Causes that were raised at the bare name of a device, and the fact that ends each."""

_sql = load_queries(__file__, "unplaced.sql")


async def unplaced(tx: Tx, site: str) -> list[Row]:
    """Those that live."""
    return await rows(tx, _sql.unplaced, site=site, causes=list(OVER_BY))


async def end_unplaced(tx: Tx, appender: Appender, world: World, at: datetime) -> None:
    """Ends them, each an entry, and raises anew what is so still."""
    for row in await unplaced(tx, appender.site):
        cause, place = row["cause"], row["place"]
        told = {"why": WHY}
        await clear_alarm(tx, appender, world, cause=cause, place=place, at=at, actor=ACTOR, told=told)
        if await _so_still(tx, appender.site, row):
            agent = row["detail"]["agent"]
            await raise_alarm(
                tx, appender, world, cause=cause, place=f"{agent}:{place}", severity=row["severity"],
                detail=row["detail"], at=at, actor=ACTOR,
            )  # fmt: skip


async def _so_still(tx: Tx, site: str, row: Row) -> bool:
    """Whether its agent is at work here still, and has not said since that it is over."""
    cause = row["cause"]
    found = await one(
        tx, _sql.so_still, site=site, agent=str(row["detail"].get("agent")), seq=row["detail"].get("seq"),
        kind=OVER_BY[cause].value, device=row["place"], what=cause.removeprefix("camera_"),
    )  # fmt: skip
    return found is not None
