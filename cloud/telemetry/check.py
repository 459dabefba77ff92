"""Readings compared with the batches that agents signed: whoever changed one, or added or took one away, is found.

Where its chain stood each agent says in its journal (`readings_sealed`), so nobody cuts off what is before; which
batches were here the cloud says in the ledger (`readings_kept`), and which of them it removed in their time
(`readings_removed`): a batch that is not here counts as absent where nobody said that it was, and is a fault where
somebody did.
"""

import json
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.ledger.check import LedgerCheck, OnProgress
from cloud.ledger.faults import WORDS
from cloud.telemetry.named import KEPT, REMOVED, Named, name, named_in
from cloud.telemetry.service import gathers
from proof.errors import ProofError
from proof.keys import VerifyKey
from wire.errors import WireError
from wire.readings import Columns, check_batch, check_gone

_sql = load_queries(__file__, "check.sql")

Keys = Mapping[str, VerifyKey]
"""The keys that an agent ever had, by their ids."""


@dataclass(slots=True)
class TelemetryCheck:
    """How many batches and readings hold, and the first thing that does not."""

    batches: int = 0
    readings: int = 0
    removed: int = 0
    """readings that an entry says were removed; their batches hold as far as they are left"""
    absent: int = 0
    """batches that an agent sealed and that never were here: not come yet, or left out by the agent"""
    fault: str | None = None


async def check_telemetry(tx: Tx, site: str, on_progress: OnProgress | None = None) -> TelemetryCheck:
    """Reads every batch of `site` and every reading of it, and the buckets where `store` gathers them."""
    found = TelemetryCheck()
    removals = {index: batches[0] for index, batches in (await _named(tx, site, REMOVED)).items()}
    found.fault = await _batches(tx, site, removals, found, on_progress)
    if found.fault is None:
        found.fault = await _entries(tx, site, found)
    if found.fault is None:
        stored = await one(tx, _sql.count_stored, site=site)
        if stored is None or stored["n"] != found.readings:
            found.fault = f"{stored and stored['n']} readings are stored, and {found.readings} were signed"
            if (stray := await one(tx, _sql.stray, site=site)) is not None:
                found.fault += f": {_value(stray)} at {stray['at'].isoformat()} is in no batch"
    if found.fault is None and await gathers(tx):
        found.fault = await _buckets(tx, site)
    return found


async def readings_hold(tx: Tx, found: LedgerCheck, on_progress: OnProgress) -> LedgerCheck:
    """`found`, with what was found of the site's readings, where all else holds."""
    if not found.ok:
        return found
    told = await check_telemetry(tx, found.site, on_progress)
    counted = replace(found, batches=told.batches, readings=told.readings, readings_removed=told.removed)
    if told.fault is None:
        return counted
    fault = "telemetry_differs"
    return replace(
        counted, ok=False, root=None, fault=fault, row=told.fault, detail="see cloud telemetry-check", said=WORDS[fault]
    )


async def keys_of(tx: Tx, site: str, agent: str) -> Keys:
    """All keys that `agent` ever had."""
    known = [VerifyKey.from_raw(row["public_key"]) for row in await rows(tx, _sql.agent_keys, site=site, agent=agent)]
    return {key.kid: key for key in known}


async def signed(tx: Tx, row: Row, keys: Keys) -> tuple[Columns, datetime] | str:
    """The columns of a batch that is here whole, as stored as it was signed, and their `at`; else what is wrong."""
    where = f"batch {row['number']} of {row['agent']}"
    try:
        columns, at = check_batch(row["jws"], zlib.decompress(row["content"]), keys.get, row["agent"], row["number"])
    except (ProofError, WireError, zlib.error) as error:
        return f"{where} is not what was signed: {error}"
    about = {name: row[name] for name in ("agent", "id", "since", "until")}
    stored = Counter(tuple(kept.values()) for kept in await rows(tx, _sql.stored, **about))
    told = Counter[tuple[str, str, datetime, float]](
        (series.device, series.measures, at + timedelta(microseconds=us), value)
        for series in columns.series
        for us, value in zip(series.after_us, series.values, strict=True)
    )
    if stored != told:
        return f"{where}: {sum((told - stored).values())} readings differ from what was signed"
    return columns, at


