"""Readings at a high rate on their way to the cloud: gathered, sealed on disk, sent until receipted (ADR 19).

They are no evidence: what is gathered and not sealed yet is lost with the power, and of what waits for the cloud there
is a bound. What is left out by it is counted, device by device, and told as a fact.
"""

import asyncio
import logging
import sqlite3
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from custody.permits import parse_time, time_text
from edge_agent.clock import Clock, Reading
from edge_agent.errors import JournalError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from proof.errors import ProofError
from proof.jws import FindKey
from proof.keys import Signer
from wire.kinds import FactKind
from wire.link import Link
from wire.messages import ClockReading, to_body
from wire.readings import Columns, ReadingsSealed, Series, read_receipt, seal_readings
from wire.sensors import ReadingsThinned, Thinned
from wire.topics import READINGS, Topic

FILE = "telemetry.sqlite"
SEAL_S = 5.0
"""How long readings are gathered before they are sealed (so much is lost with the power), and until what has no receipt
is said again."""
VOUCH_US = 60_000_000
"""Between two facts that say where the chain of batches stands."""
MOST_READINGS = 5000
MOST_BATCHES = 5000
"""Waiting for a receipt: seven hours of a busy room without a link; then the oldest go."""
WINDOW = 20

_SCHEMA = Path(__file__).with_suffix(".sql")
_log = logging.getLogger(__name__)


class _Message(msgspec.Struct):
    readings: Columns


_readings = msgspec.json.Decoder(_Message)


@dataclass(slots=True)
class _Gathered:
    """Since when, and each value's times (µs by the monotonic clock) and values."""

    since: Reading
    series: dict[tuple[str, str], tuple[list[int], list[float]]] = field(default_factory=dict)
    rows: int = 0


