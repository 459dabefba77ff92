"""Kept segments on their way to the cloud: cut off, killed, refused, damaged; none is lost and none is sent twice."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge_agent.film import uploads
from edge_agent.film.uploads import Uploads
from edge_agent.store import Effect
from proof import jws
from tests.edge_agent.cloud_peer import AGENT_KEY
from tests.edge_agent.film.studio import Studio, studio
from tests.edge_agent.scene import AGENT


@dataclass
class Cloud:
    """The cloud's door for film: a little HTTP server that keeps pieces by digest.

    `refuse` is answered instead while it is set; `cut_after` bytes of a piece it hangs up.
    """

    url: str = ""
    sizes: dict[str, int] = field(default_factory=dict)
    held: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    refuse: int | None = None
    cut_after: int | None = None
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while line := (await reader.readline()).decode():
                await self._answer(line.split(" "), reader, writer)
        writer.close()

    async def _answer(self, first: list[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head: dict[str, str] = {}
        while line := (await reader.readline()).decode().strip():
            name, _, value = line.partition(": ")
            head[name.lower()] = value
        sha256 = first[1].rpartition("/")[2]
        find = {AGENT_KEY.public.kid: AGENT_KEY.public}.get
        claim = jws.verify(head["authorization"].removeprefix("Bearer "), find, "sealtrail-upload+jws")
        assert (claim["agent"], claim["sha256"]) == (AGENT, sha256)
        offset, length = int(head.get("upload-offset", -1)), int(head.get("content-length", 0))
        if self.cut_after is not None and length:
            await reader.readexactly(min(self.cut_after, length))
            writer.close()
        else:
            body, held = await reader.readexactly(length), self.held.get(sha256, b"")
            if self.refuse is None and length:
                assert offset == len(held)
                self.held[sha256] = held + body
            status = self.refuse or 204
            told = f"upload-offset: {len(self.held.get(sha256, b''))}\r\n"
            writer.write(f"HTTP/1.1 {status} x\r\n{told}content-length: 0\r\n\r\n".encode())
            await writer.drain()
        async with self.news:
            self.asked.append((first[0], sha256, offset))
            self.news.notify_all()

    async def until(self, count: int) -> None:
        """So many requests were answered, or cut off."""
        async with asyncio.timeout(240), self.news:
            await self.news.wait_for(lambda: len(self.asked) >= count)

    async def whole(self, set_: Studio, digests: list[str]) -> None:
        """All of them are here as they are there."""
        ring = set_.films.ring
        async with asyncio.timeout(240), self.news:
            await self.news.wait_for(
                lambda: all(self.held.get(one) == ring.kept_as(one).read_bytes() for one in digests)
            )


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    cloud = Cloud()
    server = await asyncio.start_server(cloud.serve, "127.0.0.1", 0)
    cloud.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield cloud
    server.close()


@asynccontextmanager
async def delivering(set_: Studio, cloud: Cloud) -> AsyncIterator[None]:
    one = Uploads(
        AGENT, AGENT_KEY, set_.journal, set_.hands.clock, cloud.url, set_.films.ring, set_.films.damaged
    )  # fmt: skip
    one.attach(asyncio.get_running_loop())
    task = asyncio.create_task(one.deliver())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def clip(set_: Studio, *, receipted: bool = True) -> list[str]:
    """A clip, kept and told; its digests."""
    set_.film(5)
    set_.event()
    set_.film(5)
    (closed,) = set_.until(1, "clip_closed")
    if receipted:
        receipt(set_)
    return [one["sha256"] for one in closed["segments"]]


def receipt(set_: Studio) -> None:
    run = set_.journal.run_from(1, 1000, 1 << 24)
    assert run is not None
    set_.journal.receipt(run.facts[-1].seq, run.head.hex())


def uploaded(set_: Studio) -> int:
    return len(set_.journal.reads.rows("uploaded_segments", before="9", limit=100))


async def test_what_is_kept_is_brought_once_its_facts_are_in_the_ledger(tmp_path: Path, cloud: Cloud) -> None:
    with studio(tmp_path) as set_:
        digests = clip(set_, receipted=False)
        async with delivering(set_, cloud):
            assert set_.journal.reads.rows("waiting_segments", receipted=set_.journal.receipted, limit=9) == []
            receipt(set_)
            await cloud.whole(set_, digests)
            async with asyncio.timeout(240):
                while uploaded(set_) < len(digests):
                    await asyncio.to_thread(set_.journal.apply, [])
        before = len(cloud.asked)
        async with delivering(set_, cloud):  # nothing waits any more
            set_.event("heartbeat")
            receipt(set_)
        assert len(cloud.asked) == before
        assert all(set_.films.ring.kept_as(one).exists() for one in digests)


async def test_only_what_the_cloud_has_had_for_long_is_forgotten(tmp_path: Path, cloud: Cloud) -> None:
    with studio(tmp_path) as set_:
        first, *others = clip(set_)
        brought = {"sha256": first, "at": "2026-11-01T00:00:00.000000Z"}
        set_.journal.apply([Effect("set_segment_uploaded", brought)])
        ring = set_.films.ring
        assert set_.films.tidy("2026-10-31T00:00:00.000000Z") == 0
        assert set_.films.tidy("2026-11-02T00:00:00.000000Z") == 1
        assert not ring.kept_as(first).exists()
        assert all(ring.kept_as(one).exists() for one in others)
        assert set_.films.tidy("2099-01-01T00:00:00.000000Z") == 0  # the others were not brought up


def test_film_of_what_is_held_stays_here_as_long_as_the_hold(tmp_path: Path) -> None:
    def hold(held: bool) -> None:
        at = "2026-11-22T12:00:00.000000Z"
        set_.journal.apply([Effect("set_hold", {"thing": "nj01/P-1", "held": held, "at": at})])

    with studio(tmp_path) as set_:
        set_.film(5)
        set_.event(sights=[{"id": "nj01/P-1"}, {"id": "SHOP 1"}])
        set_.film(3)
        set_.event(things=["nj01/P-2"])  # in the same clip
        set_.film(6)
        (closed,) = set_.until(1, "clip_closed")
        digests = [one["sha256"] for one in closed["segments"]]
        for sha256 in digests:
            uploaded_at = {"sha256": sha256, "at": "2026-11-01T00:00:00.000000Z"}
            set_.journal.apply([Effect("set_segment_uploaded", uploaded_at)])
        hold(True)
        assert set_.films.tidy("2099-01-01T00:00:00.000000Z") == 0
        assert all(set_.films.ring.kept_as(one).exists() for one in digests)
        hold(False)
        assert set_.films.tidy("2099-01-01T00:00:00.000000Z") == len(digests) > 2


async def test_a_piece_that_was_cut_off_is_sent_again_from_where_the_cloud_is(tmp_path: Path, cloud: Cloud) -> None:
    with studio(tmp_path) as set_:
        digests = clip(set_)
        cloud.held[digests[0]] = set_.films.ring.kept_as(digests[0]).read_bytes()[:1000]
        cloud.cut_after = 500
        async with delivering(set_, cloud):
            await cloud.until(2)
            cloud.cut_after = None
            await cloud.whole(set_, digests)
        offsets = [offset for method, sha256, offset in cloud.asked if method == "PATCH" and sha256 == digests[0]]
        assert set(offsets) == {1000}


async def test_an_agent_that_was_killed_goes_on_after_its_next_start(tmp_path: Path, cloud: Cloud) -> None:
    with studio(tmp_path) as set_:
        digests = clip(set_)
        async with delivering(set_, cloud):
            await cloud.until(2)
    with studio(tmp_path) as set_:
        async with delivering(set_, cloud):
            await cloud.whole(set_, digests)


@pytest.mark.parametrize("status", [404, 422, 507, 503])
async def test_what_the_cloud_does_not_take_is_kept(tmp_path: Path, cloud: Cloud, status: int) -> None:
    with studio(tmp_path) as set_:
        digests = clip(set_)
        cloud.refuse = status
        async with delivering(set_, cloud):
            await cloud.until(1)
        assert uploaded(set_) == 0
        assert all(set_.films.ring.kept_as(one).exists() for one in digests)


async def test_a_segment_that_is_not_what_was_signed_is_told_once_and_not_sent(tmp_path: Path, cloud: Cloud) -> None:
    with studio(tmp_path) as set_:
        first, *others = clip(set_)
        path = set_.films.ring.kept_as(first)
        path.write_bytes(path.read_bytes()[:-1] + b"!")
        async with delivering(set_, cloud):
            await cloud.whole(set_, others)
        (told,) = set_.bodies("segment_damaged")
        assert told["sha256"] == first
        assert told["found"] not in (first, "")
        assert first not in cloud.held


async def test_a_large_segment_goes_in_pieces(tmp_path: Path, cloud: Cloud) -> None:
    content = bytes(range(256)) * 2400
    sha256 = hashlib.sha256(content).hexdigest()
    with studio(tmp_path) as set_:
        set_.films.ring.kept_as(sha256).write_bytes(content)
        seq = set_.event("heartbeat")
        kept = {"sha256": sha256, "bytes": len(content), "camera": "camera", "at": "2026-11-22T12:00:00.000000Z"}
        set_.journal.apply([Effect("add_segment", kept)])
        receipt(set_)
        assert seq == set_.journal.receipted
        async with delivering(set_, cloud):
            await cloud.whole(set_, [sha256])
    offsets = [offset for method, _, offset in cloud.asked if method == "PATCH"]
    assert offsets == list(range(0, len(content), uploads.PIECE_BYTES))
