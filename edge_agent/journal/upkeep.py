"""What is looked after now and then: what may be forgotten, and whether the clock was set back while nobody looked."""

import logging
import threading
from datetime import datetime, timedelta

import msgspec

from custody.permits import parse_time
from edge_agent.clock import STEP
from edge_agent.errors import JournalError
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.journal.reserve import Reserve
from edge_agent.store import Effect
from wire.journal_facts import SpaceBack, SpaceShort
from wire.kinds import FactKind
from wire.messages import to_body

_log = logging.getLogger(__name__)


TELL_US = 600_000_000
"""Between two facts of how many readings were left out, while some are."""


class Room:
    """Tells once when the reserve is opened, once when it is whole again, and how many readings were left out."""

    def __init__(self, journal: Journal) -> None:
        self._journal, self._short = journal, False
        self._told_us: int | None = None
        self._lock = threading.Lock()

    def look(self, now_us: int) -> None:
        """How it is now; waits for the disk."""
        with self._lock:
            self._tell_space()
            lately = self._told_us is not None and now_us - self._told_us < TELL_US
            if not (lately and self._journal.thinning.short):
                self._tell_thinned(now_us)

    def end(self, now_us: int) -> None:
        """What was left out is told while there is a journal."""
        with self._lock:
            self._tell_thinned(now_us)

    def _tell_space(self) -> None:
        reserve = self._journal.reserve
        if not self._short and reserve.opened:
            self._short = self._tell(
                FactKind.SPACE_SHORT, SpaceShort(free_bytes=reserve.free, reserve_left=reserve.left)
            )  # fmt: skip
        elif self._short and reserve.refill() and self._tell(FactKind.SPACE_BACK, _space_back(reserve)):
            reserve.thinned.clear()
            self._short = False

    def _tell_thinned(self, now_us: int) -> None:
        left_out = self._journal.thinning.take()
        if left_out is None:
            return
        if self._tell(FactKind.READINGS_THINNED, left_out):
            self._told_us = now_us
        else:
            self._journal.thinning.put_back(left_out)

    def _tell(self, kind: FactKind, body: msgspec.Struct) -> bool:
        try:
            self._journal.record(Draft(kind=kind, device="agent", body=to_body(body)))
        except JournalError as error:
            _log.error("%s not told: %s", kind, error)
            return False
        return True


def _space_back(reserve: Reserve) -> SpaceBack:
    return SpaceBack(not_recorded=dict(reserve.thinned))


def stepped_back(journal: Journal, now: datetime) -> timedelta | None:
    """By how much at least the clock was set back while the agent was off: the newest fact is from later than `now`."""
    for (at,) in journal.reads.rows("newest_at"):
        step = now - parse_time(at)
        return step if step < -STEP else None
    return None


def tidy(journal: Journal, before: str) -> None:
    """Forgets what is in the cloud's hands and older than the time `before`."""
    forgotten = journal.prune(before)
    values = {"before": before}
    old = (
        "drop_pictures", "drop_old_permits", "drop_old_spent", "drop_old_tasks", "drop_old_done",
        "drop_old_lists", "drop_old_list_slots", "drop_old_list_ends",
    )  # fmt: skip
    journal.apply([Effect(name, values) for name in old])
    if forgotten:
        _log.info("forgot %d receipted facts", forgotten)
