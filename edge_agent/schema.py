"""JSON Schemas of site files and device profiles, made from the typed models and the drivers' own options."""

import importlib
from typing import Any

from edge_agent.choosing import driver_names
from edge_agent.profiles import Profile, kind_of, read_profile, shipped
from edge_agent.site_entries import Site

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def site_schema() -> dict[str, Any]:
    """Of a site file: a device with a driver has that driver's options, one with a profile needs those it lacks."""
    schema = Site.model_json_schema()
    shared = schema["$defs"]
    entry = shared.pop("DeviceEntry")["properties"]
    choices = []
    for driver in driver_names():
        options = _options(driver, shared)
        needed = ["name", "driver", *(["options"] if options.get("required") else [])]
        choices.append(_device({"name": entry["name"], "driver": {"const": driver}, "options": options}, needed))
    for name, path in shipped().items():
        profile = read_profile(path)
        options = _options(profile.driver, shared)
        lacking = [one for one in options.get("required", []) if one not in profile.options]
        about = {"const": name, "description": profile.about}
        needed = ["name", "profile", *(["options"] if lacking else [])]
        properties = {"name": entry["name"], "profile": about, "options": {**options, "required": lacking}}
        choices.append(_device(properties, needed))
    shared["DeviceEntry"] = {"oneOf": choices}
    return {"$schema": DIALECT, **schema}


def profile_schema() -> dict[str, Any]:
    """Of a profile: any part of its driver's options may be left to the site file."""
    schema = Profile.model_json_schema()
    shared: dict[str, Any] = {}
    choices = []
    for driver in driver_names():
        options = {**_options(driver, shared), "required": []}
        choices.append(
            {"properties": {"driver": {"const": driver}, "kind": {"const": kind_of(driver)}, "options": options}}
        )
    return {"$schema": DIALECT, **schema, "$defs": shared, "oneOf": choices}


def _device(properties: dict[str, Any], needed: list[str]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": needed}


def _options(driver: str, shared: dict[str, Any]) -> dict[str, Any]:
    """The options of `driver`; what they share goes into `shared`, under names of its own."""
    module = importlib.import_module(f"edge_agent.drivers.{driver}")
    schema: dict[str, Any] = module.Options.model_json_schema(ref_template=f"#/$defs/{driver}.{{model}}")
    shared.update({f"{driver}.{name}": part for name, part in schema.pop("$defs", {}).items()})
    return schema
