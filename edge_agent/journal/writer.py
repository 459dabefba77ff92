"""The one thread that writes: everything that waits goes to disk as one group, in the order it was handed in."""

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from custody.permits import time_text
from edge_agent.clock import Clock, Reading
from edge_agent.errors import DraftError, JournalDamagedError, JournalError, JournalFullError, ReadingThinnedError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.reserve import ROUTINE, Reserve
from edge_agent.journal.thinning import Thinning
from edge_agent.store import SQL, Effect, journal_error
from proof.chain import SALT_BYTES
from proof.errors import CanonicalError
from wire.batches import SealedFact, seal
from wire.messages import MAX_FACT_BYTES, ClockReading, Fact

GROUP = 1000
"""The most facts made durable by one fsync."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Fact:
    draft: Draft
    reading: Reading
    done: "Future[SealedFact]"


@dataclass(frozen=True, slots=True)
class _Change:
    """Effects without a fact: receipts, deliveries, tidying."""

    effects: Sequence[Effect]
    done: "Future[None]"


_Item = _Fact | _Change
_Outcome = tuple[_Item, SealedFact | DraftError | JournalError | None]


class Writer:
    """Takes drafts from any thread; `on_written` is called with the newest seq after each group is on disk."""

    def __init__(
        self,
        db: sqlite3.Connection,
        clock: Clock,
        random: Callable[[int], bytes],
        read_tail: Callable[[], tuple[int, bytes]],
        on_written: Callable[[int], None],
        reserve: Reserve,
        thinning: Thinning,
    ) -> None:
        self._db, self._clock, self._random, self._reserve, self._thinning = db, clock, random, reserve, thinning
        self.damaged = False
        self.on_sealed: list[Callable[[SealedFact], None]] = []
        self._read_tail, self._on_written = read_tail, on_written
        self._tail: tuple[int, bytes] | None = read_tail()
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._order = threading.Lock()
        self._open, self._ended = True, False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def submit(self, draft: Draft) -> "Future[SealedFact]":
        """Hands in `draft`; its result is there when it is on disk, its exception is a JournalError."""
        done: Future[SealedFact] = _promise()
        with self._order:
            self._put(_Fact(draft, draft.reading or self._clock.read(), done))
        return done

    def apply(self, effects: Sequence[Effect]) -> "Future[None]":
        """Hands in changes that no fact tells of."""
        done: Future[None] = _promise()
        with self._order:
            self._put(_Change(effects, done))
        return done

    @property
    def at_work(self) -> bool:
        """Whether it still takes drafts: false once closed, or stopped by a bug."""
        return self._open

    def close(self) -> None:
        """Writes what was handed in, then no more."""
        with self._order:
            if self._open:
                self._open = False
                self._queue.put(None)
        self._thread.join()

    def _put(self, item: _Item) -> None:
        if not self._open:
            raise JournalError("the journal is closed")
        self._queue.put(item)

    def _run(self) -> None:
        group: list[_Item] = []
        try:
            while group := self._next_group():
                self._settle(self._write(group))
        finally:  # a bug must leave nobody waiting for ever
            with self._order:
                self._open = False
            while group or not self._queue.empty():
                self._settle((item, JournalError("the journal stopped")) for item in group if not item.done.done())
                group = self._waiting()

    def _next_group(self) -> list[_Item]:
        """What waits, at least one; empty when closed."""
        first = None if self._ended else self._queue.get()
        return [] if first is None else [first, *self._waiting()]

    def _waiting(self) -> list[_Item]:
        """What else is there right now, as far as one group goes."""
        items: list[_Item] = []
        while len(items) < GROUP - 1:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
            if item is None:  # closed: after this group there is nothing more
                self._ended = True
                break
            items.append(item)
        return items

    def _write(self, group: list[_Item]) -> Iterable[_Outcome]:
        """Either everything that can be sealed is on disk, or nothing is; the reserve is used when there is no room."""
        thinned: list[_Outcome] = []
        while True:
            group = self._sift(group, thinned)
            written = self._try(group)
            if not isinstance(written, JournalFullError) or not self._reserve.give():
                break
        if isinstance(written, JournalError):
            _log.error("%d facts not recorded: %s", len(group), written)
            self.damaged |= isinstance(written, JournalDamagedError)
            return [*thinned, *((item, written) for item in group)]
        return [*thinned, *written]

    def _sift(self, group: list[_Item], thinned: list[_Outcome]) -> list[_Item]:
        """What is left of `group` without the readings that are left out, which go to `thinned`."""
        kept: list[_Item] = []
        for item in group:
            if isinstance(item, _Fact) and self._thinning.leaves_out(item.draft, item.reading):
                thinned.append((item, ReadingThinnedError("readings are thinned")))
            else:
                kept.append(item)
        return kept

    def _try(self, group: list[_Item]) -> list[_Outcome] | JournalError:
        """One transaction, or what is in its way."""
        try:
            if self._tail is None:
                self._tail = self._read_tail()
            self._db.execute("BEGIN IMMEDIATE")
            outcomes, tail = self._fill(group, self._tail)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            return journal_error(error)
        except JournalError as error:
            self._roll_back()
            return error
        self._tail = tail
        return outcomes

    def _fill(self, group: list[_Item], tail: tuple[int, bytes]) -> tuple[list[_Outcome], tuple[int, bytes]]:
        seq, head = tail
        outcomes: list[_Outcome] = []
        rows = []
        for item in group:
            sealed = None
            try:
                if isinstance(item, _Fact):
                    self._need(item.draft.kind)
                    sealed = _seal(item, seq + 1, head, self._random(SALT_BYTES))
                    self._change(item.draft.effects, sealed.fact.seq)
                else:
                    self._change(item.effects, seq)
            except JournalError as error:
                outcomes.append((item, error))
                continue
            if sealed is not None:
                seq, head = sealed.fact.seq, sealed.head
                rows.append((seq, sealed.content.decode(), bytes.fromhex(sealed.fact.salt), head))
            outcomes.append((item, sealed))
        self._db.executemany(SQL["add_fact"], rows)
        return outcomes, (seq, head)

    def _need(self, kind: str) -> None:
        """Raises JournalFullError for a routine fact while the last room is used."""
        if kind in ROUTINE and self._reserve.opened:
            self._reserve.thinned[kind] += 1
            raise JournalFullError("the last room on the disk is kept for evidence")

    def _change(self, effects: Sequence[Effect], seq: int) -> None:
        """All of `effects` or none. Raises JournalError where one breaks a rule of the tables."""
        if not effects:
            return
        self._db.execute("SAVEPOINT change")
        try:
            for effect in effects:
                self._db.execute(SQL[effect.name], {"seq": seq, **effect.values})
        except sqlite3.IntegrityError as error:
            self._db.execute("ROLLBACK TO change")
            raise journal_error(error) from error
        finally:
            if self._db.in_transaction:  # a full disk has ended it already
                self._db.execute("RELEASE change")

    def _roll_back(self) -> None:
        self._tail = None  # read anew: only the disk knows where it ends
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        except sqlite3.Error as again:
            _log.error("not rolled back: %s", again)

    def _settle(self, outcomes: Iterable[_Outcome]) -> None:
        last = 0
        for item, outcome in outcomes:
            if isinstance(outcome, Exception):
                item.done.set_exception(outcome)
            elif isinstance(item, _Fact) and outcome is not None:
                last = outcome.fact.seq
                for hear in self.on_sealed:
                    hear(outcome)
                item.done.set_result(outcome)
            elif isinstance(item, _Change):
                item.done.set_result(None)
        if last:
            self._on_written(last)


def _promise() -> "Future[Any]":
    """A future nobody can cancel: what was handed in is written."""
    done: Future[Any] = Future()
    done.set_running_or_notify_cancel()
    return done


def _seal(item: _Fact, seq: int, head: bytes, salt: bytes) -> SealedFact:
    draft, reading = item.draft, item.reading
    fact = Fact(
        seq=seq,
        kind=str(draft.kind),
        at=time_text(reading.at),
        boot=reading.boot,
        mono_us=reading.mono_us,
        clock=ClockReading(reading.source, reading.error_ms),
        device=draft.device,
        salt=salt.hex(),
        body=draft.body,
    )
    try:
        sealed = seal(fact, head)
    except (CanonicalError, TypeError) as error:  # TypeError: something in the body that is no JSON
        raise DraftError(f"a {fact.kind} that has no canonical form: {error}") from error
    if len(sealed.content) > MAX_FACT_BYTES:
        raise DraftError(f"a {fact.kind} of {len(sealed.content)} bytes; {MAX_FACT_BYTES} is the most")
    return sealed
