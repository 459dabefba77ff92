"""Who asks to see a camera now: an order of the cloud begins it, and it ends by itself.

Nothing of it is kept here. The library that speaks WebRTC is loaded with the first order: an agent through which nobody
looks pays nothing for it. However many people look, the agent sends one stream for each camera.
"""

import asyncio
import hashlib
import logging
import ssl
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol

import httpx
import numpy as np
from numpy.typing import NDArray

from custody.permits import parse_time, time_text
from edge_agent.clock import Clock
from edge_agent.devices import Frame
from edge_agent.pictures import UPLOAD_TYPE
from edge_agent.vision.canvas import narrowed, to_planes
from proof import jws
from proof.keys import SigningKey
from wire.looking import SDP_TYPE, Look

MOST = 2
"""Cameras that are shown at the same time."""
LONGEST = timedelta(minutes=15)
"""For one order, whatever it says."""
WIDTH_PX = 960
BETWEEN_US = 90_000
"""Ten pictures a second at the most."""

_log = logging.getLogger(__name__)


class Track(Protocol):
    """Where pictures go."""

    def put(self, planes: NDArray[np.uint8], taken_us: int) -> None:
        """Shows a picture."""


class Viewing:
    """Shows the `cameras` (station → camera) to the cloud at `url` when asked."""

    def __init__(
        self, agent: str, key: SigningKey, clock: Clock, url: str, cameras: Mapping[str, str],
        tls: ssl.SSLContext | bool = True,
    ) -> None:  # fmt: skip
        self._agent, self._key, self._clock, self._tls = agent, key, clock, tls
        self._url, self._cameras = f"{url.rstrip('/')}/api/v1/live-views/whip", dict(cameras)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.ready = asyncio.Event()
        self._tracks: dict[str, Track] = {}
        self._shown_us: dict[str, int] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def shown(self) -> int:
        """So many cameras are shown now."""
        return len(self._tasks)

    def offer(self, camera: str, frame: Frame) -> None:
        """Takes a picture, if anybody looks; from the camera's thread."""
        track, loop = self._tracks.get(camera), self._loop
        if track is None or loop is None or loop.is_closed():
            return
        if frame.taken_us - self._shown_us.get(camera, -BETWEEN_US) < BETWEEN_US:
            return
        self._shown_us[camera] = frame.taken_us
        loop.call_soon_threadsafe(track.put, to_planes(narrowed(frame.pixels, WIDTH_PX)), frame.taken_us)

    def start(self, asked: Look) -> Callable[[], None] | str:
        """What begins to show what was asked for, or what is in the way; from any thread."""
        camera, loop = self._cameras.get(asked.station), self._loop
        left = min(parse_time(asked.until) - self._clock.read().at, LONGEST)
        if camera is None:
            return f"no camera at {asked.station[:100]}"
        if loop is None:
            return "not ready yet"
        if left <= timedelta(0):
            return "it was to be shown until a time that is over"
        if camera not in self._tasks and len(self._tasks) >= MOST:
            return f"{MOST} cameras are shown already"
        return lambda: void(loop.call_soon_threadsafe(self._begin, camera, asked, left.total_seconds()))

    async def work(self) -> None:
        """Shows what is asked for until it is cancelled."""
        self._loop = asyncio.get_running_loop()
        self.ready.set()
        try:
            await asyncio.Event().wait()
        finally:
            self._loop = None
            for task in (tasks := list(self._tasks.values())):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, camera: str, asked: Look, for_s: float) -> None:
        before = self._tasks.pop(camera, None)  # the cloud has lost that one: it asks once for each camera
        if before is not None:
            before.cancel()
        task = self._tasks[camera] = asyncio.create_task(self._show(camera, asked, for_s))

        def ended(done: "asyncio.Task[None]") -> None:
            if self._tasks.get(camera) is done:
                del self._tasks[camera]
            if not done.cancelled() and (error := done.exception()) is not None:
                _log.warning("view %s of %s ended: %s", asked.view, camera, error)

        task.add_done_callback(ended)

    async def _show(self, camera: str, asked: Look, for_s: float) -> None:
        publisher = await asyncio.to_thread(_publisher)
        track = self._tracks[camera] = publisher.CameraTrack()
        try:
            await publisher.publish(track, lambda sdp: self._whip(asked.view, sdp), asked.ice, for_s)
        finally:
            if self._tracks.get(camera) is track:
                del self._tracks[camera]

    async def _whip(self, view: str, sdp: str) -> str:
        """The cloud's answer. Raises httpx.HTTPError."""
        content = sdp.encode()
        claim = {"agent": self._agent, "sha256": hashlib.sha256(content).hexdigest(),
                 "at": time_text(self._clock.read().at)}  # fmt: skip
        headers = {"Authorization": f"Bearer {jws.sign(claim, self._key, UPLOAD_TYPE)}", "Content-Type": SDP_TYPE}
        async with httpx.AsyncClient(timeout=30, trust_env=False, verify=self._tls) as client:
            answer = await client.post(f"{self._url}/{view}", content=content, headers=headers)
            answer.raise_for_status()
            return answer.text


def _publisher() -> Any:
    from edge_agent.viewing import publisher  # half a second, once

    return publisher


def void(_: object) -> None:
    """Nothing."""
