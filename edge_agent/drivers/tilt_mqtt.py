"""Another maker's vibration or tilt sensor, over the site's own MQTT broker."""

from edge_agent.devices import Around
from edge_agent.drivers.contact_mqtt import ContactOptions, MqttContacts


class Options(ContactOptions):
    """Where it is and what it says."""


def build(options: Options, around: Around) -> MqttContacts:
    """The device of `options`, which may come later."""
    return MqttContacts("tilt", options, around)
