"""What edge and cloud ask of a message broker; `wire.mqtt` is the real one, `wire.memory` the one that misbehaves."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """What arrived: its topic as text and its bytes."""

    topic: str
    payload: bytes
    retained: bool = False


class Link(Protocol):
    """A living connection. Every method raises LinkError once it is gone."""

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Returns when the broker has acknowledged it (QoS 1); that proves nothing more."""

    async def subscribe(self, *filters: str) -> None:
        """Asks for messages under `filters` at QoS 1."""

    def messages(self) -> AsyncIterator[Message]:
        """What arrives, in order of arrival; ends only by LinkError."""


class Connect(Protocol):
    """Opens a link: `async with connect() as link`. Raises LinkError when the broker cannot be reached."""

    def __call__(self) -> AbstractAsyncContextManager[Link]:
        """A new connection."""
