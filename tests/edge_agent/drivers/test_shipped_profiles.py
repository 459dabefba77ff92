"""Every profile that ships, named in a site file, drives its device: on mock pins, or in its simulated world."""

import importlib.util
import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from custody.decisions import Allowed
from edge_agent.choosing import Choice, look_at
from edge_agent.devices import Light, Measured, Position, Tune, Weight
from edge_agent.drivers.climate_sht31 import Sht31
from edge_agent.errors import DeviceError
from edge_agent.profiles import shipped
from simulators.gateways import GADGETS
from simulators.label_printer import NetworkLabelPrinter
from tests.edge_agent.drivers.live_cameras import Show, mjpeg_server
from tests.edge_agent.drivers.sensor_worlds import FakeBus, Reports, by_gadget, on_pins
from tests.edge_agent.drivers.test_label_printers import DATA
from tests.edge_agent.drivers.test_scales import OnLine
from tests.edge_agent.drivers.worlds import around, on_node
from tests.system.waiting import until_now

OPEN = Allowed("gate.permit.valid")
OWN: dict[str, dict[str, Any]] = {
    "door": {"lock_pin": 4, "contact_pin": 5}, "gate": {"pin": 4, "closed_pin": 5}, "beam": {"pin": 5},
    "lamp": {"green_pin": 4, "red_pin": 6}, "button": {"pin": 5}, "buzzer": {"pin": 4},
    "slots": {"slots": {"A": {"green_pin": 4, "switch_pin": 5}}}, "tilt": {"pin": 5}, "ups": {"mains_pin": 5},
    "alarmpanel": {"zones": {"roof": {"pin": 5}}},
}  # fmt: skip
"""What a site says itself of a device on pins: its output is pin 4, its input pin 5."""


def named(folder: Path, profile: str, **own: Any) -> Choice:
    """The device of a site file that names the profile."""
    device = {"name": "one", "profile": profile, "options": own}
    (folder / "site.yaml").write_text(yaml.safe_dump({"site": "nj01", "agent": "nj01.a", "devices": [device]}), "utf-8")
    looked = look_at(folder / "site.yaml")
    assert looked.faults == []
    return looked.choices["one"]


def driven_by(*drivers: str) -> list[str]:
    """The profiles of these drivers."""
    texts = {name: path.read_text("utf-8") for name, path in shipped().items()}
    return [name for name, text in texts.items() if yaml.safe_load(text)["driver"].endswith(drivers)]


PINS = driven_by("_gpiozero")
ELSEWHERE = ("scale_serial", "slots_mqtt", "labelprinter_tcp", "climate_sht31", "camera_opencv", "camera_picamera2")


def test_none_is_left_out() -> None:
    driven = [*PINS, *GADGETS, *driven_by(*ELSEWHERE)]
    assert sorted(driven) == sorted(shipped())


def heard(device: Any) -> "queue.Queue[Any]":
    said: queue.Queue[Any] = queue.Queue()
    device.watch(lambda *what: said.put(what[-1]))
    return said


@pytest.mark.parametrize("profile", PINS)
def test_a_device_on_pins_does_and_tells_what_it_should(tmp_path: Path, profile: str) -> None:
    with on_pins(tmp_path) as world:
        output, contact = world.pins.pin(4), world.pins.pin(5)
        choice = named(tmp_path, profile, **OWN[yaml.safe_load(shipped()[profile].read_text("utf-8"))["kind"]])
        device = choice.build(choice.options, around(tmp_path))
        kind = type(choice.options).__module__.rpartition(".")[2].partition("_")[0]
        rest = output.state
        acts: dict[str, Callable[[], None]] = {
            "door": lambda: device.unlock(OPEN), "gate": lambda: device.apply(OPEN),
            "lamp": lambda: device.show(Light.GREEN), "slots": lambda: device.light("A", Light.GREEN),
            "buzzer": lambda: device.sound(Tune.ATTENTION),
        }  # fmt: skip
        if kind in acts:
            acts[kind]()
            until_now(lambda: output.state is not rest, profile)
        if kind not in ("lamp", "buzzer"):
            contact.drive_low()
            said = heard(device)
            closed = None if said.empty() else said.get(timeout=240)
            contact.drive_high()
            opened = said.get(timeout=240)
            assert opened is not closed
            positions = {"door": Position.OPEN, "gate": Position.OPEN}
            # A wire that is cut is what somebody has to see to, unless the profile is one of contacts that close.
            assert opened == positions.get(kind, profile not in ("push-button-no", "slot-leds-microswitch"))
        device.stop()
        assert output.state is rest or kind in ("beam", "button", "tilt", "ups", "alarmpanel")


