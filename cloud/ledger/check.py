"""Checking a site's ledger from its entries up: what an auditor with the database can find out for himself.

Streams through the entries once, in one snapshot; memory grows with the number of agents only.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import CloudError, NotFoundError
from cloud.ledger.checkpoints import newest_checkpoint
from proof.canonical import canonical
from proof.chain import GENESIS, commit_content, commit_record, link
from proof.checkpoint import verify_checkpoint
from proof.errors import ProofError
from proof.keys import VerifyKey
from proof.merkle import Frontier, leaf_hash
from proof.note import NoteVerifier

CHUNK = 1000

_sql = load_queries(__file__, "check.sql")


class LedgerFaultError(CloudError):
    """Something in the ledger of a site is wrong; `name` says what, `index` at which entry, where there is one."""

    diagnosis = "The ledger does not agree with itself: the database was changed by hand, or damaged."

    def __init__(self, name: str, message: str, index: int | None = None) -> None:
        super().__init__(message)
        self.name, self.index = name, index


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What a check found: how much it read, and the first fault; `root` (hex) when there is none."""

    site: str
    ok: bool
    entries: int
    facts: int
    records: int
    agents: int
    checkpoint: int | None = None
    root: str | None = None
    fault: str | None = None
    index: int | None = None
    detail: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Its members, for a program."""
        return asdict(self)


@dataclass(slots=True)
class _Reading:
    """How far the reading has come."""

    site: str
    stop: int
    """the size at which the newest checkpoint was signed"""
    frontier: Frontier = field(default_factory=Frontier)
    at_stop: Frontier = field(default_factory=Frontier)
    leaves: list[bytes] = field(default_factory=list)
    chains: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    facts: int = 0
    records: int = 0

    @property
    def size(self) -> int:
        return self.frontier.size + len(self.leaves)

    def add_leaf(self, entry: str) -> None:
        self.leaves.append(leaf_hash(entry.encode()))
        if len(self.leaves) == CHUNK or self.size == self.stop:
            self.flush()

    def flush(self) -> None:
        self.frontier, self.leaves = self.frontier.append(self.leaves), []
        if self.frontier.size == self.stop:
            self.at_stop = self.frontier


async def check_site(tx: Tx, site: str, log_key: VerifyKey | None) -> LedgerCheck:
    """Reads the whole ledger of `site` and says whether it holds. Raises NotFoundError for an unknown site.

    `tx` must be a fresh transaction: it is made a snapshot. Without `log_key` no checkpoint can hold.
    """
    await tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    head, checkpoint = await one(tx, _sql.head, site=site), await newest_checkpoint(tx, site)
    if head is None:
        raise NotFoundError("site", site)
    reading = _Reading(site, checkpoint["size"] if checkpoint else -1)
    found: LedgerFaultError | None = None
    try:
        await _read(tx, reading)
        await _compare(tx, reading, head)
        _check_checkpoint(reading, checkpoint, head["origin"], log_key)
    except LedgerFaultError as error:
        found = error
    return LedgerCheck(
        site=site, ok=found is None, entries=reading.size, facts=reading.facts, records=reading.records,
        agents=len(reading.chains), checkpoint=checkpoint["size"] if checkpoint else None,
        root=None if found else reading.frontier.root().hex(), fault=found.name if found else None,
        index=found.index if found else None, detail=str(found) if found else None,
    )  # fmt: skip


async def _read(tx: Tx, reading: _Reading) -> None:
    async with tx.cursor(name="ledger_check") as cursor:
        cursor.itersize = CHUNK
        await cursor.execute(_sql.everything, {"site": reading.site})
        async for row in cursor:
            if row["index"] != reading.size:
                raise LedgerFaultError("entry_missing", f"there is no entry {reading.size}", reading.size)
            _check_entry(reading, row)
            reading.add_leaf(row["entry"])
    reading.flush()


def _check_entry(reading: _Reading, row: Row) -> None:
    index = row["index"]
    try:
        entry = json.loads(row["entry"])
        kind = entry["type"]
        if kind == "fact":
            _check_fact(reading, index, entry, row)
        elif kind == "record":
            _check_record(reading, index, entry, row)
        else:
            raise LedgerFaultError("entry_unreadable", f"an entry of type {kind!r}", index)
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerFaultError("entry_unreadable", f"not an entry of ours: {error}", index) from error


def _check_fact(reading: _Reading, index: int, entry: dict[str, Any], row: Row) -> None:
    agent, seq, commitment = entry["agent"], entry["seq"], bytes.fromhex(entry["c"])
    if row["agent"] is None:
        raise LedgerFaultError("fact_missing", f"the fact {agent} {seq} is not there", index)
    if (row["agent"], row["seq"], row["fact_kind"]) != (agent, seq, entry["kind"]):
        raise LedgerFaultError("fact_differs", f"another fact than {agent} {seq} is filed under the entry", index)
    if commit_content(row["fact_content"].encode(), row["fact_salt"]) != commitment:
        raise LedgerFaultError("commitment_differs", f"the fact {agent} {seq} is not what was committed to", index)
    next_seq, head = reading.chains.get(agent, (1, GENESIS))
    if seq != next_seq or link(head, commitment).hex() != entry["h"]:
        raise LedgerFaultError("chain_broken", f"the fact {agent} {seq} does not continue its chain", index)
    reading.chains[agent] = (seq + 1, bytes.fromhex(entry["h"]))
    reading.facts += 1


def _check_record(reading: _Reading, index: int, entry: dict[str, Any], row: Row) -> None:
    if row["record_kind"] is None:
        raise LedgerFaultError("record_missing", f"the record of {entry['kind']} is not there", index)
    content = json.loads(row["record_content"])
    if row["record_kind"] != entry["kind"] or row["actor"] != content["actor"]:
        raise LedgerFaultError("record_differs", f"another record than {entry['kind']} is filed here", index)
    if commit_record(content, row["record_salt"]).hex() != entry["c"]:
        raise LedgerFaultError("commitment_differs", f"the record of {entry['kind']} is not as committed to", index)
    if canonical(content).decode() != row["record_content"]:
        raise LedgerFaultError("record_differs", "the record is not written in the one agreed way", index)
    reading.records += 1


async def _compare(tx: Tx, reading: _Reading, head: Row) -> None:
    if reading.size != head["size"]:
        raise LedgerFaultError("size_differs", f"{reading.size} entries, while the head says {head['size']}")
    if reading.frontier.nodes != tuple(head["frontier"]):
        raise LedgerFaultError("root_differs", "the entries do not lead to the tree in the head")
    for row in await rows(tx, _sql.streams, site=reading.site):
        if (row["next_seq"], row["head"]) != reading.chains.get(row["agent"], (1, GENESIS)):
            raise LedgerFaultError("stream_differs", f"the chain of {row['agent']} ends elsewhere than its stream says")
    counts = await one(tx, _sql.counts, site=reading.site)
    if counts != {"facts": reading.facts, "records": reading.records}:
        raise LedgerFaultError("without_entry", f"facts or records without an entry: {counts}")


def _check_checkpoint(reading: _Reading, checkpoint: Row | None, origin: str, key: VerifyKey | None) -> None:
    if checkpoint is None:
        if reading.size:
            raise LedgerFaultError("no_checkpoint", "the log was never signed")
        return
    if key is None:
        raise LedgerFaultError("no_log_key", "the key of this log is not here to check its checkpoint with")
    try:
        signed = verify_checkpoint(checkpoint["note"].encode(), NoteVerifier(origin, key))
    except ProofError as error:
        raise LedgerFaultError("checkpoint_not_genuine", str(error)) from error
    size = signed.size
    if (size, signed.root) != (checkpoint["size"], checkpoint["root"]) or size > reading.size:
        raise LedgerFaultError("checkpoint_differs", f"the signed size {size} or its root is not what was kept")
    if reading.at_stop.root() != signed.root:
        raise LedgerFaultError("checkpoint_differs", f"the first {size} entries are not those that were signed")
