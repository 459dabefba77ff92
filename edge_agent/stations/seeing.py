"""What a station makes of the codes in a frame: sights for the rules, and who is present by them."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from custody.passage import Genuineness, Sight
from custody.things import Moment
from proof.keys import VerifyKey
from wire.labels import see

MAX_TEXT = 200
MAX_STALE = 10
"""Stale passes kept beside a decision, so that it stays within a fact."""


class TextRead(Protocol):
    """One code read in a frame, as `vision.labels` gives it."""

    @property
    def text(self) -> str:
        """What it says."""


class Still(Protocol):
    """A frame as it is kept."""

    @property
    def jpeg(self) -> bytes:
        """The file."""

    @property
    def width(self) -> int:
        """Pixels."""

    @property
    def height(self) -> int:
        """Pixels."""


def sights_in(reads: Sequence[TextRead], site: str, keys: Sequence[VerifyKey], now: Moment) -> list[Sight]:
    """What stands in a frame of `site`, each text once with its copies; what is none of ours is cut to MAX_TEXT."""
    texts = Counter(found.text for found in reads)
    return [_told(see(text, site, keys, copies, now)) for text, copies in texts.items()]


def _told(sight: Sight) -> Sight:
    if sight.kind is not None:
        return sight
    return replace(sight, id=sight.id[:MAX_TEXT].encode("utf-8", "replace").decode())  # a code may hold anything


class Present:
    """People whose passes were shown within the last `presence_us`, and stale passes, which count for nobody."""

    def __init__(self, presence_us: Callable[[], int]) -> None:
        self._presence_us = presence_us
        self._people: dict[str, int] = {}
        self._stale: dict[str, tuple[Sight, int]] = {}

    def see(self, sights: Iterable[Sight], now_us: int) -> None:
        """Takes the passes of one frame; one that stands there twice is a picture of a pass, and nobody's."""
        for sight in sights:
            if sight.is_person and sight.copies == 1:
                self._people[sight.id] = now_us
            elif sight.genuineness is Genuineness.STALE:
                self._stale[sight.id] = sight, now_us
        self.forget(now_us)

    def forget(self, now_us: int) -> None:
        """Lets go of who was shown too long ago."""
        since = now_us - self._presence_us()
        self._people = {one: at for one, at in self._people.items() if at > since}
        self._stale = {one: seen for one, seen in self._stale.items() if seen[1] > since}

    @property
    def people(self) -> frozenset[str]:
        """Ids of who is present."""
        return frozenset(self._people)

    @property
    def stale(self) -> list[Sight]:
        """The stale passes of people who showed no good one, at most MAX_STALE."""
        return [sight for one, (sight, _) in self._stale.items() if one not in self._people][:MAX_STALE]

    def __bool__(self) -> bool:
        return bool(self._people or self._stale)
