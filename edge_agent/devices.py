"""What the devices of a station are. How each is driven is in `drivers/`; the rest of the agent knows only these.

A driver is a module `drivers/<kind>_<library>.py` with `Options` (a pydantic model, extra="forbid") and
`build(options: Options, around: Around) -> <Kind>`. `build` does not wait for hardware that may come later.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from custody.decisions import Allowed, Decision
from wire.printing import PrinterState


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a driver is given beside its options.

    `folder`: relative paths in options start here (where site.yaml is). `mono_us`: monotonic microseconds.
    `report`: called with a reason when the device went away by itself, with None when it is back; any thread.
    """

    folder: Path
    mono_us: Callable[[], int]
    report: Callable[[str | None], None]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture: `pixels` is height × width × 3, uint8, BGR; `taken_us` when its bytes arrived, before decoding."""

    pixels: NDArray[np.uint8]
    taken_us: int


class Camera(Protocol):
    """Looks at a place."""

    def frames(self) -> Iterator[Frame]:
        """Opens the camera and gives the newest picture, again and again, at most as often as its options say.

        Blocks for the next picture. Ends after `stop` and at the end of a file that is not repeated. Raises
        DeviceError when the camera cannot be opened or goes away; it may then be called again.
        """

    def stop(self) -> None:
        """Gives the hardware back and ends `frames`; from any thread."""


class Position(StrEnum):
    """Where a gate is, or a door, by its own sensor."""

    OPEN = "open"
    CLOSED = "closed"


class Gate(Protocol):
    """Lets pass or holds; closed from the moment it is built."""

    def apply(self, decision: Decision) -> None:
        """Opens for an Allowed, closes for a Refused. Raises DeviceError when it cannot be told."""

    def close(self) -> None:
        """Closes, or stays closed. Raises DeviceError when it cannot be told."""

    def watch(self, on_position: Callable[[Position], None]) -> None:
        """Calls `on_position` with the sensor's first word and at every change; from any thread."""

    def stop(self) -> None:
        """Closes and gives the hardware back."""


class Door(Protocol):
    """A door with a lock and a contact that says whether it is shut; locked from the moment it is built."""

    def unlock(self, decision: Allowed) -> None:
        """Lets it be opened until it is locked again. Raises DeviceError when it cannot be told."""

    def lock(self) -> None:
        """Locks, or stays locked; one that stands open is locked when it is shut. Raises DeviceError."""

    def watch(self, on_position: Callable[[Position], None]) -> None:
        """Calls `on_position` with the contact's first word and at every change; from any thread."""

    def stop(self) -> None:
        """Locks and gives the hardware back."""


class Beam(Protocol):
    """A light barrier across the way."""

    def watch(self, on_broken: Callable[[bool], None]) -> None:
        """Calls `on_broken` with True when something stands in the beam, False when it left; from any thread."""

    def stop(self) -> None:
        """Gives the hardware back."""


class Light(StrEnum):
    """What a lamp shows: go, refused, recording blocked or hands missing, nothing; and the colours of lists of slots,
    which only a slot's light is asked for.
    """

    GREEN = "green"
    RED = "red"
    AMBER = "amber"
    OFF = "off"
    BLUE = "blue"
    VIOLET = "violet"
    WHITE = "white"


class Lamp(Protocol):
    """Tells the person at the gate."""

    def show(self, light: Light) -> None:
        """Shows `light` and nothing else. Raises DeviceError when it cannot be told."""

    def stop(self) -> None:
        """Goes dark and gives the hardware back."""


class SlotIndicator(Protocol):
    """The lights and occupancy switches of a rack, one of each for a slot, which it knows by names of its own."""

    def light(self, slot: str, light: Light, *, blinking: bool = False) -> None:
        """Shows `light` at `slot`: put it here, not here, look here (amber), of a list, nothing. What blinks in red is
        wrong there, what blinks in the colour of a list is its next one. A device without the colours of lists shows
        each of them in its own rhythm.

        Raises DeviceError when it cannot be told, and for a slot it does not know.
        """

    def watch(self, on_change: Callable[[str, bool], None]) -> None:
        """Calls `on_change` with a slot and whether something lies in it: first how it is now, then each change;
        from any thread.
        """

    def stop(self) -> None:
        """Goes dark and gives the hardware back."""


class Button(Protocol):
    """Something that is pressed and released: a rescue button, one to go out by, the dry contact of a fire panel."""

    def watch(self, on_pressed: Callable[[bool], None]) -> None:
        """Calls `on_pressed` with True and False at every change, and at once when it is pressed; from any thread."""

    def stop(self) -> None:
        """Gives the hardware back."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a scale shows; `stable` when it says that it stands still."""

    grams: int
    stable: bool


class Scale(Protocol):
    """Something that weighs."""

    def watch(self, on_weight: Callable[[Weight], None]) -> None:
        """Calls `on_weight` with everything the scale says from now on; from any thread."""

    def stop(self) -> None:
        """Gives the hardware back."""


# ---------------------------------------------------------------- sensors


@dataclass(frozen=True, slots=True)
class Measured:
    """One value: `measures` and its unit as in wire.sensors.UNITS."""

    measures: str
    value: float


class Climate(Protocol):
    """Something that measures: the air of a room, and what else its housing tells."""

    def watch(self, on_measured: Callable[[Measured], None]) -> None:
        """Calls `on_measured` with every value from now on; from any thread."""

    def stop(self) -> None:
        """Gives the hardware back."""


class Contacts(Protocol):
    """One or several contacts, by their names: of a seal's case, of a power supply, of an alarm panel."""

    def watch(self, on_change: Callable[[str, bool], None]) -> None:
        """Calls `on_change` with each contact as it is now, as soon as that is known, and at every change; True is what
        somebody is to know of. From any thread, and as often as it changes.
        """

    def stop(self) -> None:
        """Gives the hardware back."""


class Tune(StrEnum):
    """What a buzzer sounds: three short ones, one long one, nothing."""

    REFUSED = "refused"
    ATTENTION = "attention"
    OFF = "off"


class Buzzer(Protocol):
    """Tells people who look elsewhere."""

    def sound(self, tune: Tune) -> None:
        """Begins `tune` and does not wait for its end. Raises DeviceError when it cannot be told."""

    def stop(self) -> None:
        """Is silent and gives the hardware back."""


# ---------------------------------------------------------------- desks


@dataclass(frozen=True, slots=True)
class Condition:
    """How a printer is; `problem` says it in its own words."""

    state: PrinterState
    problem: str | None = None


class LabelPrinter(Protocol):
    """Prints labels from a roll; a new one has `roll` of them, where that is known."""

    roll: int | None

    def print(self, data: bytes) -> bool:
        """Prints one label, `data` being what the printer understands; blocks until it is out, or seems to be.

        Returns whether it said so itself. Raises PrinterError.
        """

    def ask(self) -> Condition | None:
        """How it is, asked now; None for one that never tells. Blocks for its answer, and raises nothing."""

    def stop(self) -> None:
        """Gives the hardware back; what is being printed ends first."""
