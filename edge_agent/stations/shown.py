"""What was held up at a rack: things and slots are shown one after the other, so each is remembered for a while."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from custody.passage import Sight
from edge_agent.stations.in_sight import Key, key_of


@dataclass(slots=True)
class _Shown:
    sight: Sight
    last_us: int
    settled: bool = False


class Shown:
    """Sights, open ones for `keep_us()` after they were last seen, settled ones for `forget_us`.

    What is settled does not ask again until it was out of sight.
    """

    def __init__(self, keep_us: Callable[[], int], forget_us: int) -> None:
        self._keep_us, self._forget_us = keep_us, forget_us
        self._shown: dict[tuple[object, ...], _Shown] = {}

    def see(self, sights: Iterable[Sight], now_us: int) -> None:
        """Takes what one frame shows; the most copies that any frame showed count."""
        for sight in sights:
            shown = self._shown.setdefault(key_of(sight)[:3], _Shown(sight, now_us))
            shown.last_us = now_us
            if sight.copies > shown.sight.copies:
                shown.sight, shown.settled = replace(shown.sight, copies=sight.copies), False
        keep_us = self._keep_us()
        self._shown = {
            key: shown
            for key, shown in self._shown.items()
            if now_us - shown.last_us < (self._forget_us if shown.settled else keep_us)
        }

    def settle(self, keys: Collection[Key]) -> None:
        """These have had their answer."""
        for shown in self._shown.values():
            shown.settled |= key_of(shown.sight) in keys

    def forget(self, keys: Collection[Key]) -> None:
        """These are as if they had not been shown."""
        self._shown = {key: shown for key, shown in self._shown.items() if key_of(shown.sight) not in keys}

    def in_sight(self, now_us: int) -> bool:
        """Whether anything that waits for an answer is shown still."""
        return any(not one.settled and now_us - one.last_us < self._forget_us for one in self._shown.values())

    @property
    def open(self) -> list[Sight]:
        """What waits for an answer."""
        return [shown.sight for shown in self._shown.values() if not shown.settled]

    @property
    def all(self) -> list[Sight]:
        """The same, and what is still in sight after its answer."""
        return [shown.sight for shown in self._shown.values()]

    def __bool__(self) -> bool:
        return bool(self._shown)
