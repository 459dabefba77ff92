"""A broker in memory that ships with the program: it can lose, repeat and reorder, and lose its cable.

For tests and simulations. The pattern of misbehaviour is given, so a run can be repeated.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from wire.errors import LinkError
from wire.link import Link, Message

Fate = Callable[[Message], int]
"""How many times a message is delivered: 0 loses it, 2 repeats it."""


def deliver_once(_: Message) -> int:
    """The fate of a message at a broker without faults."""
    return 1


def matches(name: str, topic: str) -> bool:
    """Whether filter `name` (MQTT wildcards, `$share/<group>/` allowed) covers `topic`."""
    if name.startswith("$share/"):
        name = name.split("/", 2)[2]
    wanted, given = name.split("/"), topic.split("/")
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place >= len(given) or level not in ("+", given[place]):
            return False
    return len(wanted) == len(given)


class MemoryBroker:
    """Delivers to subscribers in this process. `fate` may lose and repeat; `hold` and `release` delay and reorder."""

    def __init__(self, fate: Fate = deliver_once) -> None:
        self.fate = fate
        self._links: list[_MemoryLink] = []
        self._retained: dict[str, Message] = {}
        self._turn: dict[str, int] = {}
        self._held: list[Message] | None = None
        self._up = True

    def cut(self) -> None:
        """Pulls the cable: every link breaks, new ones are refused until `mend`."""
        self._up = False
        for link in self._links:
            link.break_()
        self._links.clear()

    def mend(self) -> None:
        """Plugs the cable in again."""
        self._up = True

    def hold(self) -> None:
        """Keeps messages back from now on."""
        self._held = []

    def release(self, order: Callable[[list[Message]], list[Message]] = lambda held: held) -> None:
        """Delivers what was held back, in the `order` given, and holds nothing any more."""
        held, self._held = self._held or [], None
        for message in order(held):
            self._route(message)

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Link]:
        """A link to this broker; the `Connect` of it. Raises LinkError while the cable is cut."""
        if not self._up:
            raise LinkError("the cable is cut")
        link = _MemoryLink(self)
        self._links.append(link)
        try:
            yield link
        finally:
            if link in self._links:
                self._links.remove(link)

    def take(self, message: Message, retain: bool) -> None:
        """Accepts a published message, as a broker does, whether or not anybody gets it."""
        if retain:
            self._retained[message.topic] = Message(message.topic, message.payload, True)
        for _ in range(self.fate(message)):
            if self._held is not None:
                self._held.append(message)
            else:
                self._route(message)

    def retained_for(self, name: str) -> list[Message]:
        """What a new subscription to `name` gets at once."""
        return [message for topic, message in self._retained.items() if matches(name, topic)]

    def _route(self, message: Message) -> None:
        groups: dict[str, list[_MemoryLink]] = {}
        for link in self._links:
            for name in link.filters:
                if matches(name, message.topic):
                    group = name if name.startswith("$share/") else f"{id(link)}"
                    groups.setdefault(group, []).append(link)
        for group, members in groups.items():
            turn = self._turn[group] = self._turn.get(group, -1) + 1
            members[turn % len(members)].receive(message)


class _MemoryLink:
    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue()
        self._alive = True
        self.filters: list[str] = []

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self._check()
        self._broker.take(Message(topic, payload), retain)
        await asyncio.sleep(0)

    async def subscribe(self, *filters: str) -> None:
        self._check()
        self.filters += filters
        for name in filters:
            for message in self._broker.retained_for(name):
                self.receive(message)

    async def messages(self) -> AsyncIterator[Message]:
        while True:
            message = await self._queue.get()
            if message is None:
                raise LinkError("the cable was cut")
            yield message

    def receive(self, message: Message) -> None:
        self._queue.put_nowait(message)

    def break_(self) -> None:
        self._alive = False
        self._queue.put_nowait(None)

    def _check(self) -> None:
        if not self._alive:
            raise LinkError("the cable was cut")
