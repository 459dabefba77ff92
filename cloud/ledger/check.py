"""Checking a site from its entries up: is every content the one committed to, does every agent's chain hold, is the
tree the one that was signed, do the tables say what the log leads to, and is nothing there that is in no entry?

Read in pieces of a few hundred rows inside one snapshot, so a ledger of any length fits. The first fault ends it.
`docs/threat-model.md` says which fault finds which kind of tampering.
"""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from itertools import takewhile
from typing import Any

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError
from cloud.ledger.derived import Derived, Packs, Told, take_record
from cloud.ledger.derived_custody import TAKE as CUSTODY
from cloud.ledger.derived_facts import take_fact
from cloud.ledger.derived_rooms import none_left, reading_row, readings_of
from cloud.ledger.entries import Content, check_entry, check_receipt, check_statement, remember, times
from cloud.ledger.faults import LedgerFaultError
from cloud.ledger.tables import ReadStill, check_stills, compare_tables, differs, read_packs
from cloud.ledger.tree import add_leaves, check_end, find_suspect, judge_suspect
from cloud.ledger.walk import Chain, Keys, Trust, Walk
from proof.keys import VerifyKey
from proof.merkle import leaf_hash

CHUNK = 1024
ENDS = ("passage_crossed", "passage_abandoned")
"""Kinds of fact that end a passage, in the order of `Derived.ends`."""

_sql = load_queries(__file__, "check.sql")
_tables_sql = load_queries(__file__, "tables.sql")

