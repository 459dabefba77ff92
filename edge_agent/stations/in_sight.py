"""What stands before the camera: one thing is one thing, however many frames show it or miss it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from custody.passage import Genuineness, Sight

Key = tuple[Genuineness, str, int, bool]
"""What makes a sight another one: what it is, its id, its issue, and whether it stands there twice."""


@dataclass(slots=True)
class _Seen:
    sight: Sight
    last_us: int
    settled: bool = False  # judged for good until it goes out of sight


def key_of(sight: Sight) -> Key:
    """See Key."""
    return sight.genuineness, sight.id, sight.issue, sight.copies > 1


class InSight:
    """Sights that concern the gate; one is gone when no frame showed it for `forget_us`."""

    def __init__(self, forget_us: int) -> None:
        self._forget_us = forget_us
        self._seen: dict[tuple[Genuineness, str, int], _Seen] = {}

    def see(self, sights: Iterable[Sight], now_us: int) -> None:
        """Takes what one frame shows; the most copies that any frame showed count."""
        for sight in sights:
            seen = self._seen.setdefault(key_of(sight)[:3], _Seen(sight, now_us))
            seen.last_us = now_us
            if sight.copies > seen.sight.copies:
                seen.sight = replace(seen.sight, copies=sight.copies)
                seen.settled = False
        self._seen = {key: seen for key, seen in self._seen.items() if now_us - seen.last_us < self._forget_us}

    def open_questions(self, *, passing: bool) -> list[Sight]:
        """What is to be judged. Foreign codes are none while ours are in sight or `passing`: goods carry many."""
        known = passing or any(seen.sight.genuineness is not Genuineness.UNKNOWN for seen in self._seen.values())
        for seen in self._seen.values():
            seen.settled |= known and seen.sight.genuineness is Genuineness.UNKNOWN
        return [seen.sight for seen in self._seen.values() if not seen.settled]

    def settle(self, keys: Collection[Key]) -> None:
        """These are judged for good."""
        for seen in self._seen.values():
            seen.settled |= key_of(seen.sight) in keys

    def reopen(self, things: Iterable[str]) -> None:
        """The named things are to be judged again."""
        wanted = set(things)
        for seen in self._seen.values():
            seen.settled &= seen.sight.id not in wanted

    def __bool__(self) -> bool:
        return bool(self._seen)

    def __contains__(self, thing: str) -> bool:
        return any(seen.sight.id == thing for seen in self._seen.values())
