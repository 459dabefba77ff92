"""Stills out: each goes by HTTP to the cloud, apart from the facts that name them, until the cloud has it.

The journal keeps them beside the facts, so that a decision needs one fsync and not three.
"""

import asyncio
import logging
import ssl

import httpx

from custody.permits import time_text
from edge_agent.clock import Clock
from edge_agent.errors import JournalError
from edge_agent.journal.journal import Journal
from edge_agent.store import Effect
from proof import jws
from proof.keys import SigningKey

UPLOAD_TYPE = "sealtrail-upload+jws"
"""The purpose an upload token is signed for."""

AT_ONCE = 200
"""How many waiting pictures are looked at; one that the cloud does not take lets the others pass."""

PAUSES_S = (0.5, 1.0, 2.0, 5.0, 15.0, 60.0)
"""Before the next try after failures in a row; the last one repeats. A picture refused waits the last one."""

_log = logging.getLogger(__name__)


class Pictures:
    """Uploads what waits in the journal; `deliver` runs until it is cancelled."""

    def __init__(
        self, agent: str, key: SigningKey, journal: Journal, clock: Clock, url: str, tls: ssl.SSLContext | None = None
    ) -> None:
        self._tls = tls or ssl.create_default_context()
        self._agent, self._key, self._journal, self._clock = agent, key, journal, clock
        self._url = f"{url.rstrip('/')}/api/v1/media"
        self._news = asyncio.Event()
        self._refused: dict[str, int] = {}  # digest → when it may be tried again, monotonic µs

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Lets the journal wake `deliver`, which runs in `loop`."""

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._news.set)

        self._journal.watch(wake)

    async def deliver(self) -> None:
        """Sends one after the other, oldest first."""
        failures = 0
        async with httpx.AsyncClient(verify=self._tls, timeout=30, trust_env=False) as client:
            while True:
                self._news.clear()
                digest = await asyncio.to_thread(self._next)
                if digest is None:
                    await self._rest(PAUSES_S[-1])
                elif await self._send(client, digest):
                    failures = 0
                else:
                    await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
                    failures += 1

    async def _rest(self, seconds: float) -> None:
        """Until there is news, or a refused picture may be tried again."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    def _next(self) -> str | None:
        now = self._clock.mono_us()
        self._refused = {digest: at for digest, at in self._refused.items() if at > now}
        waiting = self._journal.reads.rows("waiting_pictures", limit=AT_ONCE + len(self._refused))
        return next((digest for (digest,) in waiting if digest not in self._refused), None)

    async def _send(self, client: httpx.AsyncClient, digest: str) -> bool:
        """Whether the next one may follow at once."""
        reading = self._clock.read()
        claim = {"agent": self._agent, "sha256": digest, "at": time_text(reading.at)}
        headers = {
            "Authorization": f"Bearer {jws.sign(claim, self._key, UPLOAD_TYPE)}",
            "Content-Type": "image/jpeg",
        }
        ((jpeg,),) = await asyncio.to_thread(lambda: self._journal.reads.rows("picture", sha256=digest))
        try:
            answer = await client.put(f"{self._url}/{digest}", content=jpeg, headers=headers)
        except httpx.HTTPError as error:
            _log.info("picture %s not sent: %s", digest[:12], error)
            return False
        if answer.is_success:
            return await self._sent(digest, claim["at"])
        _log.warning("picture %s not taken: %d %s", digest[:12], answer.status_code, answer.text[:200])
        if answer.is_client_error and answer.status_code not in (408, 425, 429):
            self._refused[digest] = reading.mono_us + int(PAUSES_S[-1] * 1_000_000)
            return True
        return False

    async def _sent(self, digest: str, at: str) -> bool:
        uploaded = Effect("set_uploaded", {"sha256": digest, "at": at})
        try:
            await asyncio.to_thread(self._journal.apply, [uploaded])
        except JournalError as error:  # sent again later, which the cloud takes for what it is
            _log.error("picture %s was sent, which cannot be noted: %s", digest[:12], error)
            return False
        return True
