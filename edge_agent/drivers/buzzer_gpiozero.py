"""A buzzer that sounds while a Raspberry Pi's pin says so."""

from gpiozero import DigitalOutputDevice, GPIOZeroError
from pydantic import BaseModel, ConfigDict, Field

from edge_agent.devices import Around, Tune
from edge_agent.errors import DeviceError


class Options(BaseModel):
    """BCM pin number, and how long a short and a long tone are."""

    model_config = ConfigDict(extra="forbid")

    pin: int
    active_high: bool = True
    short_s: float = Field(0.12, gt=0)
    long_s: float = Field(0.8, gt=0)


class GpioBuzzer:
    """One output."""

    def __init__(self, options: Options) -> None:
        self._options = options
        try:
            self._output = DigitalOutputDevice(options.pin, active_high=options.active_high)
        except GPIOZeroError as error:
            raise DeviceError(f"buzzer on pin {options.pin}: {error}") from error

    def sound(self, tune: Tune) -> None:
        """Begins `tune`, in gpiozero's own thread. Raises DeviceError."""
        short, long = self._options.short_s, self._options.long_s
        try:
            if tune is Tune.OFF:
                self._output.off()
            elif tune is Tune.REFUSED:
                self._output.blink(short, short, n=3)
            else:
                self._output.blink(long, short, n=1)
        except GPIOZeroError as error:
            raise DeviceError(f"the buzzer cannot be told: {error}") from error

    def stop(self) -> None:
        """Is silent and gives the pin back."""
        self._output.off()
        self._output.close()


def build(options: Options, around: Around) -> GpioBuzzer:
    """The buzzer on the pin of `options`. Raises DeviceError where there are no pins."""
    return GpioBuzzer(options)