class Telemetry:
    """`offer` takes a value, from any thread; `drain` sends while there is a link; `on_receipt` hears the cloud."""

    def __init__(
        self, agent: str, key: Signer, folder: Path, clock: Clock, find_key: FindKey, journal: Journal,
        most: int = MOST_BATCHES, seal_s: float = SEAL_S,
    ) -> None:  # fmt: skip
        self._agent, self._key, self._clock, self._find_key, self._journal = agent, key, clock, find_key, journal
        self._most, self._seal_s, self._topic = most, seal_s, str(Topic(agent, READINGS))
        self._lock, self._news = threading.Lock(), asyncio.Event()
        self._gathered: _Gathered | None = None
        self._under_way: set[int] = set()
        self._window_full = False
        self._vouched_us: int | None = None
        try:
            self._db = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False)
            self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
            self._db.executescript(_SCHEMA.read_text("utf-8"))
        except sqlite3.Error as error:
            raise JournalError(f"{folder / FILE}: {error}") from error

    def offer(self, device: str, measures: str, value: float) -> None:
        """A value was measured now."""
        with self._lock:
            now = self._clock.read()
            if self._gathered is not None and self._gathered.since.boot != now.boot:
                self._seal()
            if self._gathered is None:
                self._gathered = _Gathered(now)
            after, values = self._gathered.series.setdefault((device, measures), ([], []))
            after.append(now.mono_us - self._gathered.since.mono_us)
            values.append(value)
            self._gathered.rows += 1
            if self._gathered.rows >= MOST_READINGS:
                self._seal()

    def seal(self) -> None:
        """What was gathered becomes a batch on disk."""
        with self._lock:
            self._seal()

    def waiting(self) -> list[int]:
        """The numbers of the batches that wait for a receipt."""
        with self._lock:
            return [number for (number,) in self._db.execute("SELECT number FROM batch ORDER BY number")]

    def close(self) -> None:
        """Seals what was gathered and closes the file."""
        with self._lock:
            self._seal()
            if self._journal.at_work:
                self._vouch()
        self._db.close()

    async def drain(self, link: Link) -> None:
        """Seals and sends for as long as `link` lives; what has no receipt goes again. Raises LinkError."""
        while True:
            await asyncio.to_thread(self.seal)
            self._news.clear()
            window = await asyncio.to_thread(self._oldest)
            self._under_way = {number for number, _ in window}
            self._window_full = len(window) == WINDOW  # else the next batch is gathered in the meantime
            for _, message in window:
                await link.publish(self._topic, message)
            try:
                async with asyncio.timeout(self._seal_s):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def on_receipt(self, payload: bytes) -> None:
        """Takes a receipt for one batch; one that is not the cloud's changes nothing."""
        try:
            receipt = read_receipt(payload, self._find_key)
        except ProofError as error:
            _log.warning("not a receipt for readings: %s", error)
            return
        if receipt.agent == self._agent:
            await asyncio.to_thread(self._forget, receipt.number)
            self._under_way.discard(receipt.number)
            if self._window_full and not self._under_way:
                self._news.set()

    def _oldest(self) -> list[tuple[int, bytes]]:
        with self._lock:
            return self._db.execute("SELECT number, message FROM batch ORDER BY number LIMIT ?", [WINDOW]).fetchall()

    def _forget(self, number: int) -> None:
        with self._lock:
            self._db.execute("DELETE FROM batch WHERE number = ?", [number])

    def _seal(self) -> None:
        gathered, self._gathered = self._gathered, None
        if gathered is None:
            return
        since = gathered.since
        columns = Columns(
            at=time_text(since.at), boot=since.boot, clock=ClockReading(since.source, since.error_ms),
            series=[Series(device=device, measures=measures, after_us=after, values=values)
                    for (device, measures), (after, values) in sorted(gathered.series.items())],
        )  # fmt: skip
        try:
            number, head = self._db.execute("SELECT number, head FROM chain").fetchone()
            message, head = seal_readings(self._agent, number + 1, head, columns, self._key)
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("INSERT INTO batch VALUES (?, ?)", [number + 1, message])
            self._db.execute("UPDATE chain SET number = ?, head = ?", [number + 1, head])
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            _log.error("%d readings were not kept: %s", gathered.rows, error)
            self._tell(columns)
            return
        now_us = self._clock.mono_us()
        if self._vouched_us is None or now_us - self._vouched_us >= VOUCH_US:
            self._vouch()
            self._vouched_us = now_us
        self._shed()

    def _vouch(self) -> None:
        """A fact says where the chain stands: by the ledger, nobody cuts off what is before it."""
        number, head = self._db.execute("SELECT number, head FROM chain").fetchone()
        if number:
            self._submit(FactKind.READINGS_SEALED, to_body(ReadingsSealed(number=number, head=head.hex())))

    def _shed(self) -> None:
        """The oldest go when too many wait; how many of which device is told."""
        over = self._db.execute("SELECT count(*) FROM batch").fetchone()[0] - self._most
        if over <= 0:
            return
        gone = self._db.execute("SELECT number, message FROM batch ORDER BY number LIMIT ?", [over]).fetchall()
        for number, message in gone:
            self._tell(_readings.decode(message).readings)
            self._db.execute("DELETE FROM batch WHERE number = ?", [number])

    def _tell(self, columns: Columns) -> None:
        counted = Counter[str]()
        for one in columns.series:
            counted[one.device] += len(one.values)
        last = max(us for one in columns.series for us in one.after_us)
        until = time_text(parse_time(columns.at) + timedelta(microseconds=last))
        devices = [Thinned(device=name, count=n, since=columns.at, until=until) for name, n in sorted(counted.items())]
        body = to_body(ReadingsThinned(why=["backlog"], devices=devices))
        self._submit(FactKind.READINGS_THINNED, body)

    def _submit(self, kind: FactKind, body: dict[str, Any]) -> None:
        try:
            self._journal.submit(Draft(kind=kind, device="agent", body=body))
        except JournalError as error:
            _log.error("%s is not told: %s", kind, error)