OnProgress = Callable[[str, int, int], None]
"""What is being read, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What a check found: how much it read, and the first fault; `root` (hex) when there is none.

    `row` is the row that is wrong, `said` the fault in English and Chinese. `doubts` are no faults: what could not be
    checked, and why.
    """

    site: str
    ok: bool
    entries: int
    facts: int
    records: int
    agents: int
    checkpoint: int | None = None
    checkpoints: int = 0
    cosignatures: int = 0
    statements: int = 0
    rows: int = 0
    stills: int = 0
    stamps: int = 0
    batches: int = 0
    readings: int = 0
    readings_removed: int = 0
    root: str | None = None
    fault: str | None = None
    index: int | None = None
    row: str | None = None
    detail: str | None = None
    said: tuple[str, str] | None = None
    doubts: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Its members, for a program."""
        return asdict(self)


@dataclass(slots=True)
class _Check:
    tx: Tx
    walk: Walk
    keys: Keys
    on_progress: OnProgress
    whole: bool
    piece: int = CHUNK
    packs: Packs = field(default_factory=dict)
    rows: int = 0
    stills: int = 0
    doubts: list[str] = field(default_factory=list)


async def check_site(tx: Tx, site: str, log_key: VerifyKey | None) -> LedgerCheck:
    """Reads the whole ledger of `site`, not the tables beside it. Raises NotFoundError for an unknown site.

    `tx` must be a fresh transaction: it is made a snapshot. Without `log_key` no checkpoint can hold.
    """
    return await _run(_Check(tx, Walk(site, Derived(site)), Keys(Trust(log_key)), _quiet, whole=False), None, _forget)


async def verify_site(
    tx: Tx,
    trust: Trust,
    walk: Walk,
    *,
    read_still: ReadStill | None,
    on_progress: OnProgress,
    save: Callable[[Walk], None],
    piece: int = CHUNK,
) -> LedgerCheck:
    """The same with all that is derived from the ledger, signed or kept beside it; `walk` may have begun before.

    `save` is given the walk after every `piece` of so many entries. Raises NotFoundError; EncodingError and
    SignatureError for known checkpoints that are none of this log.
    """
    return await _run(_Check(tx, walk, Keys(trust), on_progress, whole=True, piece=piece), read_still, save)


def _quiet(what: str, done: int, total: int) -> None: ...


def _forget(walk: Walk) -> None: ...


async def _run(check: _Check, read_still: ReadStill | None, save: Callable[[Walk], None]) -> LedgerCheck:
    walk = check.walk
    await check.tx.execute(b"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    head = await one(check.tx, _sql.head, site=walk.site)
    if head is None:
        raise NotFoundError("site", walk.site)
    walk.derived.sensed_from, walk.derived.doors_from = head["sensed_from"], head["doors_from"]
    found: LedgerFaultError | None = None
    try:
        await _read(check, head, save)
        await _compare(check)
        if check.whole and read_still is not None:
            check.stills, absent, unfilmed = await check_stills(check.tx, walk.site, read_still, check.on_progress)
            if absent:
                check.doubts.append(f"{absent} stills that passages name were not brought up, or are gone unseen")
            if unfilmed:
                check.doubts.append(f"{unfilmed} segments of film that clips name were not brought up yet")
        elif check.whole:
            check.doubts.append("stills and film were not read: no address of the store was given")
    except LedgerFaultError as error:
        found = error
    return _told(check, found)


def _told(check: _Check, found: LedgerFaultError | None) -> LedgerCheck:
    walk = check.walk
    if walk.erasures:
        check.doubts.append(f"{walk.erasures} contents were erased, each by an entry that says so")
    if walk.strangers:
        check.doubts.append(f"{walk.strangers} cosignatures are by witnesses whose key is not known here")
    if walk.signed < walk.size and found is None:
        check.doubts.append(f"the last {walk.size - walk.signed} entries are not signed yet")
    return LedgerCheck(
        site=walk.site, ok=found is None, entries=walk.size, facts=walk.facts, records=walk.records,
        agents=len(walk.chains), checkpoint=walk.signed or None, checkpoints=walk.checkpoints,
        cosignatures=walk.cosignatures, statements=walk.statements, rows=check.rows, stills=check.stills,
        root=None if found else walk.frontier.root().hex(), fault=found.name if found else None,
        index=found.index if found else None, row=found.row if found else None, detail=str(found) if found else None,
        said=found.words if found else None, doubts=tuple(check.doubts),
    )  # fmt: skip


async def _read(check: _Check, head: Row, save: Callable[[Walk], None]) -> None:
    walk, tx = check.walk, check.tx
    # Every query names a range of entries: by index, never by reading a table whole, whatever statistics say.
    for method in (b"hashjoin", b"mergejoin", b"seqscan"):
        await tx.execute(b"SET LOCAL enable_" + method + b" = off")
    remember(walk, check.keys)
    check.packs = await read_packs(tx) if check.whole else {}
    async with _filed(check) as filed:
        while found := await rows(tx, _sql.entries, **_span(walk, min(walk.size + check.piece, head["size"]))):
            in_place = takewhile(lambda row: row[1]["index"] == row[0], enumerate(found, walk.size))
            leaves = [leaf_hash(row["entry"].encode()) for _, row in in_place]
            await find_suspect(tx, walk, leaves)
            try:
                await _read_piece(check, found, await filed(walk.size + len(found)))
            except LedgerFaultError as error:
                judge_suspect(walk, 0 if error.index is None else error.index + 1, entries_hold=False)
                raise
            await add_leaves(tx, walk, leaves, head["origin"], check.keys)
            save(walk)
            check.on_progress("entries", walk.size, head["size"])
    await check_end(tx, walk, head, head["origin"], check.keys)


def _span(walk: Walk, high: int) -> dict[str, Any]:
    return {"site": walk.site, "low": walk.size, "high": high}


@asynccontextmanager
async def _filed(check: _Check) -> AsyncIterator[Callable[[int], Awaitable[dict[int, set[str]]]]]:
    """Reads the table of which entry is filed under which things alongside: all of it below an index."""
    if not check.whole:
        yield _nothing
        return
    waiting: deque[Row] = deque()
    async with check.tx.cursor(name="filed") as cursor:
        await cursor.execute(_sql.thing_entries, {"site": check.walk.site, "low": check.walk.size})

        async def below(high: int) -> dict[int, set[str]]:
            found: dict[int, set[str]] = {}
            while True:
                if not waiting:
                    waiting.extend(await cursor.fetchmany(CHUNK))
                if not waiting or waiting[0]["index"] >= high:
                    return found
                row = waiting.popleft()
                found[row["index"]] = set(row["things"])

        yield below


async def _nothing(high: int) -> dict[int, set[str]]:
    return {}


async def _read_piece(check: _Check, found: Sequence[Row], filed: dict[int, set[str]]) -> None:
    walk, span = check.walk, _span(check.walk, check.walk.size + len(found))
    passages: dict[int, Row] = {}
    readings: dict[int, Row] = {}
    statements: dict[int, list[Row]] = {}
    if check.whole:
        passages = {row["index"]: row for row in await rows(check.tx, _sql.passages, **span)}
        readings = await readings_of(check.tx, span)
        for row in await rows(check.tx, _sql.statements, **span):
            statements.setdefault(row["index"], []).append(row)
    for expected, row in enumerate(found, walk.size):
        entry, content = check_entry(walk, check.keys, row, expected)
        if check.whole:
            try:
                _derive(check, expected, entry, content, passages.pop(expected, None), filed.get(expected, set()))
                _compare_reading(expected, entry, content, readings.pop(expected, None))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                problem = f"a content of {entry['kind']} that none of ours is: {error!r}"
                raise LedgerFaultError("entry_unreadable", problem, expected) from error
            for statement in statements.get(expected, ()):
                check_statement(walk, check.keys, statement)
    if passages:
        index = min(passages)
        raise LedgerFaultError("row_without_entry", "the entry is no decision", index, f"passage {index}")
    none_left(readings)


def _compare_reading(index: int, entry: Content, content: Content | None, row: Row | None) -> None:
    """The table's reading against the fact; of one that was erased the row is all that is left."""
    if content is None or entry["type"] != "fact":
        return
    where, expected = f"reading {index}", reading_row(index, content, entry["agent"], times(entry)[0])
    if expected is not None and row is None:
        raise LedgerFaultError("row_missing", "the reading has no row", index, where)
    if expected is None and row is not None:
        raise LedgerFaultError("row_without_entry", "the entry is no reading", index, where)
    if expected is not None and row is not None:
        differs(expected, row, where, index)


