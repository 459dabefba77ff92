"""Contacts on the stage, for every `_sim` driver of such."""

import threading
from collections.abc import Callable
from typing import Any

from edge_agent.devices import Around
from edge_agent.drivers.stage import StageLines, StageOptions
from edge_agent.errors import DeviceError


class StageContacts:
    """Hears how each contact of the device is."""

    def __init__(self, options: StageOptions, kind: str, around: Around) -> None:
        self._watchers: list[Callable[[str, bool], None]] = []
        self._active: dict[str, bool] = {}
        self._hearing = threading.Lock()
        self._stage = StageLines(options, kind, around, self._hear)

    def watch(self, on_change: Callable[[str, bool], None]) -> None:
        """Calls `on_change` with every contact that was heard of, and at every change."""
        with self._hearing:  # so that nobody hears a change before what it changed
            self._watchers.append(on_change)
            for contact, active in self._active.items():
                on_change(contact, active)

    def stop(self) -> None:
        """Leaves the stage."""
        self._stage.stop()

    def _hear(self, line: dict[str, Any]) -> None:
        contact, active = line.get("contact"), line.get("active") is True
        if not isinstance(contact, str):
            raise DeviceError(f"{line!r} is about no contact")
        with self._hearing:
            if self._active.get(contact) is active:
                return
            self._active[contact] = active
            for on_change in self._watchers:
                on_change(contact, active)
