"""A button or a dry contact between a Raspberry Pi's pin and ground."""

from collections.abc import Callable

from gpiozero import DigitalInputDevice, GPIOZeroError
from pydantic import BaseModel, ConfigDict

from edge_agent.devices import Around
from edge_agent.errors import DeviceError


class Options(BaseModel):
    """BCM pin number. A contact that closes when pressed pulls the pin low.

    `pressed_when_high` is for one that opens, as fire panels have it: then a cut wire counts as pressed.
    """

    model_config = ConfigDict(extra="forbid")

    pin: int
    pressed_when_high: bool = False


class GpioButton:
    """One input with the chip's own pull-up."""

    def __init__(self, options: Options) -> None:
        try:
            self._input = DigitalInputDevice(options.pin, pull_up=True)
        except GPIOZeroError as error:
            raise DeviceError(f"button on pin {options.pin}: {error}") from error
        self._pressed_when_high = options.pressed_when_high

    def watch(self, on_pressed: Callable[[bool], None]) -> None:
        """Calls `on_pressed` at every change, and at once when it is pressed now."""
        high, low = self._pressed_when_high, not self._pressed_when_high
        self._input.when_activated = lambda: on_pressed(low)  # active is low, as the pull-up is
        self._input.when_deactivated = lambda: on_pressed(high)
        if self._input.is_active is low:
            on_pressed(True)

    def stop(self) -> None:
        """Gives the pin back."""
        self._input.close()


def build(options: Options, around: Around) -> GpioButton:
    """The button on the pin of `options`. Raises DeviceError where there are no pins."""
    return GpioButton(options)
