"""A door on a Raspberry Pi's pins: an output that unlocks its strike, an input from its contact."""

from collections.abc import Callable

from gpiozero import DigitalInputDevice, DigitalOutputDevice, GPIOZeroError
from pydantic import BaseModel, ConfigDict

from custody.decisions import Allowed
from edge_agent.devices import Around, Position
from edge_agent.errors import DeviceError


class Options(BaseModel):
    """BCM pin numbers. The contact pulls its pin low while the door is shut, so a cut wire reads as open.

    `unlock_high`: the level that unlocks. Without power it is locked from outside; from inside a handle opens it.
    """

    model_config = ConfigDict(extra="forbid")

    lock_pin: int
    contact_pin: int
    unlock_high: bool = True


class GpioDoor:
    """One strike, one contact."""

    def __init__(self, options: Options) -> None:
        try:
            self._strike = DigitalOutputDevice(options.lock_pin, active_high=options.unlock_high, initial_value=False)
            self._shut = DigitalInputDevice(options.contact_pin, pull_up=True)
        except GPIOZeroError as error:
            raise DeviceError(f"door on pins {options.lock_pin} and {options.contact_pin}: {error}") from error

    def unlock(self, decision: Allowed) -> None:
        """Unlocks until it is locked again. Raises DeviceError."""
        self._switch(True)

    def lock(self) -> None:
        """Locks. Raises DeviceError."""
        self._switch(False)

    def watch(self, on_position: Callable[[Position], None]) -> None:
        """Calls `on_position` with what the contact says now and at every change."""
        self._shut.when_activated = lambda: on_position(Position.CLOSED)
        self._shut.when_deactivated = lambda: on_position(Position.OPEN)
        on_position(Position.CLOSED if self._shut.is_active else Position.OPEN)

    def stop(self) -> None:
        """Locks and gives the pins back."""
        self._strike.off()
        self._strike.close()
        self._shut.close()

    def _switch(self, unlocked: bool) -> None:
        try:
            self._strike.value = int(unlocked)
        except GPIOZeroError as error:
            raise DeviceError(f"the door cannot be told: {error}") from error


def build(options: Options, around: Around) -> GpioDoor:
    """The door on the pins of `options`. Raises DeviceError where there are no pins."""
    return GpioDoor(options)
