"""What follows when somebody went through a gate, or did not: items move, permits are free again."""

from typing import Any

from cloud.db.pool import Row, one, storable
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.evidence.effects import passed
from cloud.evidence.exceptions import open_at
from cloud.evidence.sensors import note_abandoned, note_crossing
from cloud.evidence.steps import asked_for, guarded, judge
from cloud.evidence.taken import Taken
from custody.decisions import Reason, Refused
from custody.things import Action, Direction
from wire.messages import PassageAbandoned, PassageCrossed, body_of

_sql = load_queries(__file__, "passages.sql")


async def crossed(taken: Taken) -> None:
    """Somebody went through: what was allowed to pass has passed; anything else is an alarm."""
    body = body_of(PassageCrossed, taken.fact.body)
    passage = await _open_passage(taken, body.decision)
    things = taken.own(body.things)
    await _concerns(taken, things)
    await note_crossing(taken, body.station, body.direction)
    if passage is None:
        detail: dict[str, Any] = {"direction": body.direction, "decision": body.decision, "things": body.things}
        if (exception := await open_at(taken, body.station)) is not None:
            detail["exception"] = exception  # somebody got out, or in to help: no less an alarm
        await taken.alarm("crossed_without_decision", taken.place(body.station), "critical", detail)
    else:
        await taken.tx.execute(
            _sql.set_crossed, {"site": taken.site, "passage": passage["index"], "index": taken.index}
        )
    action = Action.passing(Direction(body.direction))
    for thing in things:
        await _move(taken, thing, action)


async def abandoned(taken: Taken) -> None:
    """The gate was open and nobody went through: what that decision spent is unspent."""
    body = body_of(PassageAbandoned, taken.fact.body)
    passage = await _open_passage(taken, body.decision)
    if passage is None:
        await taken.alarm("malformed_fact", taken.agent, "major", {"kind": taken.fact.kind, "decision": body.decision})
        return
    for use in body.uses:
        values = {"permit": storable(use.permit), "thing": storable(use.thing), "index": passage["index"]}
        await taken.tx.execute(_sql.unspend, values)
    await _concerns(taken, passage["things"])
    await taken.tx.execute(_sql.set_abandoned, {"site": taken.site, "passage": passage["index"], "index": taken.index})
    await note_abandoned(taken, passage["index"])


async def _open_passage(taken: Taken, decision: int | None) -> Row | None:
    """The allowed passage decided in fact `decision` whose end is not told yet."""
    if decision is None or not 0 < decision < taken.fact.seq:
        return None
    row = await one(taken.tx, _sql.passage_of, agent=taken.agent, seq=decision, site=taken.site)
    if row is None or row["outcome"] != "allowed":
        return None
    return row if row["crossed_index"] is None and row["abandoned_index"] is None else None


async def _move(taken: Taken, thing: str, action: Action) -> None:
    try:
        asked = await asked_for(taken.tx, taken.site, taken.pack, action, [thing], {})
    except NotFoundError:
        await taken.alarm("illegal_step", thing, "critical", {"action": action.value, "problem": "unknown thing"})
        return
    answer = judge(asked, [], taken.at, at_gate=True)
    if isinstance(answer, Refused) and answer.reason is not Reason.LEGAL_HOLD:  # it went through all the same
        detail = {"action": action.value, "state": asked.rows[0]["state"], "rule": answer.rule}
        await taken.alarm("illegal_step", thing, "critical", detail)
        return
    await guarded(taken.tx, taken.site, asked, [], gate=True, index=taken.index)
    await passed(taken.tx, thing, action, taken.index)
    if action is Action.STOCK_IN:
        await taken.clear("loan_overdue", thing)


async def _concerns(taken: Taken, things: list[str]) -> None:
    await taken.tx.execute(_sql.add_thing_entries, {"site": taken.site, "index": taken.index, "things": things})
