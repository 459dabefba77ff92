"""Tickets as boards and pages show them."""

import json
from datetime import datetime
from typing import Any

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.people.models import Person
from cloud.tickets.clocks import deadline, pauses_of
from cloud.tickets.models import Notice, TicketEntry, TicketRow, TicketRows, TicketWhole
from cloud.tickets.opening import name_of
from cloud.tickets.service import may_now, standing
from custody.rule_pack import RulePack
from custody.ticket_rules import rules_of

_sql = load_queries(__file__)

NEWEST = 2**53
NO_FILTER: dict[str, Any] = {"index": None, "type": None, "state": None, "owner": None, "overdue": False,
                             "living": False, "alarm": None, "opened_before": None, "opened_after": None,
                             "again": False, "nobodys": False}  # fmt: skip


async def tickets(
    tx: Tx, pack: RulePack, site: str, now: datetime, where: dict[str, Any], *, after: int | None, limit: int
) -> TicketRows:
    """Tickets, newest first; `where` are members of NO_FILTER."""
    values = {**NO_FILTER, **where, "site": site, "before": NEWEST if after is None else after, "most": limit}
    found = [await _row(tx, pack, row, now) for row in await rows(tx, _sql.shown, **values)]
    return TicketRows(
        rows=[TicketRow.model_validate(row) for row in found], next=found[-1]["index"] if len(found) == limit else None
    )


async def sent(tx: Tx, pack: RulePack, person: Person, now: datetime, *, limit: int) -> TicketRows:
    """What `person` sent to other sites, the newest `limit` of it; read by whoever sent it and by no other unit."""
    found = [
        await _row(tx, pack, row, now)
        for row in await rows(tx, _sql.sent, person=person.id, own=person.site, most=limit)
    ]
    return TicketRows(rows=[TicketRow.model_validate(row) for row in found], next=None)


async def _row(tx: Tx, pack: RulePack, row: Row, now: datetime) -> dict[str, Any]:
    pauses, told = await pauses_of(tx, row["site"], row["index"]), rules_of(pack)
    due = None if told is None else deadline(told, row, pauses)
    return {
        **row, "name": name_of(row["site"], row["index"]), "due_at": due,
        "paused": any(end is None for _, end in pauses), "overdue": due is not None and due <= now,
    }  # fmt: skip


async def ticket(tx: Tx, pack: RulePack, site: str, now: datetime, index: int, person: Person) -> TicketWhole:
    """One ticket with all that was done. Raises NotFoundError."""
    values = {**NO_FILTER, "index": index, "site": site, "before": NEWEST, "most": 1}
    row, standing_row = await one(tx, _sql.shown, **values), await one(tx, _sql.find, site=site, index=index)
    if row is None or standing_row is None:
        raise NotFoundError("ticket", str(index))
    told, now_standing = rules_of(pack), await standing(tx, standing_row)
    may = [] if told is None else may_now(told, now_standing, person, site, row["opened_by"])
    entries = [_entry(each) for each in await rows(tx, _sql.entries, name=name_of(site, index), site=site)]
    notices = [Notice.model_validate(each) for each in await rows(tx, _sql.notices, site=site, ticket=index)]
    return TicketWhole.model_validate({
        **await _row(tx, pack, row, now), "may": may, "notices": notices, "entries": entries
    })  # fmt: skip


def _entry(row: Row) -> TicketEntry:
    told: dict[str, Any] | None = None if row["content"] is None else json.loads(row["content"])
    return TicketEntry.model_validate({**row, "told": told and {k: v for k, v in told.items() if k != "actor"}})
