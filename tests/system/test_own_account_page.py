"""One's own account in a real browser: a first password is replaced before all else; sessions are seen and ended."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from custody.roles import Role
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.system.desk import PHONE
from tests.system.racks import employ, enter
from tests.system.test_console import texts
from tests.system.test_people_pages import pictured
from tests.system.web import PASSWORD, PATIENCE_MS, Console, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(200)]

EN, ZH = texts("en-GB"), texts("zh-CN")
ADMIN, KEEPER = "li.admin", "zhao.keeper"
ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"
MINE = "three cats on a tin roof"


@pytest.fixture
async def console(database: Database, tmp_path: Path) -> AsyncIterator[Console]:
    async with open_browser() as browser, open_console(database, tmp_path, browser) as opened:
        await employ(opened, ADMIN, "李管理", Role.ADMIN)
        await employ(opened, KEEPER, "赵保管", Role.KEEPER)
        yield opened


async def sign_in(page: Page, password: str) -> None:
    await page.locator("[name=username]").fill(KEEPER)
    await page.locator("[name=password]").fill(password)
    await page.locator("button[type=submit]").click()


async def set_password(page: Page, old: str, new: str) -> None:
    await page.locator("[name=old]").fill(old)
    await page.locator("[name=new]").fill(new)
    await page.locator("main form button[type=submit]").click()


async def test_a_lost_password_is_reset_and_its_person_sets_their_own_before_all_else(console: Console) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    async with console.visit("zh-CN") as desk, console.visit("en-GB", at="/items", **PHONE) as phone:
        await enter(desk, ADMIN, "/people")
        await desk.locator(f"[data-person='{KEEPER}'] a").click()
        await desk.get_by_role("button", name=ZH["people"]["reset"]).click()
        sheet = desk.get_by_role("dialog")
        await sheet.get_by_label(ZH["people"]["password"]).fill("password123456")
        await sheet.get_by_role("button", name=ZH["people"]["reset"]).click()
        await expect(sheet.get_by_role("alert")).to_contain_text(ZH["problem"]["password_common"])
        await pictured(desk, "reset-refused-zh")
        await sheet.get_by_label(ZH["people"]["password"]).fill("given on a slip of paper")
        await sheet.get_by_role("button", name=ZH["people"]["reset"]).click()
        await expect(desk.locator("main header .tag.warn")).to_have_text(ZH["people"]["passwordDue"])
        await pictured(desk, "reset-zh")

        await sign_in(phone, "given on a slip of paper")
        await expect(phone.locator("h1")).to_have_text(EN["password"]["dueTitle"])
        await pictured(phone, "password-due-phone-en")
        assert await phone.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"]
        await phone.goto("/live")  # no page but this
        await expect(phone.locator("h1")).to_have_text(EN["password"]["dueTitle"])
        await expect(phone.locator("header.top")).to_have_count(0)
        await set_password(phone, "something else", MINE)
        await expect(phone.get_by_role("alert")).to_contain_text(EN["problem"]["old_password"])
        await set_password(phone, "given on a slip of paper", MINE)
        await phone.wait_for_url("**/live")
        await expect(phone.locator("header.top")).to_be_visible()


async def test_my_sessions_are_listed_and_one_and_all_others_ended(console: Console) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    words = ZH["sessions"]
    async with (
        console.visit("zh-CN", at="/me") as here,
        console.visit("en-GB", at="/me", user_agent=ANDROID, **PHONE) as phone,
    ):
        await sign_in(here, PASSWORD)
        await sign_in(phone, PASSWORD)
        await expect(phone.locator("[aria-labelledby=own-sessions] li")).to_have_count(2)
        await pictured(phone, "me-phone-en")
        await here.reload()
        rows = here.locator("[aria-labelledby=own-sessions] li")
        await expect(rows).to_have_count(2)
        await expect(rows.first).to_contain_text(words["this"])
        await expect(rows.last).to_contain_text("Android")
        await pictured(here, "me-zh")
        await rows.last.get_by_role("button").click()
        await expect(rows).to_have_count(1)
        await phone.reload()
        await sign_in(phone, PASSWORD)
        await expect(phone.locator("[aria-labelledby=own-sessions] li")).to_have_count(2)
        await phone.get_by_role("link", name=EN["password"]["title"]).tap()
        await expect(phone.locator("main form")).to_be_visible()
        await pictured(phone, "password-phone-en")
        await set_password(phone, PASSWORD, MINE)
        await expect(phone.locator("[aria-labelledby=own-sessions] li")).to_have_count(1)
        await here.goto("/password")
        await expect(here.locator("[name=username]")).to_be_visible()
        await sign_in(here, MINE)
        await expect(here.locator("main form")).to_be_visible()
        await pictured(here, "password-zh")
