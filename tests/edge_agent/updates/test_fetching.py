"""Fetching: in one stream, from where it broke off, checked whole, never into the room that is kept for evidence."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge_agent.clock import SystemClock
from edge_agent.updates.book import Wish
from edge_agent.updates.fetching import Fetching, Refusal
from proof.keys import SigningKey
from wire.releases import Update

CONTENT = bytes(range(256)) * 2000
NAME = hashlib.sha256(CONTENT).hexdigest()
AGENT, KEY = "nj01.gate-a", SigningKey.from_seed(b"a" * 32)


@dataclass
class Cloud:
    """A web server that gives `content` in parts: each connection ends after so many bytes of `breaks`, if it does."""

    content: bytes = CONTENT
    breaks: list[int] = field(default_factory=list)
    status: int = 206
    asked: list[int] = field(default_factory=list)
    port: int = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        found = re.search(r"range: bytes=(\d+)-", head, re.I)
        assert found
        start = int(found[1])
        self.asked.append(start)
        rest = self.content[start:]
        writer.write(f"HTTP/1.1 {self.status} x\r\nContent-Length: {len(rest)}\r\nConnection: close\r\n\r\n".encode())
        writer.write(rest[: self.breaks.pop(0)] if self.breaks else rest)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def opened(cloud: Cloud) -> AsyncIterator[Cloud]:
    server = await asyncio.start_server(cloud.answer, "127.0.0.1", 0)
    cloud.port = server.sockets[0].getsockname()[1]
    async with server:
        yield cloud


def fetching(folder: Path, cloud: Cloud, short: Callable[[], bool] = lambda: False, spare: int = 0) -> Fetching:
    return Fetching(
        agent=AGENT, key=KEY, clock=SystemClock("b0"), url=f"http://127.0.0.1:{cloud.port}", folder=folder,
        short=short, spare_bytes=spare,
    )  # fmt: skip


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def wish(sha256: str = NAME, size: int = len(CONTENT)) -> Wish:
    return Wish(Update(number=1, version="0.2.0", sha256=sha256, bytes=size, approved=7), "token", "0.1.0")


async def fetch(one: Fetching, wanted: Wish, came: Callable[[int], None] = lambda _: None) -> Refusal | None:
    async with asyncio.timeout(240):
        return await one.fetch(wanted, came, lambda: False)


async def test_what_broke_off_goes_on_where_it_was(tmp_path: Path) -> None:
    async with opened(Cloud(breaks=[1000, 70_000])) as cloud:
        one, heard = fetching(tmp_path, cloud), list[int]()
        assert await fetch(one, wish(), heard.append) is None
    assert cloud.asked == [0, 1000, 71_000]
    assert one.whole.read_bytes() == CONTENT
    assert heard[-1] == len(CONTENT)
    assert heard == sorted(heard)


async def test_a_process_that_died_goes_on_too_and_what_was_wanted_before_is_thrown_away(tmp_path: Path) -> None:
    (tmp_path / f"{NAME[:12]}.part").write_bytes(CONTENT[:5000])
    (tmp_path / "aaaaaaaaaaaa.part").write_bytes(b"older")
    async with opened(Cloud()) as cloud:
        assert await fetch(fetching(tmp_path, cloud), wish()) is None
    assert cloud.asked == [5000]
    assert names(tmp_path) == ["release.zip"]


async def test_what_came_altered_is_refused_and_not_kept(tmp_path: Path) -> None:
    altered = bytearray(CONTENT)
    altered[99] ^= 1
    async with opened(Cloud(bytes(altered))) as cloud:
        refusal = await fetch(fetching(tmp_path, cloud), wish())
    assert refusal is not None
    assert refusal.code == "digest"
    assert names(tmp_path) == []


async def test_more_than_was_ordered_is_not_taken(tmp_path: Path) -> None:
    async with opened(Cloud(CONTENT + b"more")) as cloud:
        one, wanted = fetching(tmp_path, cloud), wish()
        calls = iter([False, False, False, False, True, True])
        async with asyncio.timeout(240):
            assert await one.fetch(wanted, lambda _: None, lambda: next(calls, True)) is None
    part = tmp_path / f"{NAME[:12]}.part"
    assert not part.exists() or part.stat().st_size <= len(CONTENT)


@pytest.mark.parametrize(
    ("short", "spare"), [(True, 0), (False, 1 << 60)], ids=["the reserve is opened", "the disk is nearly full"]
)
async def test_evidence_comes_first(tmp_path: Path, short: bool, spare: int) -> None:
    async with opened(Cloud()) as cloud:
        refusal = await fetch(fetching(tmp_path, cloud, lambda: short, spare), wish())
    assert refusal is not None
    assert (refusal.code, cloud.asked) == ("no_room", [])


async def test_what_the_cloud_does_not_give_is_refused_and_not_asked_for_again(tmp_path: Path) -> None:
    async with opened(Cloud(status=404)) as cloud:
        refusal = await fetch(fetching(tmp_path, cloud), wish())
    assert refusal is not None
    assert (refusal.code, cloud.asked) == ("not_given", [0])
