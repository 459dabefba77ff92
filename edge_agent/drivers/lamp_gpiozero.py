"""A signal lamp on a Raspberry Pi's pins, one output a colour; amber is red and green where it has no pin."""

from gpiozero import DigitalOutputDevice, GPIOZeroError
from pydantic import BaseModel, ConfigDict

from edge_agent.devices import Around, Light
from edge_agent.errors import DeviceError


class Options(BaseModel):
    """BCM pin numbers of the colours."""

    model_config = ConfigDict(extra="forbid")

    green_pin: int
    red_pin: int
    amber_pin: int | None = None
    active_high: bool = True


class GpioLamp:
    """Two or three outputs."""

    def __init__(self, options: Options) -> None:
        pins = {Light.GREEN: options.green_pin, Light.RED: options.red_pin}
        if options.amber_pin is not None:
            pins[Light.AMBER] = options.amber_pin
        try:
            self._outputs = {
                light: DigitalOutputDevice(pin, active_high=options.active_high) for light, pin in pins.items()
            }
        except GPIOZeroError as error:
            raise DeviceError(f"lamp on pins {sorted(pins.values())}: {error}") from error

    def show(self, light: Light) -> None:
        """Shows `light` and nothing else. Raises DeviceError."""
        lit = {light}
        if light is Light.AMBER and Light.AMBER not in self._outputs:
            lit = {Light.RED, Light.GREEN}
        try:
            for colour, output in self._outputs.items():
                output.value = int(colour in lit)
        except GPIOZeroError as error:
            raise DeviceError(f"the lamp cannot be told: {error}") from error

    def stop(self) -> None:
        """Goes dark and gives the pins back."""
        for output in self._outputs.values():
            output.off()
            output.close()


def build(options: Options, around: Around) -> GpioLamp:
    """The lamp on the pins of `options`. Raises DeviceError where there are no pins."""
    return GpioLamp(options)
