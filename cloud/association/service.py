"""What belongs together: one query for the links of an entry or a thing, one for what happened with it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cloud.association.models import Instant, Link, Linked, Together
from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError

MOST = 12
"""So many of each kind are shown."""

_sql = load_queries(__file__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """Where it is asked from: a thing, or entries; at which second, as which agent's fact."""

    thing: str | None = None
    entries: list[int] = field(default_factory=list)
    alarm: int | None = None
    ticket: int | None = None
    at: datetime | None = None
    agent: str | None = None
    seq: int | None = None


async def of_entry(tx: Tx, site: str, entry: int) -> Together:
    """What belongs to the entry `entry`: what it names, what holds that, who, and the film of that second.

    Raises NotFoundError.
    """
    return await _together(tx, site, await _from_entry(tx, site, entry))


async def of_thing(tx: Tx, site: str, thing: str) -> Together:
    """What belongs to `thing`: a case, an item, a package, a slot, a person, a permit, an act, or a ticket or alarm by
    its name (`<site>/T-<entry>`, `<site>/A-<entry>`). Raises NotFoundError.
    """
    row = await one(tx, _sql.known, thing=thing, site=site)
    if row is None:
        raise NotFoundError("thing", thing)
    if row["kind"] == "alarm":
        return await _together(tx, site, await _from_entry(tx, site, row["index"], thing))
    ticket = row["index"] if row["kind"] == "ticket" else None
    return await _together(tx, site, _Start(thing=thing, ticket=ticket))


async def _from_entry(tx: Tx, site: str, entry: int, thing: str | None = None) -> _Start:
    found = await one(tx, _sql.origin, site=site, entry=entry)
    if found is None:
        raise NotFoundError("entry", str(entry))
    agent, seq, at = found["agent"], found["seq"], found["about_at"] or found["at"]
    entries = [entry] if found["passage"] is None else [entry, found["passage"]]
    if agent is None and found["about_agent"] is not None:
        agent, seq = found["about_agent"], found["about_seq"]
        if about := await one(tx, _sql.fact_entry, site=site, agent=agent, seq=seq):
            entries, at = [*entries, about["index"]], about["at"]
    return _Start(
        thing=thing, entries=entries, alarm=found["alarm"], ticket=found["ticket"], at=at, agent=agent, seq=seq
    )


async def _together(tx: Tx, site: str, start: _Start) -> Together:
    """Of an entry first what happened at its second, whose sessions name more people and things; of a thing first what
    it holds, which was there when something happened.
    """
    if start.at is not None:
        moments = await _moments(tx, site, start, [])
        sessions = [one.index for one in moments if one.kind == "door_session"]
        links = await _links(tx, site, start, [*start.entries, *sessions])
    else:
        links = await _links(tx, site, start, start.entries)
        inside = [row["thing"] for row in links if row["kind"] in ("item", "package")]
        moments = await _moments(tx, site, start, [*inside, *([start.thing] if start.thing else [])])
    return Together(linked=_by_kinds(links, start), moments=sorted(moments, key=lambda one: one.at, reverse=True))


async def _links(tx: Tx, site: str, start: _Start, entries: list[int]) -> list[Row]:
    about = await rows(tx, _sql.alarms_about, site=site, entries=entries) if entries else []
    where = {"site": site, "thing": start.thing, "person": _person(start), "alarm": start.alarm, "ticket": start.ticket}
    indexes = [row["index"] for row in about]
    return await rows(tx, _sql.links, **where, entries=entries, about=indexes, most=MOST + 1)


async def _moments(tx: Tx, site: str, start: _Start, things: Sequence[str]) -> list[Instant]:
    where = {"site": site, "person": _person(start), "at": start.at, "agent": start.agent, "seq": start.seq}
    found = await rows(tx, _sql.moments, **where, entries=start.entries, things=list(things), most=MOST)
    return [Instant.model_validate(row) for row in found]


def _person(start: _Start) -> str | None:
    return start.thing if start.thing and "/U-" in start.thing else None


def _by_kinds(found: Sequence[Row], start: _Start) -> list[Linked]:
    """Without the thing that was asked from."""
    kinds: dict[str, list[Row]] = {}
    for row in found:
        if row["thing"] != start.thing:
            kinds.setdefault(row["kind"], []).append(row)
    return [
        Linked.model_validate({
            "kind": kind, "links": [Link.model_validate(row) for row in all_[:MOST]], "more": len(all_) > MOST
        })
        for kind, all_ in kinds.items()
    ]  # fmt: skip
