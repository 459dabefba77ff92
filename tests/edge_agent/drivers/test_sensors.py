"""One behaviour for all contacts, one for all that measures, one for buzzers, whatever drives them."""

import queue
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from gpiozero import Device

from edge_agent.devices import Measured, Tune
from edge_agent.drivers import alarmpanel_gpiozero, tilt_gpiozero
from edge_agent.drivers.climate_sht31 import crc, decode
from edge_agent.errors import DeviceError
from simulators.gateways import GADGETS
from tests.edge_agent.drivers.sensor_worlds import (
    CONTACTS,
    AirWorld,
    BusWorld,
    GadgetWorld,
    by_gadget,
    on_bus,
    on_pins,
    on_stage,
)
from tests.edge_agent.drivers.worlds import around
from tests.system.waiting import until_now
from wire.sensors import UNITS

AIR = [name for name, gadget in GADGETS.items() if "temperature" in gadget.rest]
OF_CONTACTS = [name for name in GADGETS if name not in AIR]


WORLDS: list[Any] = [(make, kind) for make in (on_pins, on_stage) for kind in CONTACTS]


@pytest.fixture(
    params=[*WORLDS, *OF_CONTACTS], ids=lambda one: one if isinstance(one, str) else f"{one[0].__name__}-{one[1]}"
)
def contacts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Any, str, list[str]]]:
    """A world, the kind of sensor in it, and its contacts."""
    if isinstance(request.param, str):
        with by_gadget(request.param)(tmp_path) as gadget:
            yield gadget, gadget.profile.kind, list(gadget.gadget.rest)
    else:
        make, kind = request.param
        with make(tmp_path) as world:
            yield world, kind, CONTACTS[kind]


@pytest.fixture(params=[on_bus, on_stage, *map(by_gadget, AIR)], ids=["bus", "stage", *AIR])
def air(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AirWorld]:
    with request.param(tmp_path) as world:
        yield world


def test_contacts_tell_how_they_are_first_and_then_each_change(contacts: tuple[Any, str, list[str]]) -> None:
    world, kind, names = contacts
    device = world.build(kind)
    said: queue.Queue[tuple[str, bool]] = queue.Queue()
    device.watch(lambda contact, active: said.put((contact, active)))
    assert sorted(said.get(timeout=240) for _ in names) == sorted((name, False) for name in names)
    for name in names:
        for active in (True, False, True):
            world.set(kind, name, active)
            assert said.get(timeout=240) == (name, active)
    device.stop()
    assert said.empty()


def test_what_is_measured_is_told(air: AirWorld) -> None:
    device = air.build()
    said: queue.Queue[Measured] = queue.Queue()
    device.watch(said.put)
    for temperature, humidity in ((21.5, 40.0), (-7.0, 88.0)):
        air.measure(temperature, humidity)
        told: dict[str, float] = {}
        wanted = {"temperature": temperature, "humidity": humidity}
        while {name: round(value, 1) for name, value in told.items() if name in wanted} != wanted:
            one = said.get(timeout=240)
            assert one.measures in UNITS
            told[one.measures] = one.value
    device.stop()


def sounded(pin: Any, levels: list[int]) -> bool:
    """gpiozero begins with a low level of its own."""
    return [int(state.state) for state in pin.states[-len(levels) :]] == levels and len(pin.states) >= len(levels)


def test_a_buzzer_sounds_three_times_for_a_refusal_and_stops_when_told(tmp_path: Path) -> None:
    with on_pins(tmp_path) as world:
        buzzer = world.buzzer(short_s=0.01, long_s=0.01)
        pin = world.pins.pin(18)
        for tune, tones in ((Tune.REFUSED, 3), (Tune.ATTENTION, 1)):
            pin.clear_states()
            buzzer.sound(tune)
            until_now(partial(sounded, pin, [1, 0] * tones), tune.value)
        buzzer.sound(Tune.OFF)
        assert not pin.state
        buzzer.stop()


def test_a_buzzer_on_the_stage_sounds_what_it_is_told(tmp_path: Path) -> None:
    with on_stage(tmp_path) as world:
        buzzer = world.build("buzzer")
        for tune in (Tune.REFUSED, Tune.ATTENTION, Tune.OFF, Tune.REFUSED):
            buzzer.sound(tune)
            world.reach(tune)
        buzzer.stop()
        world.reach(Tune.OFF)


def test_a_cut_wire_is_an_alarm_unless_the_contact_is_one_that_closes(tmp_path: Path) -> None:
    with on_pins(tmp_path):
        normal = alarmpanel_gpiozero.ZonePin(pin=5)
        other = alarmpanel_gpiozero.ZonePin(pin=6, normally_open=True)
        options = alarmpanel_gpiozero.Options(zones={"a": normal, "b": other})
        panel = alarmpanel_gpiozero.build(options, around(tmp_path))
        said: queue.Queue[tuple[str, bool]] = queue.Queue()
        panel.watch(lambda zone, active: said.put((zone, active)))  # nothing hangs on either pin
        assert [said.get(timeout=240), said.get(timeout=240)] == [("a", True), ("b", False)]
        with pytest.raises(DeviceError, match="tilted on pin 5"):
            tilt_gpiozero.build(tilt_gpiozero.Options(pin=5), around(tmp_path))
        panel.stop()
        tilt_gpiozero.build(tilt_gpiozero.Options(pin=5, closed_when_tilted=True), around(tmp_path)).stop()
    assert Device.pin_factory is None


# ------------------------------------------------------------------ SHT31


def test_the_checksum_is_that_of_the_datasheet() -> None:
    assert crc(b"\xbe\xef") == 0x92
    assert crc(b"\x00\x00") == 0x81


