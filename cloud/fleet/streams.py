"""What each agent has said so far: one chain for its whole life, and where a new batch stands to it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cloud.db.pool import Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import BrokenRecordsError
from wire.batches import OpenedBatch, SealedFact

_sql = load_queries(__file__)


class Standing(StrEnum):
    """How a batch stands to its agent's chain."""

    NEW = "new"
    SEEN = "seen"
    GAP = "gap"
    EQUIVOCATION = "equivocation"
    WRONG_PREV = "wrong_prev"


@dataclass(slots=True)
class Stream:
    """An agent's chain: the seq it must continue with, its head, the newest receipt, and a gap that was asked for.

    `heads` are those after the facts taken in this transaction, which are not in the tables yet.
    """

    agent: str
    next_seq: int
    head: bytes
    receipt: str | None
    asked_from: int | None
    asked_at: datetime | None
    heads: dict[int, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a batch stands, and which of its facts continue the chain."""

    standing: Standing
    fresh: Sequence[SealedFact] = ()


async def lock_streams(tx: Tx, agents: Sequence[str]) -> dict[str, Stream]:
    """The streams of `agents`, locked until the transaction ends."""
    found = await rows(tx, _sql.lock_streams, agents=list(agents))
    return {row["agent"]: Stream(**row) for row in found}


async def save_stream(tx: Tx, stream: Stream, seen_at: datetime) -> None:
    """Writes `stream` back."""
    await tx.execute(
        _sql.save_stream,
        {
            "agent": stream.agent,
            "next_seq": stream.next_seq,
            "head": stream.head,
            "receipt": stream.receipt,
            "asked_from": stream.asked_from,
            "asked_at": stream.asked_at,
            "seen_at": seen_at,
        },
    )


async def place(tx: Tx, stream: Stream, batch: OpenedBatch) -> Placed:
    """Where the verified `batch` stands.

    The signed head commits to every fact before it, so one equal hash shows a whole overlap to be the same.
    """
    first, last = batch.statement.first, batch.statement.last
    if first > stream.next_seq:
        return Placed(Standing.GAP)
    if first == stream.next_seq:
        fits = bytes.fromhex(batch.statement.prev) == stream.head
        return Placed(Standing.NEW, batch.facts) if fits else Placed(Standing.WRONG_PREV)
    if last < stream.next_seq:
        known = await _head_at(tx, stream, last)
        return Placed(Standing.SEEN if batch.facts[-1].head == known else Standing.EQUIVOCATION)
    overlap = stream.next_seq - first
    if batch.facts[overlap - 1].head != stream.head:
        return Placed(Standing.EQUIVOCATION)
    return Placed(Standing.NEW, batch.facts[overlap:])


async def _head_at(tx: Tx, stream: Stream, seq: int) -> bytes:
    if seq == stream.next_seq - 1:
        return stream.head
    if seq in stream.heads:
        return stream.heads[seq]
    row = await one(tx, _sql.entry_of_fact, agent=stream.agent, seq=seq)
    if row is None:
        raise BrokenRecordsError(f"{stream.agent} has no fact {seq} though its stream is past it")
    return bytes.fromhex(json.loads(row["entry"])["h"])


async def next_seqs(tx: Tx, agents: Sequence[str]) -> dict[str, int]:
    """What each of `agents` must continue with, as committed now."""
    return {row["agent"]: row["next_seq"] for row in await rows(tx, _sql.next_seqs, agents=list(agents))}
