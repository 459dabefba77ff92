"""Stand-in for MicroPython's `machine`: pins whose levels are told, a watchdog that says how patient it is."""

import json

levels: dict[int, int] = {}
"""By pin number; a pin that nobody drives is pulled up."""

chatters: dict[int, int] = {}
"""For how many looks a pin still says something else each time."""


class Pin:
    """One pin."""

    IN, OUT, PULL_UP = 0, 1, 2

    def __init__(self, number: int, mode: int, pull: int | None = None) -> None:
        self.number = number

    def value(self) -> int:
        level = levels.get(self.number, 1)
        left = chatters.get(self.number, 0)
        chatters[self.number] = max(0, left - 1)
        return (level + left) % 2


class WDT:
    """A watchdog that bites nobody here."""

    def __init__(self, timeout: int) -> None:
        print(json.dumps({"watchdog_ms": timeout}), flush=True)

    def feed(self) -> None:
        pass
