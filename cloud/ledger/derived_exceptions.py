"""Openings by break-glass, as facts and records lead to them: opened, told of, closed, recounted, reviewed by two."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from cloud.db.pool import storable
from cloud.ledger.faults import LedgerFaultError
from custody.permits import parse_time
from wire.break_glass import BreakGlassClip, BreakGlassClosed, BreakGlassOpened

if TYPE_CHECKING:  # at run time `derived` imports this
    from cloud.ledger.derived import Derived, Row, Told

OPENING = "exception of an opening"
OPEN = "open exceptions of an agent"
"""What is remembered of the log to derive later rows by; no tables."""

_LONGEST = 2**31 - 1


def opened(derived: "Derived", index: int, body: BreakGlassOpened, agent: str, at: datetime) -> set[str]:
    """Another opening at the same gate ends the one before, of whose closing nobody will tell."""
    return _cut_short(derived, index, agent, storable(body.station), at)


def agent_started(derived: "Derived", index: int, agent: str, at: datetime) -> set[str]:
    """What the agent held open ended when it did."""
    return _cut_short(derived, index, agent, None, at)


def _cut_short(derived: "Derived", index: int, agent: str, station: str | None, at: datetime) -> set[str]:
    open_ones = derived.table(OPEN).get(agent, {})
    ended = {name for name, where in open_ones.items() if station is None or where == station}
    for name in ended:
        del open_ones[name]
        derived.table("exception")[name].update(state="closed", closed_index=index, closed_at=at)
    return ended


def clip(derived: "Derived", body: BreakGlassClip, agent: str, seq: int) -> set[str]:
    """Stills were kept."""
    row = _opening(derived, agent, body.opened, seq)
    if row is None:
        return set()
    row["pictures"] = [*row["pictures"], *(storable(picture.sha256) for picture in body.pictures)]
    row["missed"] += min(max(body.missed, 0), _LONGEST)
    return {_named(derived, agent, body.opened)}


def closed(derived: "Derived", index: int, body: BreakGlassClosed, agent: str, seq: int, at: datetime) -> set[str]:
    """The gate closed."""
    row, name = _opening(derived, agent, body.opened, seq), _named(derived, agent, body.opened)
    if row is None:
        return set()
    if derived.table(OPEN).get(agent, {}).pop(name, None) is not None:
        counts = {"open_ms": min(max(body.open_ms, 0), _LONGEST), "crossings": min(max(body.crossings, 0), _LONGEST)}
        row.update(state="closed", closed_index=index, closed_at=at, **counts)
    return {name}


def _named(derived: "Derived", agent: str, seq: int) -> str:
    return str(derived.table(OPENING).get(f"{agent} {seq}", {}).get("id", ""))


def _opening(derived: "Derived", agent: str, opened_seq: int, seq: int) -> "Row | None":
    return derived.table("exception").get(_named(derived, agent, opened_seq)) if 0 < opened_seq < seq else None


def _made(derived: "Derived", told: "Told") -> set[str]:
    content, fact = told.content, told.content["fact"]
    name, agent, station = content["exception"], content["agent"], storable(content["station"])
    derived.table("exception")[name] = {
        "agent": agent, "station": station, "input": storable(content["input"]), "opened_seq": fact["seq"],
        "opened_index": fact["entry"], "opened_at": parse_time(fact["at"]), "due_at": parse_time(content["due_at"]),
        "closed_index": None, "closed_at": None, "open_ms": None, "crossings": None, "pictures": [], "missed": 0,
        "recounts": None, "state": "open", "finding": None, "reviewed_index": None, "index": told.index,
    }  # fmt: skip
    derived.table(OPENING)[f"{agent} {fact['seq']}"] = {"id": name}
    derived.table(OPEN).setdefault(agent, {})[name] = station
    return {name}


def _recounted(derived: "Derived", told: "Told") -> set[str]:
    name = told.content["exception"]
    row = derived.table("exception").get(name)
    if row is not None:
        row["recounts"] = dict(told.content["recounts"])
    return {name}


def _reviewed(derived: "Derived", told: "Told") -> set[str]:
    content, name = told.content, told.content["exception"]
    row, act = derived.table("exception").get(name), derived.table("act").get(content["act"])
    if len({hand["person"] for hand in content["hands"]}) < 2:
        raise LedgerFaultError("step_not_allowed", "reviewed by one person", told.index, f"exception {name}")
    if row is not None:
        if row["state"] != "closed" and name not in derived.unsure:
            raise LedgerFaultError("step_not_allowed", f"it was {row['state']}", told.index, f"exception {name}")
        row.update(state="reviewed", finding=content["finding"], reviewed_index=told.index)
    if act is not None and act["ended"] is None:
        act.update(ended="done", ended_at=parse_time(told.at), ended_index=told.index)
    return {name}


TAKE: dict[str, "Callable[[Derived, Told], set[str] | None]"] = {
    "exception_opened": _made,
    "exception_recounted": _recounted,
    "exception_reviewed": _reviewed,
}
"""How each kind of record is taken; see `derived.take_record`."""
