"""Taking a group of batches into the ledgers: one transaction, whatever they cause included."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from cloud.db.pool import Tx
from cloud.db.queries import load_queries
from cloud.errors import BrokenRecordsError
from cloud.evidence.gaps import ask_again, note_progress
from cloud.evidence.passages import HANDLERS, record_fact
from cloud.evidence.quarantine import Why, quarantine
from cloud.evidence.taken import Taken
from cloud.evidence.witnessing import accused_sites
from cloud.fleet.service import keys_of
from cloud.fleet.streams import Standing, Stream, lock_streams, place, save_stream
from cloud.ledger.service import ENTRY_VERSION, Appender, close_ledger, open_ledger
from cloud.rules.service import pack_in_force
from cloud.world import World
from custody.permits import parse_time, time_text
from custody.rule_pack import RulePack
from proof import jws
from proof.keys import Signer
from proof.statement import Receipt
from wire.batches import OpenedBatch, SealedFact
from wire.messages import Fact

_sql = load_queries(__file__, "facts.sql")

_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")
OTHER_KIND = "unnamed"
"""How a fact is filed whose kind is no name; what it says of itself stays in its content."""

FactRow = tuple[str, int, str, int, str, datetime, bytes, str]
StatementRow = tuple[str, int, int, str]


@dataclass(slots=True)
class Arrived:
    """Bytes that came in under `topic`: the verified `batch` in them, or `why` they are none with the `detail`.

    `site` is None where no such site is known. `patient` says that a predecessor may still be on its way, `deadline`
    (the worker's loop time) how long that is believed.
    """

    topic: str
    payload: bytes
    agent: str | None
    site: str | None
    batch: OpenedBatch | None = None
    why: Why = Why.UNREADABLE
    detail: str = ""
    patient: bool = True
    deadline: float = 0


@dataclass(slots=True)
class Outcome:
    """What came of a group: the receipt for each agent, the batches to be held back, and how many facts are new."""

    receipts: dict[str, str] = field(default_factory=dict)
    held: list[Arrived] = field(default_factory=list)
    facts: int = 0


@dataclass(frozen=True, slots=True)
class Office:
    """Who takes facts in: time and chance, the key that signs receipts and orders, the rules in force."""

    world: World
    key: Signer
    pack: RulePack


async def take_group(tx: Tx, office: Office, group: Sequence[Arrived]) -> Outcome:
    """Takes what fits its agent's chain; the rest is seen before, held back, or quarantined."""
    outcome = Outcome()
    for arrived in group:
        if arrived.site is None:
            await _refuse(tx, None, office, arrived)
    known = sorted((a for a in group if a.site is not None), key=lambda a: a.site or "")
    accused = await accused_sites(tx, (sealed.fact for a in known if a.batch for sealed in a.batch.facts))
    for site in sorted(accused | {a.site or "" for a in known}) if accused else ():
        await open_ledger(tx, site)  # locks them all, in the order in which everybody does
    for site, of_site in groupby(known, key=lambda a: a.site or ""):
        await _take_site(tx, office, await open_ledger(tx, site), list(of_site), outcome)
    return outcome


async def _take_site(tx: Tx, office: Office, appender: Appender, group: Sequence[Arrived], outcome: Outcome) -> None:
    rows: list[FactRow] = []
    statements: list[StatementRow] = []
    speaking = sorted({a.agent for a in group if a.agent and a.batch})
    streams, keys = await lock_streams(tx, speaking), await keys_of(tx, speaking)
    for arrived in sorted(group, key=_order):
        stream = streams.get(arrived.agent or "")
        if arrived.batch and jws.kid_of(arrived.batch.jws) not in keys.get(arrived.agent or "", {}):
            arrived.batch, arrived.why, arrived.detail = None, Why.WRONG_SIGNATURE, "its key has ended meanwhile"
        if arrived.batch is None or stream is None:
            await _refuse(tx, appender, office, arrived)
            continue
        placed = await place(tx, stream, arrived.batch)
        if placed.standing is Standing.NEW:
            rows += await _take(tx, office, appender, stream, placed.fresh)
            statements.append(_statement_row(arrived.batch))
            await note_progress(tx, appender, office.world, stream)
            outcome.receipts[stream.agent] = _receipt(stream)
        elif placed.standing is Standing.SEEN:
            outcome.receipts[stream.agent] = _receipt(stream)
        elif placed.standing is Standing.GAP and arrived.patient:
            outcome.held.append(arrived)
        else:
            arrived.why, arrived.detail = _told(stream, arrived.batch, placed.standing)
            await _refuse(tx, appender, office, arrived)
            if placed.standing is Standing.GAP:
                await ask_again(tx, office.world, office.key, stream)
    await _copy_facts(tx, rows)
    await _copy_statements(tx, statements)
    for stream in streams.values():
        await save_stream(tx, stream, office.world.now())
    await close_ledger(tx, appender)
    outcome.facts += len(rows)


def _order(arrived: Arrived) -> tuple[str, int]:
    """By agent, and in the order of its chain: what was only overtaken on the way is in order again."""
    return arrived.agent or "", arrived.batch.statement.first if arrived.batch else 0


async def _take(
    tx: Tx, office: Office, appender: Appender, stream: Stream, facts: Iterable[SealedFact]
) -> list[FactRow]:
    """Adds `facts` to ledger and stream; returns their rows."""
    taken_at = office.world.now()
    pack = await pack_in_force(tx, appender.site, taken_at, office.pack)
    taken_text, rows = time_text(taken_at), []
    for sealed in facts:
        fact, at = sealed.fact, device_time(sealed.fact)
        kind = fact.kind if _KIND.fullmatch(fact.kind) else OTHER_KIND
        index = appender.add_text(entry_text(stream.agent, kind, fact.at if at else None, taken_text, sealed))
        rows.append((
            stream.agent, fact.seq, appender.site, index, kind, at or taken_at, bytes.fromhex(fact.salt),
            sealed.content.decode(),
        ))  # fmt: skip
        stream.heads[fact.seq] = sealed.head
        if kind in HANDLERS:
            taken = Taken(
                tx=tx, appender=appender, world=office.world, pack=pack, key=office.key, agent=stream.agent,
                fact=fact, at=at or taken_at, taken_at=taken_at, index=index,
            )  # fmt: skip
            await record_fact(taken)
    stream.next_seq, stream.head = sealed.fact.seq + 1, sealed.head
    stream.receipt = Receipt(
        agent=stream.agent, upto=sealed.fact.seq, head=sealed.head.hex(), index=index, at=taken_text
    ).sign(office.key)
    return rows


def _told(stream: Stream, batch: OpenedBatch, standing: Standing) -> tuple[Why, str]:
    """Why a batch that is in order itself does not fit its agent's chain."""
    first, last = batch.statement.first, batch.statement.last
    if standing is Standing.GAP:
        return Why.GAP, f"facts {first} to {last}, while {stream.next_seq} is missing"
    if standing is Standing.WRONG_PREV:
        return Why.WRONG_PREV, f"facts {first} to {last} continue another chain than the one in the ledger"
    return Why.EQUIVOCATION, f"facts {first} to {last} were said before with other content"


async def _refuse(tx: Tx, appender: Appender | None, office: Office, arrived: Arrived) -> None:
    await quarantine(
        tx, appender, office.world, topic=arrived.topic, agent=arrived.agent, why=arrived.why, detail=arrived.detail,
        data=arrived.payload,
    )  # fmt: skip


def _receipt(stream: Stream) -> str:
    if stream.receipt is None:
        raise BrokenRecordsError(f"facts of {stream.agent} are in the ledger without a receipt")
    return stream.receipt


async def _copy_facts(tx: Tx, rows: Sequence[FactRow]) -> None:
    if not rows:
        return
    async with tx.cursor() as cursor, cursor.copy(_sql.copy_facts) as copy:
        copy.set_types(["text", "int8", "text", "int8", "text", "timestamptz", "bytea", "text"])
        for row in rows:
            await copy.write_row(row)


def _statement_row(batch: OpenedBatch) -> StatementRow:
    return batch.statement.agent, batch.statement.first, batch.statement.last, batch.jws


async def _copy_statements(tx: Tx, rows: Sequence[StatementRow]) -> None:
    """Keeps what the agents signed: the proof that facts are theirs."""
    if not rows:
        return
    async with tx.cursor() as cursor, cursor.copy(_sql.copy_statements) as copy:
        copy.set_types(["text", "int8", "int8", "text"])
        for row in rows:
            await copy.write_row(row)


def device_time(fact: Fact) -> datetime | None:
    """When the device says it happened; None for a text that is no time, which only a broken agent writes."""
    try:
        return parse_time(fact.at)
    except ValueError:
        return None


def entry_text(agent: str, kind: str, at: str | None, taken_at: str, sealed: SealedFact) -> str:
    """The ledger entry of a fact as canonical JSON. Written out because it is written ten thousand times a second;
    no member holds anything that JSON would escape.
    """
    error = sealed.fact.clock.error_ms
    error_text, at_text = "null" if error is None else error, "null" if at is None else f'"{at}"'
    return (
        f'{{"agent":"{agent}","at":{at_text},"c":"{sealed.commitment.hex()}",'
        f'"error_ms":{error_text},"h":"{sealed.head.hex()}","kind":"{kind}",'
        f'"seq":{sealed.fact.seq},"taken_at":"{taken_at}","type":"fact","v":{ENTRY_VERSION}}}'
    )
