"""Pins: wanted twice, not there, held by others. The kernel's answers are made as linux/gpio.h says they are."""

import struct
from pathlib import Path

from pydantic import BaseModel

from edge_agent.doctor.gpiochip import CHIP_INFO, LINE_INFO
from edge_agent.doctor.pins import check_pins, wanted
from edge_agent.drivers import gate_gpiozero, lamp_gpiozero, slots_gpiozero
from tests.edge_agent.doctor.ward import Ward, codes, found

GATE = gate_gpiozero.Options(pin=17, closed_pin=27)
LAMP = lamp_gpiozero.Options(green_pin=5, red_pin=6, amber_pin=13)


class Kernel:
    """Answers for a chip called `label`; `held` by pin."""

    def __init__(self, label: bytes = b"pinctrl-rp1", held: dict[int, bytes] | None = None, lines: int = 54) -> None:
        self.label, self.held, self.lines = label, held or {}, lines

    def __call__(self, _: int, question: int, about: bytes) -> bytes:
        if question == CHIP_INFO:
            assert len(about) == 68
            return struct.pack("32s32sI", b"gpiochip0", self.label, self.lines)
        assert (question, len(about)) == (LINE_INFO, 256)
        (pin,) = struct.unpack_from("I", about, 64)
        holder = self.held.get(pin)
        flags = 0 if holder is None else 1
        return struct.pack("32s32sIIQ", b"GPIO", holder or b"", pin, 0, flags).ljust(256, b"\0")


def check(tmp_path: Path, options: dict[str, BaseModel], kernel: Kernel | None = None, *files: str) -> list[str]:
    ward = Ward(tmp_path)
    for file in ("dev/gpiochip0", *files):
        ward.put(file)
    return codes(check_pins(options, ward.world, agent_runs=False, ask=kernel or Kernel()))


def test_every_pin_of_every_option_is_known_by_who_wants_it() -> None:
    slots = slots_gpiozero.Options(slots={"A-01": slots_gpiozero.SlotPins(green_pin=7, switch_pin=9)})
    assert list(wanted({"barrier": GATE, "rack": slots})) == [
        ("barrier.pin", 17), ("barrier.closed_pin", 27), ("rack.slots.A-01.green_pin", 7),
        ("rack.slots.A-01.switch_pin", 9),
    ]  # fmt: skip


def test_pins_that_are_each_used_once_are_one_line(tmp_path: Path) -> None:
    assert check(tmp_path, {"barrier": GATE, "lamp": LAMP}) == ["pins.ok"]
    assert check(tmp_path, {}) == []


def test_a_pin_that_is_taken_twice_is_told_with_both(tmp_path: Path) -> None:
    both: dict[str, BaseModel] = {"barrier": GATE, "lamp": LAMP.model_copy(update={"red_pin": 27})}
    ward = Ward(tmp_path)
    ward.put("dev/gpiochip0")
    said = found(check_pins(both, ward.world, agent_runs=False, ask=Kernel()), "pins.twice")
    assert said == {"about": "lamp.red_pin", "pin": 27, "other": "barrier.closed_pin"}


def test_a_pin_that_no_board_gives_or_that_belongs_to_something_is_told(tmp_path: Path) -> None:
    wrong: dict[str, BaseModel] = {"barrier": gate_gpiozero.Options(pin=40, closed_pin=1), "lamp": LAMP}
    assert check(tmp_path, wrong) == ["pins.not_there", "pins.reserved"]
    i2c: dict[str, BaseModel] = {"barrier": gate_gpiozero.Options(pin=2, closed_pin=17)}
    assert check(tmp_path, i2c) == ["pins.ok"]
    assert check(tmp_path, i2c, None, "dev/i2c-1") == ["pins.reserved"]


def test_a_pin_that_another_program_holds_is_told_but_not_while_that_is_the_agent(tmp_path: Path) -> None:
    ward = Ward(tmp_path)
    ward.put("dev/gpiochip0")
    kernel = Kernel(held={27: b"spi0 CS0", 3: b"other", 17: b""})
    said = list(check_pins({"barrier": GATE}, ward.world, agent_runs=False, ask=kernel))
    assert [(one.code, one.about, one.values["by"]) for one in said] == [
        ("pins.held", "barrier.pin", "the kernel"), ("pins.held", "barrier.closed_pin", "spi0 CS0"),
    ]  # fmt: skip
    assert codes(check_pins({"barrier": GATE}, ward.world, agent_runs=True, ask=kernel)) == ["pins.ok"]


def test_a_machine_without_the_headers_chip_has_no_pins(tmp_path: Path) -> None:
    assert check(tmp_path, {"barrier": GATE}, Kernel(label=b"gpio-mockup")) == ["pins.none"]
    assert codes(check_pins({"barrier": GATE}, Ward(tmp_path / "other").world, agent_runs=False)) == ["pins.none"]
    ward = Ward(tmp_path / "real")
    ward.put("dev/gpiochip0")  # a plain file: the real kernel says that it is no chip
    assert codes(check_pins({"barrier": GATE}, ward.world, agent_runs=False)) == ["pins.none"]
