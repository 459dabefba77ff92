"""The first look over a province in a real browser: each site in one line, live, and the wall with all of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from cloud.alarms.service import clear_alarm, raise_alarm
from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.world import real_world
from custody.roles import Role
from tests.cloud.conftest import SITE, Database, database, new_name, server, template
from tests.system.desk import PHONE
from tests.system.racks import employ, enter
from tests.system.test_console import texts
from tests.system.test_people_pages import a_site_below
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
        await a_site_below(opened)
        yield opened


async def alarm(console: Console, site: str, *, over: bool = False) -> None:
    world = real_world()
    async with transaction(console.warehouse.receiving.pool) as tx:
        appender = await open_ledger(tx, site)
        cause, place, now = "door_forced", f"{site}.gate-a:main", world.now()
        if over:
            await clear_alarm(tx, appender, world, cause=cause, place=place, at=now)
        else:
            await raise_alarm(tx, appender, world, cause=cause, place=place, severity="critical", detail={}, at=now)
        await close_ledger(tx, appender)


async def test_each_site_in_one_line_and_what_happens_there_at_once(console: Console) -> None:
    words = EN["sites"]
    async with console.visit("en-GB") as page:
        await enter(page, OPERATOR, "/sites")
        below = page.locator("[data-site=nj02]")
        await expect(page.locator("[data-state=live]")).to_be_visible()
        await expect(page.locator("[data-site]").first).to_have_attribute("data-site", SITE)
        await expect(below).to_contain_text(words["tone_ok"])
        await alarm(console, "nj02")
        await expect(below).to_contain_text(words["tone_no"])
        await expect(page.locator("[data-site]").first).to_have_attribute("data-site", "nj02")
        await below.get_by_role("link", name="Two").click()
        await page.wait_for_url("**/wall?site=nj02")
        await expect(page.locator("[data-alarm]")).to_contain_text("nj02.gate-a:main")


async def test_the_wall_has_all_sites_each_in_its_group_and_is_answered_at_ones_own(console: Console) -> None:
    await alarm(console, "nj02")
    async with console.visit("zh-CN", **PHONE) as page:
        await enter(page, OPERATOR, "/wall")
        await expect(page.get_by_role("region", name="二库").locator("[data-alarm]")).to_have_count(1)
        await alarm(console, SITE)
        mine = page.get_by_role("region", name="南京").locator("[data-alarm]")
        await expect(mine).to_have_count(1)
        await expect(page.get_by_role("button", name=ZH["alarm"]["acknowledge"])).to_have_count(1)
        await page.locator("header select").select_option("nj02")
        await expect(page.locator("[data-alarm]")).to_have_count(1)
        await expect(page.get_by_role("button", name=ZH["alarm"]["acknowledge"])).to_have_count(0)
        await alarm(console, "nj02", over=True)
        await expect(page.get_by_text(ZH["wall"]["none"], exact=True)).to_be_visible()
        await page.goto("/sites")
        await expect(page.locator(f"[data-site={SITE}]")).to_contain_text(ZH["sites"]["tone_no"])
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, "nothing hangs over a phone's edge"
