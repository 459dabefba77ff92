"""Stand-in for MicroPython's `neopixel`: a strip that says on standard output what it shows."""

import json

from machine import Pin

Colour = tuple[int, int, int]


class NeoPixel:
    """A strip of `count` pixels."""

    def __init__(self, pin: Pin, count: int) -> None:
        self._pixels: list[Colour] = [(0, 0, 0)] * count

    def __setitem__(self, pixel: int, colour: Colour) -> None:
        self._pixels[pixel] = colour

    def write(self) -> None:
        print(json.dumps({"pixels": self._pixels}), flush=True)
