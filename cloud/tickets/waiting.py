"""What waits for one person: the steps of tickets that they may take now, and notices to put right."""

from datetime import UTC, datetime

from cloud.db.pool import Row, Tx, rows
from cloud.db.queries import load_queries
from cloud.people.models import Person
from cloud.tickets.clocks import deadline, pauses_of
from cloud.tickets.figure_models import Waiting, WaitingRows
from cloud.tickets.opening import name_of
from cloud.tickets.service import standing
from custody.rule_pack import RulePack
from custody.ticket_rules import rules_of
from custody.tickets import TicketState, TicketStep, denial

MOST = 200

_sql = load_queries(__file__, "figures.sql")
_STEP = {"reported": TicketStep.CHECK, "checked": TicketStep.REPLY, "replied": TicketStep.EVALUATE}
_LAST = datetime.max.replace(tzinfo=UTC)


async def waiting(tx: Tx, pack: RulePack, person: Person, now: datetime) -> WaitingRows:
    """At most MOST; what is due first comes first, and of those mine before nobody's."""
    told, roles = rules_of(pack), frozenset(person.roles)
    if told is None:
        return WaitingRows(rows=[])
    found = []
    for row in await rows(tx, _sql.could_wait, site=person.site, person=person.id):
        step, stands = _STEP[row["state"]], await standing(tx, row)
        if denial(told, stands, step, person.id, roles) is not None:
            continue
        due = deadline(told, row, await pauses_of(tx, row["site"], row["index"]))
        mine = person.id == (stands.originator if stands.state is TicketState.REPLIED else stands.assigned_to)
        found.append(_waiting(row, step, due, now, mine))
    confirms = told.may(roles, "supervise")
    for row in await rows(tx, _sql.notices_for, site=person.site, person=person.id, confirms=confirms):
        step = TicketStep.REMEDY if row["remedied_index"] is None else TicketStep.CONFIRM
        due = row["due_at"] if step is TicketStep.REMEDY else None
        found.append(_waiting({**row, "index": row["ticket"]}, step, due, now, step is TicketStep.REMEDY))
    found.sort(key=lambda each: (each.due_at or _LAST, not each.mine))
    return WaitingRows(rows=found[:MOST])


def _waiting(row: Row, step: TicketStep, due: datetime | None, now: datetime, mine: bool) -> Waiting:
    same = {name: row[name] for name in ("site", "type", "title", "round")}
    return Waiting.model_validate({
        **same, "ticket": row["index"], "name": name_of(row["site"], row["index"]), "step": step.value, "mine": mine,
        "due_at": due, "overdue": due is not None and due <= now,
    })  # fmt: skip