@pytest.mark.parametrize("profile", GADGETS)
def test_another_makers_device_is_heard(tmp_path: Path, profile: str) -> None:
    with by_gadget(profile)(tmp_path) as world:
        here = {key: str(value) if isinstance(value, Path) else value for key, value in world.local.options().items()}
        own = {key: value for key, value in here.items() if key not in ("node", "slots")}
        choice = named(tmp_path, profile, at="one", **own)
        device = choice.build(choice.options, world.reports.around)
        world.call(world.heard(device))
        said = heard(device)
        for felt, rest in world.gadget.rest.items():
            world.feel(**{felt: not rest if isinstance(rest, bool) else rest + 1})
            wanted = True if isinstance(rest, bool) else Measured(felt, rest + 1)
            while said.get(timeout=240) != wanted:
                pass
        device.stop()


@pytest.mark.parametrize("profile", driven_by("scale_serial"))
def test_a_scale_weighs(tmp_path: Path, profile: str) -> None:
    world = OnLine(tmp_path)
    choice = named(tmp_path, profile, device="ttyUSB0")
    scale = choice.build(choice.options, around(tmp_path, world.reports.put))
    assert world.reports.get(timeout=240) is None
    said = heard(scale)
    world.weigh(1500)
    assert [said.get(timeout=240), said.get(timeout=240)] == [Weight(750, False), Weight(1500, True)]
    scale.stop()
    world.unplug()


@pytest.mark.parametrize("profile", driven_by("slots_mqtt"))
def test_a_slot_node_is_lit_and_heard(tmp_path: Path, profile: str) -> None:
    with on_node(tmp_path) as world:
        world.node.power_on()
        own = {key: str(value) if isinstance(value, Path) else value for key, value in world.local.options().items()}
        choice = named(tmp_path, profile, **own)
        rack = choice.build(choice.options, around(tmp_path, world.reports.put))
        while world.reports.get(timeout=240) is not None:
            pass
        rack.light("A-01", Light.RED)
        world.reach_slot("A-01", Light.RED)
        rack.stop()


@pytest.mark.parametrize("profile", driven_by("labelprinter_tcp"))
def test_a_label_printer_prints(tmp_path: Path, profile: str) -> None:
    with NetworkLabelPrinter() as network:
        choice = named(tmp_path, profile, host="127.0.0.1", port=network.port)
        printer = choice.build(choice.options, around(tmp_path))
        printer.print(DATA[printer.language])
        assert len(network.printed) == 1
        printer.stop()


@pytest.mark.parametrize("profile", driven_by("climate_sht31"))
def test_a_sensor_on_the_bus_measures(tmp_path: Path, profile: str) -> None:
    reports, bus = Reports(tmp_path), FakeBus()
    choice = named(tmp_path, profile, every_s=0.01)
    sensor = Sht31(choice.options, reports.around, bus.open)  # type: ignore[arg-type]  # as its build, but for the bus
    said = heard(sensor)
    assert said.get(timeout=240).measures == "temperature"
    assert said.get(timeout=240).measures == "humidity"
    sensor.stop()


@pytest.mark.parametrize("profile", driven_by("camera_opencv"))
def test_a_camera_is_seen(tmp_path: Path, profile: str) -> None:
    show = Show()
    with mjpeg_server(show) as url:
        choice = named(tmp_path, profile, source=url)
        camera = choice.build(choice.options, around(tmp_path))
        assert next(iter(camera.frames())).pixels.shape[2] == 3
        camera.stop()


@pytest.mark.parametrize("profile", driven_by("camera_picamera2"))
def test_the_pis_own_camera_says_what_is_missing_elsewhere(tmp_path: Path, profile: str) -> None:
    if importlib.util.find_spec("picamera2") is not None:
        pytest.skip("picamera2 is installed here")
    choice = named(tmp_path, profile)
    with pytest.raises(DeviceError, match="picamera2"):
        next(iter(choice.build(choice.options, around(tmp_path)).frames()))
