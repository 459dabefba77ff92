"""An alarm panel's outputs, or the loops of its detectors, on a Raspberry Pi's pins: one contact a zone."""

from pydantic import BaseModel, ConfigDict, Field

from edge_agent.devices import Around
from edge_agent.drivers.contact_pins import PinContacts


class ZonePin(BaseModel):
    """BCM pin number of a zone. Normally closed: it opens in alarm, and a cut wire is one; or `normally_open`."""

    model_config = ConfigDict(extra="forbid")

    pin: int
    normally_open: bool = False


class Options(BaseModel):
    """The zones by their names."""

    model_config = ConfigDict(extra="forbid")

    zones: dict[str, ZonePin] = Field(min_length=1)


def build(options: Options, around: Around) -> PinContacts:
    """The zones on the pins of `options`. Raises DeviceError where there are no pins."""
    return PinContacts({name: (zone.pin, not zone.normally_open) for name, zone in options.zones.items()})
