"""Which pins the devices want: each once, each there, none held by somebody else."""

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from edge_agent.choosing import pins_in
from edge_agent.doctor.finding import Finding, Findings
from edge_agent.doctor.gpiochip import Ask, ask_kernel, holders
from edge_agent.doctor.world import World

HEADER_PINS = 28
# Which function has which pins where its device file is there.
FUNCTIONS = (
    ("I2C", "dev/i2c-1", (2, 3)),
    ("SPI", "dev/spidev0.0", (7, 8, 9, 10, 11)),
    ("the serial port", "dev/serial0", (14, 15)),
)
BOARD_ID = (0, 1)


def wanted(options: Mapping[str, BaseModel]) -> Iterator[tuple[str, int]]:
    """Every pin in the options of the devices by their names, with who wants it."""
    for device, chosen in options.items():
        for where, pin in pins_in(chosen.model_dump()):
            yield ".".join((device, *map(str, where))), pin


def check_pins(options: Mapping[str, BaseModel], world: World, *, agent_runs: bool, ask: Ask = ask_kernel) -> Findings:
    """What is wrong with the pins that `options` name; nothing where they name none."""
    pins = list(wanted(options))
    if not pins:
        return
    found = [*_plan_faults(pins, world), *([] if agent_runs else _board_faults(pins, world, ask))]
    yield from found
    if not found:
        yield Finding("pins.ok", values={"count": len(pins)})


def _plan_faults(pins: list[tuple[str, int]], world: World) -> Findings:
    users: dict[int, str] = {}
    belong = {pin: name for name, file, theirs in FUNCTIONS if (world.root / file).exists() for pin in theirs}
    belong |= dict.fromkeys(BOARD_ID, "the board's own ID")
    for who, pin in pins:
        if not 0 <= pin < HEADER_PINS:
            yield Finding("pins.not_there", who, {"pin": pin})
        elif pin in users:
            yield Finding("pins.twice", who, {"pin": pin, "other": users[pin]})
        elif pin in belong:
            yield Finding("pins.reserved", who, {"pin": pin, "by": belong[pin]})
        users.setdefault(pin, who)


def _board_faults(pins: list[tuple[str, int]], world: World, ask: Ask) -> Findings:
    for chip in sorted((world.root / "dev").glob("gpiochip*")):
        try:
            held = holders(chip, HEADER_PINS, ask)
        except PermissionError:
            yield Finding("pins.forbidden", f"/dev/{chip.name}")
            return
        except OSError:  # no chip of this kernel's
            continue
        if held is not None:
            yield from (Finding("pins.held", who, {"pin": pin, "by": held[pin]}) for who, pin in pins if pin in held)
            return
    yield Finding("pins.none", values={"count": len(pins)})
