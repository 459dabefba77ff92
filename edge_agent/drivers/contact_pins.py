"""Contacts between a Raspberry Pi's pins and ground, for every driver of such: they pull their pin low when closed."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial

from gpiozero import DigitalInputDevice, GPIOZeroError

from edge_agent.errors import DeviceError


class PinContacts:
    """Inputs with the chip's own pull-ups, by name: the pin, and whether an open contact (or a cut wire) is active."""

    def __init__(self, pins: Mapping[str, tuple[int, bool]]) -> None:
        self._inputs: dict[str, tuple[DigitalInputDevice, bool]] = {}
        with ExitStack() as undo:
            for name, (pin, when_open) in pins.items():
                try:
                    self._inputs[name] = undo.enter_context(DigitalInputDevice(pin, pull_up=True)), when_open
                except GPIOZeroError as error:
                    raise DeviceError(f"{name} on pin {pin}: {error}") from error
            self._close = undo.pop_all()

    def watch(self, on_change: Callable[[str, bool], None]) -> None:
        """Calls `on_change` with each contact as it is now, and at every edge."""
        for name, (contact, when_open) in self._inputs.items():
            contact.when_activated = partial(on_change, name, not when_open)  # active is low, which is closed
            contact.when_deactivated = partial(on_change, name, when_open)
            on_change(name, when_open is not contact.is_active)

    def stop(self) -> None:
        """Gives the pins back."""
        self._close.close()
