"""A rack whose slots hang on a slot node (`firmware_scripts/slot_node/`), over the site's own MQTT broker.

The node says what lies in its slots and is told which lights to show; both are retained, so whoever comes back knows at
once. The broker tells the last will of a node that vanished: the device is lost until it speaks again. When this agent
vanishes its own last will puts the lights out.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress

from pydantic import Field

from edge_agent.devices import Around, Light
from edge_agent.drivers.local_broker import BrokerOptions, LocalLink
from edge_agent.errors import DeviceError
from wire.errors import LinkError, MessageError
from wire.link import Link, Message
from wire.messages import encode
from wire.mqtt import Will
from wire.slot_nodes import LIGHTS, NODE, OCCUPIED, ONLINE, Lights, Occupied, Online, decode_said, node_topic

TELL_S = 5.0
"""How long a light may take to be told."""


class Options(BrokerOptions):
    """The local broker, the node's name, and its slots.

    A node that says nothing for `silent_s` after the broker was reached is lost.
    """

    node: str = Field(pattern=NODE)
    slots: list[str] = Field(min_length=1)
    silent_s: float = Field(5.0, gt=0)


class MqttSlots:
    """The rack of one node."""

    def __init__(self, options: Options, around: Around) -> None:
        self._options, self._report = options, around.report
        self._hearing = threading.Lock()
        self._occupied: dict[str, bool] = {}
        self._watchers: list[Callable[[str, bool], None]] = []
        self._lit: dict[str, tuple[Light, bool]] = {}
        self._online = False
        self._link: Link | None = None
        dark = Will(topic=node_topic(options.node, LIGHTS), payload=encode(Lights(slots={})))
        self._broker = LocalLink(options.mqtt(around.folder, f"slots-{options.node}", dark), self._work, self._lose)
        self._loop = self._broker.loop
        self._broker.start()

    def light(self, slot: str, light: Light, *, blinking: bool = False) -> None:
        """Shows `light` at `slot`; a node that is away shows it when it is back. Raises DeviceError."""
        if slot not in self._options.slots:
            raise DeviceError(f"there is no slot {slot}")
        self._lit[slot] = light, blinking
        if not self._online:
            raise DeviceError(f"slot node {self._options.node} is not there")
        telling: Future[None] = asyncio.run_coroutine_threadsafe(self._tell_lights(), self._loop)
        try:
            telling.result(TELL_S)
        except (LinkError, FutureTimeoutError) as error:
            raise DeviceError(f"slot node {self._options.node} was not told: {error}") from error

    def watch(self, on_change: Callable[[str, bool], None]) -> None:
        """Calls `on_change` with every slot that was heard of, and at every change."""
        with self._hearing:  # so that nobody hears a change before what it changed
            self._watchers.append(on_change)
            for slot, occupied in self._occupied.items():
                on_change(slot, occupied)

    def stop(self) -> None:
        """Goes dark, if the broker can be told, and leaves it."""
        self._lit.clear()
        with suppress(LinkError, FutureTimeoutError):
            asyncio.run_coroutine_threadsafe(self._tell_lights(), self._loop).result(TELL_S)
        self._broker.stop()

    async def _work(self, link: Link) -> None:
        node = self._options.node
        self._link = link
        silence = self._loop.call_later(self._options.silent_s, self._lose, f"slot node {node} says nothing")
        try:
            await self._tell_lights()
            await link.subscribe(node_topic(node, ONLINE), node_topic(node, OCCUPIED))
            async for message in link.messages():
                silence.cancel()
                # In another thread: who hears a change may want a light, which is told from here.
                await asyncio.to_thread(self._hear, message)
        finally:
            silence.cancel()
            self._link, self._online = None, False

    async def _tell_lights(self) -> None:
        if self._link is None:
            raise LinkError("there is no connection to the local broker")
        lit = {slot: shown for slot, shown in self._lit.items() if shown[0] is not Light.OFF}
        blink = sorted(slot for slot, (_, blinking) in lit.items() if blinking)
        shown = Lights(slots={slot: light.value for slot, (light, _) in lit.items()}, blink=blink)
        await self._link.publish(node_topic(self._options.node, LIGHTS), encode(shown), retain=True)

    def _hear(self, message: Message) -> None:
        try:
            if message.topic.endswith(f"/{ONLINE}"):
                self._hear_online(decode_said(Online, message.payload))
            else:
                self._hear_occupied(decode_said(Occupied, message.payload))
        except MessageError as error:
            self._lose(f"slot node {self._options.node}: {error}")

    def _hear_online(self, said: Online) -> None:
        missing = [slot for slot in self._options.slots if slot not in said.slots]
        if not said.online:
            self._lose(f"slot node {self._options.node} is gone")
        elif missing:
            self._lose(f"slot node {self._options.node} has no slot {', '.join(missing)}")
        else:
            self._online = True
            self._report(None)

    def _hear_occupied(self, said: Occupied) -> None:
        with self._hearing:
            for slot, occupied in said.slots.items():
                if slot in self._options.slots and self._occupied.get(slot) is not occupied:
                    self._occupied[slot] = occupied
                    for on_change in self._watchers:
                        on_change(slot, occupied)

    def _lose(self, problem: str) -> None:
        self._online = False
        self._report(problem)


def build(options: Options, around: Around) -> MqttSlots:
    """The rack of the node of `options`, which may come later."""
    return MqttSlots(options, around)
