"""Room on the disk kept for evidence: a file that is really allocated, and given back when nothing else is left.

Other programs fill disks too, so a promise to stop in time is not enough. Once it is opened, facts that only repeat
what is known are no longer recorded, so that the room is left for what happened; when it is gone, gates are locked.
"""

import os
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from edge_agent.errors import JournalError
from wire.kinds import FactKind

FILE = "reserve"
STEP_BYTES = 8 << 20
ROUTINE = frozenset({FactKind.HEARTBEAT, FactKind.COSIGNED, FactKind.ORDER_DISTRUSTED, FactKind.MOTION_SEEN})
"""Kinds that say again what other facts show, and motion, looked for in quiet hours; everything else is evidence."""


@dataclass(slots=True)
class Reserve:
    """`size` bytes in `folder`. Used by the journal's one writer; `thinned` counts by kind what was not recorded."""

    folder: Path
    size: int
    thinned: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab"):
                pass
        except OSError as error:
            raise JournalError(f"{self.folder} cannot be used: {error.strerror}") from error

    @property
    def left(self) -> int:
        """Bytes that can still be given back."""
        return self._path.stat().st_size

    @property
    def opened(self) -> bool:
        """Whether some of it was given back and not taken again."""
        return self.left < self.size

    @property
    def free(self) -> int:
        """Bytes on the disk that are free beside it."""
        return shutil.disk_usage(self.folder).free

    def give(self) -> bool:
        """Gives a part back to the disk; False when nothing is left."""
        left = self.left
        if left:
            os.truncate(self._path, max(0, left - STEP_BYTES))
        return left > 0

    def refill(self) -> bool:
        """Takes the room once the disk has twice as much to spare; returns whether it is whole."""
        left = self.left
        if left >= self.size:
            return True
        if self.free < 2 * (self.size - left):
            return False
        try:
            with self._path.open("r+b") as file:
                os.posix_fallocate(file.fileno(), left, self.size - left)
        except OSError:  # somebody else was faster
            return False
        return True

    @property
    def _path(self) -> Path:
        return self.folder / FILE
