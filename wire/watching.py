"""What cameras that only watch say: somebody where nobody is expected, and when that was over."""

from typing import Literal

import msgspec

PresenceWhy = Literal["quiet_hours", "no_task"]
"""In hours when nobody is to be there, or at work but with no door let anybody in and no task or list at a rack."""


class PresenceSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `presence_seen`: something moves since then, and no door and no task says why. `zones`: classes."""

    station: str
    camera: str
    since: str
    why: PresenceWhy
    zones: list[str] = []


class PresenceEnded(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `presence_ended`: nothing moves there any more; in so many looks (about one a second) it did, at the most
    in `most_pct` percent of the picture. `heads` crossed the line of the camera above, null where none counted.
    """

    station: str
    camera: str
    since: str
    until: str
    looks: int
    most_pct: float
    heads: int | None = None
