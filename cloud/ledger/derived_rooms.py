"""Sensors of rooms, as facts lead to them. Each reading is compared while the log is read, so none is remembered."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cloud.db.pool import Row, Tx, rows, storable
from cloud.db.queries import load_queries
from cloud.ledger.faults import LedgerFaultError
from wire.errors import MessageError
from wire.kinds import FactKind
from wire.messages import body_of
from wire.sensors import ContactChanged, ContactChattered, ReadingsThinned, check_reading, span_of

if TYPE_CHECKING:  # at run time `derived` imports this
    from cloud.ledger.derived import Derived

_sql = load_queries(__file__, "check.sql")


def told_by_agent(derived: "Derived", index: int, fact: Mapping[str, Any], agent: str, at: datetime) -> None:
    """Takes a fact of a room's sensor."""
    kind, body, device = fact["kind"], fact["body"], storable(fact["device"])
    if kind == FactKind.READING:
        told = check_reading(body)
        row = {"station": storable(told.station), "index": index}
        derived.table("sensor").setdefault(f"{agent} {device} {told.measures}", row)
    elif kind == FactKind.READINGS_THINNED:
        _thinned(derived, index, body_of(ReadingsThinned, body), agent)
    elif kind == FactKind.CONTACT_CHANGED:
        _set(derived, index, body_of(ContactChanged, body), f"{agent} {device}", at)
    elif kind == FactKind.CONTACT_CHATTERED:
        _set(derived, index, body_of(ContactChattered, body), f"{agent} {device}", at)


def _set(derived: "Derived", index: int, body: ContactChanged | ContactChattered, device: str, at: datetime) -> None:
    derived.table("contact")[f"{device} {storable(body.contact)}"] = {
        "station": storable(body.station), "sensor": body.sensor, "active": body.active, "at": at, "index": index,
    }  # fmt: skip


def _thinned(derived: "Derived", index: int, body: ReadingsThinned, agent: str) -> None:
    for one in body.devices:
        since, until = span_of(one)
        row = {"agent": agent, "count": one.count, "since": since, "until": until, "why": list(body.why)}
        derived.table("reading_gap").setdefault(f"entry:{index} {storable(one.device)}", row)


async def readings_of(tx: Tx, span: Mapping[str, Any]) -> dict[int, Row]:
    """The table's readings of a range of entries."""
    return {row["index"]: row for row in await rows(tx, _sql.readings, **span)}


def reading_row(index: int, fact: Mapping[str, Any] | None, agent: str | None, at: datetime) -> Row | None:
    """The row that the fact leads to; None where it is no reading that can be read."""
    if fact is None or fact.get("kind") != FactKind.READING:
        return None
    try:
        body = check_reading(fact["body"])
    except MessageError:
        return None
    return {
        "index": index, "agent": agent, "device": storable(fact["device"]), "measures": body.measures,
        "value": body.value, "low": body.low, "high": body.high, "at": at,
    }  # fmt: skip


def none_left(readings: Mapping[int, Row]) -> None:
    """Raises LedgerFaultError for a row that no entry led to."""
    if readings:
        index = min(readings)
        raise LedgerFaultError("row_without_entry", "the entry is no reading", index, f"reading {index}")
