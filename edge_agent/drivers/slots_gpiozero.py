"""A small rack on a Raspberry Pi's pins: for each slot a light of one or two colours, and a micro-switch."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from gpiozero import DigitalInputDevice, DigitalOutputDevice, GPIOZeroError
from pydantic import BaseModel, ConfigDict, Field

from edge_agent.devices import Around, Light
from edge_agent.errors import DeviceError

RHYTHM_S = {Light.BLUE: (1.0, 1.0), Light.VIOLET: (0.2, 0.2), Light.WHITE: (1.7, 0.3)}
"""Seconds on and off of each list, whose colour these lights have not: they are amber, each in its own rhythm."""
BLINK_S = 0.5, 0.5


class SlotPins(BaseModel):
    """BCM pin numbers of one slot; the switch pulls its pin low while something lies on it."""

    model_config = ConfigDict(extra="forbid")

    green_pin: int
    red_pin: int | None = None
    switch_pin: int
    occupied_when_high: bool = False


class Options(BaseModel):
    """The slots by their names here. A light of one colour is dark where it should be red."""

    model_config = ConfigDict(extra="forbid")

    slots: dict[str, SlotPins] = Field(min_length=1)
    active_high: bool = True


class GpioSlots:
    """Outputs and inputs, with the chip's own pull-ups."""

    def __init__(self, options: Options) -> None:
        self._lights: dict[str, dict[Light, DigitalOutputDevice]] = {}
        self._switches: dict[str, tuple[DigitalInputDevice, bool]] = {}
        with ExitStack() as undo:
            for name, pins in options.slots.items():
                colours = {Light.GREEN: pins.green_pin, Light.RED: pins.red_pin}
                try:
                    self._lights[name] = {
                        colour: undo.enter_context(DigitalOutputDevice(pin, active_high=options.active_high))
                        for colour, pin in colours.items()
                        if pin is not None
                    }
                    switch = undo.enter_context(DigitalInputDevice(pins.switch_pin, pull_up=True))
                except GPIOZeroError as error:
                    raise DeviceError(f"slot {name}: {error}") from error
                self._switches[name] = switch, pins.occupied_when_high
            self._close = undo.pop_all()

    def light(self, slot: str, light: Light, *, blinking: bool = False) -> None:
        """Shows `light` at `slot`; amber is both colours, and what lists show. Raises DeviceError."""
        outputs = self._lights.get(slot)
        if outputs is None:
            raise DeviceError(f"there is no slot {slot}")
        rhythm = RHYTHM_S.get(light, BLINK_S if blinking else None)
        lit = {Light.RED, Light.GREEN} if light is Light.AMBER or light in RHYTHM_S else {light}
        try:
            for colour, output in outputs.items():
                if rhythm is not None and colour in lit:
                    output.blink(*rhythm)
                else:
                    output.value = int(colour in lit)
        except GPIOZeroError as error:
            raise DeviceError(f"slot {slot} cannot be told: {error}") from error

    def watch(self, on_change: Callable[[str, bool], None]) -> None:
        """Calls `on_change` with each slot as it is now, and at every change of its switch."""
        for slot, (switch, when_high) in self._switches.items():
            switch.when_activated = partial(on_change, slot, not when_high)  # active is low, as the pull-up is
            switch.when_deactivated = partial(on_change, slot, when_high)
            on_change(slot, when_high is not switch.is_active)

    def stop(self) -> None:
        """Goes dark and gives the pins back."""
        for outputs in self._lights.values():
            for output in outputs.values():
                output.off()
        self._close.close()


def build(options: Options, around: Around) -> GpioSlots:
    """The rack on the pins of `options`. Raises DeviceError where there are no pins."""
    return GpioSlots(options)
