"""Everything that films at one agent: a recorder for each camera, the ring, and who keeps clips of it."""

import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.clock import Clock
from edge_agent.devices import Frame
from edge_agent.errors import JournalError
from edge_agent.film.clips import Clips, Keep
from edge_agent.film.recorder import Pace, Recorder
from edge_agent.film.ring import Ring
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.store import Effect
from wire.film import SegmentDamaged
from wire.kinds import FactKind
from wire.messages import to_body

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmPlan:
    """Where film lies, and how much of it: `ring_bytes` may go at any time, `free_bytes` of the disk are left alone."""

    folder: Path
    ring_bytes: int
    free_bytes: int
    pace: Pace = field(default_factory=Pace)
    keep: Keep = field(default_factory=Keep)


class Films:
    """Films the `cameras` (station → its camera). Raises FilmError where its folder cannot be used."""

    def __init__(self, plan: FilmPlan, cameras: Mapping[str, str], journal: Journal, clock: Clock) -> None:
        self._plan, self._journal = plan, journal
        self._damaged: set[str] = set()
        self.ring = Ring(plan.folder, plan.ring_bytes)
        self._clips = Clips(journal, clock, self.ring, cameras, plan.keep, self._filmed_until)
        self._recorders = {
            camera: Recorder(
                camera, self.ring.folder_of(camera), clock, plan.pace, self._clips.hear, self._has_room
            )
            for camera in cameras.values()
        }  # fmt: skip

    @property
    def folder(self) -> Path:
        """Where film lies."""
        return self._plan.folder

    @property
    def free_bytes(self) -> int:
        """What film leaves alone."""
        return self._plan.free_bytes

    def busy(self) -> str | None:
        """Whether a clip is being cut."""
        return "clip_cut" if self._clips.busy else None

    def offer(self, camera: str, frame: Frame) -> None:
        """Takes a picture; never waits."""
        self._recorders[camera].offer(frame)

    def wait(self, camera: str) -> None:
        """Returns when every picture that was taken so far is on its way to the disk."""
        self._recorders[camera].wait()

    def start(self) -> None:
        """Begins."""
        self._clips.start()
        for recorder in self._recorders.values():
            recorder.start()

    def stop(self) -> None:
        """Ends what is being written; before the journal closes."""
        for recorder in self._recorders.values():
            recorder.stop()
        self._clips.stop()

    def damaged(self, sha256: str, found: str) -> None:
        """A kept segment is not what was signed: told once in each run."""
        if sha256 in self._damaged:
            return
        body = to_body(SegmentDamaged(sha256=sha256, found=found))
        try:
            self._journal.record(Draft(kind=FactKind.SEGMENT_DAMAGED, device="agent", body=body))
        except JournalError as error:
            _log.error("segment %s is damaged, which is told later: %s", sha256[:12], error)
        else:
            self._damaged.add(sha256)

    def tidy(self, before: str) -> int:
        """Forgets the kept segments that the cloud has had since before the time `before`; how many.

        What was not brought up stays, and what shows anything under legal hold, whatever the disk says. Raises
        JournalError.
        """
        forgotten = 0
        while old := self._journal.reads.rows("uploaded_segments", before=before, limit=500):
            for sha256, _ in old:
                self.ring.forget(sha256)
            drops = ("drop_segment", "drop_clip_of")
            self._journal.apply([Effect(drop, {"sha256": sha256}) for sha256, _ in old for drop in drops])
            forgotten += len(old)
        if forgotten:
            self._journal.apply([Effect("drop_clip_things")])
        return forgotten

    def _filmed_until(self, camera: str, until_us: int) -> bool:
        return self._recorders[camera].filmed_until(until_us)

    def _has_room(self) -> bool:
        """Whether film may be written: the last room on the disk is for facts. What may go, goes first."""
        lacking = self._plan.free_bytes - shutil.disk_usage(self._plan.folder).free
        if lacking > 0:
            self.ring.shrink(lacking)
            lacking = self._plan.free_bytes - shutil.disk_usage(self._plan.folder).free
        return lacking <= 0
