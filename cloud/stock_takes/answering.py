"""Answering differences, and closing. A difference is never adjusted: somebody who did not count says what it was,
and points at what shows it. The book is changed by acts of custody alone.
"""

from cloud.alarms.service import clear_alarm
from cloud.db.pool import Row, one
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.stock_takes.counting import DIFFERENCE, take_of
from cloud.stock_takes.errors import CounterError
from cloud.stock_takes.models import NewAnswer
from custody.stock_taking import INSIDE, AnswerKind

_sql = load_queries(__file__)


async def answer_difference(act: Acting, asked: NewAnswer) -> None:
    """`act.person` answers one difference.

    Raises NotFoundError; CounterError for who counted; ConflictError `still_counting`, `stock_take_closed`,
    `answered_already`; InvalidError `bad_reference` for something that does not show what is claimed.
    """
    take = await _judged(act, asked.stock_take)
    row = await one(act.tx, _sql.difference_of, stock_take=take["id"], thing=asked.thing)
    if row is None:
        raise NotFoundError("difference", asked.thing)
    if row["answer"] is not None:
        raise ConflictError("answered_already", f"{row['answered_by']} has answered it: {row['answer']}")
    await _check_reference(act, take, asked)
    told = {
        "stock_take": take["id"], "thing": asked.thing, "answer": asked.answer.value, "reference": asked.reference,
        "reason": asked.reason,
    }  # fmt: skip
    await act.tx.execute(_sql.answer, {**told, "person": act.person.id, "at": act.at, "index": act.next_index})
    await act.record("difference_answered", told, [take["id"], asked.thing])


async def _judged(act: Acting, name: str) -> Row:
    """The stock-take, compared and not closed, that `act.person` did not count."""
    take = await take_of(act, name)
    if act.person.id in (take["keeper"], take["bookkeeper"]):
        raise CounterError(f"{act.person.id} counted {name}")
    if take["state"] == "closed":
        raise ConflictError("stock_take_closed", f"{name} is closed")
    if take["state"] != "compared":
        raise ConflictError("still_counting", f"{name} is being counted")
    return take


async def _check_reference(act: Acting, take: Row, asked: NewAnswer) -> None:
    """Found: in the slot where the book has it now. Missing, corrected: by a step since. Recount: a later one of it."""
    about = {"thing": asked.thing, "site": act.site}
    since = {**about, "after": take["index"]}
    if asked.answer is AnswerKind.FOUND:
        row = await one(act.tx, _sql.lies_in, **about, inside=sorted(state.value for state in INSIDE))
        if row is None or row["slot"] != asked.reference:
            raise InvalidError(
                "bad_reference", f"the book does not have {asked.thing} in {asked.reference or 'no slot'}"
            )
    elif asked.answer is AnswerKind.RECOUNT:
        if await one(act.tx, _sql.later_take_of, **since, stock_take=asked.reference) is None:
            raise InvalidError("bad_reference", f"{asked.reference} is no later stock-take that counts {asked.thing}")
    else:
        missing = asked.answer is AnswerKind.MISSING
        if await one(act.tx, _sql.step_on, **since, reference=asked.reference, missing=missing) is None:
            raise InvalidError("bad_reference", f"{asked.reference} is no step since then that shows it")


async def close_stock_take(act: Acting, name: str) -> None:
    """The stock-take is over. Raises what `answer_difference` does, and ConflictError `differences_open`."""
    take = await _judged(act, name)
    left = await one(act.tx, _sql.unanswered, stock_take=name)
    if left is not None and left["open"]:
        raise ConflictError("differences_open", f"{left['open']} differences of {name} are not answered")
    await act.tx.execute(_sql.set_closed, {"stock_take": take["id"], "index": act.next_index, "at": act.at})
    await act.record("stock_take_closed", {"stock_take": name}, [name])
    await clear_alarm(act.tx, act.appender, act.world, cause=DIFFERENCE, place=name, at=act.at, actor=act.person.id)
