"""Pictures in from agents and out to who looks: one stream from each camera, however many look. In memory only.

Bounded: so many looks at once, each for so long. A camera at which nobody looks any more is hung up, and its agent
stops by that. What a process that ends was showing is over; its entries say until when it could last at the longest.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cloud.errors import NotFoundError
from cloud.viewing.errors import NoPictureError, TooManyViewsError
from cloud.viewing.models import IceServerShown

MOST_VIEWS = 8
LONGEST = timedelta(minutes=10)
PICTURE_S = 20.0
"""How long an agent may take to bring a picture, and a browser to come for it."""

_OVER = ("closed", "failed")
_log = logging.getLogger(__name__)

Ended = Callable[["Look", float], Awaitable[None]]
"""Hears of a look that is over, and how many seconds it lasted."""


@dataclass(slots=True, eq=False)
class Source:
    """What one camera sends; `asked_as` is the view that its agent was ordered to bring it for."""

    camera: tuple[str, str]
    asked_as: str
    looks: "set[Look]" = field(default_factory=set)
    connection: Any = None
    track: Any = None
    fan: Any = None
    arrived: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, eq=False)
class Look:
    """Somebody (`person`) looks, or is about to."""

    view: str
    site: str
    person: str
    source: Source
    began: float
    connection: Any = None
    timer: asyncio.TimerHandle | None = None
    over: bool = False


class Relay:
    """Of one web process. `ended` is told of each look that is over; `ice` are the servers by which it is found."""

    def __init__(
        self, ended: Ended, ice: Callable[[], Sequence[IceServerShown]] = tuple, longest: timedelta = LONGEST
    ) -> None:
        self._ended, self._ice, self._longest = ended, ice, longest
        self._sources: dict[tuple[str, str], Source] = {}
        self._looks: dict[str, Look] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, view: str, site: str, person: str, agent: str, station: str) -> bool:
        """Somebody may look from now on; whether the agent has to be asked for the picture.

        Raises TooManyViewsError.
        """
        if len(self._looks) >= MOST_VIEWS:
            raise TooManyViewsError("too_many_views", f"{MOST_VIEWS} people look already")
        camera = (agent, station)
        source = self._sources.setdefault(camera, Source(camera, view))
        loop = asyncio.get_running_loop()
        look = self._looks[view] = Look(view, site, person, source, loop.time())
        source.looks.add(look)
        look.timer = loop.call_later(PICTURE_S, self._end_soon, look)  # until the browser came for it
        return source.asked_as == view

    def forget(self, view: str) -> None:
        """The look was never said: nobody looks."""
        look = self._looks.pop(view)
        if look.timer is not None:
            look.timer.cancel()
        look.source.looks.discard(look)
        if not look.source.looks:
            self._sources.pop(look.source.camera, None)

    async def whip(self, view: str, agent: str, offer: str) -> str:
        """The answer to an agent that brings its picture for `view`. Raises NotFoundError, ConflictError."""
        source = next((one for one in self._sources.values() if one.asked_as == view and one.camera[0] == agent), None)
        if source is None or source.connection is not None:
            raise NotFoundError("view that waits for a picture", view)
        rtc = await asyncio.to_thread(_webrtc)
        connection = source.connection = self._connection(rtc)

        def came(track: Any) -> None:
            source.track, source.fan = track, rtc.MediaRelay()
            source.arrived.set()

        def changed() -> None:
            if connection.connectionState in _OVER:
                self._drop(source)

        connection.on("track", came)
        connection.on("connectionstatechange", changed)
        return await _answer(rtc, connection, offer)

    async def whep(self, view: str, person: str, offer: str) -> str:
        """The answer to a browser that wants to see. Raises NotFoundError, NoPictureError, ConflictError."""
        look = self._looks.get(view)
        if look is None or look.person != person or look.connection is not None:
            raise NotFoundError("view of mine that waits", view)
        try:
            async with asyncio.timeout(PICTURE_S / 2):
                await look.source.arrived.wait()
        except TimeoutError as error:
            raise NoPictureError("no_picture", f"{look.source.camera} sent nothing") from error
        if look.over:
            raise NoPictureError("no_picture", "the look is over")
        rtc = await asyncio.to_thread(_webrtc)
        connection = look.connection = self._connection(rtc)
        connection.addTrack(look.source.fan.subscribe(look.source.track, buffered=False))
        loop = asyncio.get_running_loop()
        if look.timer is not None:
            look.timer.cancel()
        look.timer = loop.call_later(self._longest.total_seconds(), self._end_soon, look)

        def changed() -> None:
            if connection.connectionState in _OVER:
                self._end_soon(look)

        connection.on("connectionstatechange", changed)
        return await _answer(rtc, connection, offer)

    def leave(self, view: str, person: str) -> None:
        """Who looked looks no longer. Raises NotFoundError."""
        look = self._looks.get(view)
        if look is None or look.person != person:
            raise NotFoundError("view of mine", view)
        self._end_soon(look)

    async def close(self) -> None:
        """Everything ends."""
        for look in list(self._looks.values()):
            self._end_soon(look)
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connection(self, rtc: Any) -> Any:
        servers = [rtc.RTCIceServer(**one.model_dump()) for one in self._ice()]
        return rtc.RTCPeerConnection(rtc.RTCConfiguration(iceServers=servers))

    def _drop(self, source: Source) -> None:
        """The agent hung up, or was lost: who comes next asks it anew."""
        if self._sources.get(source.camera) is source:
            del self._sources[source.camera]
        for look in list(source.looks):
            self._end_soon(look)

    def _end_soon(self, look: Look) -> None:
        if look.over:
            return
        look.over = True
        task = asyncio.get_running_loop().create_task(self._end(look))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _end(self, look: Look) -> None:
        if look.timer is not None:
            look.timer.cancel()
        self._looks.pop(look.view, None)
        source = look.source
        source.looks.discard(look)
        if look.connection is not None:
            await look.connection.close()
        if not source.looks:
            if self._sources.get(source.camera) is source:
                del self._sources[source.camera]
            if source.connection is not None:
                await source.connection.close()
        await self._ended(look, asyncio.get_running_loop().time() - look.began)


async def _answer(rtc: Any, connection: Any, offer: str) -> str:
    try:
        if "m=video" not in offer:
            raise ValueError("nothing to see in it")
        await connection.setRemoteDescription(rtc.RTCSessionDescription(offer, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
    except (ValueError, LookupError, AttributeError, rtc.OperationError, rtc.InvalidStateError) as error:
        # a text that its parser trips over
        await connection.close()
        raise NoPictureError("bad_offer", f"not an offer that can be answered: {error}") from error
    text: str = connection.localDescription.sdp
    return text


def _webrtc() -> Any:
    from cloud.viewing import webrtc  # half a second, once, and only where somebody looks

    return webrtc
