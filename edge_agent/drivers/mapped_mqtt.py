"""Other makers' devices over the site's own MQTT broker, by a mapping: which member of which message is what.

One link a device. A device that its gateway tells to be away is lost, and so is one that says nothing for too long; a
message that does not fit its mapping is passed over, and told of.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from edge_agent.devices import Around
from edge_agent.drivers.local_broker import BrokerOptions, LocalLink
from wire.link import Link, Message

MAX_BYTES = 64 << 10
NOTHING = object()
"""There is no such member."""


class Where(BaseModel):
    """A member of a message: `{at}` in its topic is the device's own name; the pointer as in RFC 6901, "" is all."""

    model_config = ConfigDict(extra="forbid")

    topic: str = Field(min_length=1, pattern=r"^[^+#]*$")
    pointer: str = Field("", pattern=r"^(/.*)?$")


class Presence(Where):
    """Where the gateway says whether the device is there; `there` is what it says then."""

    there: str | bool


class MappedOptions(BrokerOptions):
    """The local broker; `at` is how the device is called there.

    One that says nothing for `silent_s` is lost; at the start it has as long.
    """

    at: str = Field(pattern=r"^[^+#/]{1,64}$")
    presence: Presence | None = None
    silent_s: float = Field(7200, gt=0)


class MappedDevice:
    """Hears the topics of `wheres`: `hear` is given each with what its member says, or raises ValueError."""

    def __init__(
        self, kind: str, options: MappedOptions, around: Around, wheres: list[Where], hear: Callable[[Where, Any], None]
    ) -> None:
        self._options, self._report, self._hear = options, around.report, hear
        self._presence = [] if options.presence is None else [options.presence]
        self._by_topic: dict[str, list[Where]] = {}
        for where in (*self._presence, *wheres):
            self._by_topic.setdefault(where.topic.replace("{at}", options.at), []).append(where)
        self._present = True
        self._silence: asyncio.TimerHandle | None = None
        self._broker = LocalLink(options.mqtt(around.folder, f"{kind}-{options.at}"), self._work, self._report)
        self._loop = self._broker.loop
        self._broker.start()

    def stop(self) -> None:
        """Leaves the broker."""
        self._broker.stop()

    async def _work(self, link: Link) -> None:
        self._wait_anew()
        try:
            await link.subscribe(*self._by_topic)
            async for message in link.messages():
                # In another thread: who hears it may wait for a disk.
                if await asyncio.to_thread(self._take, message):
                    self._wait_anew()
        finally:
            if self._silence:
                self._silence.cancel()

    def _wait_anew(self) -> None:
        if self._silence:
            self._silence.cancel()
        told = f"{self._options.at} says nothing for {self._options.silent_s:g} s"
        self._silence = self._loop.call_later(self._options.silent_s, self._report, told)

    def _take(self, message: Message) -> bool:
        """Whether the device itself was heard."""
        try:
            content = _content(message.payload)
            heard = False
            for where in self._by_topic.get(message.topic, ()):
                said = member(content, where.pointer)
                if isinstance(where, Presence):
                    self._present = said == where.there
                elif said is not NOTHING:
                    self._hear(where, said)
                    heard = self._present = True
        except ValueError as error:
            self._report(f"{self._options.at}: {error}")
            return False
        self._report(None if self._present else f"{self._options.at} is gone")
        return heard


def _content(payload: bytes) -> Any:
    if len(payload) > MAX_BYTES:
        raise ValueError(f"a message of {len(payload)} bytes; {MAX_BYTES} is the most")
    text = payload.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text  # as Tasmota says Online


def member(content: Any, pointer: str) -> Any:
    """What `pointer` (RFC 6901) names in `content`, or NOTHING."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(content, dict) and name in content:
            content = content[name]
        elif isinstance(content, list) and name.isdigit() and int(name) < len(content):
            content = content[int(name)]
        else:
            return NOTHING
    return NOTHING if content is None else content
