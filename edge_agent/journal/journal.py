"""The journal: record, read on for the uplink, take receipts, check itself."""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge_agent.clock import Clock
from edge_agent.errors import JournalError, JournalFullError, ReceiptError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.reserve import Reserve
from edge_agent.journal.thinning import BACKLOG, Thinning
from edge_agent.journal.writer import Writer
from edge_agent.store import Effect, Reads, open_store
from proof.chain import commit_content, link
from wire.batches import SealedFact
from wire.messages import Fact

FILE = "journal.db"
DAMAGED = "journal.damaged"
"""There while the file is known to be damaged: the next start makes it anew (see journal/renewal.py)."""

RESUME = "resume.jws"
"""The cloud's order to go on elsewhere, until a start has done it."""

TAIL = 200
"""How many of the newest rows are checked at every start."""

_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive facts as the uplink sends them: the heads before and after them."""

    prev: bytes
    facts: list[Fact]
    head: bytes


class Journal:
    """The chain in `folder`, open for one process; readable for any thread."""

    def __init__(
        self, folder: Path, clock: Clock, random: Callable[[int], bytes], *, reserve_bytes: int = 0,
        backlog: int = BACKLOG,
    ) -> None:  # fmt: skip
        with ExitStack() as undo:
            undo.callback(os.close, lock(folder))
            self.folder, self.reserve = folder, Reserve(folder, reserve_bytes)
            self.reserve.refill()
            db = open_store(folder / FILE)
            undo.callback(db.close)
            self.reads = Reads(folder / FILE)
            undo.callback(self.reads.close)
            check_chain(self.reads, newest=TAIL)
            self._receipted: int = self.reads.rows("mark")[0][0]
            self.last = read_tail(self.reads)[0]
            self._close = undo.pop_all()
        self._watchers: list[Callable[[], None]] = []
        self._mark = threading.Lock()
        self.thinning = Thinning(self.reserve, lambda: self.last - self._receipted, backlog)
        self._writer = Writer(
            db, clock, random, lambda: read_tail(self.reads), self._written, self.reserve, self.thinning
        )  # fmt: skip

    @property
    def receipted(self) -> int:
        """Facts up to this seq are in the ledger, by the cloud's word."""
        return self._receipted

    @property
    def at_work(self) -> bool:
        """Whether it takes drafts; on a full disk it does, and refuses them one by one."""
        return self._writer.at_work

    @property
    def damaged(self) -> bool:
        """Whether the file was found to be damaged while it was used."""
        return self._writer.damaged or self.reads.damaged

    @property
    def to_be_renewed(self) -> bool:
        """Whether only a new start can go on: it is damaged, or the cloud says to go on elsewhere."""
        return self.damaged or (self.folder / RESUME).exists()

    def head_at(self, seq: int) -> bytes | None:
        """The chain's head after fact `seq`; None where it is not kept."""
        _, pruned, pruned_head = self.reads.rows("mark")[0]
        if seq == pruned:
            return bytes(pruned_head)
        found = self.reads.rows("head_at", seq=seq)
        return found[0][0] if found else None

    def watch(self, on_news: Callable[[], None]) -> None:
        """Calls `on_news` after facts were recorded or receipted; from the journal's threads, so only to wake."""
        self._watchers.append(on_news)

    def trace(self, on_sealed: Callable[[SealedFact], None]) -> None:
        """Calls `on_sealed` with every fact once it is on disk; from the journal's thread, so only to note it."""
        self._writer.on_sealed.append(on_sealed)

    def record(self, draft: Draft) -> SealedFact:
        """The sealed fact, once it and its effects are on disk. Raises JournalError, JournalFullError, DraftError."""
        return self._writer.submit(draft).result()

    def submit(self, draft: Draft) -> "Future[SealedFact]":
        """The same without waiting."""
        return self._writer.submit(draft)

    def apply(self, effects: Sequence[Effect]) -> None:
        """Makes changes that no fact tells of; returns when they are on disk. Raises JournalError."""
        self._writer.apply(effects).result()

    def run_from(self, first: int, limit: int, max_bytes: int) -> Run | None:
        """Facts from `first` on, at most `limit` and about `max_bytes`, at least one; None where none are kept."""
        prev = self.head_at(first - 1)
        rows = self.reads.rows("facts_from", first=first, limit=limit)
        if prev is None or not rows or rows[0][0] != first:
            return None
        facts: list[Fact] = []
        size = 0
        for _, content, salt, head in rows:
            size += len(content.encode()) + 64  # the salt comes on top
            if facts and size > max_bytes:
                break
            facts.append(msgspec.convert({**_decode(content), "salt": salt.hex()}, Fact))
            last_head = head
        return Run(prev, facts, last_head)

    def receipt(self, upto: int, head: str) -> None:
        """Takes the cloud's word for facts up to `upto`. Raises ReceiptError when they are not the ones kept here."""
        own = self.head_at(upto) if upto >= self.reads.rows("mark")[0][1] else None
        if upto > self.last or (own is not None and own.hex() != head):
            raise ReceiptError(f"a receipt up to fact {upto} with head {head[:16]}…; here is {self.last}, {own!r:.40}")
        with self._mark:
            if upto <= self._receipted:
                return
            self._receipted = upto
        self._tell()
        try:
            self.apply([Effect("set_receipted", {"upto": upto})])
        except JournalFullError:
            return  # known in memory; after a restart the cloud says it again

    def prune(self, before: str) -> int:
        """Forgets receipted facts from before the time `before` (as in a fact's `at`); how many."""
        forgotten = 0
        while True:
            rows = self.reads.rows("oldest", limit=1000)
            old = [row for row in rows if row[0] <= self._receipted and row[2] < before]
            if old:
                upto, head, _ = old[-1]
                pruned = [Effect("set_receipted", {"upto": self._receipted}), Effect("prune", {"upto": upto})]
                self.apply([*pruned, Effect("set_pruned", {"upto": upto, "head": head})])
                forgotten += len(old)
            if not old or len(old) < len(rows):
                return forgotten

    def close(self) -> None:
        """Writes what was handed in and lets another process in."""
        self._writer.close()
        if self.damaged:
            (self.folder / DAMAGED).touch()
        self._close.close()

    def _written(self, last: int) -> None:
        self.last = last
        self._tell()

    def _tell(self) -> None:
        for on_news in self._watchers:
            on_news()


