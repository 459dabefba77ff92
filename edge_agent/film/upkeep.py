"""What is looked after every hour: film that may go, the day the disk will be full, and whether film still plays."""

import logging
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from custody.permits import time_text
from edge_agent.clock import Clock
from edge_agent.errors import FilmError, JournalError
from edge_agent.film.films import Films
from edge_agent.film.forecast import Forecast
from edge_agent.film.segment import digest_of, play
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from wire.film import DiskFilling, FilmProbed
from wire.kinds import FactKind
from wire.messages import to_body

PROBE_EVERY = timedelta(days=1)

_log = logging.getLogger(__name__)


class Upkeep:
    """Looks after the film of one agent; `random` draws which segment is played."""

    def __init__(self, films: Films, journal: Journal, clock: Clock, random: Callable[[int], bytes]) -> None:
        self._films, self._journal, self._clock, self._random = films, journal, clock, random
        self._forecast = Forecast()
        self._probed: datetime | None = None

    def look(self, before: str) -> None:
        """One look; what the cloud has had since before the time `before` may go. Raises JournalError."""
        now = self._clock.read().at
        self._films.tidy(before)
        self._warn(now, shutil.disk_usage(self._films.folder).free + self._films.ring.bytes)
        if self._probed is None or not timedelta(0) <= now - self._probed < PROBE_EVERY:
            self._probed = now
            self._probe()

    def _warn(self, now: datetime, left: int) -> None:
        full_at = self._forecast.see(now, max(0, left - self._films.free_bytes))
        if self._forecast.changed(now, full_at):
            told = None if full_at is None or not self._forecast.warned else time_text(full_at)
            self._tell(FactKind.DISK_FILLING, DiskFilling(full_at=told, left_bytes=left))

    def _probe(self) -> None:
        """Plays one kept segment, drawn by chance."""
        kept = self._journal.reads.rows("some_segment", chance=int.from_bytes(self._random(6), "big"))
        for sha256, camera in kept:
            frames, problem = 0, None
            try:
                path = self._films.ring.kept_as(sha256)
                frames = play(path)
                if digest_of(path)[0] != sha256:
                    problem = "it is not what was signed"
            except (FilmError, OSError) as error:
                problem = str(error)[:200]
            probed = FilmProbed(sha256=sha256, camera=camera, frames=frames, problem=problem)
            self._tell(FactKind.FILM_PROBED, probed)

    def _tell(self, kind: FactKind, body: msgspec.Struct) -> None:
        try:
            self._journal.record(Draft(kind=kind, device="agent", body=to_body(body)))
        except JournalError as error:
            _log.error("%s not told: %s", kind, error)
