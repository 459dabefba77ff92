"""The worlds in which drivers of sensors are tried: mock pins, a fake I²C bus, the stage, gadgets on a real broker."""

import asyncio
import queue
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import aiomqtt
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from edge_agent.devices import Buzzer, Climate, Contacts, Tune
from edge_agent.drivers import (
    alarmpanel_gpiozero,
    alarmpanel_mqtt,
    alarmpanel_sim,
    buzzer_gpiozero,
    buzzer_sim,
    climate_mqtt,
    climate_sim,
    tilt_gpiozero,
    tilt_mqtt,
    tilt_sim,
    ups_gpiozero,
    ups_mqtt,
    ups_sim,
)
from edge_agent.drivers.climate_sht31 import Options as Sht31Options
from edge_agent.drivers.climate_sht31 import Sht31, crc
from edge_agent.profiles import read_profile, shipped
from simulators.gateways import GADGETS, Said
from simulators.stage import Stage
from tests.edge_agent.drivers.worlds import around
from tests.firmware_scripts.nodes import LocalBroker

T = TypeVar("T")
CONTACTS = {"tilt": ["tilted"], "ups": ["power_lost", "battery_low"], "alarmpanel": ["gate", "roof"]}
PINS = {"tilted": 17, "power_lost": 22, "battery_low": 23, "gate": 24, "roof": 25}


