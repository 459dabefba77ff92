"""Which orders to show a camera are followed, and when it ends. The pictures: tests/system/test_live_view.py."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from custody.permits import time_text
from edge_agent.downlink import Books, Orders
from edge_agent.lists import ListBook
from edge_agent.tasks import TaskBook
from edge_agent.viewing.viewing import MOST, Viewing
from proof.keys import SigningKey
from tests.edge_agent.cloud_peer import sign_order
from tests.edge_agent.hands import NOON, Hands
from tests.edge_agent.scene import AGENT, CLOUD, gate_scene
from tests.system.waiting import until
from wire.looking import Look

KEY = SigningKey.from_seed(b"v" * 32)
CAMERAS = {f"gate-{letter}": f"camera-{letter}" for letter in "abc"}
LATER = NOON.replace(minute=5)


def look(station: str = "gate-a", until_: str | None = None, view: str = "V-1") -> Look:
    return Look(view=view, station=station, until=until_ or time_text(LATER))


class Deaf:
    """A cloud that takes a connection and never answers."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            self.asked.set()
            await reader.read(-1)
        writer.close()


@asynccontextmanager
async def viewing(hands: Hands, deaf: Deaf | None = None) -> AsyncIterator[Viewing]:
    """At work, before a cloud that never answers."""
    server = await asyncio.start_server((deaf or Deaf()).serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    shown = Viewing(AGENT, KEY, hands.clock, url, CAMERAS)
    work = asyncio.create_task(shown.work())
    await shown.ready.wait()
    try:
        yield shown
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        server.close()


def begin(shown: Viewing, asked: Look) -> None:
    begun = shown.start(asked)
    assert callable(begun), begun
    begun()


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (look("elsewhere"), "no camera at elsewhere"),
        (look(until_="2026-11-22T11:59:59.000000Z"), "a time that is over"),
    ],
)
async def test_what_cannot_be_shown_is_refused(asked: Look, why: str) -> None:
    async with viewing(Hands()) as shown:
        assert why in str(shown.start(asked))
        assert shown.shown == 0


async def test_no_more_cameras_are_shown_than_the_board_can_bear_and_each_once() -> None:
    async with viewing(Hands()) as shown:
        for station in ("gate-a", "gate-b", "gate-a"):
            begin(shown, look(station, view=f"V-{station}"))
        await until(lambda: shown.shown == MOST, "both are shown")
        assert "are shown already" in str(shown.start(look("gate-c")))


async def test_it_ends_with_the_time_it_was_asked_for_also_when_the_cloud_never_answers() -> None:
    deaf = Deaf()
    async with viewing(Hands(), deaf) as shown:
        begin(shown, look(until_=time_text(NOON.replace(second=3))))
        await deaf.asked.wait()
        await until(lambda: shown.shown == 0, "its end")


async def test_only_an_order_that_the_cloud_signed_begins_it(tmp_path: Path) -> None:
    with gate_scene(tmp_path) as scene:
        find = {CLOUD.public.kid: CLOUD.public}.get
        async with viewing(scene.hands) as shown:
            lists = ListBook(scene.journal.reads, scene.hands.clock)
            books = Books(scene.book, TaskBook(scene.journal.reads, AGENT, scene.packs, find), scene.packs, lists)
            orders = Orders(AGENT, scene.journal, books, scene.hands.clock, find, lambda first, at: None, viewing=shown)
            body = {"view": "V-1", "station": "gate-a", "until": time_text(LATER), "ice": []}
            await asyncio.to_thread(orders.on_order, b"no order")
            assert shown.shown == 0
            await asyncio.to_thread(orders.on_order, sign_order(scene.hands, "o1", "look", body))
            await until(lambda: shown.shown == 1, "it is shown")
            (answered,) = scene.facts("order_answered")
            assert (answered.body["order"], answered.body["outcome"]) == ("o1", "done")
