"""What a slot node does, again and again: look at the switches, say what changed, show what it is told.

It decides nothing. Without a broker it goes on looking, shows nothing after a while, and says how things are as soon as
there is a broker again.
"""

import json

from link import BROKEN

FIRMWARE = "2"
PAUSES_MS = (500, 1000, 2000, 5000, 10000, 30000)
"""Before another try to reach the broker; the last one repeats."""


BLINK_MS = 500
"""How long a light that blinks is on, and how long it is off."""


class Debounced:
    """A switch that chatters: what it says counts once it has said so for `steady_ms`."""

    def __init__(self, now: bool, steady_ms: int) -> None:
        self.value, self._raw, self._steady_ms, self._since_ms = now, now, steady_ms, 0

    def take(self, raw: bool, now_ms: int, since_ms: object) -> bool:
        """Whether `value` changed by what was read at `now_ms`."""
        if raw is not self._raw:
            self._raw, self._since_ms = raw, now_ms
        if raw is self.value or since_ms(self._since_ms) < self._steady_ms:
            return False
        self.value = raw
        return True


class Node:
    """The node of `config` on `board`; `connect` opens a link, given who takes its messages."""

    def __init__(self, config: dict, board: object, connect: object) -> None:
        self._config, self._board, self._connect = config, board, connect
        self._link = None
        self._failures = 0
        self._next_ms, self._alone_ms = board.now_ms(), board.now_ms()
        self._lit, self._blink, self._shown, self._turned_ms = {}, set(), {}, board.now_ms()
        self._off = False
        self._slots = {name: Debounced(board.occupied(name), config["debounce_ms"]) for name in config["slots"]}
        self._told = None

    def step(self) -> None:
        """One look at everything; a few milliseconds, and seconds where the network hangs."""
        self._board.feed()
        now = self._board.now_ms()
        for name, slot in self._slots.items():
            slot.take(self._board.occupied(name), now, self._board.since_ms)
        if not self._board.connected():
            self._lose("no network")
        elif self._link is None:
            if self._board.since_ms(self._next_ms) >= 0:
                self._reach()
        else:
            self._work()
        alone_ms = self._board.since_ms(self._alone_ms)
        if self._link is None and self._lit and alone_ms > self._config["dark_after_s"] * 1000:
            self._show({}, set())
        self._turn()

    def _reach(self) -> None:
        try:
            self._board.set_clock()
            self._link = self._connect(self._on_lights)
            self._link.say("online", json.dumps({
                "v": 1, "online": True, "firmware": FIRMWARE, "slots": sorted(self._slots),
            }).encode())  # fmt: skip
            self._told = None
            self._failures = 0
            print("linked")
        except BROKEN as error:
            self._lose(error)
        else:
            self._work()

    def _work(self) -> None:
        try:
            occupied = {name: slot.value for name, slot in self._slots.items()}
            if occupied != self._told:
                self._link.say("occupied", json.dumps({"v": 1, "slots": occupied}).encode())
                self._told = occupied
            self._link.look()
        except BROKEN as error:
            self._lose(error)

    def _lose(self, why: object) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
            self._alone_ms = self._board.now_ms()
        pause = PAUSES_MS[min(self._failures, len(PAUSES_MS) - 1)]
        if self._board.since_ms(self._next_ms) >= 0:
            self._failures += 1
            self._next_ms = self._board.now_ms() + pause
            print(f"no link: {why}; again in {pause} ms")

    def _on_lights(self, payload: bytes) -> None:
        try:
            told = json.loads(payload)
            lights = told["slots"]
            self._show({name: lights[name] for name in self._slots if name in lights}, set(told.get("blink", ())))
        except (ValueError, KeyError, TypeError) as error:
            print(f"not understood: {error}")

    def _show(self, lights: dict, blink: set) -> None:
        if lights != self._lit or blink != self._blink:
            self._lit, self._blink, self._off = lights, blink, False
            self._turned_ms = self._board.now_ms()
            self._draw()

    def _turn(self) -> None:
        if self._blink and self._board.since_ms(self._turned_ms) >= BLINK_MS:
            self._turned_ms, self._off = self._board.now_ms(), not self._off
            self._draw()

    def _draw(self) -> None:
        shown = {name: light for name, light in self._lit.items() if not (self._off and name in self._blink)}
        if shown != self._shown:
            self._shown = shown
            self._board.show(shown)
