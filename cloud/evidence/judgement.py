"""Asking the rule again: what the cloud, knowing what it knew at the device's time, would have answered at the gate."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from cloud.db.pool import Row, Tx, one, rows, storable
from cloud.db.queries import load_queries
from cloud.evidence.taken import Taken
from cloud.rules.service import pack_named
from custody.decisions import Allowed, Decision, Reason, Refused, Use
from custody.errors import CustodyError
from custody.passage import Gate, Genuineness, Sight, decide_passage
from custody.permits import Permit
from custody.rule_pack import RulePack
from custody.things import Direction, Kind
from wire.doors import DoorDecided
from wire.errors import MessageError
from wire.messages import PassageDecided, SightBody

SUBJECT_CHARACTERS = 200
"""A text that is no label of ours is told no longer than this (wire.messages.SightBody)."""

_sql = load_queries(__file__, "passages.sql")


def sights_of(told: Sequence[SightBody]) -> list[Sight]:
    """What was in sight, as the rules see it. Raises MessageError for values that are none of ours."""
    try:
        return [
            Sight(Genuineness(s.genuineness), s.id, None if s.kind is None else Kind(s.kind), s.issue, s.copies)
            for s in told
        ]
    except ValueError as error:
        raise MessageError(f"not sights: {error}") from error


def answer_of(body: PassageDecided | DoorDecided, uses: Iterable[Use] = ()) -> Decision:
    """What the agent decided. Raises MessageError for a reason that is none."""
    if body.outcome == "allowed":
        return Allowed(body.rule, tuple(uses))
    try:
        return Refused(Reason(body.reason or ""), body.rule, body.subject or "")
    except ValueError as error:
        raise MessageError(f"not a reason: {error}") from error


def decision_of(body: PassageDecided) -> Decision:
    """What the agent decided at a gate, with the uses it rests on. Raises MessageError for a reason that is none."""
    return answer_of(body, (Use(use.permit, use.thing) for use in body.uses))


async def difference(taken: Taken, body: PassageDecided, sights: Sequence[Sight], decided: Decision) -> Decision | None:
    """The cloud's own decision where it is another than the agent's; None where both agree.

    Within the error of the device's clock the agent has the benefit of the doubt. A refusal is not judged while
    orders to the agent are unanswered: it knew less than the cloud then, and a closed gate harms nothing.
    """
    if isinstance(decided, Refused) and await has_open_orders(taken.tx, taken.agent):
        return None
    ours = await _decide(taken, body, sights, decided)
    return None if _same(ours, decided) else ours


async def _decide(taken: Taken, body: PassageDecided, sights: Sequence[Sight], decided: Decision) -> Decision:
    """Of several permits that would do, the agent may take any: only those it took are looked at."""
    moment = taken.moment
    doubt = moment.error or timedelta(0)
    known_at = taken.at - doubt if isinstance(decided, Allowed) else taken.at + doubt
    things = [sight.id for sight in sights if sight.genuineness is Genuineness.GENUINE]
    permits, spent = await _permits(taken, things, known_at)
    permits += await _around(taken, sights, known_at)
    if isinstance(decided, Allowed):
        permits = [permit for permit in permits if permit.id in {use.permit for use in decided.uses}]
    return decide_passage(
        sights,
        gate=Gate(taken.agent, body.station, Direction(body.direction)),
        permits=permits,
        spent=spent,
        holds=await _holds(taken, things, known_at),
        people=body.people,
        now=moment,
        pack=await pack_for(taken, body.rule_pack),
    )


def _same(ours: Decision, theirs: Decision) -> bool:
    if isinstance(ours, Allowed) and isinstance(theirs, Allowed):
        return ours.rule == theirs.rule and set(ours.uses) == set(theirs.uses)
    if isinstance(ours, Refused) and isinstance(theirs, Refused):
        same_subject = ours.subject[:SUBJECT_CHARACTERS] == theirs.subject[:SUBJECT_CHARACTERS]
        return (ours.reason, ours.rule) == (theirs.reason, theirs.rule) and same_subject
    return False


async def pack_for(taken: Taken, name: str) -> RulePack:
    """The rule pack of that hash; the one in force now where it is that one, or where nobody knows it."""
    return taken.pack if name == taken.pack.hash else await pack_named(taken.tx, name) or taken.pack


async def _permits(taken: Taken, things: list[str], at: datetime) -> tuple[list[Permit], set[Use]]:
    """The permits that name any of `things` and were not revoked at `at`, and which of them are spent on what."""
    found = await rows(taken.tx, _sql.permits_for, site=taken.site, things=things, at=at) if things else []
    spent = {Use(row["id"], thing) for row in found for thing in row["spent"]}
    return [permit for row in found if (permit := _permit(row)) is not None], spent


async def _around(taken: Taken, sights: Sequence[Sight], known_at: datetime) -> list[Permit]:
    """The permits of the agent by which it may know that an item in sight is in a package."""
    items = [one.id for one in sights if one.genuineness is Genuineness.GENUINE and one.kind is Kind.ITEM]
    around = {"agent": taken.agent, "items": items, "at": taken.at, "known_at": known_at}
    found = await rows(taken.tx, _sql.permits_around, **around) if items else []
    return [permit for row in found if (permit := _permit(row)) is not None]


async def permits_used(taken: Taken, uses: Sequence[Use]) -> list[Permit]:
    """The permits that `uses` spend."""
    found = await rows(taken.tx, _sql.permits_named, site=taken.site, permits=[storable(use.permit) for use in uses])
    return [permit for row in found if (permit := _permit(row)) is not None]


def _permit(row: Row) -> Permit | None:
    try:
        return Permit.from_payload(row["payload"])
    except CustodyError:  # of another version: no edge of this version could have read it either
        return None


async def _holds(taken: Taken, things: list[str], at: datetime) -> set[str]:
    if not things:
        return set()
    return {row["thing"] for row in await rows(taken.tx, _sql.holds_on, site=taken.site, things=things, at=at)}


async def has_open_orders(tx: Tx, agent: str) -> bool:
    """Whether the cloud has asked `agent` for something that it has not answered."""
    row = await one(tx, _sql.has_open_orders, agent=agent)
    return row is not None and bool(row["open"])