def _derive(
    check: _Check, index: int, entry: Content, content: Content | None, passage: Row | None, filed: set[str]
) -> None:
    """What follows from the entry: the passage that it is, and what it is filed under."""
    derived = check.walk.derived
    if content is None:
        _open(derived, index, entry, passage, filed)
        return
    if entry["type"] == "record":
        told, take = Told(index, entry["kind"], entry["at"], content), CUSTODY.get(entry["kind"])
        expected = take(derived, told, check.packs) if take else take_record(derived, told, check.packs)
        row = None
    else:
        at, taken_at = times(entry)
        row, expected = take_fact(derived, index, content, entry["agent"], at, taken_at, check.packs)
    where = f"passage {index}"
    if row is not None and passage is None:
        raise LedgerFaultError("row_missing", "the decision has no row", index, where)
    if row is None and passage is not None:
        raise LedgerFaultError("row_without_entry", "the entry is no decision that can be read", index, where)
    if row is not None and passage is not None:
        differs(row, passage, where, index)
        ends = [passage["crossed_index"], passage["abandoned_index"]]
        if ends != [None, None]:
            derived.ends[str(index)] = ends
    if expected is not None and expected != filed and derived.unsure.isdisjoint(expected ^ filed):
        name = "row_missing" if expected - filed else "row_without_entry"
        thing = min(expected - filed or filed - expected)
        raise LedgerFaultError(name, f"entry {index} under {thing}", index, f"thing_entry {thing} {index}")


def _open(derived: Derived, index: int, entry: Content, passage: Row | None, filed: set[str]) -> None:
    """An erased content leaves open what it led to: that is taken as the tables tell it."""
    if passage is not None:
        derived.passages += 1
        if passage["outcome"] == "allowed":
            key = f"{entry['agent']} {entry['seq']}"
            derived.open_passages[key] = {"index": index, "things": list(passage["things"])}
            derived.ends[str(index)] = [passage["crossed_index"], passage["abandoned_index"]]
    if entry["kind"] in ENDS:
        _ended(derived, ENDS.index(entry["kind"]), index)
    derived.unsure |= {*filed, f"entry:{index}"}
    if entry["kind"].startswith("alarm_"):
        derived.unsure |= {str(index), *derived.living.values()}


def _ended(derived: Derived, how: int, index: int) -> None:
    """That somebody went through, or turned back, is told no more; of which passage, the tables say."""
    for passage, ends in list(derived.ends.items()):
        if ends[how] == index:
            ends[how] = None
            if ends == [None, None]:
                del derived.ends[passage]


async def _compare(check: _Check) -> None:
    """What has to be so when all entries were read."""
    walk, tx = check.walk, check.tx
    for row in await rows(tx, _sql.streams, site=walk.site):
        chain, where = walk.chains.get(row["agent"], Chain()), f"agent_stream {row['agent']}"
        if (row["next_seq"], row["head"]) != (chain.next_seq, chain.head):
            problem = f"the chain of {row['agent']} ends elsewhere than its stream says"
            raise LedgerFaultError("stream_differs", problem, row=where)
        if check.whole:
            check_receipt(walk, check.keys, row)
    counts = await one(tx, _sql.counts, site=walk.site)
    if counts != {"facts": walk.facts, "records": walk.records}:
        raise LedgerFaultError("without_entry", f"facts or records without an entry: {counts}")
    if walk.erased:
        index = int(min(walk.erased, key=int))
        problem = f"entry {walk.erased[str(index)]} is to say so, and does not"
        raise LedgerFaultError("erased_without_entry", problem, index)
    if check.whole:
        await _compare_whole(check)


async def _compare_whole(check: _Check) -> None:
    walk, derived = check.walk, check.walk.derived
    for agent, chain in walk.chains.items():
        if chain.bare is not None:
            where = f"fact {agent} {chain.covered + 1}"
            raise LedgerFaultError("statement_missing", "no statement speaks of it", chain.bare, where)
    kept = await one(check.tx, _sql.statement_count, site=walk.site)
    if kept != {"statements": walk.statements}:
        raise LedgerFaultError("statement_differs", f"statements of facts that are not there: {kept}", row="statement")
    if derived.ends:
        index = int(min(derived.ends, key=int))
        problem = f"crossed or abandoned by entries {derived.ends[str(index)]}, which do not say so"
        raise LedgerFaultError("row_differs", problem, index, f"passage {index}")
    beyond = await one(check.tx, _tables_sql.thing_entries_beyond, site=walk.site, size=walk.size)
    if beyond is not None:
        where = f"thing_entry {beyond['thing']} {beyond['index']}"
        raise LedgerFaultError("row_without_entry", "there is no such entry", row=where)
    check.rows = await compare_tables(check.tx, derived, check.keys)
