"""Those who are told: a web server and a mail server that note what came, and a server that never answers."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import httpx

from cloud.reminders.robots import ROBOTS, Robot

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@dataclass
class Receiver:
    """`came` has a body a request, `letters` a letter each; `answer` is how a request is answered."""

    port: int = 0
    answer: str = "HTTP/1.1 204 No Content\r\n\r\n"
    came: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)
    letters: "asyncio.Queue[EmailMessage]" = field(default_factory=asyncio.Queue)
    hosts: list[str] = field(default_factory=list)

    async def web(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        fields = dict(line.split(": ", 1) for line in head[1:] if line)
        self.hosts.append(fields["host"])
        body = await reader.readexactly(int(fields["content-length"]))
        await self.came.put(json.loads(body))
        writer.write(self.answer.encode())
        await writer.drain()

    async def mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One letter, as RFC 5321 has it."""
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            word = line[:4].upper()
            if word == b"DATA":
                writer.write(b"354 go on\r\n")
                letter = (await reader.readuntil(b"\r\n.\r\n"))[:-5].replace(b"\r\n..", b"\r\n.")
                parsed = message_from_bytes(letter, policy=policy.default)
                assert isinstance(parsed, EmailMessage)
                await self.letters.put(parsed)
            writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 good\r\n")
            await writer.drain()
            if word == b"QUIT":
                return

    async def silence(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Takes everything and says nothing."""
        await self.came.put({})
        await reader.read()


@asynccontextmanager
async def listening(receiver: Receiver, talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """`receiver` at a port of this machine, until the block ends."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever told us has gone
        finally:
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


def robot(kind: str, receiver: Receiver) -> dict[str, Robot]:
    """The robot of `kind`, its vendor's server at the receiver's port."""
    url = httpx.URL(ROBOTS[kind].url.replace("{key}", "KEY"))
    here = f"http://127.0.0.1:{receiver.port}{url.raw_path.decode().replace('KEY', '{key}')}"
    return {kind: replace(ROBOTS[kind], url=here)}


def said(body: str) -> str:
    """An answer of HTTP 200 with a body, as vendors of robots give."""
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
