"""What is looked after now and then: what may be forgotten, and whether the clock was set back while nobody looked."""

import logging
from datetime import datetime, timedelta

from custody.permits import parse_time
from edge_agent.clock import STEP
from edge_agent.journal.journal import Journal
from edge_agent.store import Effect

_log = logging.getLogger(__name__)


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
    old = ("drop_pictures", "drop_old_permits", "drop_old_spent", "drop_old_tasks", "drop_old_done")
    journal.apply([Effect(name, values) for name in old])
    if forgotten:
        _log.info("forgot %d receipted facts", forgotten)
