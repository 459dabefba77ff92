"""A site whose ledger is told of, and somebody real who is told."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from cloud.alarms.service import raise_alarm
from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.parts import Parts
from cloud.webhooks.addresses import Gatehouse, Resolve, resolve
from cloud.webhooks.posting import Poster
from cloud.webhooks.sending import Pace, Sender
from custody.roles import Role
from tests.cloud.api import Office, office
from tests.cloud.api import parts as plain_parts

__all__ = ["office", "plain_parts"]

ROOT = b"r" * 32
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
BROKEN = b"HTTP/1.1 500 Oh\r\nContent-Length: 5\r\nConnection: close\r\n\r\nsorry"


@pytest.fixture
async def parts(plain_parts: Parts) -> Parts:
    return replace(plain_parts, webhook_root=ROOT, webhook_hosts=frozenset({"127.0.0.1", "erp.test"}))


@dataclass
class Got:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """Somebody who is told: notes each request and answers it with raw bytes, or not at all."""

    port: int = 0
    answer: bytes = OK
    got: list[Got] = field(default_factory=list)
    came: asyncio.Queue[Got] = field(default_factory=asyncio.Queue)
    hangs: bool = False
    endless: bool = False

    async def serve(self, stack: AsyncExitStack, tls: ssl.SSLContext | None = None) -> "Receiver":
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        stack.callback(server.close)
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): text for name, _, text in (line.partition(": ") for line in head[1:] if line)}
            got = Got(head[0].split()[1], headers, await reader.readexactly(int(headers["content-length"])))
            self.got.append(got)
            self.came.put_nowait(got)
            if self.hangs:
                await reader.read()  # until the other side gives up
            elif self.endless:
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                while not writer.is_closing():
                    writer.write(b"x" * 65536)
                    await writer.drain()
            else:
                writer.write(self.answer)
                await writer.drain()
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError):
            pass  # whoever asked went away
        finally:
            writer.close()


@dataclass
class Desk:
    """An administrator's site."""

    office: Office
    admin: httpx.AsyncClient
    stack: AsyncExitStack

    async def receiver(self, tls: ssl.SSLContext | None = None, **more: Any) -> Receiver:
        return await Receiver(**more).serve(self.stack, tls)

    async def add(self, url: str, *events: str, signs: str = "v1") -> dict[str, Any]:
        body = {"name": "ERP", "url": url, "events": events or ["record.alarm_*"], "signs": signs}
        answer = await self.admin.post("webhooks", json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return {**made["webhook"], "secret": made["secret"], "path": f"webhooks/{made['webhook']['id'][5:]}"}

    async def post(self, path: str, body: object = None) -> dict[str, Any]:
        answer = await self.admin.post(path, json=body)
        assert answer.status_code in (200, 201), answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def deliveries(self, webhook: dict[str, Any]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = (await self.admin.get(f"{webhook['path']}/deliveries")).json()["rows"]
        return rows

    async def alarm(self, place: str = "nj01.gate-a") -> None:
        parts = self.office.parts
        async with transaction(parts.pool) as tx:
            appender = await open_ledger(tx, "nj01")
            await raise_alarm(
                tx, appender, parts.world, cause="door_forced", place=place, severity="major",
                detail={"seen": "王芳"}, at=parts.world.now(),
            )  # fmt: skip
            await close_ledger(tx, appender)

    def sender(
        self,
        *,
        pace: Pace | None = None,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
        timeout: timedelta = timedelta(minutes=5),
    ) -> Sender:
        parts = self.office.parts
        gatehouse = Gatehouse(parts.webhook_hosts, resolve)
        poster = Poster(gatehouse, tls or ssl.create_default_context(), timeout)
        return Sender(parts.pool, parts.world, lambda: ROOT, poster, pace or Pace())


async def once(sender: Sender) -> None:
    """One look, and all that is due sent."""
    for webhook in await sender.look():
        await sender.drain(webhook)


@pytest.fixture
async def desk(office: Office) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        yield Desk(office, await office.signed_in(Role.ADMIN), stack)