def test_words_whose_checksum_does_not_fit_are_no_measurement() -> None:
    right = b"\x66\x66" + bytes([crc(b"\x66\x66")]) + b"\x80\x00" + bytes([crc(b"\x80\x00")])
    temperature, humidity = decode(right) or (0, 0)
    assert (round(temperature, 2), round(humidity, 2)) == (25.0, 50.0)
    for place in range(6):
        wrong = bytearray(right)
        wrong[place] ^= 0x10
        assert decode(bytes(wrong)) is None
    assert decode(right[:5]) is None


def test_noise_on_the_bus_is_measured_again_and_one_that_is_never_right_is_lost(tmp_path: Path) -> None:
    world = BusWorld(tmp_path)
    world.bus.answers = [b"\xff" * 6, b"\x00" * 6]
    device = world.build()
    world.reports.hears(None)
    assert world.bus.asked[:3] == [(0x44, (0x24, 0x00))] * 3
    world.bus.answers = [b"\xff" * 6] * 3
    world.reports.hears("checksums do not fit")
    world.reports.hears(None)
    device.stop()
    assert world.bus.closed


def test_a_sensor_that_is_unplugged_is_lost_and_measures_again_when_it_is_back(tmp_path: Path) -> None:
    world = BusWorld(tmp_path)
    device = world.build()
    world.reports.hears(None)
    world.bus.unplugged = True
    world.reports.hears("SHT31 at 0x44 on bus 1")
    world.measure(5.0, 10.0)
    world.bus.unplugged = False
    world.reports.hears(None)
    said: queue.Queue[Measured] = queue.Queue()
    device.watch(said.put)
    while said.get(timeout=240).measures != "humidity":
        pass
    device.stop()


# ------------------------------------------------------------------ other makers' devices


def gadget(tmp_path: Path, profile: str) -> Any:
    return by_gadget(profile)(tmp_path)


def test_a_device_that_its_gateway_tells_to_be_away_is_lost_until_it_is_heard(tmp_path: Path) -> None:
    with gadget(tmp_path, "aqara-mccgq11lm-zigbee2mqtt") as world:
        device = world.build()
        world.call(world.say(world.gadget.gone("one")))
        world.reports.hears("one is gone")
        world.feel(opened=True)
        world.reports.hears(None)
        device.stop()


def test_a_device_that_says_nothing_and_a_broker_that_is_gone_are_told(tmp_path: Path) -> None:
    with gadget(tmp_path, "shelly-plus-ht") as world:
        device = world.build(silent_s=0.3)
        world.reports.hears("one says nothing for 0.3 s")
        device.stop()
        device = world.build()
        world.call(world.local.broker.kill())
        world.reports.hears("local broker")
        device.stop()


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ('{"temperature": "warm"}', "'warm' is no temperature"),
        ('{"temperature": true}', "True is no temperature"),
        ('{"temperature": NaN}', "nan is no temperature"),
        ('{"x": "' + "x" * (64 << 10) + '"}', "65536 is the most"),
    ],
)
def test_what_does_not_fit_is_told_and_the_next_that_does_is_taken(tmp_path: Path, payload: str, problem: str) -> None:
    with gadget(tmp_path, "sonoff-snzb-02-zigbee2mqtt") as world:
        device = world.build()
        said: queue.Queue[Measured] = queue.Queue()
        device.watch(said.put)
        world.call(world.say([("zigbee2mqtt/one", payload)]))
        world.reports.hears(problem)
        world.call(world.say([("zigbee2mqtt/one", "not even JSON"), ("zigbee2mqtt/one", '{"temperature": null}')]))
        world.measure(3.0, 4.0)
        told: list[float] = []
        while told[-2:] != [3.0, 4.0]:
            told.append(said.get(timeout=240).value)
        assert set(told) <= {20.0, 45.0, 97.0, 3.0, 4.0}  # the first are what it says at rest
        device.stop()


def test_scales_and_degrees_fahrenheit_are_told_in_our_units(tmp_path: Path) -> None:
    with gadget(tmp_path, "tasmota-sht3x") as world:
        mapping = [
            {"measures": "temperature", "topic": "tele/{at}/X", "pointer": "/a~1b/1", "unit": "°F"},
            {"measures": "pressure", "topic": "tele/{at}/X", "pointer": "/pa", "unit": "hPa", "scale": 0.01},
        ]
        device = world.build(mapping=[*world.profile.options["mapping"], *mapping])
        said: queue.Queue[Measured] = queue.Queue()
        device.watch(said.put)
        world.call(world.say([("tele/one/X", '{"a/b": [0, 212], "pa": 101325}')]))
        told: dict[str, float] = {}
        while "pressure" not in told:
            one = said.get(timeout=240)
            told[one.measures] = round(one.value, 2)
        assert (told["temperature"], told["pressure"]) == (100.0, 1013.25)
        device.stop()


def test_nobody_speaks_for_another_device(tmp_path: Path) -> None:
    with gadget(tmp_path, "shelly-plus-i4-dc") as world:
        assert isinstance(world, GadgetWorld)
        device = world.build()
        said: queue.Queue[tuple[str, bool]] = queue.Queue()
        device.watch(lambda contact, active: said.put((contact, active)))
        for _ in range(4):
            assert said.get(timeout=240)[1] is False
        alarm = world.gadget.says("one", {f"zone-{number}": True for number in range(1, 5)})
        world.call(world.say(alarm, account="two"))
        world.set("alarmpanel", "zone-3", True)
        assert said.get(timeout=240) == ("zone-3", True)
        device.stop()
        assert said.empty()
