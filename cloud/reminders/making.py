"""Reminders are made and end. What was made is an entry of the ledger, one for each thing and offset, that names whom
it was for; that somebody read theirs is another. That one ended follows from what its thing's own entries say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cloud.db.pool import Row, Tx, rows
from cloud.db.queries import load_queries
from cloud.ledger.service import Appender, add_record, next_index
from cloud.reminders.subjects import PAST, pending
from cloud.world import World
from custody.permits import time_text
from custody.reminder_rules import Due, due, rules_of
from custody.roles import Role
from custody.rule_pack import RulePack

ACTOR = "jobs"
MADE = "reminder_made"

_sql = load_queries(__file__)
_Key = tuple[str, str, str, datetime]


@dataclass(frozen=True, slots=True)
class New:
    """A reminder that is to be made, what people call its thing, and whom it is for."""

    due: Due
    label: str | None
    people: list[str]


@dataclass(frozen=True, slots=True)
class Look:
    """What a look found: reminders to be made, and the ids of those that are over."""

    new: Sequence[New]
    over: Sequence[int]

    def __bool__(self) -> bool:
        return bool(self.new or self.over)


async def look(tx: Tx, site: str, pack: RulePack, now: datetime) -> Look:
    """What is to be done at `site`; asked without a lock."""
    rules = rules_of(pack)
    told = await rows(tx, _sql.living, site=site, since=now - PAST)
    if rules is None:
        return Look((), [row["id"] for row in told if row["ended_at"] is None])
    found = await pending(tx, rules, pack, site, now)
    labels = {(one.subject.value, one.id, one.clock, one.due_at): label for one, label in found}
    over = [row["id"] for row in told if row["ended_at"] is None and _key(row) not in labels]
    have = {(*_key(row), row["before_s"], row["person"]) for row in told}
    people = {row["id"]: frozenset(map(Role, row["roles"])) for row in await rows(tx, _sql.people, site=site)}
    new = []
    for each in due(rules, (one for one, _ in found), now):
        one, before_s = each.pending, int(each.before.total_seconds())
        key = (one.subject.value, one.id, one.clock, one.due_at)
        lacking = [person for person in each.named(people) if (*key, before_s, person) not in have]
        if lacking:
            new.append(New(each, labels[key], lacking))
    return Look(new, over)


def _key(row: Row) -> _Key:
    return row["subject"], row["about"], row["clock"], row["due_at"]


async def make(tx: Tx, appender: Appender, world: World, pack: RulePack, now: datetime) -> int:
    """Makes and ends what is due; returns how many entries that took. The site's ledger is open: nobody else does."""
    found = await look(tx, appender.site, pack, now)
    await tx.execute(_sql.end, {"ids": list(found.over), "at": now})
    for each in found.new:
        one = each.due.pending
        same: dict[str, Any] = {
            "subject": one.subject.value, "about": one.id, "clock": one.clock, "label": each.label,
            "before_s": int(each.due.before.total_seconds()), "severity": each.due.rule.severity,
            "urgent": each.due.urgent,
        }  # fmt: skip
        values = {**same, "site": appender.site, "due_at": one.due_at, "people": each.people, "at": now}
        await tx.execute(_sql.add, {**values, "index": next_index(appender)})
        content = {**same, "due_at": time_text(one.due_at), "to": each.people}
        await add_record(
            tx, appender, kind=MADE, at=now, actor=ACTOR, content=content, salt=world.salt(), things=[one.id]
        )
    return len(found.new)
