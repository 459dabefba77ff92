"""The wall of alarms in a real browser: never blank, told by notice, answered by a key, loud when blind."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from custody.roles import Role
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.system.racks import employ, enter
from tests.system.test_alarm_pages import alarm
from tests.system.test_console import texts
from tests.system.waiting import until
from tests.system.web import PATIENCE_MS, Console, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

EN, ZH = texts("en-GB"), texts("zh-CN")
OPERATOR = "duty.op"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        await employ(opened, OPERATOR, "值班员", Role.OPERATOR)
        yield opened


async def noticed(page: Page, words: str) -> bool:
    """Whether a notice with these words in its title is shown."""
    shown = "navigator.serviceWorker.ready.then((w) => w.getNotifications()).then((all) => all.map((n) => n.title))"
    return any(words in title for title in await page.evaluate(shown))


async def test_the_wall_is_never_blank_and_shouts_when_it_is_blind(console: Console) -> None:
    words = ZH["wall"]
    async with console.visit("zh-CN", permissions=["notifications"]) as page:
        await enter(page, OPERATOR, "/wall")
        await expect(page.get_by_text(words["none"], exact=True)).to_be_visible()
        await expect(page.locator("[data-state=live]")).to_be_visible()
        await expect(page.get_by_text(words["never"])).to_be_visible()
        await page.get_by_role("button", name=words["soundOff"]).click()
        await expect(page.get_by_role("button", name=words["soundOn"])).to_be_visible()
        await alarm(console)
        card = page.locator("[data-alarm]")
        await expect(card).to_contain_text(ZH["severity"]["critical"])
        await expect(card).to_contain_text(ZH["cause"]["door_forced"])
        await until(lambda: noticed(page, ZH["cause"]["door_forced"]), "the worker's notice")
        await expect(page.locator("main.calling")).to_be_visible()
        await page.keyboard.press("a")
        await expect(card).to_contain_text(ZH["alarm"]["now_known"])
        await expect(page.locator("main.calling")).to_have_count(0)
        await console.web.stop()
        await expect(page.locator(".loss")).to_contain_text(words["loss"])
        await expect(card).to_be_visible()  # old, and said to be
        await console.web.start()
        await expect(page.locator(".loss")).to_have_count(0)
        await page.keyboard.press("ArrowDown")
        await page.keyboard.press("Enter")
        await expect(page.locator("main h1")).to_have_text(ZH["cause"]["door_forced"])


async def test_a_page_says_how_old_it_is_while_nothing_answers_and_mends_itself(console: Console) -> None:
    async with console.visit("en-GB") as page:
        await enter(page, OPERATOR, "/alarms")
        await expect(page.get_by_text(EN["alarms"]["none"])).to_be_visible()
        await console.web.stop()
        banner = page.locator(".lost")
        await expect(banner).to_contain_text(EN["offline"]["since"])
        await expect(banner.locator("time").last).to_have_attribute("title", re.compile(r" UTC$"))
        await page.get_by_text(EN["alarm"]["list_all"], exact=True).click()
        await expect(page.get_by_text(EN["problem"]["offline"])).to_be_visible()
        await console.web.start()
        await expect(banner).to_have_count(0)
        await expect(page.get_by_text(EN["alarms"]["none"])).to_be_visible()
