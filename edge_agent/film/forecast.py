"""When the disk will be full, from how fast its room went away until now. Pure."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

LEAST = timedelta(hours=6)
"""What is seen of less time says nothing of days."""
LONGEST = timedelta(days=7)
SOON = timedelta(days=7)
"""A disk that will be full within this time is told of."""
FAR = timedelta(days=14)
"""And is over once it is further away than this."""


@dataclass(slots=True)
class Forecast:
    """Looks now and then at how many bytes are left once all that may go has gone."""

    warned: bool = False
    _seen: deque[tuple[datetime, int]] = field(default_factory=deque)

    def see(self, at: datetime, left: int) -> datetime | None:
        """Takes a look; when the room will be gone, None where it does not get less or too little time was seen."""
        if self._seen and at < self._seen[-1][0]:  # the clock was set back
            self._seen.clear()
        self._seen.append((at, left))
        while at - self._seen[0][0] > LONGEST:
            self._seen.popleft()
        since, before = self._seen[0]
        if at - since < LEAST or left >= before:
            return None
        return at + (at - since) * min(left / (before - left), 36_500.0)

    def changed(self, at: datetime, full_at: datetime | None) -> bool:
        """Whether a warning begins or ends now."""
        near = full_at is not None and full_at - at <= (FAR if self.warned else SOON)
        if near is self.warned:
            return False
        self.warned = near
        return True
