"""What devices of the stage and players wait for, and how a device is told it: lines of JSON both ways."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from simulators.errors import StageError


class Value:
    """Something that devices and players wait for: each hears of every value, also of one that stood for a moment."""

    def __init__(self, now: Any) -> None:
        self.now = now
        self._listeners: list[asyncio.Queue[Any]] = []

    async def set(self, value: Any) -> None:
        """Takes `value` and tells who listens."""
        self.now = value
        for listener in self._listeners:
            listener.put_nowait(value)

    @contextmanager
    def heard(self) -> Iterator[asyncio.Queue[Any]]:
        """The value that is now, and then each that is set, in their order."""
        listener: asyncio.Queue[Any] = asyncio.Queue()
        listener.put_nowait(self.now)
        self._listeners.append(listener)
        try:
            yield listener
        finally:
            self._listeners.remove(listener)

    async def reach(self, *values: Any) -> Any:
        """The first value from now on that is one of `values`."""
        return await self._first(lambda value: value in values)

    async def leave(self, value: Any) -> Any:
        """The first value from now on that is not `value`."""
        return await self._first(lambda found: found != value)

    async def _first(self, fits: Callable[[Any], bool]) -> Any:
        with self.heard() as values:
            while not fits(value := await values.get()):
                pass
            return value


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
    told: Any = object()  # nothing yet
    with value.heard() as values:
        while True:
            if (new := await values.get()) != told:
                told = new
                writer.write(json.dumps(line(told)).encode() + b"\n")
                await writer.drain()


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
