"""Which slot shows what, and until when. Has a lock of its own and calls nobody who waits, so anybody may call it."""

import threading
from collections.abc import Callable, Mapping

from edge_agent.devices import Light, SlotIndicator
from edge_agent.errors import DeviceError


class SlotLights:
    """The lights of one rack, by the slots' ids; `names` are their names at the indicator."""

    def __init__(
        self, indicator: SlotIndicator, names: Mapping[str, str], mono_us: Callable[[], int],
        report: Callable[[str | None], None],
    ) -> None:  # fmt: skip
        self._indicator, self._names, self._mono_us, self._report = indicator, names, mono_us, report
        self._lock = threading.Lock()
        self._lit: dict[str, tuple[Light, int]] = {}  # what each slot shows, and until when, monotonic µs

    def __contains__(self, slot: object) -> bool:
        return slot in self._names

    def show(self, slot: str, light: Light, for_us: int) -> None:
        """Shows `light` at `slot` for so long, whatever it showed before."""
        with self._lock:
            showed, _ = self._lit.get(slot, (Light.OFF, 0))
            self._lit[slot] = light, self._mono_us() + for_us
            if light is not showed and not self._tell(slot, light):
                self._lit[slot] = Light.OFF, 0

    def dark(self, slot: str) -> None:
        """Nothing more is to be seen at `slot`."""
        with self._lock:
            if self._lit.pop(slot, None) is not None:
                self._tell(slot, Light.OFF)

    def tick(self) -> None:
        """Puts out what has been lit for long enough."""
        with self._lock:
            now = self._mono_us()
            for slot in [slot for slot, (_, until) in self._lit.items() if until <= now]:
                del self._lit[slot]
                self._tell(slot, Light.OFF)

    def stop(self) -> None:
        """Everything is dark."""
        with self._lock:
            for slot in self._lit:
                self._tell(slot, Light.OFF)
            self._lit.clear()

    def _tell(self, slot: str, light: Light) -> bool:
        """Whether it could be told; what could not is reported, and the record stands without it."""
        try:
            self._indicator.light(self._names[slot], light)
        except DeviceError as error:
            self._report(str(error))
            return False
        self._report(None)
        return True
