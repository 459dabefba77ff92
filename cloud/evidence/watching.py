"""What only the clock brings about: acts that nobody signed in time lapse, and what waits for too long is an alarm.

Each look finds in the tables what is due and not told of yet, so a restart neither misses nor doubles anything.
"""

from datetime import datetime
from typing import Any

from cloud.alarms.service import Severity, raise_alarm
from cloud.db.pool import Tx, rows
from cloud.db.queries import load_queries
from cloud.evidence.act_ends import STUCK, end_act
from cloud.ledger.service import Appender, add_record
from cloud.world import World
from custody.permits import time_text

ACTOR = "jobs"

_sql = load_queries(__file__, "acts.sql")


async def anything_due(tx: Tx, site: str, at: datetime) -> bool:
    """Whether there is something to be told; asked without a lock."""
    for query in (_sql.overdue_acts, _sql.aged_acts, _sql.overdue_loans, _sql.late_cases):
        if await rows(tx, query, site=site, at=at):
            return True
    return False


async def watch(tx: Tx, appender: Appender, world: World, site: str, at: datetime) -> None:
    """Ends the acts that have lapsed at `at`, and raises the alarms of acts, loans and cases that wait for too long."""
    for row in await rows(tx, _sql.overdue_acts, site=site, at=at):
        things = [row["id"], *row["things"]]
        index = await add_record(
            tx, appender, kind="act_expired", at=at, actor=ACTOR, content={"act": row["id"]}, salt=world.salt(),
            things=things,
        )  # fmt: skip
        await end_act(tx, appender, world, act=row["id"], how="expired", at=at, index=index, actor=ACTOR)

    async def alarm(cause: str, place: str, severity: Severity, detail: dict[str, Any]) -> None:
        await raise_alarm(
            tx, appender, world, cause=cause, place=place, severity=severity, detail=detail, at=at, actor=ACTOR
        )

    for row in await rows(tx, _sql.aged_acts, site=site, at=at):
        since = time_text(row["proposed_at"])
        await alarm(STUCK, row["id"], "major", {"action": row["action"], "things": row["things"], "since": since})
    for row in await rows(tx, _sql.overdue_loans, site=site, at=at):
        await alarm(
            "loan_overdue", row["thing"], "major", {"purpose": row["purpose"], "due_at": time_text(row["due_at"])}
        )
    for row in await rows(tx, _sql.late_cases, site=site, at=at):
        detail = {"case": row["id"], "number": row["number"], "clock": row["clock"], "due_at": time_text(row["due_at"])}
        await alarm("case_clock", row["place"], "warning", detail)
