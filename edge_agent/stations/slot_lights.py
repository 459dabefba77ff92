"""Which slot shows what, and until when. Has a lock of its own and calls nobody who waits, so anybody may call it.

What is wrong at a slot goes before an answer or a search, and those before a list: each is seen again when what went
before it is over.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edge_agent.devices import Light, SlotIndicator
from edge_agent.errors import DeviceError

AGAIN_US = 5_000_000
"""Before a light of a list that could not be told is tried again."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What a slot shows."""

    light: Light
    blinking: bool = False


DARK = Sign(Light.OFF)


class SlotLights:
    """The lights of one rack, by the slots' ids; `names` are their names at the indicator."""

    def __init__(
        self, indicator: SlotIndicator, names: Mapping[str, str], mono_us: Callable[[], int],
        report: Callable[[str | None], None],
    ) -> None:  # fmt: skip
        self._indicator, self._names, self._mono_us, self._report = indicator, names, mono_us, report
        self._lock = threading.Lock()
        self._lit: dict[str, tuple[Sign, int]] = {}  # answers and searches, and until when, monotonic µs
        self._lists: Mapping[str, Sign] = {}
        self._wrong: Mapping[str, Sign] = {}
        self._shown: dict[str, Sign] = {}
        self._failed: dict[str, int] = {}  # slots that could not be told, and when
        self._settled: set[str] = set()

    def __contains__(self, slot: object) -> bool:
        return slot in self._names

    def show(self, slot: str, light: Light, for_us: int) -> None:
        """Shows `light` at `slot` for so long, whatever else is to be seen there but what is wrong."""
        with self._lock:
            self._lit[slot] = Sign(light), self._mono_us() + for_us
            if not self._refresh(slot):
                del self._lit[slot]

    def dark(self, slot: str) -> None:
        """No answer and no search is to be seen at `slot` any more."""
        with self._lock:
            if self._lit.pop(slot, None) is not None or slot in self._failed:
                self._refresh(slot)

    def settle(self, slot: str) -> None:
        """The cloud says that nothing is sought at `slot`, nor wrong there."""
        self.dark(slot)
        with self._lock:
            self._settled.add(slot)

    def settled(self) -> set[str]:
        """The slots that `settle` was called for since this was asked last."""
        with self._lock:
            told, self._settled = self._settled, set()
            return told

    def keep(self, lists: Mapping[str, Sign], wrong: Mapping[str, Sign]) -> None:
        """From now on lists show this, and this is wrong."""
        with self._lock:
            before = {*self._lists, *self._wrong}
            self._lists, self._wrong = dict(lists), dict(wrong)
            for slot in sorted({*before, *lists, *wrong}):
                if self._mono_us() - self._failed.get(slot, -AGAIN_US) >= AGAIN_US:
                    self._refresh(slot)

    def tick(self) -> None:
        """Puts out what has been lit for long enough."""
        with self._lock:
            now = self._mono_us()
            for slot in [slot for slot, (_, until) in self._lit.items() if until <= now]:
                del self._lit[slot]
                self._refresh(slot)

    def stop(self) -> None:
        """Everything is dark."""
        with self._lock:
            self._lit.clear()
            self._lists, self._wrong = {}, {}
            for slot in list(self._shown):
                self._refresh(slot)

    def _wanted(self, slot: str) -> Sign:
        lit, _ = self._lit.get(slot, (None, 0))
        return self._wrong.get(slot) or lit or self._lists.get(slot) or DARK

    def _refresh(self, slot: str) -> bool:
        """Whether it shows what it should; what could not be told is reported, and the record stands without it."""
        sign = self._wanted(slot)
        if slot not in self._failed and self._shown.get(slot, DARK) == sign:
            return True
        try:
            self._indicator.light(self._names[slot], sign.light, blinking=sign.blinking)
        except DeviceError as error:
            self._failed[slot] = self._mono_us()
            self._report(str(error))
            return False
        self._failed.pop(slot, None)
        self._shown[slot] = sign
        self._report(None)
        return True
