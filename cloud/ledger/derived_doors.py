"""Doors, as facts and records lead to them: what is behind each, who asked, how it was opened and shut."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cloud.db.pool import storable
from cloud.ledger import derived_sensors
from custody.decisions import Reason
from custody.passage import Genuineness, Sight
from custody.things import Kind
from wire.doors import DoorClosed, DoorDecided, DoorHeldOpen, DoorOpened, DoorResumed, asked_about, session_of
from wire.heads import HeadsBody
from wire.kinds import FactKind
from wire.labels import valid_id
from wire.messages import body_of

if TYPE_CHECKING:  # at run time `derived` imports this
    from cloud.ledger.derived import Derived, Row, Told

ALLOWED, OPEN, CUT = "allowed questions at doors", "open doors", "door sessions whose end nobody saw"
"""What is remembered of the log to derive later rows by; no tables."""

_LONGEST_MS = 2**53
_MOST_HEADS = 10_000


def told_by_agent(derived: "Derived", index: int, fact: Any, agent: str, at: datetime) -> set[str] | None:
    """Takes a fact about a door; returns the things it is filed under, None for one about something else."""
    kind, body, seq = fact["kind"], fact["body"], fact["seq"]
    if kind == FactKind.DOOR_DECIDED:
        return _decided(derived, index, body_of(DoorDecided, body), agent, seq, at)
    if kind == FactKind.DOOR_OPENED:
        _opened(derived, index, body_of(DoorOpened, body), fact, agent, at)
        return set()
    if kind == FactKind.DOOR_HELD_OPEN:
        row = _open_at(derived, agent, body_of(DoorHeldOpen, body).station)
        if row is not None and row["held_index"] is None:
            row["held_index"] = index
        return set()
    if kind == FactKind.DOOR_CLOSED:
        return _closed(derived, index, body_of(DoorClosed, body), agent, at)
    if kind == FactKind.DOOR_RESUMED:
        return _resumed(derived, index, body_of(DoorResumed, body), fact, agent, at)
    return None


def agent_started(derived: "Derived", index: int, agent: str, at: datetime) -> None:
    """What stood open is told no further."""
    for where in [where for where in derived.table(OPEN) if where.startswith(f"{agent} ")]:
        _cut_short(derived, index, where, at)


def _own(site: str, things: list[str]) -> list[str]:
    return [one for one in dict.fromkeys(things) if one.startswith(f"{site}/") and valid_id(one)]


def _decided(
    derived: "Derived", index: int, body: DoorDecided, agent: str, seq: int, at: datetime
) -> set[str]:  # fmt: skip
    try:
        sights = [
            Sight(Genuineness(s.genuineness), s.id, None if s.kind is None else Kind(s.kind)) for s in body.sights
        ]
        refused = body.outcome != "allowed"
        reason = Reason(body.reason or "").value if refused else None
    except ValueError:  # kept as it is, with an alarm that is a record of its own
        return set()
    genuine = [s.id for s in sights if s.genuineness is Genuineness.GENUINE and s.concerns_gate]
    if index >= derived.doors_from:
        derived.table("door_session")[f"entry:{index}"] = {
            **_BLANK, "agent": agent, "station": storable(body.station), "state": "refused" if refused else "allowed",
            "at": at, "decision_seq": seq, "rule": storable(body.rule), "reason": reason,
            "subject": (storable(body.subject or "") or None) if refused else None,
            "task": body.task and storable(body.task), "permit": body.permit and storable(body.permit),
            "things": _own(derived.site, genuine), "people": _own(derived.site, body.people),
            "picture": body.picture and storable(body.picture.sha256),
        }  # fmt: skip
        if not refused:
            derived.table(ALLOWED)[f"{agent} {seq} {storable(body.station)}"] = {"key": f"entry:{index}"}
    return set(_own(derived.site, asked_about(body)))


_BLANK: dict[str, Any] = {
    "decision_seq": None, "rule": None, "reason": None, "subject": None, "task": None, "permit": None, "things": [],
    "people": [], "picture": None, "how": None, "opened_seq": None, "opened_index": None, "opened_at": None,
    "held_index": None, "closed_index": None, "closed_at": None, "open_ms": None, "moved": [],
    "heads_in": None, "heads_out": None,
}  # fmt: skip


def _opened(derived: "Derived", index: int, body: DoorOpened, fact: Any, agent: str, at: datetime) -> None:
    station = storable(body.station)
    where, how = f"{agent} {station}", body.how
    picture = body.picture and storable(body.picture.sha256)
    _cut_short(derived, index, where, at)
    asked = derived.table(ALLOWED).pop(f"{agent} {body.decision} {station}", None) if how == "decision" else None
    if how == "decision" and asked is None:
        how = "forced"
    if how in ("decision", "exit"):
        _observed(derived, index, body.station, fact, agent, at)
    if index < derived.doors_from:
        return
    opening = {
        "state": "open", "how": how, "opened_seq": fact["seq"], "opened_index": index, "opened_at": at,
    }  # fmt: skip
    if asked is not None:
        row = derived.table("door_session")[asked["key"]]
        row.update(opening, picture=picture or row["picture"])
    else:
        new = {**_BLANK, **opening, "agent": agent, "station": station, "at": at, "picture": picture}
        derived.table("door_session")[f"entry:{index}"] = new
    derived.table(OPEN)[where] = asked or {"key": f"entry:{index}"}


def _open_at(derived: "Derived", agent: str, station: str) -> "Row | None":
    named = derived.table(OPEN).get(f"{agent} {storable(station)}")
    return None if named is None else derived.table("door_session")[named["key"]]


def _cut_short(derived: "Derived", index: int, where: str, at: datetime) -> None:
    named = derived.table(OPEN).pop(where, None)
    if named is not None:
        row = derived.table("door_session")[named["key"]]
        row.update(state="closed", closed_index=index, closed_at=at)
        derived.table(CUT)[f"{where} {row['opened_seq']}"] = named


def _observed(derived: "Derived", index: int, station: str, fact: Any, agent: str, at: datetime) -> None:
    zones = derived.table("door").get(f"{agent} {station}", {}).get("zones", [])
    derived_sensors.door_opened(derived, index, zones, at, fact["clock"]["error_ms"])


def _closed(derived: "Derived", index: int, body: DoorClosed, agent: str, at: datetime) -> set[str]:
    _shut(derived, index, body, agent, at, min(max(body.open_ms, 0), _LONGEST_MS), body.heads)
    return set(_own(derived.site, session_of(body)))


def _resumed(derived: "Derived", index: int, body: DoorResumed, fact: Any, agent: str, at: datetime) -> set[str]:
    station = storable(body.station)
    where = f"{agent} {station}"
    cut = derived.table(CUT).get(f"{where} {body.opened}")
    if body.opened is None and body.position == "open":
        _cut_short(derived, index, where, at)
        _found(derived, index, body, fact, agent, at)
    elif cut is not None and where not in derived.table(OPEN):
        derived.table("door_session")[cut["key"]].update(state="open", closed_index=None, closed_at=None)
        derived.table(OPEN)[where] = cut
    if body.opened is not None and body.position == "closed":
        _shut(derived, index, body, agent, at, None, None)
    return set(_own(derived.site, session_of(body)))


def _found(derived: "Derived", index: int, body: DoorResumed, fact: Any, agent: str, at: datetime) -> None:
    """Opened by whom it had let in, while its agent was away."""
    where = f"{agent} {storable(body.station)}"
    asked = derived.table(ALLOWED).pop(f"{agent} {body.decision} {storable(body.station)}", None)
    if asked is not None:
        _observed(derived, index, body.station, fact, agent, at)
    if index < derived.doors_from:
        return
    opening = {"state": "open", "how": "found", "opened_seq": fact["seq"], "opened_index": index, "opened_at": at}
    key = asked["key"] if asked else f"entry:{index}"
    blank = {**_BLANK, "agent": agent, "station": storable(body.station), "at": at}
    derived.table("door_session").setdefault(key, blank).update(opening)
    derived.table(OPEN)[where] = {"key": key}


def _shut(
    derived: "Derived", index: int, body: DoorClosed | DoorResumed, agent: str, at: datetime, open_ms: int | None,
    heads: HeadsBody | None,
) -> None:  # fmt: skip
    row = _open_at(derived, agent, body.station)
    if row is not None and body.opened in (None, row["opened_seq"]):
        named = derived.table(OPEN).pop(f"{agent} {storable(body.station)}")
        if open_ms is None:
            derived.table(CUT)[f"{agent} {storable(body.station)} {row['opened_seq']}"] = named
        row.update(
            state="closed", closed_index=index, closed_at=at, open_ms=open_ms, moved=_own(derived.site, body.moved),
            heads_in=heads and _few(heads.in_), heads_out=heads and _few(heads.out),
            people=sorted({*row["people"], *_own(derived.site, body.people)}),
        )  # fmt: skip


def _few(heads: int) -> int:
    return min(max(heads, 0), _MOST_HEADS)


def _furnished(derived: "Derived", told: "Told") -> set[str]:
    content = told.content
    derived.table("door")[f"{content['agent']} {content['station']}"] = {
        "guards": list(content["guards"]), "zones": list(content["zones"]), "index": told.index,
    }  # fmt: skip
    return set(content["zones"])


TAKE: dict[str, "Callable[[Derived, Told], set[str] | None]"] = {"door_furnished": _furnished}
"""How each kind of record is taken; see `derived.take_record`."""
