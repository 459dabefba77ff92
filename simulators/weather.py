"""The air of a simulated room: it warms and cools, now and then a door stands open, and no sensor is quite still."""

import asyncio
import math
import random

from simulators.rooms import RoomSet

EVERY_S = 0.25
WAVE_S, DRAUGHT_S = 180.0, 70.0


async def blow(room: RoomSet, seed: int = 5) -> None:
    """Changes the air of `room` until it is cancelled."""
    dice, second = random.Random(seed), 0.0
    while True:
        draught = max(0.0, 1 - (second % DRAUGHT_S) / 15)  # over after a quarter of a minute
        temperature = 19 + 2 * math.sin(2 * math.pi * second / WAVE_S) - 2.5 * draught + dice.gauss(0, 0.05)
        humidity = 52 - 4 * math.sin(2 * math.pi * second / WAVE_S) + 6 * draught + dice.gauss(0, 0.2)
        await room.measure(temperature=round(temperature, 2), humidity=round(humidity, 1))
        await asyncio.sleep(EVERY_S)
        second += EVERY_S
