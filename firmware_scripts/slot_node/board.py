"""The board's own parts: strip, inputs, radio, watchdog. The only file that knows MicroPython's hardware modules."""

import time

import machine
import neopixel

WATCHDOG_MS = 8000  # the most that a Pico has
RADIO_RETRY_MS = 15000
COLOURS = {
    "green": (0, 1.0, 0), "red": (1.0, 0, 0), "amber": (1.0, 0.4, 0),
    "blue": (0, 0, 1.0), "violet": (0.6, 0, 0.8), "white": (0.6, 0.6, 0.6),
}  # fmt: skip


class Board:
    """What hangs on the pins that `config` names."""

    def __init__(self, config: dict) -> None:
        self._config = config
        strip = config["strip"]
        self._strip = neopixel.NeoPixel(machine.Pin(strip["pin"], machine.Pin.OUT), strip["pixels"])
        self._inputs = {
            name: machine.Pin(slot["pin"], machine.Pin.IN, machine.Pin.PULL_UP)
            for name, slot in config["slots"].items()
        }
        self._radio = None
        self._tried_ms = time.ticks_ms() - RADIO_RETRY_MS
        self.show({})
        self._watchdog = machine.WDT(timeout=WATCHDOG_MS)

    def now_ms(self) -> int:
        """Milliseconds that wrap around; only differences mean something."""
        return time.ticks_ms()

    def since_ms(self, then_ms: int) -> int:
        """How long ago `then_ms` was."""
        return time.ticks_diff(time.ticks_ms(), then_ms)

    def feed(self) -> None:
        """Says to the watchdog that all is well."""
        self._watchdog.feed()

    def occupied(self, name: str) -> bool:
        """What the slot's switch says right now: it pulls its pin low, unless told otherwise."""
        return bool(self._inputs[name].value()) is bool(self._config["slots"][name].get("occupied_when_high"))

    def show(self, lights: dict) -> None:
        """Lights the slots of `lights`, by colour names; all others are dark."""
        bright = self._config["brightness"]
        for name, slot in self._config["slots"].items():
            colour = COLOURS.get(lights.get(name), (0, 0, 0))
            for pixel in slot["pixels"]:
                self._strip[pixel] = tuple(int(part * bright) for part in colour)
        self._strip.write()

    def connected(self) -> bool:
        """Whether there is a network; asks the radio for one now and then."""
        wifi = self._config["wifi"]
        if wifi is None:  # a wired board, or none at all
            return True
        import network

        if self._radio is None:
            self._radio = network.WLAN(network.STA_IF)
            self._radio.active(True)
        if self._radio.isconnected():
            return True
        if self.since_ms(self._tried_ms) >= RADIO_RETRY_MS:
            self._tried_ms = self.now_ms()
            self._radio.connect(wifi["name"], wifi["password"])
        return False

    def set_clock(self) -> None:
        """A certificate can only be judged by who knows the date. Raises OSError when the time server is silent."""
        host = self._config["ntp"]
        if host is not None and time.localtime()[0] < 2025:
            import ntptime

            ntptime.host = host
            ntptime.settime()
