"""A read-only mirror for Home Assistant: doors, climate and agents' health, as MQTT discovery describes them."""
