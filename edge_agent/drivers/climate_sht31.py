"""Temperature and humidity of a Sensirion SHT31 (or SHT30, SHT35) on I²C, as its datasheet has it (SHT3x-DIS, 4).

A measurement is asked for and read when it is ready; each of its two words carries a checksum of its own. One that does
not fit is measured again, and a sensor that gives nothing right three times in a row is lost until it does.
"""

import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from edge_agent.devices import Around, Measured
from edge_agent.errors import DeviceError

MEASURE = (0x24, 0x00)
"""Single shot, high repeatability, no clock stretching (table 9)."""

READY_S = 0.016
"""The longest that such a measurement takes (table 4)."""

POLYNOMIAL, BEGIN = 0x31, 0xFF
FAILURES = 3
RETRY_S = (0.5, 1.0, 2.0, 5.0)
"""Pauses before the bus is opened again; the last one repeats."""


class Options(BaseModel):
    """The number of the I²C bus (1 on a Pi's header), the sensor's address there, and how often it is asked."""

    model_config = ConfigDict(extra="forbid")

    bus: int = Field(1, ge=0)
    address: int = Field(0x44, ge=0x44, le=0x45)
    every_s: float = Field(10, gt=0)


class Bus(Protocol):
    """What is needed of an I²C bus. All raise OSError when nobody answers."""

    def write(self, address: int, data: tuple[int, ...]) -> None:
        """Sends `data`."""

    def read(self, address: int, count: int) -> bytes:
        """Reads so many bytes."""

    def close(self) -> None:
        """Gives it back."""


class Sht31:
    """Asks the sensor again and again, in a thread of its own; opens the bus anew when it is lost."""

    def __init__(self, options: Options, around: Around, open_bus: Callable[[int], Bus]) -> None:
        self._options, self._report, self._open = options, around.report, open_bus
        self._watchers: list[Callable[[Measured], None]] = []
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._live, name=f"sht31-{options.address:x}", daemon=True)
        self._thread.start()

    def watch(self, on_measured: Callable[[Measured], None]) -> None:
        """Calls `on_measured` with every value from now on."""
        self._watchers.append(on_measured)

    def stop(self) -> None:
        """Gives the bus back."""
        self._stopped.set()
        self._thread.join()

    def _live(self) -> None:
        tries = 0
        while not self._stopped.is_set():
            try:
                with closing(self._open(self._options.bus)) as bus:
                    while not self._stopped.is_set():
                        temperature, humidity = self._measure(bus)
                        tries = 0
                        self._report(None)
                        for on_measured in self._watchers:
                            on_measured(Measured("temperature", temperature))
                            on_measured(Measured("humidity", humidity))
                        self._stopped.wait(self._options.every_s)
            except (OSError, DeviceError) as error:
                self._report(f"SHT31 at {self._options.address:#x} on bus {self._options.bus}: {error}")
                self._stopped.wait(min(RETRY_S[min(tries, len(RETRY_S) - 1)], self._options.every_s))
                tries += 1

    def _measure(self, bus: Bus) -> tuple[float, float]:
        """°C and % relative humidity. Raises OSError, or DeviceError when what comes is never right."""
        for _ in range(FAILURES):
            bus.write(self._options.address, MEASURE)
            self._stopped.wait(READY_S)
            values = decode(bus.read(self._options.address, 6))
            if values is not None:
                return values
        raise DeviceError("its checksums do not fit")


def decode(data: bytes) -> tuple[float, float] | None:
    """°C and % of six bytes as the sensor sends them (4.13); None where a checksum does not fit."""
    if len(data) != 6 or crc(data[:2]) != data[2] or crc(data[3:5]) != data[5]:
        return None
    temperature, humidity = int.from_bytes(data[:2], "big"), int.from_bytes(data[3:5], "big")
    return -45 + 175 * temperature / 65535, 100 * humidity / 65535


def crc(word: bytes) -> int:
    """The sensor's checksum of two bytes (4.12)."""
    value = BEGIN
    for byte in word:
        value ^= byte
        for _ in range(8):
            value = (value << 1) ^ POLYNOMIAL if value & 0x80 else value << 1
            value &= 0xFF
    return value


def open_smbus(number: int) -> Bus:
    """The bus of this machine. Raises OSError where there is none."""
    from smbus2 import SMBus, i2c_msg  # only where there is such a sensor

    class _Bus:
        def __init__(self) -> None:
            self._bus: Any = SMBus(number)

        def write(self, address: int, data: tuple[int, ...]) -> None:
            self._bus.i2c_rdwr(i2c_msg.write(address, data))

        def read(self, address: int, count: int) -> bytes:
            message = i2c_msg.read(address, count)
            self._bus.i2c_rdwr(message)
            return bytes(message)

        def close(self) -> None:
            self._bus.close()

    return _Bus()


def build(options: Options, around: Around) -> Sht31:
    """The sensor of `options`, which may come later."""
    return Sht31(options, around, open_smbus)
