"""Taking a step: what the rules look at, the decision, the database's own guard, what follows, and the one record.

Whoever asks - a person at the desk, an agent's fact - comes through `judge` and `perform`, so that one guard speaks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from cloud.db.pool import Row, Tx, rows
from cloud.db.queries import load_queries
from cloud.errors import BrokenRecordsError, InvalidError, NotFoundError
from cloud.evidence.acting import Acting
from cloud.evidence.effects import before_step, follow, warn
from cloud.evidence.holds import held_now, tell_agents
from cloud.evidence.revoking import end_permits
from cloud.evidence.sensors import note_step
from cloud.rules.service import pack_named
from custody.decisions import Refused
from custody.rule_pack import RulePack
from custody.steps import Answer, Hand, Thing, decide_step
from custody.things import Action, Kind, State

STEP = "custody_step"
"""The kind of the record of every step."""

GUARDED = "ST001"
"""SQLSTATE by which the database's own guard refuses."""

_sql = load_queries(__file__, "acts.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A step as it was asked for: `rows` of its things as the database has them, `pack` the rules of their case."""

    action: Action
    rows: Sequence[Row]
    pack: RulePack
    details: Mapping[str, Any]

    @property
    def things(self) -> list[str]:
        """The ids."""
        return [row["id"] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken: its entry, the rule, all that moved, what it made."""

    index: int
    rule: str
    moved: list[str]
    made: list[str]


async def asked_for(
    tx: Tx, site: str, pack: RulePack, action: Action, things: Sequence[str], details: Mapping[str, Any]
) -> Asked:
    """What is asked for, under the rules that the case of the things is pinned to; `pack` where it is not known here.

    Raises NotFoundError, InvalidError `no_things` or `mixed_rules`.
    """
    if not things:
        raise InvalidError("no_things", "a step is taken with at least one thing")
    taken = await things_asked(tx, site, things)
    books = {row["rule_pack"] for row in taken}
    if len(books) > 1:
        raise InvalidError("mixed_rules", "these things belong to cases under different rules; take them one by one")
    return Asked(action=action, rows=taken, pack=await pack_named(tx, books.pop()) or pack, details=details)


async def things_asked(tx: Tx, site: str, things: Sequence[str]) -> list[Row]:
    """What the rules look at of each of `things`, in their order. Raises NotFoundError."""
    found = {row["id"]: row for row in await rows(tx, _sql.things, site=site, things=list(things))}
    absent = next((thing for thing in things if thing not in found), None)
    if absent is not None:
        raise NotFoundError("item or package", absent)
    return [found[thing] for thing in dict.fromkeys(things)]


def judge(
    asked: Asked, hands: Sequence[Hand], now: datetime, *, asked_at: datetime | None = None, at_gate: bool = False
) -> Answer:
    """What the rules say."""
    things = [_thing(row) for row in asked.rows]
    return decide_step(asked.pack, asked.action, things, hands, asked.details, now, asked_at=asked_at, at_gate=at_gate)


def past_of(row: Row) -> dict[Action, frozenset[str]]:
    """Whose hand was on which step of a thing, or of what it is packed with."""
    past: dict[Action, frozenset[str]] = {}
    for told in row["hands"]:
        action, _, person = told.partition(" ")
        past[Action(action)] = past.get(Action(action), frozenset()) | {person}
    return past


def _thing(row: Row) -> Thing:
    return Thing(
        id=row["id"], kind=Kind(row["kind"]), state=State(row["state"]), held=row["held"], value_fen=row["value_fen"],
        method=row["method"], packed=row["packed"], past=past_of(row),
    )  # fmt: skip


async def perform(
    act: Acting, asked: Asked, rule: str, people: Sequence[str], signed: Sequence[Mapping[str, Any]],
    about: Mapping[str, Any],
) -> Taken | Refused:  # fmt: skip
    """Takes the step by the hands of `people`: moves, follows, records. `signed` tells of the hands in the record.

    Refused where something beyond the hands is in the way, such as a slot that does not fit. Raises InvalidError and
    ConflictError for details that cannot be. `about` goes into the record.
    """
    refused = await before_step(act, asked.pack, asked.action, asked.rows, asked.details)
    if refused is not None:
        return refused
    held = await held_now(act) if asked.action is Action.SEAL else set()
    keyed = [hand["person"] for hand in signed if hand["passkey"]]
    moved = await guarded(act.tx, act.site, asked, people, keyed=keyed, index=act.next_index)
    made = await follow(act, asked.pack, asked.action, asked.rows, asked.details, people)
    content = {
        "action": asked.action.value, "things": asked.things, "details": dict(asked.details), "rule": rule,
        "rule_pack": asked.pack.hash, "hands": list(signed), "made": made.content, **made.told,
        **about,
    }  # fmt: skip
    acts = [about["act"]] if "act" in about else []
    concerned = list(dict.fromkeys([*asked.things, *moved, *made.ids, *made.concerned, *acts]))
    index = await act.record(STEP, content, concerned)
    await act.tx.execute(_touch, {"things": [*asked.things, *made.ids], "index": index})
    if asked.action is Action.SEAL:  # the package of a held item is held too; nothing else is made of what is held
        await tell_agents(act, held)
    await note_step(act, asked.pack, asked.action, asked.rows, asked.details, index, about.get("fact"))
    await warn(act, asked.pack, asked.action, asked.rows, asked.details)
    await end_permits(act, asked.action, asked.things, index)
    return Taken(index, rule, moved, made.ids)


_touch = load_queries(__file__).set_newest_entry


async def guarded(
    tx: Tx, site: str, asked: Asked, people: Sequence[str], *, keyed: Sequence[str] = (), gate: bool = False, index: int
) -> list[str]:
    """Lets the database take the step, which asks its own copy of the rules; returns all that moved.

    Raises BrokenRecordsError where it refuses what the rules allowed: then one of the two was tampered with.
    """
    values = {"site": site, "action": asked.action.value, "things": asked.things, "hands": list(people)}
    try:
        moved = await rows(tx, _sql.take_step, **values, keyed=list(keyed), gate=gate, index=index)
    except psycopg.DatabaseError as error:
        if error.sqlstate != GUARDED:
            raise
        told = error.diag
        why = f"{told.message_primary} ({told.message_detail})"
        raise BrokenRecordsError(f"the database refuses {asked.action} of {told.message_hint}: {why}") from error
    return [row["moved"] for row in moved]
