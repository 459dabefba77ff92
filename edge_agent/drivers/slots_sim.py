"""A rack's lights and switches on the stage."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from edge_agent.devices import Around, Light
from edge_agent.drivers.stage import StageLines, StageOptions
from edge_agent.errors import DeviceError


class Options(StageOptions):
    """Where the stage is and which rack there this is."""


class SimSlots:
    """Sends what each slot shall show and hears what lies in it."""

    def __init__(self, options: Options, around: Around) -> None:
        self._watchers: list[Callable[[str, bool], None]] = []
        self._occupied: dict[str, bool] = {}
        self._hearing = threading.Lock()
        self._lit: set[str] = set()
        self._stage = StageLines(options, "slots", around, self._hear)

    def light(self, slot: str, light: Light, *, blinking: bool = False) -> None:
        """Shows `light` at `slot`. Raises DeviceError without a stage."""
        self._lit.add(slot)
        blink = {"blinking": True} if blinking else {}
        self._stage.send({"slot": slot, "show": light.value, **blink}, about=slot)

    def watch(self, on_change: Callable[[str, bool], None]) -> None:
        """Calls `on_change` with every slot that was heard of, and at every word about one."""
        with self._hearing:  # so that nobody hears a change before what it changed
            self._watchers.append(on_change)
            for slot, occupied in self._occupied.items():
                on_change(slot, occupied)

    def stop(self) -> None:
        """Goes dark, if there is a stage, and leaves it."""
        with suppress(DeviceError):
            for slot in self._lit:
                self._stage.send({"slot": slot, "show": Light.OFF.value}, about=slot)
        self._stage.stop()

    def _hear(self, line: dict[str, Any]) -> None:
        slot, occupied = line.get("slot"), line.get("occupied") is True
        if not isinstance(slot, str):
            raise DeviceError(f"{line!r} is about no slot")
        with self._hearing:
            if self._occupied.get(slot) is occupied:
                return
            self._occupied[slot] = occupied
            for on_change in self._watchers:
                on_change(slot, occupied)


def build(options: Options, around: Around) -> SimSlots:
    """The simulated rack of `options`."""
    return SimSlots(options, around)