async def _batches(
    tx: Tx, site: str, removals: Mapping[int, Named], found: TelemetryCheck, on_progress: OnProgress | None
) -> str | None:
    total = (await one(tx, _sql.batch_count, site=site) or {"n": 0})["n"]
    before: Row = {"agent": "", "number": 0, "head": b""}
    keys: Keys = {}
    while page := await rows(tx, _sql.batches, site=site, agent=before["agent"], number=before["number"]):
        for row in page:
            if row["agent"] != before["agent"]:
                keys = await keys_of(tx, site, row["agent"])
            fault = _continues(before, row) or _lawful(row, keys, removals)
            if fault is None and row["content"] is not None:
                told = await signed(tx, row, keys)
                fault = told if isinstance(told, str) else None
            if fault is not None:
                return fault
            found.batches, before = found.batches + 1, row
            if row["content"] is None:
                found.removed += row["rows"]
            else:
                found.readings += row["rows"]
        if on_progress is not None:
            on_progress("batches of readings", found.batches, total)
    return None


async def _buckets(tx: Tx, site: str) -> str | None:
    for width in ("minute", "hour", "day"):
        if (wrong := await one(tx, getattr(_sql, width), site=site)) is not None:
            return f"the {width} of {_value(wrong)} from {wrong['bucket'].isoformat()} on is not what was gathered"
    return None


def _value(row: Row) -> str:
    return f"{row['measures']} of {row['device']} ({row['agent']})"


def _continues(before: Row, row: Row) -> str | None:
    follows = (before["agent"], before["number"] + 1) == (row["agent"], row["number"])
    if follows and before["head"] != row["prev"]:
        return f"batch {row['number']} of {row['agent']} does not continue the one before it"
    return None


def _lawful(row: Row, keys: Keys, removals: Mapping[int, Named]) -> str | None:
    """What is wrong with a batch that went: no entry says so, or what is left of it is not what was signed."""
    where, entry = f"batch {row['number']} of {row['agent']}", row["removed_index"]
    if entry is None:
        return None if row["content"] is not None else f"{where} was removed, and no entry says so"
    said = removals.get(entry)
    if said is None or said.agent != row["agent"] or not said.holds(row["number"]):
        return f"{where} was removed by entry {entry}, which does not say so"
    try:
        statement = check_gone(row["jws"], row["digest"], keys.get, row["agent"], row["number"])
    except ProofError as error:
        return f"{where} is not what was signed: {error}"
    if (statement.prev, statement.head, statement.rows) != (row["prev"].hex(), row["head"].hex(), row["rows"]):
        return f"{where} is not what was signed: its row says something else"
    return None


async def _entries(tx: Tx, site: str, found: TelemetryCheck) -> str | None:
    for told in await rows(tx, _sql.sealed, site=site):
        if told["head"] is None:
            found.absent += 1
        elif told["head"].hex() != told["body"].get("head"):
            return f"entry {told['index']}: {told['agent']} sealed another batch {told['body'].get('number')}"
    for kind in (KEPT, REMOVED):
        for index, batches in (await _named(tx, site, kind)).items():
            for said in batches:
                if (fault := await _as_named(tx, index, said)) is not None:
                    return fault
    return None


async def _as_named(tx: Tx, index: int, said: Named) -> str | None:
    heads: dict[int, bytes] = {}
    for first, last in said.batches:
        here = {
            row["number"]: row["head"]
            for row in await rows(tx, _sql.heads, agent=said.agent, first=first, last=last)
        }  # fmt: skip
        gone = next((number for number in range(first, last + 1) if number not in here), None)
        if gone is not None:
            return f"batch {gone} of {said.agent} was here by entry {index}, and is gone"
        heads |= here
    if name(said.agent, heads).digest != said.digest:
        return f"batches of {said.agent} are not those that entry {index} names"
    return None


async def _named(tx: Tx, site: str, kind: str) -> dict[int, list[Named]]:
    found = await rows(tx, _sql.named, site=site, kind=kind)
    return {row["index"]: named_in(kind, json.loads(row["content"])) for row in found}
