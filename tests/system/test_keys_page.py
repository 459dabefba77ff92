"""Single keys, dark and light, and paper in a real browser: what an operator does without a mouse."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, TimeoutError, expect

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

EN = texts("en-GB")
OPERATOR = "duty.op"
# What a scanner types, and the time after which all keys that act have acted.
SCANNED = """new Promise((done) => {
  for (const key of "ST1:ACTEGAD") dispatchEvent(new KeyboardEvent("keydown", { key }))
  setTimeout(done, 200)
})"""
GROUND = "getComputedStyle(document.documentElement).backgroundColor"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        await employ(opened, OPERATOR, "值班员", Role.OPERATOR)
        await alarm(opened)
        yield opened


async def goes_to_alarms(page: Page) -> bool:
    """Whether the two keys led there; a hand on a slow machine may be too slow with the second, and tries again."""
    await page.keyboard.press("g", delay=80)  # a hand is slower than a scanner
    await page.keyboard.press("a", delay=80)
    try:
        await page.wait_for_url("**/alarms", timeout=5_000)
    except TimeoutError:
        return False
    return True


async def test_an_operator_answers_an_alarm_by_keys_and_a_scanner_does_nothing_by_accident(console: Console) -> None:
    async with console.visit("en-GB", color_scheme="light") as page:
        await enter(page, OPERATOR, "/live")
        await page.keyboard.press("?")
        sheet = page.get_by_role("dialog")
        await expect(sheet).to_contain_text(EN["keys"]["acknowledge"])
        await page.keyboard.press("Escape")
        await expect(sheet).to_have_count(0)
        await until(partial(goes_to_alarms, page), "g and a lead to the alarms")
        await expect(page.locator("main li a")).to_be_visible()
        await page.keyboard.press("j", delay=80)
        await page.keyboard.press("Enter")
        head = page.locator(".page-head")
        await expect(head).to_contain_text(EN["alarm"]["now_new"])
        await expect(page.get_by_role("button", name=EN["alarm"]["acknowledge"])).to_be_visible()
        await page.evaluate(SCANNED)
        await expect(head).to_contain_text(EN["alarm"]["now_new"])
        await expect(page.locator("html")).to_have_attribute("data-theme", "light")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.keyboard.press("a", delay=80)
        await expect(head).to_contain_text(EN["alarm"]["now_known"])
        await page.keyboard.press("d")
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        await page.reload()
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        await page.wait_for_function(f"{GROUND} === 'rgb(13, 17, 19)'")
        await page.emulate_media(media="print")
        await expect(page.locator("header.top")).to_be_hidden()
        await expect(page.locator(".actions")).to_be_hidden()
        await page.wait_for_function(f"{GROUND} === 'rgba(0, 0, 0, 0)'")
        await expect(head).to_be_visible()
