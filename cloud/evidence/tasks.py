"""Tasks: leave for a rack to take one step, sent there beforehand so that it can be taken without a network (J18, N5).

A task tells the rack what it cannot know by itself: in which state the things are, and what the people are who may
come. The rack asks the same rule; the fact that comes back is asked again here (reported.py).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from cloud.db.pool import Row, Tx, one, rows, storable
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.evidence.models import Done
from cloud.evidence.sent_packs import send_lacking
from cloud.evidence.steps import Asked, asked_for, judge, past_of
from cloud.evidence.task_models import NewTask, TaskRows, TaskShown
from custody.decisions import Refused, Waiting
from custody.permits import parse_time
from custody.roles import Role
from custody.tasks import TASK_TYPE, Task, TaskThing
from custody.things import Action, Kind, State
from proof import jws
from wire.kinds import OrderKind

_sql = load_queries(__file__, "tasks.sql")
_own = load_queries(__file__)

_NEWEST = 2**62


async def issue_task(act: Acting, new: NewTask) -> str | Refused:
    """A task for a step that the rules allow from where the things are, ordered to its agent; returns its id.

    Raises NotFoundError, InvalidError (`task_times`, `not_at_a_rack`), ConflictError `not_labelled`.
    """
    if await one(act.tx, _own.living_agent, agent=new.agent, site=act.site) is None:
        raise NotFoundError("agent", new.agent)
    if not act.at < new.not_after <= act.at + act.pack.permit_longest:
        longest = act.pack.permit_longest // timedelta(hours=1)
        raise InvalidError("task_times", f"a task ends in the future and lasts no longer than {longest} hours")
    details = dict(new.details) | ({"slot": new.slot} if new.slot else {})
    asked = await asked_for(act.tx, act.site, act.pack, Action(new.action), new.things, details)
    answer = judge(asked, [], act.at)
    if isinstance(answer, Refused):
        return answer
    step = asked.pack.steps[State(asked.rows[0]["state"]), asked.action]
    if step.live is not None or step.passkey:
        raise InvalidError("not_at_a_rack", f"{new.action} is signed by passkey or by all who stay: not at a rack")
    unlabelled = next((row["id"] for row in asked.rows if row["issue"] is None), None)
    if unlabelled is not None:
        raise ConflictError("not_labelled", f"{unlabelled} has no label yet, so no rack can know it")
    seats = answer.seats if isinstance(answer, Waiting) else ()
    roles = sorted({role.value for seat in seats for role in seat})
    people = {row["id"]: row["roles"] for row in await rows(act.tx, _sql.task_people, site=act.site, roles=roles)}
    return await _grant(act, new, asked, people)


async def _grant(act: Acting, new: NewTask, asked: Asked, people: Mapping[str, list[str]]) -> str:
    task = Task(
        id=act.new_id("K"), site=act.site, agent=new.agent, station=new.station, action=asked.action,
        things=tuple(_thing(row) for row in asked.rows), slot=new.slot,
        people={person: tuple(map(Role, roles)) for person, roles in people.items()}, rule_pack=asked.pack.hash,
        not_before=act.at, not_after=new.not_after, details=dict(new.details),
    )  # fmt: skip
    payload = task.payload()
    signed, index = jws.sign(payload, act.cloud_key, TASK_TYPE), act.next_index
    await send_lacking(act.sender, new.agent, asked.pack)  # ahead of the task: orders of one agent keep their order
    await act.record("task_granted", {"task": payload}, [task.id, *asked.things])
    order = await act.order(new.agent, OrderKind.TASK, {"task": signed})
    row = {"id": task.id, "site": act.site, "agent": new.agent, "jws": signed, "granted_by": act.person.id}
    await act.tx.execute(_sql.add_task, {**row, "payload": Jsonb(payload), "index": index, "order_id": order})
    await act.tx.execute(_own.set_newest_entry, {"things": asked.things, "index": index})
    return task.id


def _thing(row: Row) -> TaskThing:
    return TaskThing(
        kind=Kind(row["kind"]), id=row["id"], issue=row["issue"], state=State(row["state"]),
        value_fen=row["value_fen"], method=row["method"], past=past_of(row),
    )  # fmt: skip


async def revoke_task(act: Acting, task: str) -> Done:
    """The task no longer holds once its agent has heard. Raises NotFoundError, ConflictError `revoked`, `task_done`."""
    row = await one(act.tx, _sql.task_to_end, task=task, site=act.site)
    if row is None:
        raise NotFoundError("task", task)
    if row["revoked_at"] is not None or row["done_index"] is not None:
        code = "revoked" if row["revoked_at"] is not None else "task_done"
        raise ConflictError(code, f"{task} was taken back or done before")
    await act.tx.execute(_sql.revoke_task, {"task": task, "at": act.at})
    things = [thing["id"] for thing in row["payload"]["things"]]
    index = await act.record("task_revoked", {"task": task}, [task, *things])
    await act.order(row["agent"], OrderKind.REVOKE_TASK, {"task": task})
    return Done(index=index, things=[task, *things])


async def done_under(tx: Tx, site: str, agent: str, task: str | None, index: int, fits: Mapping[str, Any]) -> bool:
    """Notes that fact `index` says the task was done; False where there is no such task, or it is of something else."""
    values = {"task": storable(task or ""), "site": site, "agent": agent, "index": index}
    row = await one(tx, _sql.task_done, **values)
    if row is None or row["revoked_at"] is not None:
        return False
    payload = row["payload"]
    things = {thing["id"] for thing in payload["things"]}
    return bool(payload["action"] == fits["action"] and things == fits["things"])


async def tasks(tx: Tx, site: str, *, name: str | None = None, after: int | None = None, limit: int = 100) -> TaskRows:
    """Tasks, newest first."""
    found = await rows(tx, _sql.tasks, site=site, id=name, before=_NEWEST if after is None else after, most=limit)
    shown = [_shown(row) for row in found]
    return TaskRows(rows=shown, next=shown[-1].index if len(shown) == limit else None)


async def task(tx: Tx, site: str, name: str) -> TaskShown:
    """One task. Raises NotFoundError."""
    found = (await tasks(tx, site, name=name, limit=1)).rows
    if not found:
        raise NotFoundError("task", name)
    return found[0]


def _shown(row: Row) -> TaskShown:
    told = row["payload"]
    return TaskShown(
        **{name: row[name] for name in ("id", "agent", "granted_by", "index", "revoked_at", "done_index", "answer")},
        station=told["station"], action=told["action"], things=[thing["id"] for thing in told["things"]],
        slot=told.get("slot"), not_after=parse_time(told["not_after"]),
    )  # fmt: skip
