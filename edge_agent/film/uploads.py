"""Kept segments out: in pieces by HTTP, each going on where the cloud says the last one ended, once their facts are in.

What is on the disk is checked against what was signed before it goes, and by the cloud once it is there.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from pathlib import Path

import httpx

from custody.permits import time_text
from edge_agent.clock import Clock
from edge_agent.errors import JournalError
from edge_agent.film.ring import Ring
from edge_agent.film.segment import digest_of
from edge_agent.journal.journal import Journal
from edge_agent.pictures import AT_ONCE, PAUSES_S, UPLOAD_TYPE
from edge_agent.store import Effect
from proof import jws
from proof.keys import SigningKey

PIECE_BYTES = 1 << 18
PIECE_TYPE = "application/offset+octet-stream"

_log = logging.getLogger(__name__)


class Uploads:
    """Uploads what waits; `deliver` runs until it is cancelled. `damaged` hears of a file that is not what it was."""

    def __init__(
        self, agent: str, key: SigningKey, journal: Journal, clock: Clock, url: str, ring: Ring,
        damaged: Callable[[str, str], None], tls: ssl.SSLContext | bool = True,
    ) -> None:  # fmt: skip
        self._agent, self._key, self._journal, self._clock, self._ring = agent, key, journal, clock, ring
        self._url, self._damaged, self._tls = f"{url.rstrip('/')}/api/v1/segments", damaged, tls
        self._news = asyncio.Event()
        self._later: dict[str, int] = {}  # digest → when it may be tried again, monotonic µs

    async def work(self) -> None:
        """Delivers until it is cancelled, woken by the journal."""
        self.attach(asyncio.get_running_loop())
        await self.deliver()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Lets the journal wake `deliver`, which runs in `loop`."""

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._news.set)

        self._journal.watch(wake)

    async def deliver(self) -> None:
        """Sends one after the other, oldest first."""
        failures = 0
        async with httpx.AsyncClient(timeout=30, trust_env=False, verify=self._tls) as client:
            while True:
                self._news.clear()
                waiting = await asyncio.to_thread(self._next)
                if waiting is None:
                    await self._rest(PAUSES_S[-1])
                elif await self._send(client, *waiting):
                    failures = 0
                else:
                    await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
                    failures += 1

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    def _next(self) -> tuple[str, int] | None:
        """Digest and size of the next one that waits and whose fact is in the ledger."""
        now = self._clock.mono_us()
        self._later = {digest: at for digest, at in self._later.items() if at > now}
        limit = AT_ONCE + len(self._later)
        waiting = self._journal.reads.rows("waiting_segments", receipted=self._journal.receipted, limit=limit)
        return next(((sha256, size) for sha256, size in waiting if sha256 not in self._later), None)

    async def _send(self, client: httpx.AsyncClient, sha256: str, size: int) -> bool:
        """Whether the next one may follow at once."""
        path = self._ring.kept_as(sha256)
        if not await asyncio.to_thread(self._sound, path, sha256):
            return self._postpone(sha256)
        try:
            answer, sent = await client.head(f"{self._url}/{sha256}", headers=self._signed(sha256)), -1
            while answer.is_success and (offset := _offset(answer, sent)) < size:
                piece, sent = await asyncio.to_thread(_read, path, offset), offset
                head = self._signed(sha256) | {"Upload-Offset": str(offset), "Content-Type": PIECE_TYPE}
                answer = await client.patch(f"{self._url}/{sha256}", content=piece, headers=head)
        except (httpx.HTTPError, OSError) as error:
            _log.info("segment %s not sent: %s", sha256[:12], error)
            return False
        if answer.is_success:
            return await self._sent(sha256)
        _log.warning("segment %s not taken: %d %s", sha256[:12], answer.status_code, answer.text[:200])
        if answer.is_client_error and answer.status_code not in (408, 425, 429):
            return self._postpone(sha256)
        return False

    def _postpone(self, sha256: str) -> bool:
        self._later[sha256] = self._clock.mono_us() + int(PAUSES_S[-1] * 1_000_000)
        return True

    def _sound(self, path: Path, sha256: str) -> bool:
        """Whether the file is what was signed."""
        try:
            found, _ = digest_of(path)
        except OSError as error:
            found = f"unreadable: {error.strerror}"
        if found != sha256:
            self._damaged(sha256, found)
        return found == sha256

    def _signed(self, sha256: str) -> dict[str, str]:
        claim = {"agent": self._agent, "sha256": sha256, "at": time_text(self._clock.read().at)}
        return {"Authorization": f"Bearer {jws.sign(claim, self._key, UPLOAD_TYPE)}"}

    async def _sent(self, sha256: str) -> bool:
        values = {"sha256": sha256, "at": time_text(self._clock.read().at)}
        try:
            await asyncio.to_thread(self._journal.apply, [Effect("set_segment_uploaded", values)])
        except JournalError as error:  # asked again later, and then it is there
            _log.error("segment %s was sent, which cannot be noted: %s", sha256[:12], error)
            return False
        return True


def _offset(answer: httpx.Response, before: int) -> int:
    """How many bytes are there: more than `before`. Raises DecodingError for an answer that says anything else."""
    told = answer.headers.get("Upload-Offset", "")
    if not told.isdigit() or int(told) <= before:
        raise httpx.DecodingError(f"Upload-Offset {told[:20]!r} in the answer")
    return int(told)


def _read(path: Path, offset: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(PIECE_BYTES)
