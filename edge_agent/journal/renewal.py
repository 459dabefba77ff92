"""Making the journal anew where it cannot go on: pages that cannot be read, or the cloud's order to go on elsewhere.

Nothing is repaired in place. The old file is kept whole, under another name and for good; what is intact is carried
into a new one. Facts without a receipt keep their number as long as the chain holds. What stands behind a hole, or in
a chain that the ledger has otherwise (an old copy that was put back), is told again, each fact as it stood there.
A renewal that is cut off at any point is finished, or begun again, at the next start.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from edge_agent.clock import Clock
from edge_agent.errors import JournalDamagedError, JournalError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import DAMAGED, FILE, RESUME, Journal, lock
from edge_agent.store import SQL, Effect, journal_error, open_store
from proof.chain import commit_content, link
from wire.journal_facts import FactSalvaged, JournalRenewed
from wire.kinds import FactKind
from wire.messages import MAX_FACT_BYTES, to_body

BUILDING, READY, OLD = f"{FILE}.building", f"{FILE}.ready", "old"
MOST_LOST = 10_000
"""Facts in a row that cannot be read, after which nobody looks further."""

_SAFE = ("spent", "revoked", "hold", "task_done", "task_revoked")
"""Tables without which no permit and no task may be used: what was spent would be spent again."""
_ORDERS = ("permit", "task")
_REST = (
    "answered",
    "picture",
    "witnessed",
    "told",
    "slot",
    "rule_pack",
    "salvaged",
    "segment",
    "clip_of",
    "clip_thing",
    "light_list",
    "light_list_slot",
    "light_list_end",
    "misplaced",
    "door_kept",
)

RUN = 500
"""Facts read at once."""

Row = tuple[int, str, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Base:
    """Where the new chain begins: after fact `seq`, whose head is `head`."""

    seq: int
    head: bytes


def open_journal(
    folder: Path, clock: Clock, random: Callable[[int], bytes], *, reserve_bytes: int = 0, resume: Base | None = None
) -> Journal:
    """The journal in `folder`; made anew before where it is damaged, or is to go on after `resume`.

    Raises JournalError, also for a chain that somebody changed: that is for people to look into.
    """
    _finish(folder)
    if resume is not None:
        renew(folder, "resumed", resume)
    elif (folder / DAMAGED).exists():
        renew(folder, "damaged")
    (folder / RESUME).unlink(missing_ok=True)  # done, or not an order for us
    try:
        journal = Journal(folder, clock, random, reserve_bytes=reserve_bytes)
    except JournalDamagedError:
        renew(folder, "damaged")
        journal = Journal(folder, clock, random, reserve_bytes=reserve_bytes)
    return journal


def ask_to_resume(folder: Path, token: str) -> None:
    """The next start goes on where the order `token` says. Raises JournalError."""
    try:
        with (folder / RESUME).open("w", encoding="ascii") as file:
            file.write(token)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise JournalError(f"{folder / RESUME}: {error.strerror}") from error


def asked_to_resume(folder: Path) -> str | None:
    """The order that the next start is to do, if there is one."""
    path = folder / RESUME
    return path.read_text("ascii", "replace") if path.exists() else None


def tell_renewal(journal: Journal) -> None:
    """Records what a renewal has to tell and has not told yet. Raises JournalError."""
    for (body,) in journal.reads.rows("renewal"):
        effects = (Effect("drop_renewal"),)
        journal.record(Draft(kind=FactKind.JOURNAL_RENEWED, device="agent", body=json.loads(body), effects=effects))
    while found := journal.reads.rows("salvaged", limit=1):
        ((seq, content, salt, head),) = found
        body = to_body(_told(seq, content, salt, head))
        effects = (Effect("drop_salvaged", {"old": seq}),)
        journal.record(Draft(kind=FactKind.FACT_SALVAGED, device="agent", body=body, effects=effects))


def _told(seq: int, content: str, salt: bytes, head: bytes) -> FactSalvaged:
    digest = hashlib.sha256(content.encode()).hexdigest()
    fits = len(content.encode()) < MAX_FACT_BYTES - 2048
    return FactSalvaged(
        seq=seq, salt=salt.hex(), head=head.hex(), sha256=digest, content=json.loads(content) if fits else None
    )


def renew(folder: Path, why: Literal["damaged", "resumed"], base: Base | None = None) -> None:
    """Carries what is intact in `folder`'s journal into a new one, which begins after `base`.

    Without one it begins where the cloud's receipts end. Raises JournalError, JournalFullError.
    """
    held = lock(folder)
    try:
        for ending in ("", "-wal", "-shm"):
            (folder / f"{BUILDING}{ending}").unlink(missing_ok=True)
        kept_as = _free_name(folder)
        with closing(_Remains(folder / FILE)) as remains, closing(open_store(folder / BUILDING)) as new:
            try:
                new.execute("BEGIN IMMEDIATE")
                _carry(remains, new, why, base, kept_as)
                new.execute("COMMIT")
                new.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.Error as error:
                raise journal_error(error) from error
        os.rename(folder / BUILDING, folder / READY)
        _sync(folder)
    finally:
        os.close(held)
    _finish(folder)


def _finish(folder: Path) -> None:
    """Puts a new journal that is ready in the place of the old one, which is kept."""
    if not (folder / READY).exists():
        return
    held = lock(folder)
    try:
        old = folder / _free_name(folder)
        if (folder / FILE).exists():
            old.mkdir(parents=True, exist_ok=True)
            for ending in ("-wal", "-shm", ""):  # the file itself last: as long as it is here, this is not done
                if (folder / f"{FILE}{ending}").exists():
                    os.rename(folder / f"{FILE}{ending}", old / f"{FILE}{ending}")
            _sync(old)
        os.rename(folder / READY, folder / FILE)
        for asked in (DAMAGED, RESUME):
            (folder / asked).unlink(missing_ok=True)
        _sync(folder)
    finally:
        os.close(held)


def _carry(remains: "_Remains", new: sqlite3.Connection, why: str, base: Base | None, kept_as: str) -> None:
    mark = remains.mark()
    receipted = mark.seq if mark else 0
    begin = base or mark or Base(0, bytes(32))
    seq, head, salvaged, whole = begin.seq, begin.head, 0, base is None
    for row in remains.facts(receipted + 1):
        found, content, salt, stated = row
        head_here = link(head, commit_content(content.encode(), salt))
        whole = whole and found == seq + 1 and head_here == stated
        if whole:
            seq, head = found, stated
            new.execute(SQL["add_fact"], row)
        else:
            salvaged += 1
            new.execute(SQL["add_salvaged"], dict(zip(("old", "content", "salt", "head"), row, strict=True)))
    new.execute(SQL["set_receipted"], {"upto": begin.seq})
    new.execute(SQL["set_pruned"], {"upto": begin.seq, "head": begin.head})
    copied = [remains.copy(table, new, begin.seq) for table in _SAFE]
    dropped = not all(copied)
    for table in (*(() if dropped else _ORDERS), *_REST):
        remains.copy(table, new, begin.seq)
    told = JournalRenewed(
        why="resumed" if why == "resumed" else "damaged", after=seq, head=head.hex(), kept_as=kept_as,
        salvaged=salvaged, unreadable=remains.unreadable, unknown_from=remains.unknown_from, permits_dropped=dropped,
    )  # fmt: skip
    new.execute(SQL["set_renewal"], {"body": msgspec.json.encode(told).decode()})


@dataclass(slots=True)
class _Remains:
    """An old file as far as it can be read."""

    path: Path
    unreadable: list[tuple[int, int]] = field(default_factory=list)
    unknown_from: int | None = None
    _db: sqlite3.Connection = field(init=False)

    def __post_init__(self) -> None:
        self._db = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)

    def mark(self) -> Base | None:
        """Up to where facts have receipts; None where that cannot be told."""
        try:
            receipted, pruned, pruned_head = self._db.execute(SQL["mark"]).fetchone()
            if receipted == pruned:
                return Base(receipted, bytes(pruned_head))
            ((head,),) = self._db.execute(SQL["head_at"], {"seq": receipted}).fetchall()
        except (sqlite3.DatabaseError, TypeError, ValueError):  # nothing there, or nothing that can be read
            return None
        return Base(receipted, bytes(head))

    def facts(self, first: int) -> Iterator[Row]:
        """Every fact from `first` on that can be read; the others are noted as unreadable."""
        seq, alone, lost, last = first, 0, 0, self._last()
        while lost < MOST_LOST and (last is None or seq <= last):
            try:
                if alone:  # near a bad page each is asked for by itself
                    rows = self._db.execute(SQL["fact_at"], {"seq": seq}).fetchall()
                else:
                    rows = self._db.execute(SQL["facts_from"], {"first": seq, "limit": RUN}).fetchall()
            except sqlite3.DatabaseError:
                if alone:
                    self._lose(seq)
                    seq, lost = seq + 1, lost + 1
                alone = RUN
                continue
            if not rows and last is None:
                return
            yield from rows
            seq, alone, lost = (rows[-1][0] if rows else seq) + 1, max(0, alone - 1), 0
        if lost and last is None:  # whether there were any is not known either
            self.unknown_from, _ = self.unreadable.pop()

    def copy(self, table: str, new: sqlite3.Connection, seq: int) -> bool:
        """Copies what can be read of `table`, as of fact `seq`; returns whether that is all of it."""
        columns = [row[1] for row in new.execute(f"PRAGMA table_info({table})")]  # our own names, never a stranger's
        places = ", ".join(str(seq) if column == "seq" and table != "salvaged" else "?" for column in columns)
        wanted = [column for column in columns if column != "seq" or table == "salvaged"]
        try:
            for row in self._db.execute(f"SELECT {', '.join(wanted)} FROM {table}"):  # noqa: S608 - our schema's names
                new.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", row)  # noqa: S608 - the same
        except sqlite3.DatabaseError as error:
            return "no such table" in str(error)  # an older file
        return True

    def close(self) -> None:
        """Leaves it as it is."""
        self._db.close()

    def _last(self) -> int | None:
        try:
            return int(self._db.execute(SQL["last_facts"], {"limit": 1}).fetchone()[0])
        except (sqlite3.DatabaseError, TypeError):
            return None

    def _lose(self, seq: int) -> None:
        if self.unreadable and self.unreadable[-1][1] == seq - 1:
            self.unreadable[-1] = (self.unreadable[-1][0], seq)
        else:
            self.unreadable.append((seq, seq))


def _free_name(folder: Path) -> str:
    number = 1
    while (folder / OLD / str(number) / FILE).exists():
        number += 1
    return f"{OLD}/{number}"


def _sync(folder: Path) -> None:
    """What was renamed in it is so after a power cut too."""
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
