"""What devices of the stage and players wait for, and how a device is told it: lines of JSON both ways."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from simulators.errors import StageError


class Value:
    """Something that devices and players wait for: the newest value, and everyone told of each change."""

    def __init__(self, now: Any) -> None:
        self.now = now
        self._changed = asyncio.Condition()

    async def set(self, value: Any) -> None:
        """Takes `value` and wakes who waits."""
        async with self._changed:
            self.now = value
            self._changed.notify_all()

    async def reach(self, *values: Any) -> Any:
        """Returns when it is one of `values`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.now in values)
            return self.now

    async def leave(self, value: Any) -> Any:
        """The next value that is not `value`."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.now != value)
            return self.now


async def tell(
    value: Value, line: Callable[[Any], dict[str, Any]], writer: asyncio.StreamWriter,
    hearing: Coroutine[Any, Any, None],
) -> None:  # fmt: skip
    """Says `value` now and at every change, until `hearing` what the device says comes to its end."""
    both = [asyncio.create_task(hearing), asyncio.create_task(say(value, line, writer))]
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)


async def say(value: Value, line: Callable[[Any], dict[str, Any]], writer: asyncio.StreamWriter) -> None:
    """Says `value` now and at every change, for ever."""
    while True:
        told = value.now
        writer.write(json.dumps(line(told)).encode() + b"\n")
        await writer.drain()
        await value.leave(told)


async def listen(reader: asyncio.StreamReader) -> None:
    """Returns when the device has left; it has nothing to say."""
    with suppress(ConnectionError):
        while await reader.read(1024):
            pass


def member(line: bytes, name: str) -> Any:
    """What a line of JSON says under `name`. Raises StageError."""
    try:
        return json.loads(line)[name]
    except (ValueError, KeyError, TypeError) as error:
        raise StageError(f"no {name} in {line[:100]!r}") from error
