"""One camera's pictures as a WebRTC track, and the one outgoing connection that brings them to the cloud."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from fractions import Fraction

import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from av import VideoFrame
from numpy.typing import NDArray

from wire.looking import IceServer

CODEC = "video/VP8"
_CLOCK = 90_000
_OVER = ("closed", "failed")


class CameraTrack(MediaStreamTrack):
    """Always the newest picture; who sends slowly misses some."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._newest: asyncio.Queue[tuple[NDArray[np.uint8], int]] = asyncio.Queue(1)
        self._first_us: int | None = None

    def put(self, planes: NDArray[np.uint8], taken_us: int) -> None:
        """Shows the picture `planes` (YUV 4:2:0) next; in the event loop."""
        if self._newest.full():
            self._newest.get_nowait()
        self._newest.put_nowait((planes, taken_us))

    async def recv(self) -> VideoFrame:
        """The next picture, once there is one."""
        planes, taken_us = await self._newest.get()
        self._first_us = taken_us if self._first_us is None else self._first_us
        frame = VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = (taken_us - self._first_us) * _CLOCK // 1_000_000, Fraction(1, _CLOCK)
        return frame


async def publish(
    track: CameraTrack, whip: Callable[[str], Awaitable[str]], ice: Sequence[IceServer], for_s: float
) -> None:
    """Sends `track` until the cloud hangs up, the connection is lost, or `for_s` seconds are over.

    `whip` brings the offer to the cloud and gives its answer; what it raises ends it too.
    """
    servers = [RTCIceServer(urls=one.urls, username=one.username, credential=one.credential) for one in ice]
    connection, over = RTCPeerConnection(RTCConfiguration(iceServers=servers)), asyncio.Event()

    @connection.on("connectionstatechange")
    def changed() -> None:
        if connection.connectionState in _OVER:
            over.set()

    try:
        async with asyncio.timeout(for_s):
            codecs = [one for one in RTCRtpSender.getCapabilities("video").codecs if one.mimeType == CODEC]
            connection.addTransceiver(track, direction="sendonly").setCodecPreferences(codecs)
            await connection.setLocalDescription(await connection.createOffer())
            answer = await whip(connection.localDescription.sdp)
            await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            await over.wait()
    except TimeoutError:
        pass
    finally:
        track.stop()
        await connection.close()
