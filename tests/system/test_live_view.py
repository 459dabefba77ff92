"""Looking through a camera in a real browser: the picture really comes from the agent, and who looks is an entry."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from itertools import cycle
from pathlib import Path

import msgspec
import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from cloud.db.pool import rows, transaction
from custody.roles import Role
from edge_agent.clock import SystemClock
from edge_agent.devices import Frame
from edge_agent.viewing.viewing import Viewing
from proof.keys import unb64
from simulators.acting import Held, pose
from simulators.frames import Conditions, gate_scene, render
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.system.desk import Desk, open_desk
from tests.system.test_console import texts
from tests.system.waiting import until
from tests.system.web import PATIENCE_MS, open_browser, open_console
from wire.looking import Look

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)
GATE, CAMERA = "gate-a", "camera"
WIDTH = 960


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def desk(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Desk]:
    """A warehouse whose gate has said that it is there."""
    async with open_console(database, tmp_path, browser) as console, open_desk(console, database) as desk:
        gates = [{"station": GATE, "position": "closed", "broken": []}]
        told = {"every_s": 60.0, "uptime_s": 1, "waiting": 0, "free_bytes": 1, "lost": [], "gates": gates}
        console.warehouse.teller.say("heartbeat", told)
        await console.warehouse.send()
        yield desk


@asynccontextmanager
async def agent(desk: Desk) -> AsyncIterator[Viewing]:
    """The agent's viewing, with a camera before which somebody walks."""
    console, clock = desk.console, SystemClock("boot")
    teller = console.warehouse.teller
    viewing = Viewing(teller.agent, teller.key, clock, console.web.url, {GATE: CAMERA})
    dice, scene, held = np.random.default_rng(1), gate_scene(), [Held("a label", "a label")]
    pictures = [render(scene, pose(held, number / 5), Conditions(), dice) for number in range(10)]

    over = threading.Event()

    def film() -> None:
        for pixels in cycle(pictures):
            if over.wait(0.1):  # a camera at ten pictures a second
                return
            viewing.offer(CAMERA, Frame(pixels, clock.mono_us()))

    work, filming = asyncio.create_task(viewing.work()), asyncio.create_task(asyncio.to_thread(film))
    try:
        yield viewing
    finally:
        over.set()
        work.cancel()
        await asyncio.gather(work, filming, return_exceptions=True)


async def orders(desk: Desk) -> list[Look]:
    """What the agent was ordered to show."""
    async with transaction(desk.console.warehouse.receiving.pool) as tx:
        found = await rows(tx, b"SELECT jws FROM agent_order WHERE kind = 'look' ORDER BY created_at")
    payloads = (json.loads(unb64(row["jws"].split(".")[1])) for row in found)
    return [msgspec.convert(one["body"], Look) for one in payloads]


async def records(desk: Desk, kind: str) -> list[dict[str, object]]:
    async with transaction(desk.console.warehouse.receiving.pool) as tx:
        found = await rows(tx, b"SELECT content FROM record WHERE kind = %(kind)s ORDER BY index", kind=kind)
    return [json.loads(row["content"]) for row in found]


async def has(found: Awaitable[Sequence[object]], count: int = 1) -> bool:
    return len(await found) == count


async def ask(page: Page, language: str, reason: str) -> None:
    """Opens the sheet and says why."""
    words = texts(language)["watch"]
    await page.goto("/live")
    await page.locator("[data-look]").click()
    await expect(page.locator("dialog")).to_contain_text(words["how"])
    await page.locator("#look-reason").fill(reason)
    await page.locator("dialog").get_by_role("button", name=words["begin"], exact=True).click()


async def sees(page: Page) -> None:
    """A picture is there, and the next ones come."""
    await page.wait_for_function(
        f"() => {{ const v = document.querySelector('dialog video'); return v && v.videoWidth === {WIDTH}; }}"
    )
    seen = "document.querySelector('dialog video').getVideoPlaybackQuality().totalVideoFrames"
    first = await page.evaluate(seen)
    await page.wait_for_function(f"() => {seen} > {first} + 10")


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
async def test_a_picture_comes_as_long_as_somebody_looks_and_each_look_is_an_entry(desk: Desk, language: str) -> None:
    async with agent(desk) as viewing, desk.sit(Role.KEEPER, language) as page:
        await ask(page, language, "somebody rang")
        await until(lambda: has(orders(desk)), "the order")
        (order,) = await orders(desk)
        assert (order.station, order.ice) == (GATE, [])
        begin = viewing.start(order)
        assert callable(begin)
        begin()
        await sees(page)
        (opened,) = await records(desk, "live_view_opened")
        assert (opened["station"], opened["reason"], opened["view"]) == (GATE, "somebody rang", order.view)
        async with desk.sit(Role.SUPERVISOR, language) as other:  # the same stream: the agent is not asked again
            await ask(other, language, "the same")
            await sees(other)
            assert len(await orders(desk)) == 1
            await other.keyboard.press("Escape")
            await until(lambda: has(records(desk, "live_view_closed")), "the end of the second look")
            await sees(page)
            await other.goto("/supervision")
            await expect(other.locator("[data-kind=live_view_opened]")).to_have_count(2)
        await page.keyboard.press("Escape")
        await until(lambda: has(records(desk, "live_view_closed"), 2), "the end of the first look")
        await until(lambda: viewing.shown == 0, "the agent's own end, because nobody looks")


async def test_a_camera_that_sends_nothing_is_told(desk: Desk) -> None:
    async with desk.sit(Role.KEEPER, "en-GB") as page:
        await ask(page, "en-GB", "nobody answers")
        await expect(page.locator("dialog")).to_contain_text("no live picture")
        await until(lambda: has(records(desk, "live_view_closed")), "the end of the look")
