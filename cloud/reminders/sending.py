"""What a person was not told of becomes a message by each of their ways; what becomes of it is in delivering.py."""

from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.reminders.digest import Quiet, Waiting, to_tell
from custody.reminder_rules import ReminderRules

_sql = load_queries(__file__)


async def bundle(tx: Tx, rules: ReminderRules, site: str, now: datetime) -> int:
    """Makes the messages whose time has come at `site`; returns how many. Two at once wait for each other."""
    await one(tx, _sql.lock_bundling, site=site)
    made = 0
    for person, found in groupby(await rows(tx, _sql.untold, site=site), key=lambda row: row["person"]):
        waiting = list(found)
        ids = to_tell(
            [Waiting(row["id"], row["made_at"], row["urgent"]) for row in waiting],
            rules.digest,
            _quiet(waiting[0]),
            now,
        )
        if ids:
            notices = [row["id"] for row in await rows(tx, _sql.add_notices, person=person, at=now)]
            await tx.execute(_sql.add_told, {"notices": notices, "reminders": ids})
            made += len(notices)
    return made


def _quiet(row: Row) -> Quiet | None:
    if row["quiet_from"] is None:
        return None
    return Quiet(row["quiet_from"], row["quiet_until"], ZoneInfo(row["zone"]))
