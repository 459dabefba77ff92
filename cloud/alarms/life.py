"""What is done about an alarm while it lives, and who hears of it when nobody does anything (N13).

Each step is a record, filed under the alarm's name. Whoever does something about it took notice of it; one that is set
aside comes back when that ends, as if nobody had, whatever was said of it meanwhile. One that was over by itself is not
forgotten: where the rule pack says so somebody has to say what it was.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from cloud.alarms.models import AlarmStep, AlarmWhole, Assigning, Shelving, StepShown
from cloud.alarms.service import OVERDUE, name_of, raise_alarm
from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, InvalidError, NotFoundError
from cloud.ledger.service import Appender, add_record
from cloud.world import World
from custody.alarms import answer_within, chain_of, level_at, longest_shelving, waited
from custody.permits import time_text
from custody.rule_pack import RulePack

ACTOR = "jobs"
ASKS_BACK = timedelta(days=7)
"""What was over longer ago is not asked about: it was before this was asked, or nothing watched for so long."""
KINDS = {
    "acknowledge": "alarm_acknowledged", "assign": "alarm_assigned", "comment": "alarm_commented",
    "shelve": "alarm_shelved",
}  # fmt: skip

_sql = load_queries(__file__)


async def handle(
    tx: Tx, appender: Appender, world: World, pack: RulePack, *, alarm: int, person: str, step: AlarmStep
) -> int:
    """Does `step` about a living alarm; returns the entry.

    Raises NotFoundError, ConflictError where it is over or was taken notice of before, InvalidError `unknown_person`
    and `shelved_too_long`.
    """
    row = await one(tx, _sql.find, id=alarm, site=appender.site)
    if row is None:
        raise NotFoundError("alarm", str(alarm))
    if row["cleared_at"] is not None:
        raise ConflictError("cleared_already", f"the alarm {alarm} is over since {time_text(row['cleared_at'])}")
    if step.step == "acknowledge" and row["acknowledged_by"] is not None:
        raise ConflictError("acknowledged_already", f"{row['acknowledged_by']} took notice of the alarm {alarm}")
    at, shelving = world.now(), isinstance(step, Shelving)
    if isinstance(step, Assigning) and await one(tx, _sql.colleague, site=appender.site, person=step.person) is None:
        raise InvalidError("unknown_person", f"nobody with an account at {appender.site} is {step.person!r}")
    if isinstance(step, Shelving) and step.until is not None:
        longest = longest_shelving(pack)
        if not at < step.until <= at + longest:
            hours = longest // timedelta(hours=1)
            raise InvalidError("shelved_too_long", f"an alarm is set aside for at most {hours} hours from now")
    aside = row["shelved_until"] is not None and row["shelved_until"] > at
    values = {
        "id": alarm, "person": person, "at": at, "notice": _notice(step, aside=aside),
        "assigned_to": step.person if isinstance(step, Assigning) else None,
        "shelving": shelving, "shelved_until": step.until if isinstance(step, Shelving) else None,
    }  # fmt: skip
    await tx.execute(_sql.handle, values)
    name = name_of(appender.site, row["index"])
    told = {**step.model_dump(exclude={"step"}), "about": name}
    if isinstance(step, Shelving):
        told["until"] = None if step.until is None else time_text(step.until)
    return await add_record(
        tx, appender, kind=KINDS[step.step], at=at, actor=person, content=told, salt=world.salt(), things=[name]
    )


def _notice(step: AlarmStep, *, aside: bool) -> Literal["taken", "kept", "lost"]:
    """What `step` does to who took notice of an alarm, which is set `aside` now."""
    if isinstance(step, Shelving):
        return "taken" if step.until is None else "lost"
    return "kept" if aside and step.step != "acknowledge" else "taken"


async def _due(tx: Tx, site: str, pack: RulePack, at: datetime) -> Sequence[tuple[Row, int]]:
    found = await rows(tx, _sql.unnoticed, site=site, at=at)
    levels = [
        (row, level_at(pack, row["severity"], waited(row["raised_at"], row["shelved_until"], at))) for row in found
    ]
    return [(row, level) for row, level in levels if level > row["level"]]


async def anything_due(tx: Tx, site: str, pack: RulePack, at: datetime) -> bool:
    """Whether more people are to hear of an alarm, or somebody is to say what one was; asked without a lock."""
    return bool(
        await _due(tx, site, pack, at)
        or await _unasked(tx, site, pack, at)
        or await rows(tx, _sql.unanswered, site=site, at=at)
    )


async def _unasked(tx: Tx, site: str, pack: RulePack, at: datetime) -> Sequence[Row]:
    return await rows(tx, _sql.unasked, site=site, since=at - ASKS_BACK, severities=list(answer_within(pack)))


async def ask_answers(tx: Tx, appender: Appender, world: World, pack: RulePack, at: datetime) -> None:
    """Asks what each alarm was that was over by itself; one that nobody answered in time is an alarm."""
    within = answer_within(pack)
    for row in await _unasked(tx, appender.site, pack, at):
        due, name = row["cleared_at"] + within[row["severity"]], name_of(appender.site, row["index"])
        await tx.execute(_sql.ask_answer, {"id": row["id"], "due_at": due})
        content = {"about": name, "cause": row["cause"], "place": row["place"], "due_at": time_text(due)}
        await add_record(
            tx, appender, kind="alarm_answer_asked", at=at, actor=ACTOR, content=content, salt=world.salt(),
            things=[name],
        )  # fmt: skip
    for row in await rows(tx, _sql.unanswered, site=appender.site, at=at):
        detail = {"due_at": time_text(row["answer_due_at"])}
        await raise_alarm(
            tx, appender, world, cause=OVERDUE, place=row["name"], severity="warning", detail=detail, at=at, actor=ACTOR
        )


async def escalate(tx: Tx, appender: Appender, world: World, pack: RulePack, at: datetime) -> None:
    """Tells more people of every alarm that nobody took notice of in time."""
    for row, level in await _due(tx, appender.site, pack, at):
        await tx.execute(_sql.escalate, {"id": row["id"], "level": level})
        name = name_of(appender.site, row["index"])
        roles = sorted({role.value for rung in chain_of(pack, row["severity"])[: level + 1] for role in rung.roles})
        content = {"about": name, "cause": row["cause"], "place": row["place"], "level": level, "roles": roles}
        await add_record(
            tx, appender, kind="alarm_escalated", at=at, actor=ACTOR, content=content, salt=world.salt(), things=[name]
        )


async def whole(tx: Tx, pack: RulePack, site: str, alarm: int) -> AlarmWhole:
    """An alarm with all that became of it. Raises NotFoundError."""
    row = await one(tx, _sql.shown, id=alarm, site=site)
    if row is None:
        raise NotFoundError("alarm", str(alarm))
    name = name_of(site, row["index"])
    steps = [_step(found) for found in await rows(tx, _sql.steps, name=name, site=site)]
    chain = chain_of(pack, row["severity"])
    heard = {role for rung in chain[: row["level"] + 1] for role in rung.roles}
    rung = chain[row["level"] + 1] if row["level"] + 1 < len(chain) else None
    over = row["cleared_at"] is not None or row["acknowledged_at"] is not None
    since = max(row["raised_at"], row["shelved_until"] or row["raised_at"])
    return AlarmWhole.model_validate({
        **row, "name": name, "hears": sorted(heard), "steps": steps,
        "next_at": None if over or rung is None else since + rung.after,
        "next_roles": [] if over or rung is None else sorted(rung.roles - heard),
    })  # fmt: skip


def _step(row: Row) -> StepShown:
    told: dict[str, Any] | None = None if row["content"] is None else json.loads(row["content"])
    return StepShown.model_validate({**row, "told": told and {k: v for k, v in told.items() if k != "actor"}})
