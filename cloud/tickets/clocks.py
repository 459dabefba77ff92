"""The clocks of tickets: when each is due, who is reminded, and what is raised when nobody did anything."""

from collections.abc import Sequence
from datetime import datetime

from cloud.alarms.service import raise_alarm
from cloud.db.pool import Row, Tx, rows
from cloud.db.queries import load_queries
from cloud.ledger.service import Appender, add_record, next_index
from cloud.tickets.opening import ACTOR, name_of, open_persisting, persisting
from cloud.world import World
from custody.business_time import Pause, due_at
from custody.permits import time_text
from custody.rule_pack import RulePack
from custody.ticket_rules import rules_of
from custody.tickets import CLOCK_OF, TicketRules, TicketState

OVERDUE = "ticket_overdue"
"""The cause of the alarm that a deadline was missed; its place is the ticket."""
NOTICE_OVERDUE = "rectification_overdue"
"""The same of a notice to put right: told on, rung by rung, until all of the ticket's are put right."""

_sql = load_queries(__file__)


async def pauses_of(tx: Tx, site: str, ticket: int) -> list[Pause]:
    """When the clock of a ticket stood still."""
    found = await rows(tx, _sql.pauses, site=site, ticket=ticket)
    return [(row["paused_at"], row["resumed_at"]) for row in found]


def deadline(told: TicketRules, row: Row, pauses: Sequence[Pause]) -> datetime | None:
    """When the stage that a ticket is in ends; None while its clock stands, and after the end."""
    stage = CLOCK_OF.get(TicketState(row["state"]))
    if stage is None:
        return None
    lasts, calendar = told.clock(row["type"], stage)
    within = [(max(start, row["since"]), end) for start, end in pauses if end is None or end > row["since"]]
    return due_at(row["since"], lasts, calendar, within)


async def _due(tx: Tx, site: str, pack: RulePack, at: datetime) -> list[tuple[Row, datetime]]:
    told = rules_of(pack)
    if told is None:
        return []
    found = []
    for row in await rows(tx, _sql.running, site=site):
        due = deadline(told, row, await pauses_of(tx, site, row["index"]))
        if due is not None and (due <= at or (row["reminded_index"] is None and due - told.remind <= at)):
            found.append((row, due))
    return found


async def anything_due(tx: Tx, site: str, pack: RulePack, at: datetime) -> bool:
    """Whether an alarm opens a ticket, or a clock wants telling; asked without a lock."""
    late = await rows(tx, _sql.late_notices, site=site, at=at)
    return bool(late) or bool(await persisting(tx, site, pack, at)) or bool(await _due(tx, site, pack, at))


async def watch(tx: Tx, appender: Appender, world: World, pack: RulePack, at: datetime) -> None:
    """Opens the tickets of alarms that persist; reminds before each deadline and raises an alarm after it, once."""
    await open_persisting(tx, appender, world, pack, at)
    for row in await rows(tx, _sql.late_notices, site=appender.site, at=at):
        await _notice_late(tx, appender, world, row, at)
    for row, due in await _due(tx, appender.site, pack, at):
        name, late = name_of(appender.site, row["index"]), due <= at
        values = {"site": appender.site, "ticket": row["index"], "index": next_index(appender), "late": late}
        await tx.execute(_sql.mark, values)
        content = {"about": name, "state": row["state"], "round": row["round"], "due_at": time_text(due)}
        content["to"] = row["assigned_to"] if row["state"] != TicketState.REPLIED else row["opened_by"]
        await add_record(
            tx, appender, kind=OVERDUE if late else "ticket_reminded", at=at, actor=ACTOR, content=content,
            salt=world.salt(), things=[name],
        )  # fmt: skip
        if late:
            detail = {"ticket": row["index"], "state": row["state"], "due_at": time_text(due)}
            await raise_alarm(
                tx, appender, world, cause=OVERDUE, place=name, severity="major", detail=detail, at=at, actor=ACTOR
            )


async def _notice_late(tx: Tx, appender: Appender, world: World, row: Row, at: datetime) -> None:
    name = name_of(row["site"], row["ticket"])
    values = {"site": row["site"], "ticket": row["ticket"], "notice": row["index"], "index": next_index(appender)}
    await tx.execute(_sql.notice_late, values)
    await tx.execute(_sql.touch, values)
    told = {"notice": row["index"], "due_at": time_text(row["due_at"])}
    content = {"about": name, **told, "to": row["person"]}
    await add_record(
        tx, appender, kind=NOTICE_OVERDUE, at=at, actor=ACTOR, content=content, salt=world.salt(), things=[name]
    )
    detail = {"ticket": row["ticket"], **told}
    await raise_alarm(
        tx, appender, world, cause=NOTICE_OVERDUE, place=name, severity="major", detail=detail, at=at, actor=ACTOR
    )
