"""The contacts of a power supply with a battery (UPS, DC-UPS): mains lost, battery low."""

from pydantic import BaseModel, ConfigDict

from edge_agent.devices import Around
from edge_agent.drivers.contact_pins import PinContacts
from wire.sensors import BATTERY_LOW, POWER


class Options(BaseModel):
    """BCM pin numbers. Contacts are closed while all is well, so that a cut wire counts as lost; or the other way."""

    model_config = ConfigDict(extra="forbid")

    mains_pin: int
    battery_pin: int | None = None
    closed_when_well: bool = True


def build(options: Options, around: Around) -> PinContacts:
    """The contacts on the pins of `options`. Raises DeviceError where there are no pins."""
    pins = {POWER: options.mains_pin, BATTERY_LOW: options.battery_pin}
    return PinContacts({name: (pin, options.closed_when_well) for name, pin in pins.items() if pin is not None})
