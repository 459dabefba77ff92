"""Another maker's contacts over the site's own MQTT broker, for every driver of such."""

import threading
from collections.abc import Callable
from typing import Any

from pydantic import Field

from edge_agent.devices import Around
from edge_agent.drivers.mapped_mqtt import MappedDevice, MappedOptions, Where


class Contact(Where):
    """A contact: what its member says when it is active; anything else it says means that it is not."""

    contact: str = Field(min_length=1, max_length=64)
    active: bool | str | int


class ContactOptions(MappedOptions):
    """Where it is and what it says."""

    mapping: list[Contact] = Field(min_length=1)


class MqttContacts:
    """The contacts of one device."""

    def __init__(self, kind: str, options: ContactOptions, around: Around) -> None:
        self._watchers: list[Callable[[str, bool], None]] = []
        self._active: dict[str, bool] = {}
        self._hearing = threading.Lock()
        self._device = MappedDevice(kind, options, around, list(options.mapping), self._hear)

    def watch(self, on_change: Callable[[str, bool], None]) -> None:
        """Calls `on_change` with every contact that was heard of, and at every change."""
        with self._hearing:  # so that nobody hears a change before what it changed
            self._watchers.append(on_change)
            for contact, active in self._active.items():
                on_change(contact, active)

    def stop(self) -> None:
        """Leaves the broker."""
        self._device.stop()

    def _hear(self, where: Where, said: Any) -> None:
        if not isinstance(where, Contact):
            return
        if not isinstance(said, bool | str | int):
            raise ValueError(f"{said!r:.40} is no state of {where.contact}")
        active = type(said) is type(where.active) and said == where.active  # 1 is not true
        with self._hearing:
            if self._active.get(where.contact) is active:
                return
            self._active[where.contact] = active
            for on_change in self._watchers:
                on_change(where.contact, active)
