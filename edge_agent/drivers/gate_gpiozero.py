"""A gate on a Raspberry Pi's pins: an output that opens it, an input from its own "closed" switch."""

from collections.abc import Callable

from gpiozero import DigitalInputDevice, DigitalOutputDevice, GPIOZeroError
from pydantic import BaseModel, ConfigDict

from custody.decisions import Allowed, Decision
from edge_agent.devices import Around, Position
from edge_agent.errors import DeviceError


class Options(BaseModel):
    """BCM pin numbers. The switch pulls its pin low while the gate is closed; without power the gate is closed."""

    model_config = ConfigDict(extra="forbid")

    pin: int
    closed_pin: int
    active_high: bool = True


class GpioGate:
    """One relay, one switch."""

    def __init__(self, options: Options) -> None:
        try:
            self._relay = DigitalOutputDevice(options.pin, active_high=options.active_high, initial_value=False)
            self._closed = DigitalInputDevice(options.closed_pin, pull_up=True)
        except GPIOZeroError as error:
            raise DeviceError(f"gate on pins {options.pin} and {options.closed_pin}: {error}") from error

    def apply(self, decision: Decision) -> None:
        """Opens for an Allowed, closes for a Refused. Raises DeviceError."""
        self._switch(isinstance(decision, Allowed))

    def close(self) -> None:
        """Closes. Raises DeviceError."""
        self._switch(False)

    def watch(self, on_position: Callable[[Position], None]) -> None:
        """Calls `on_position` with where it is now and at every change of the switch."""
        self._closed.when_activated = lambda: on_position(Position.CLOSED)
        self._closed.when_deactivated = lambda: on_position(Position.OPEN)
        on_position(Position.CLOSED if self._closed.is_active else Position.OPEN)

    def stop(self) -> None:
        """Closes and gives the pins back."""
        self._relay.off()
        self._relay.close()
        self._closed.close()

    def _switch(self, on: bool) -> None:
        try:
            self._relay.value = int(on)
        except GPIOZeroError as error:
            raise DeviceError(f"the gate cannot be told: {error}") from error


def build(options: Options, around: Around) -> GpioGate:
    """The gate on the pins of `options`. Raises DeviceError where there are no pins."""
    return GpioGate(options)