class Reports:
    """What a driver said of itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: queue.Queue[str | None] = queue.Queue()

    @property
    def around(self) -> Any:
        return around(self.folder, self.said.put)

    def hears(self, text: str | None) -> None:
        """Waits until it said so: a problem with `text` in it, or None for being there."""
        while True:
            said = self.said.get(timeout=240)
            if said is None if text is None else text in str(said):
                return


class ContactWorld(Protocol):
    """The other side of contacts; `set` makes one active or not."""

    def build(self, kind: str) -> Contacts: ...
    def set(self, kind: str, contact: str, active: bool) -> None: ...


class AirWorld(Protocol):
    """The other side of a sensor that measures."""

    def build(self) -> Climate: ...
    def measure(self, temperature: float, humidity: float) -> None: ...


class PinWorld:
    """Contacts that are closed at rest, on mock pins."""

    def __init__(self) -> None:
        self.pins = Device.pin_factory = MockFactory()
        for pin in PINS.values():
            self.pins.pin(pin).drive_low()

    def build(self, kind: str) -> Contacts:
        here = around(Path())
        if kind == "tilt":
            device: Contacts = tilt_gpiozero.build(tilt_gpiozero.Options(pin=17), here)
        elif kind == "ups":
            device = ups_gpiozero.build(ups_gpiozero.Options(mains_pin=22, battery_pin=23), here)
        else:
            zones = {zone: alarmpanel_gpiozero.ZonePin(pin=PINS[zone]) for zone in CONTACTS["alarmpanel"]}
            device = alarmpanel_gpiozero.build(alarmpanel_gpiozero.Options(zones=zones), here)
        for contact in CONTACTS[kind]:  # asking for a pull-up moves a mock pin
            self.set(kind, contact, False)
        return device

    def set(self, kind: str, contact: str, active: bool) -> None:
        pin = self.pins.pin(PINS[contact])
        (pin.drive_high if active else pin.drive_low)()

    def buzzer(self, **options: Any) -> Buzzer:
        return buzzer_gpiozero.build(buzzer_gpiozero.Options(pin=18, **options), around(Path()))


class StageWorld:
    """A room of the stage, which runs in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.reports = Reports(folder)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.stage = Stage(folder / "stage.sock", [], rooms={"room": CONTACTS["alarmpanel"]})
        self.call(self.stage.open())

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(240)

    def build(self, kind: str = "climate") -> Any:
        modules = {"tilt": tilt_sim, "ups": ups_sim, "alarmpanel": alarmpanel_sim, "climate": climate_sim,
                   "buzzer": buzzer_sim}  # fmt: skip
        module: Any = modules[kind]
        device = module.build(module.Options(stage="stage.sock", device=f"room.{kind}"), self.reports.around)
        self.reports.hears(None)
        return device

    def set(self, kind: str, contact: str, active: bool) -> None:
        self.call(self.stage.rooms["room"].set(kind, contact, active))

    def measure(self, temperature: float, humidity: float) -> None:
        self.call(self.stage.rooms["room"].measure(temperature=temperature, humidity=humidity))

    def reach(self, tune: Tune) -> None:
        self.call(asyncio.wait_for(self.stage.rooms["room"].tune.reach(tune.value), 240))

    def close(self) -> None:
        self.call(self.stage.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class FakeBus:
    """An I²C bus with one SHT31 on it, that says what it is told to; `unplugged` nobody answers."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.air = (20.0, 45.0)
        self.unplugged = self.closed = False
        self.asked: list[tuple[int, tuple[int, ...]]] = []

    def open(self, number: int) -> "FakeBus":
        if self.unplugged:
            raise OSError(2, "No such file or directory")
        return self

    def write(self, address: int, data: tuple[int, ...]) -> None:
        if self.unplugged:
            raise OSError(121, "Remote I/O error")
        self.asked.append((address, data))

    def read(self, address: int, count: int) -> bytes:
        if self.answers:
            return self.answers.pop(0)
        words = (round((self.air[0] + 45) / 175 * 65535), round(self.air[1] / 100 * 65535))
        return b"".join(word.to_bytes(2, "big") + bytes([crc(word.to_bytes(2, "big"))]) for word in words)

    def close(self) -> None:
        self.closed = True


class BusWorld:
    """A sensor on the fake bus, asked a hundred times a second."""

    def __init__(self, folder: Path) -> None:
        self.reports, self.bus = Reports(folder), FakeBus()

    def build(self) -> Climate:
        return Sht31(Sht31Options(every_s=0.01), self.reports.around, self.bus.open)

    def measure(self, temperature: float, humidity: float) -> None:
        self.bus.air = temperature, humidity


class GadgetWorld:
    """One of other makers' devices, by its profile, that speaks over a real broker with the installer's access list."""

    def __init__(self, folder: Path, profile: str) -> None:
        self.reports = Reports(folder)
        self.local = LocalBroker(folder)
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.call(self.local.broker.start())
        self.profile, self.gadget, self.name = read_profile(shipped()[profile]), GADGETS[profile], "one"
        self.felt: dict[str, Any] = dict(self.gadget.rest)

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(240)

    def build(self, kind: str = "", **options: Any) -> Any:
        modules: Mapping[str, Any] = {
            "climate_mqtt": climate_mqtt, "tilt_mqtt": tilt_mqtt, "ups_mqtt": ups_mqtt,
            "alarmpanel_mqtt": alarmpanel_mqtt,
        }  # fmt: skip
        module = modules[self.profile.driver]
        here = {key: value for key, value in self.local.options().items() if key not in ("node", "slots")}
        chosen = module.Options(**{**self.profile.options, **here, "at": self.name, **options})
        device = module.build(chosen, self.reports.around)
        self.call(self.heard(device))
        return device

    async def heard(self, device: Any) -> None:
        """The gadget comes and speaks, until the driver has heard it: before it listened nothing is kept for it.

        Then once more: the driver may have begun to listen in the middle of what was said.
        """
        said = self.gadget.here(self.name) + self.gadget.says(self.name, self.felt)
        async with asyncio.timeout(240):
            while self.reports.said.empty():
                await self.say(said)
            await self.say(said)
        self.reports.hears(None)

    def feel(self, **felt: Any) -> None:
        self.felt |= felt
        self.call(self.say(self.gadget.says(self.name, self.felt)))

    def set(self, kind: str, contact: str, active: bool) -> None:
        self.feel(**{contact: active})

    def measure(self, temperature: float, humidity: float) -> None:
        self.feel(temperature=temperature, humidity=humidity)

    async def say(self, said: Said, account: str | None = None) -> None:
        """Publishes as the holder of its own certificate, or its gateway's; each message is acknowledged."""
        name = account or self.gadget.account(self.name)
        own = self.local.authority.client(name, datetime.now(UTC))
        context = ssl.create_default_context(cafile=str(self.local.authority.certificate_file))
        context.load_cert_chain(own.certificate, own.key)
        async with aiomqtt.Client("127.0.0.1", self.local.broker.port, tls_context=context) as client:
            for topic, payload in said:
                retained = topic.endswith(("/availability", "/LWT", "/online"))
                await client.publish(topic, payload, qos=1, retain=retained)

    def close(self) -> None:
        self.call(self.local.broker.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@contextmanager
def on_pins(_: Path) -> Iterator[PinWorld]:
    world = PinWorld()
    yield world
    world.pins.reset()
    Device.pin_factory = None


@contextmanager
def on_stage(folder: Path) -> Iterator[StageWorld]:
    world = StageWorld(folder)
    try:
        yield world
    finally:
        world.close()


@contextmanager
def on_bus(folder: Path) -> Iterator[BusWorld]:
    yield BusWorld(folder)


def by_gadget(profile: str) -> Callable[[Path], Any]:
    """The world of one profile of other makers'."""

    @contextmanager
    def make(folder: Path) -> Iterator[GadgetWorld]:
        world = GadgetWorld(folder, profile)
        try:
            yield world
        finally:
            world.close()

    return make
