"""A power supply on the stage."""

from edge_agent.devices import Around
from edge_agent.drivers.contact_stage import StageContacts
from edge_agent.drivers.stage import StageOptions


class Options(StageOptions):
    """Where the stage is and which device there this is."""


def build(options: Options, around: Around) -> StageContacts:
    """The simulated device of `options`."""
    return StageContacts(options, "ups", around)
