"""A tilt or vibration switch on the case of a seal, between a Raspberry Pi's pin and ground."""

from pydantic import BaseModel, ConfigDict

from edge_agent.devices import Around
from edge_agent.drivers.contact_pins import PinContacts
from wire.sensors import TILTED


class Options(BaseModel):
    """BCM pin number. At rest the switch is closed, so that a cut wire counts as tilted; `closed_when_tilted`: not."""

    model_config = ConfigDict(extra="forbid")

    pin: int
    closed_when_tilted: bool = False


def build(options: Options, around: Around) -> PinContacts:
    """The switch on the pin of `options`. Raises DeviceError where there are no pins."""
    return PinContacts({TILTED: (options.pin, not options.closed_when_tilted)})
