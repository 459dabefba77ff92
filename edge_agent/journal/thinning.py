"""Readings are the first to be left out: before the disk is full, and before too much waits for the cloud.

As long as something is short, one reading of each value is kept every few minutes; once the reserve for evidence is
opened, none. What was left out is counted, device by device, and the count is a fact. Nothing but readings is thinned
here, and nothing that is on disk already: what is sealed stays.
"""

import threading
from collections.abc import Callable

from custody.permits import time_text
from edge_agent.clock import Reading
from edge_agent.journal.drafts import Draft
from edge_agent.journal.reserve import Reserve
from wire.kinds import FactKind
from wire.sensors import ReadingsThinned, Thinned, Why

BACKLOG = 20_000
"""So many facts without a receipt are too many: a day and more of a busy gate, or a link that is far too slow."""

KEEP_US = 600_000_000
"""Between two readings of one value that are kept while something is short."""


class Thinning:
    """Decides in the writer's thread; `take` from any. `waiting` tells how many facts have no receipt."""

    def __init__(self, reserve: Reserve, waiting: Callable[[], int], backlog: int = BACKLOG) -> None:
        self._reserve, self._waiting, self._backlog = reserve, waiting, backlog
        self._kept_us: dict[tuple[str, str], int] = {}
        self._left_out: dict[str, Thinned] = {}
        self._why: set[Why] = set()
        self._lock = threading.Lock()

    @property
    def short(self) -> set[Why]:
        """Of what there is too little just now: space, backlog."""
        short: set[Why] = set()
        if self._reserve.opened or self._reserve.free < self._reserve.size:
            short.add("space")
        if self._waiting() > self._backlog:
            short.add("backlog")
        return short

    def leaves_out(self, draft: Draft, reading: Reading) -> bool:
        """Whether `draft` is a reading that is not recorded; then it is counted."""
        if draft.kind != FactKind.READING:
            return False
        value, why = (draft.device, str(draft.body.get("measures"))), self.short
        if not why or not (self._reserve.opened or self._kept_lately(value, reading.mono_us)):
            self._kept_us[value] = reading.mono_us
            return False
        at = time_text(reading.at)
        self._count(Thinned(device=draft.device, count=1, since=at, until=at), why)
        return True

    def take(self) -> ReadingsThinned | None:
        """What was left out since this was asked last; None where nothing was."""
        with self._lock:
            left_out, why = self._left_out, self._why
            self._left_out, self._why = {}, set()
        if not left_out:
            return None
        return ReadingsThinned(why=sorted(why), devices=[left_out[device] for device in sorted(left_out)])

    def put_back(self, left_out: ReadingsThinned) -> None:
        """It could not be told."""
        for span in left_out.devices:
            self._count(span, set(left_out.why))

    def _count(self, span: Thinned, why: set[Why]) -> None:
        with self._lock:
            had = self._left_out.get(span.device, span)
            count = span.count if had is span else had.count + span.count
            since, until = min(had.since, span.since), max(had.until, span.until)
            self._left_out[span.device] = Thinned(device=span.device, count=count, since=since, until=until)
            self._why |= why

    def _kept_lately(self, value: tuple[str, str], now_us: int) -> bool:
        kept = self._kept_us.get(value)
        return kept is not None and now_us - kept < KEEP_US