def read_tail(reads: Reads) -> tuple[int, bytes]:
    """Seq and head of the newest fact, or of the last one that was forgotten."""
    newest = reads.rows("last_facts", limit=1)
    if newest:
        return newest[0][0], newest[0][3]
    _, pruned, head = reads.rows("mark")[0]
    return pruned, bytes(head)


def check_chain(reads: Reads, newest: int | None = None) -> int:
    """Derives the chain again, all of it or only its `newest` facts; how many. Raises JournalError where it breaks."""
    _, seq, head = reads.rows("mark")[0]
    checked = 0
    rows = _every(reads, seq + 1)
    if newest is not None:
        tail = reads.rows("last_facts", limit=newest + 1)[::-1]
        if tail and (tail[0][0] > seq + 1 or len(tail) > newest):
            seq, _, _, head = tail.pop(0)  # what the first checked one continues is taken on trust
        rows = iter(tail)
    for found, content, salt, stated in rows:
        head = link(bytes(head), commit_content(content.encode(), salt))
        seq += 1
        if found != seq or head != stated:
            raise JournalError(f"the journal's chain breaks at fact {seq}")
        checked += 1
    return checked


def _every(reads: Reads, first: int) -> Iterator[tuple[int, str, bytes, bytes]]:
    while rows := reads.rows("facts_from", first=first, limit=1000):
        yield from rows
        first = rows[-1][0] + 1


def lock(folder: Path) -> int:
    """Holds `folder` for this process. Raises JournalError when another one has it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalError(f"{folder} cannot be used: {error.strerror}") from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(file)
        raise JournalError(f"{folder} is in use by another agent") from error
    return file
