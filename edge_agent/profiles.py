"""Device profiles: what a type of device is, under one exact name. A device of the site file may name one.

A profile is its driver and the options that every such device has; those of the site file stand above them.
"""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge_agent.errors import SettingsError
from edge_agent.lined_yaml import LinedYaml

FOLDER = Path(__file__).resolve().parent.parent / "device_profiles"
KINDS = (
    "camera", "gate", "door", "beam", "lamp", "buzzer", "slots", "button", "scale", "labelprinter", "climate", "tilt",
    "ups", "alarmpanel",
)  # fmt: skip

DriverName = Annotated[str, Field(pattern=rf"^({'|'.join(KINDS)})_[a-z0-9]+$")]
ProfileName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,63}$")]


class Profile(BaseModel):
    """One file of `device_profiles/`, which is called as it says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    profile: ProfileName
    kind: str
    about: Annotated[str, Field(min_length=1)]
    """Which thing one can hold in one's hand this is, and how it is connected."""
    driver: DriverName
    options: dict[str, Any] = {}


def kind_of(driver: str) -> str:
    """What a driver drives: the part of its name before the underscore."""
    return driver.partition("_")[0]


def shipped(folder: Path = FOLDER) -> dict[str, Path]:
    """The profiles that come with the program, by their names."""
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def read_profile(path: Path) -> Profile:
    """The profile in a file. Raises SettingsError with every fault."""
    file = LinedYaml(path)
    try:
        profile = Profile.model_validate(file.content)
    except ValidationError as error:
        raise SettingsError(list(file.faults(error, ()))) from error
    faults = []
    if profile.profile != path.stem:
        faults.append(file.fault(("profile",), f"{profile.profile} in a file that is called {path.stem}"))
    if kind_of(profile.driver) != profile.kind:
        faults.append(file.fault(("driver",), f"{profile.driver} drives no {profile.kind}"))
    if faults:
        raise SettingsError(faults)
    return profile


def nearest(name: str, known: list[str]) -> str:
    """`, did you mean …?` where one of `known` is close to `name`; else nothing."""
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    return f", did you mean {close[0]}?" if close else ""
