"""The stream as an HTTP response (WHATWG HTML, server-sent events).

It ends when the screen is gone, when its time is up, when the process stops, and when the screen is too slow. The
screen then comes back with the id of the last event it took, and goes on from there.
"""

import asyncio
from datetime import timedelta

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cloud.live.hub import Hub, Watcher

LASTS = timedelta(minutes=10)
RETRY_MS = 1000


class LiveResponse(Response):
    """Streams what `hub` tells of `site` above entry `after`, or from now on where that is None (several sites)."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, site: str | tuple[str, ...], after: int | None, lasts: timedelta = LASTS) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._hub, self._site, self._after, self._lasts = hub, site, after, lasts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Writes until one of the ends named above; nothing that it started outlives it."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        watcher = self._hub.new_watcher()
        ends = [
            asyncio.create_task(self._write(watcher, send)),
            asyncio.create_task(_gone(receive)),
            asyncio.create_task(_cut(watcher)),
        ]
        try:
            await asyncio.wait(ends, timeout=self._lasts.total_seconds(), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ends:
                task.cancel()
            written, *_ = await asyncio.gather(*ends, return_exceptions=True)
        if isinstance(written, Exception):
            raise written
        if not watcher.slow:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, watcher: Watcher, send: Send) -> None:
        await _send(send, f"retry: {RETRY_MS}\n\n".encode())
        told = (
            self._hub.follow(watcher, self._site, self._after)
            if isinstance(self._site, str)
            else self._hub.follow_all(watcher, self._site)
        )
        async for events in told:
            await _send(send, b"".join(event.wire for event in events))


async def _send(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cut(watcher: Watcher) -> None:
    await watcher.cut.wait()
