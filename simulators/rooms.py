"""A room of the stage: what its air is like, the contacts of its sensors, what its buzzer sounds.

A climate sensor hears `{"temperature": number, …}`, a tilt switch, a power supply and an alarm panel hear
`{"contact": name, "active": bool}` of each of their contacts, a buzzer says `{"sound": tune}`. A device is called
`<room>.<climate|tilt|ups|alarmpanel|buzzer>`.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from simulators.errors import StageError
from simulators.values import Value, listen, member, say, tell
from wire.sensors import BATTERY_LOW, POWER, TILTED

AIR = {"temperature": 20.0, "humidity": 45.0}


class RoomSet:
    """One room: `air`, `contacts` by the kind of their sensor and their names, and the `tune` that is heard."""

    def __init__(self, zones: Sequence[str]) -> None:
        self.air = Value(AIR)
        self.contacts = {
            "tilt": {TILTED: Value(False)},
            "ups": {POWER: Value(False), BATTERY_LOW: Value(False)},
            "alarmpanel": {zone: Value(False) for zone in zones},
        }
        self.tune = Value("off")

    async def measure(self, **values: float) -> None:
        """From now on the air is like this; what is not named stays."""
        await self.air.set({**self.air.now, **values})

    async def set(self, sensor: str, contact: str, active: bool) -> None:
        """A contact changes."""
        await self.contacts[sensor][contact].set(active)


async def play_room(room: RoomSet, kind: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serves one device of a room until it leaves. Raises StageError for one that no room has."""
    if kind == "climate":
        await tell(room.air, dict, writer, listen(reader))
    elif kind == "buzzer":
        while line := await reader.readline():
            await room.tune.set(member(line, "sound"))
    elif kind in room.contacts:
        await _tell_contacts(room.contacts[kind], reader, writer)
    else:
        raise StageError(f"no room has a {kind}")


async def _tell_contacts(
    contacts: dict[str, Value], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    tasks = [asyncio.create_task(listen(reader))]
    tasks += [asyncio.create_task(say(value, _line(name), writer)) for name, value in contacts.items()]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _line(contact: str) -> Callable[[Any], dict[str, Any]]:
    return partial(_said, contact)


def _said(contact: str, active: bool) -> dict[str, Any]:
    return {"contact": contact, "active": active}
