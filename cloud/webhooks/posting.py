"""One attempt: to an address that was looked at, without following where it leads, bounded in time and bytes."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import httpx

from cloud.db.pool import storable
from cloud.errors import SettingsError
from cloud.webhooks.addresses import Gatehouse, Target, TargetRefusedError

EXCERPT_CHARACTERS = 500
READ_BYTES = 4096
"""Of an answer; nobody needs more, and it could be endless."""
TRIED_ADDRESSES = 3


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of an attempt: the HTTP status, if there was an answer, and how that begins, or why there was none."""

    status: int | None
    told: str | None = None

    @property
    def taken(self) -> bool:
        """Whether the other side has it."""
        return self.status is not None and 200 <= self.status < 300


Post: TypeAlias = Callable[[str, bytes, Mapping[str, str]], Awaitable[Reply]]
"""Sends a body with headers to a URL."""


@dataclass(frozen=True, slots=True)
class Poster:
    """Sends within `timeout`. `tls` says whose certificates are believed."""

    gatehouse: Gatehouse
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    timeout: timedelta = timedelta(seconds=10)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Post]:
        """A way to post to one webhook, its connection kept while it is used."""
        limits = httpx.Limits(max_connections=2, max_keepalive_connections=1)
        async with httpx.AsyncClient(
            verify=self.tls,
            limits=limits,
            trust_env=False,
            follow_redirects=False,
            timeout=self.timeout.total_seconds(),
        ) as client:

            async def post(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
                try:
                    async with asyncio.timeout(self.timeout.total_seconds()):
                        return await self._post(client, self.gatehouse.admit(url), body, headers)
                except TargetRefusedError as error:
                    return Reply(None, str(error))
                except (TimeoutError, httpx.TimeoutException):
                    return Reply(None, f"no answer within {self.timeout.total_seconds():g} s")
                except (OSError, httpx.HTTPError) as error:
                    return Reply(None, storable(f"{type(error).__name__}: {error}")[:EXCERPT_CHARACTERS])

            yield post

    async def _post(self, client: httpx.AsyncClient, target: Target, body: bytes, headers: Mapping[str, str]) -> Reply:
        whole = {
            **headers, "Host": target.authority, "Content-Type": "application/json", "Accept-Encoding": "identity",
            "User-Agent": "sealtrail-webhook/1",
        }  # fmt: skip
        addresses = (await self.gatehouse.addresses(target))[:TRIED_ADDRESSES]
        for number, address in enumerate(addresses, 1):
            literal = f"[{address}]" if ":" in address else address
            url = httpx.URL(
                scheme=target.scheme, host=literal, port=target.port, raw_path=target.path.encode("ascii")
            )  # fmt: skip
            # The certificate has to be that of the name, although it is the address that is connected to.
            extensions = {"sni_hostname": target.bare_host}
            try:
                async with client.stream("POST", url, content=body, headers=whole, extensions=extensions) as answer:
                    return await _read(answer)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if number == len(addresses):
                    raise
        return Reply(None, f"{target.host} has no address")


async def _read(answer: httpx.Response) -> Reply:
    """The answer's status and beginning; a redirection is not followed, and says where it led."""
    if answer.is_redirect:
        return Reply(answer.status_code, _excerpt(f"not followed: {answer.headers.get('location', '')}"))
    return Reply(answer.status_code, _excerpt((await beginning(answer)).decode("utf-8", "replace")) or None)


async def beginning(answer: httpx.Response) -> bytes:
    """The first READ_BYTES of what is answered at most. Raises httpx.HTTPError."""
    start = bytearray()
    async for piece in answer.aiter_raw():
        start += piece
        if len(start) >= READ_BYTES:
            break
    return bytes(start[:READ_BYTES])


def _excerpt(text: str) -> str:
    return storable(text.strip())[:EXCERPT_CHARACTERS]


def trust(ca: Path | None) -> ssl.SSLContext:
    """Whose certificates are believed: the machine's authorities, and those in the PEM file `ca`.

    Raises SettingsError.
    """
    context = ssl.create_default_context()
    if ca is not None:
        try:
            context.load_verify_locations(cafile=ca)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError([f"SEALTRAIL_CLOUD_WEBHOOK_CA: {ca}: {error}"]) from error
    return context
