"""Readings compared with the batches that agents signed: whoever changed one, or added or took one away, is found.

Where its chain stood each agent says in its journal (`readings_sealed`), so nobody cuts off what is before. A batch
that is not here is counted and no fault: it may not have come yet, or its agent left it out.
"""

import zlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from proof.errors import ProofError
from proof.keys import VerifyKey
from wire.errors import WireError
from wire.readings import check_batch

_sql = load_queries(__file__)


@dataclass(slots=True)
class TelemetryCheck:
    """How many batches and readings hold, and the first thing that does not."""

    batches: int = 0
    readings: int = 0
    absent: int = 0
    """batches that the ledger names and that are not here: not come yet, or left out by the agent, or taken away"""
    fault: str | None = None


async def check_telemetry(tx: Tx, site: str) -> TelemetryCheck:
    """Reads every batch of `site` and every reading of it."""
    found = TelemetryCheck()
    before: Row = {"agent": "", "number": 0, "head": b""}
    keys: dict[str, dict[str, VerifyKey]] = {}
    while page := await rows(tx, _sql.batches, site=site, agent=before["agent"], number=before["number"]):
        for row in page:
            agent = row["agent"]
            if agent not in keys:
                keys[agent] = await _keys(tx, site, agent)
            found.fault = _continues(before, row) or await _batch_fault(tx, row, keys[agent])
            if found.fault is not None:
                return found
            found.batches, found.readings, before = found.batches + 1, found.readings + row["rows"], row
    for told in await rows(tx, _sql.sealed, site=site):
        if told["head"] is None:
            found.absent += 1
        elif told["head"].hex() != told["body"].get("head"):
            found.fault = f"entry {told['index']}: {told['agent']} sealed another batch {told['body'].get('number')}"
            return found
    stored = await one(tx, _sql.count_stored, site=site)
    if stored is None or stored["n"] != found.readings:
        found.fault = f"{stored and stored['n']} readings are stored, and {found.readings} were signed"
    return found


async def _keys(tx: Tx, site: str, agent: str) -> dict[str, VerifyKey]:
    known = [VerifyKey.from_raw(row["public_key"]) for row in await rows(tx, _sql.agent_keys, site=site, agent=agent)]
    return {key.kid: key for key in known}


def _continues(before: Row, row: Row) -> str | None:
    follows = (before["agent"], before["number"] + 1) == (row["agent"], row["number"])
    if follows and before["head"] != row["prev"]:
        return f"batch {row['number']} of {row['agent']} does not continue the one before it"
    return None


async def _batch_fault(tx: Tx, row: Row, keys: dict[str, VerifyKey]) -> str | None:
    where = f"batch {row['number']} of {row['agent']}"
    try:
        columns, at = check_batch(row["jws"], zlib.decompress(row["content"]), keys.get, row["agent"], row["number"])
    except (ProofError, WireError, zlib.error) as error:
        return f"{where} is not what was signed: {error}"
    about = {name: row[name] for name in ("agent", "id", "since", "until")}
    stored = Counter(tuple(kept.values()) for kept in await rows(tx, _sql.stored, **about))
    signed = Counter[tuple[str, str, datetime, float]](
        (told.device, told.measures, at + timedelta(microseconds=us), value)
        for told in columns.series
        for us, value in zip(told.after_us, told.values, strict=True)
    )
    if stored != signed:
        return f"{where}: {sum((signed - stored).values())} readings differ from what was signed"
    return None
