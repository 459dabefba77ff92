"""A release comes by HTTPS, in one stream that goes on where it broke off, into room that evidence does not need."""

import asyncio
import logging
import shutil
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from custody.permits import time_text
from edge_agent.clock import Clock
from edge_agent.pictures import PAUSES_S, UPLOAD_TYPE
from edge_agent.updates.book import Wish
from proof import jws
from proof.keys import SigningKey
from wire.releases import digest_of

SPARE_BYTES = 64 << 20
"""Left free on the journal's disk, beside the room that is kept for evidence."""
LATER = frozenset({408, 425, 429})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why it does not come: a code, and a sentence."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """What fetching needs. `short` says whether the journal is short of room; `unwanted` whether to stop."""

    agent: str
    key: SigningKey
    clock: Clock
    url: str
    folder: Path
    short: Callable[[], bool]
    tls: ssl.SSLContext | None = None
    spare_bytes: int = SPARE_BYTES

    @property
    def whole(self) -> Path:
        """Where a release lies that is here."""
        return self.folder / "release.zip"

    async def fetch(self, wish: Wish, on_bytes: Callable[[int], None], unwanted: Callable[[], bool]) -> Refusal | None:
        """Brings the release here, however often the link breaks. None once it is, or is not wanted any more."""
        part = self.folder / f"{wish.update.sha256[:12]}.part"
        await asyncio.to_thread(self._make_room, part)
        failures = 0
        verify = self.tls or ssl.create_default_context()
        async with httpx.AsyncClient(timeout=30, trust_env=False, verify=verify) as client:
            while not unwanted():
                begun = _size(part)
                if begun >= wish.update.bytes:
                    return await asyncio.to_thread(self._end, part, wish)
                if problem := self._no_room(wish.update.bytes - begun):
                    return Refusal("no_room", problem)
                refusal = await self._go_on(client, part, begun, wish, on_bytes, unwanted)
                if refusal is not None:
                    return refusal
                came = _size(part) > begun
                failures = 0 if came else failures + 1
                if _size(part) < wish.update.bytes and not unwanted():
                    await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
        return None

    async def _go_on(
        self, client: httpx.AsyncClient, part: Path, begun: int, wish: Wish, on_bytes: Callable[[int], None],
        unwanted: Callable[[], bool],
    ) -> Refusal | None:  # fmt: skip
        """One connection's worth."""
        head = self._signed(wish.update.sha256) | {"Range": f"bytes={begun}-", "Accept-Encoding": "identity"}
        try:
            async with client.stream("GET", f"{self.url}/{wish.update.sha256}/file", headers=head) as answer:
                if answer.is_client_error and answer.status_code not in LATER:
                    return Refusal("not_given", f"the cloud does not give it: {answer.status_code}")
                if answer.status_code != 206:
                    return None
                at = begun
                with part.open("ab") as file:
                    async for piece in answer.aiter_bytes():
                        if self.short() or at + len(piece) > wish.update.bytes or unwanted():
                            return None
                        file.write(piece)
                        at += len(piece)
                        on_bytes(at)
        except (httpx.HTTPError, OSError) as error:
            _log.info("release %s: %s", wish.update.version, error)
        return None

    def _make_room(self, part: Path) -> None:
        """What was fetched for another wish is of no use any more."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in self.folder.glob("*.part"):
            if old != part:
                old.unlink(missing_ok=True)

    def _no_room(self, missing: int) -> str | None:
        free = shutil.disk_usage(self.folder).free
        if self.short():
            return "the room that is kept for evidence is being used"
        if free < missing + self.spare_bytes:
            return f"{free} bytes are free, {missing} are to come, and {self.spare_bytes} stay free for evidence"
        return None

    def _end(self, part: Path, wish: Wish) -> Refusal | None:
        with part.open("rb") as file:
            found = digest_of(file)
        if found != wish.update.sha256:
            part.unlink()
            return Refusal("digest", f"what came has the digest {found}")
        part.replace(self.whole)
        return None

    def _signed(self, sha256: str) -> dict[str, str]:
        claim = {"agent": self.agent, "sha256": sha256, "at": time_text(self.clock.read().at)}
        return {"Authorization": f"Bearer {jws.sign(claim, self.key, UPLOAD_TYPE)}"}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
