"""config.json: which slots hang on this board, and where the site's broker is. All faults at once."""

import json


class ConfigError(Exception):
    """A configuration with faults, told one after the other."""


def read_config(path: str) -> dict:
    """The configuration in `path`, with what was left out at its usual value. Raises ConfigError."""
    try:
        with open(path) as file:
            config = json.load(file)
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise ConfigError("is no JSON object")
    for name, usual in (("port", 8884), ("keepalive_s", 10), ("debounce_ms", 50), ("dark_after_s", 20),
                        ("brightness", 60), ("tls", None), ("user", None), ("password", None), ("ntp", None),
                        ("wifi", None)):  # fmt: skip
        config.setdefault(name, usual)
    faults = list(_faults(config))
    if faults:
        raise ConfigError("; ".join(faults))
    return config


def _faults(config: dict):
    for name in ("node", "broker"):
        if not isinstance(config.get(name), str) or not config[name]:
            yield name + " is missing"
    for name in ("port", "keepalive_s", "debounce_ms", "dark_after_s", "brightness"):
        if not isinstance(config[name], int) or config[name] <= 0:
            yield name + " is no number above 0"
    if config["tls"] is not None and not {"ca", "cert", "key"} <= set(config["tls"]):
        yield "tls needs ca, cert and key, each a file in DER form"
    strip = config.get("strip")
    if not isinstance(strip, dict) or not isinstance(strip.get("pin"), int) or not isinstance(strip.get("pixels"), int):
        yield "strip needs pin and pixels"
        strip = {"pin": None, "pixels": 0}
    slots = config.get("slots")
    if not isinstance(slots, dict) or not slots:
        yield "slots is empty"
        slots = {}
    yield from _slot_faults(slots, strip)


def _slot_faults(slots: dict, strip: dict):
    pins, pixels = {strip["pin"]: "the strip"}, {}
    for name, slot in sorted(slots.items()):
        where = "slot " + name
        if not isinstance(slot, dict) or not isinstance(slot.get("pin"), int):
            yield where + " needs pin"
            continue
        if slot["pin"] in pins:
            yield f"{where}: pin {slot['pin']} is taken by {pins[slot['pin']]}"
        pins[slot["pin"]] = where
        lit = slot.get("pixels")
        if not isinstance(lit, list) or not lit:
            yield where + " needs pixels, a list of numbers"
            continue
        for pixel in lit:
            if not isinstance(pixel, int) or not 0 <= pixel < strip["pixels"]:
                yield f"{where}: there is no pixel {pixel}"
            elif pixel in pixels:
                yield f"{where}: pixel {pixel} is taken by {pixels[pixel]}"
            pixels[pixel] = where
