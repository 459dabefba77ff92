"""The steps of a ticket. Each is a record, filed under the ticket's name; nothing that was said is ever changed."""

from typing import Any

from cloud.alarms.service import clear_alarm
from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.evidence.errors import ChangedError
from cloud.people.models import Person
from cloud.tickets.clocks import NOTICE_OVERDUE, OVERDUE, pauses_of
from cloud.tickets.errors import TicketForbiddenError, raise_denial
from cloud.tickets.models import Answered, Evaluated, Reassigned, Rectified, Remedied, Said, TicketAct
from cloud.tickets.opening import check_answerer, check_photos, name_of, rules
from custody.permits import time_text
from custody.tickets import ANSWERS, Denial, Standing, TicketRules, TicketState, TicketStep, denial

KINDS = {
    "check": "ticket_checked", "reply": "ticket_replied", "evaluate": "ticket_evaluated", "comment": "ticket_commented",
    "urge": "ticket_urged", "pause": "ticket_paused", "resume": "ticket_resumed", "reassign": "ticket_reassigned",
    "rectify": "rectification_ordered", "remedy": "rectification_remedied", "confirm": "rectification_confirmed",
}  # fmt: skip

_sql = load_queries(__file__)


async def standing(tx: Tx, row: Row) -> Standing:
    """How the ticket of `row` (as `find` reads it) stands."""
    pauses = await pauses_of(tx, row["site"], row["index"])
    return Standing(
        state=TicketState(row["state"]), originator=row["originator"], assigned_to=row["assigned_to"],
        repliers=frozenset(row["repliers"]), paused=any(end is None for _, end in pauses),
    )  # fmt: skip


async def take(act: Acting, ticket: int, asked: TicketAct, seen: int | None) -> int:
    """`act.person` takes a step; returns its entry. Raises NotFoundError, ChangedError where something newer than
    entry `seen` is known, TicketForbiddenError, ConflictError, InvalidError.
    """
    row = await one(act.tx, _sql.find, site=act.site, index=ticket)
    if row is None:
        raise NotFoundError("ticket", str(ticket))
    if seen is not None and row["newest"] > seen:
        raise ChangedError(f"entry {row['newest']} is newer than {seen}")
    step, now = TicketStep(asked.step), await standing(act.tx, row)
    if not _reaches(act.person, act.site, row["opened_by"], step):
        raise ForbiddenError(f"{act.site} is not the site of this account, and this ticket was not sent there by it")
    found = denial(rules(act.pack), now, step, act.person.id, frozenset(act.person.roles))
    if found is not None:
        raise_denial(found)
    index = act.next_index
    told = await _done(act, row, asked, {"site": act.site, "ticket": ticket, "index": index, "at": act.at})
    name = name_of(act.site, ticket)
    content = {**told, "about": name, "round": row["round"]}
    things = [name]
    if isinstance(asked, Evaluated) and asked.satisfied and row["alarm"] is not None:
        things.append(f"{act.site}/A-{row['alarm']}")
    await act.record(KINDS[asked.step], content, things)
    if isinstance(asked, Answered | Evaluated):
        await clear_alarm(act.tx, act.appender, act.world, cause=OVERDUE, place=name, at=act.at)
    if asked.step == "remedy" and await one(act.tx, _sql.still_late, site=act.site, ticket=ticket) is None:
        await clear_alarm(act.tx, act.appender, act.world, cause=NOTICE_OVERDUE, place=name, at=act.at)
    return index


async def _done(act: Acting, row: Row, asked: TicketAct, values: dict[str, Any]) -> dict[str, Any]:
    """Changes the tables; returns what the record tells."""
    told = asked.model_dump(mode="python", exclude={"step"})
    if isinstance(asked, Answered):
        await check_photos(act, asked.photos)
        state = TicketState.CHECKED if asked.step == "check" else TicketState.REPLIED
        move = {"state": state.value, "more": 0, "assigned_to": act.person.id, "replier": act.person.id}
        await act.tx.execute(_sql.move, {**values, **move})
        return told
    if isinstance(asked, Evaluated):
        state = TicketState.SATISFIED if asked.satisfied else TicketState.REPORTED
        over = {"state": state.value, "more": int(not asked.satisfied), "assigned_to": None, "replier": None}
        await act.tx.execute(_sql.move, values | over)
        return told
    if isinstance(asked, Reassigned):
        await check_answerer(act, rules(act.pack), asked.person)
        await act.tx.execute(_sql.reassign, {**values, "person": asked.person})
        return {**told, "from": row["assigned_to"]}
    if isinstance(asked, Said):
        await _said(act, row, asked, values)
    elif isinstance(asked, Rectified):
        told["due_at"] = await _rectify(act, asked, values)
    else:
        await _remedied(act, row, asked, values)
    await act.tx.execute(_sql.touch, values)
    return told


async def _said(act: Acting, row: Row, asked: Said, values: dict[str, Any]) -> None:
    if asked.step in ("pause", "resume"):
        await act.tx.execute(_sql.pause if asked.step == "pause" else _sql.resume, values)
    if asked.corrects is None:
        return
    own = {"name": name_of(act.site, row["index"]), "site": act.site, "person": act.person.id}
    if await one(act.tx, _sql.said_by, **own, index=asked.corrects) is None:
        raise InvalidError("not_your_entry", f"entry {asked.corrects} is none that this person made about this ticket")


async def _rectify(act: Acting, asked: Rectified, values: dict[str, Any]) -> str:
    if asked.due_at <= act.at:
        raise InvalidError("due_before", "a notice is due later than now")
    if await one(act.tx, _sql.roles_of, person=asked.person, site=act.site) is None:
        raise InvalidError("unknown_person", f"nobody with an account at {act.site} is {asked.person!r}")
    new = {"person": asked.person, "ordered_by": act.person.id, "due_at": asked.due_at}
    await act.tx.execute(_sql.add_notice, {**values, **new})
    return time_text(asked.due_at)


async def _remedied(act: Acting, row: Row, asked: Remedied, values: dict[str, Any]) -> None:
    await check_photos(act, asked.photos)
    found = await rows(act.tx, _sql.notices, site=act.site, ticket=row["index"])
    notice = next((each for each in found if each["index"] == asked.notice), None)
    if notice is None:
        raise NotFoundError("rectification", str(asked.notice))
    own = act.person.id == notice["person"]
    if own is not (asked.step == "remedy"):
        raise TicketForbiddenError(Denial.REPLIED_YOURSELF if own else Denial.NOT_YOURS)
    done, confirmed = notice["remedied_index"] is not None, notice["confirmed_index"] is not None
    if confirmed or done is (asked.step == "remedy"):
        raise ConflictError("wrong_state", "the notice does not stand so that this could be done")
    await act.tx.execute(
        _sql.remedied if asked.step == "remedy" else _sql.confirmed, {**values, "notice": asked.notice}
    )


def may_now(told: TicketRules, now: Standing, person: Person, site: str, opened_by: str) -> list[str]:
    """The steps that `person` may take now about a ticket of `site`."""
    roles = frozenset(person.roles)
    return [
        step.value
        for step in TicketStep
        if _reaches(person, site, opened_by, step) and denial(told, now, step, person.id, roles) is None
    ]


def _reaches(person: Person, site: str, opened_by: str, step: TicketStep) -> bool:
    """Nobody writes down, but about what they sent there themselves, and then not as who answers it."""
    return person.site == site or (person.id == opened_by and step not in ANSWERS and step is not TicketStep.REMEDY)
