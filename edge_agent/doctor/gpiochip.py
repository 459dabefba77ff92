"""Who holds which pin, by the kernel's own word (linux/gpio.h, GPIO_V2_GET_LINEINFO)."""

import fcntl
import os
import struct
from collections.abc import Callable
from pathlib import Path

CHIP_INFO = 0x8044B401
LINE_INFO = 0xC100B405
_CHIP = struct.Struct("32s32sI")
_LINE = struct.Struct("32s32sIIQ")
_LINE_BYTES = 256
_USED = 1
HEADER = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")
"""The chips behind the 40 pins of a Pi, by their labels."""

Ask = Callable[[int, int, bytes], bytes]


def ask_kernel(file: int, question: int, about: bytes) -> bytes:
    """ioctl(2). Raises OSError."""
    return fcntl.ioctl(file, question, about)


def holders(chip: Path, count: int, ask: Ask = ask_kernel) -> dict[int, str] | None:
    """Of the first `count` pins of `chip` those that are held, and by whom; None for another chip than the header's.

    Raises OSError where it may not be opened.
    """
    file = os.open(chip, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _, label, lines = _CHIP.unpack_from(ask(file, CHIP_INFO, bytes(_CHIP.size)))
        if _name(label) not in HEADER:
            return None
        held = {}
        for pin in range(min(count, lines)):
            question = bytearray(_LINE_BYTES)
            struct.pack_into("I", question, 64, pin)
            _, consumer, _, _, flags = _LINE.unpack_from(ask(file, LINE_INFO, bytes(question)))
            if flags & _USED:
                held[pin] = _name(consumer) or "the kernel"
        return held
    finally:
        os.close(file)


def _name(text: bytes) -> str:
    return text.partition(b"\0")[0].decode("ascii", "replace")
