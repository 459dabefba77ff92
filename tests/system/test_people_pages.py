"""The pages of people in a real browser: somebody is added, found, looked at, let in no more and again."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from cloud.db.pool import transaction
from cloud.ledger.service import add_site, close_ledger, open_ledger
from cloud.people.models import Unit
from cloud.people.service import add_person
from cloud.people.units import add_unit, place_site
from cloud.world import real_world
from custody.roles import Role
from tests.cloud.conftest import DEPLOYMENT, SITE, Database, database, new_name, server, template
from tests.system.desk import PHONE
from tests.system.racks import employ, enter
from tests.system.test_console import texts
from tests.system.web import PASSWORD, PATIENCE_MS, Console, fits, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

EN, ZH = texts("en-GB"), texts("zh-CN")
ADMIN = "li.admin"


@pytest.fixture
async def console(database: Database, tmp_path: Path) -> AsyncIterator[Console]:
    async with open_browser() as browser, open_console(database, tmp_path, browser) as opened:
        await employ(opened, ADMIN, "李管理", Role.ADMIN)
        yield opened


async def a_site_below(console: Console) -> None:
    """The site nj02, whose unit is below that of ours, with one person."""
    world, pool = real_world(), console.warehouse.receiving.pool
    async with transaction(pool) as tx:
        await add_site(tx, site="nj02", name_zh="二库", name_en="Two", deployment=DEPLOYMENT, at=world.now())
    for unit in (Unit(id="js", name_zh="省", name_en="Js"), Unit(id="nj", parent="js", name_zh="市", name_en="Nj")):
        async with transaction(pool) as tx:
            await add_unit(tx, world, unit, "test")
    for site, place in ((SITE, "js"), ("nj02", "nj")):
        async with transaction(pool) as tx:
            appender = await open_ledger(tx, site)
            await place_site(tx, appender, world, place, "test")
            if site != SITE:
                await add_person(
                    tx, appender, world,
                    username="qian.far", name="钱二库", password_hash=None, roles=[Role.KEEPER], actor="test",
                )  # fmt: skip
            await close_ledger(tx, appender)


async def may_sign_in(console: Console, username: str) -> bool:
    async with httpx.AsyncClient(base_url=console.web.url, trust_env=False, timeout=240) as client:
        answer = await client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
    return answer.status_code == 200


async def pictured(page: Page, name: str) -> None:
    """Where somebody wants to look: a picture of the page."""
    if folder := os.environ.get("SEALTRAIL_TEST_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def test_somebody_is_added_went_through_the_gate_and_is_let_in_no_more(console: Console) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    words, role = ZH["people"], ZH["role"]
    await a_site_below(console)
    async with console.visit("zh-CN") as desk, console.visit("en-GB", **PHONE) as phone:
        await enter(desk, ADMIN, "/people")
        # Roles that nobody has together are refused in words; without one of them there is the account.
        await desk.get_by_role("button", name=words["add"]).click()
        form = desk.get_by_role("dialog")
        await form.get_by_label(words["name"], exact=True).fill("赵保管")
        await form.get_by_label(words["username"]).fill("zhao.keeper")
        await form.get_by_label(words["password"]).fill(PASSWORD)
        await form.get_by_label(role["keeper"]).check()
        await form.get_by_label(role["approver"]).check()
        await form.get_by_role("button", name=words["make"], exact=True).click()
        await expect(form.get_by_role("alert")).to_contain_text(ZH["problem"]["roles_clash"])
        await pictured(desk, "people-clash-zh")
        await form.get_by_label(role["approver"]).uncheck()
        await form.get_by_role("button", name=words["make"], exact=True).click()
        row = desk.locator("[data-person='zhao.keeper']")
        await expect(row).to_contain_text(role["keeper"])
        await pictured(desk, "people-zh")
        await desk.get_by_role("combobox", name=words["role"]).select_option("keeper")
        await expect(desk.locator("[data-person]")).to_have_count(1)

        (found,) = await console.warehouse.receiving.rows("SELECT id FROM person WHERE username = 'zhao.keeper'")
        console.warehouse.decide("refused", people=[found["id"]], at=real_world().now(), uses=[], reason="no_permit")
        await console.warehouse.send()
        await row.get_by_role("link").click()
        await expect(desk.locator("[data-role=keeper]")).to_contain_text(ZH["rules"]["action"]["seal"])
        await expect(desk.locator("[data-moment=passage]")).to_contain_text(ZH["passage"]["refused"])
        await pictured(desk, "person-zh")

        await desk.get_by_role("button", name=words["disable"], exact=True).click()
        await expect(form).to_contain_text(words["disableText"])
        await pictured(desk, "person-disable-zh")
        await form.get_by_role("button", name=words["disable"], exact=True).click()
        await expect(desk.locator("main header .tag")).to_have_text([words["disabled"]])
        assert not await may_sign_in(console, "zhao.keeper")
        await pictured(desk, "person-out-zh")

        # Whoever may read sees it, and changes nothing.
        await enter(phone, "wang.fang", "/people")
        await expect(phone.locator("[data-person='zhao.keeper']")).to_contain_text(EN["people"]["disabled"])
        await expect(phone.get_by_role("button", name=EN["people"]["add"])).to_have_count(0)
        await pictured(phone, "people-phone-en")
        await phone.locator("[data-person='zhao.keeper'] a").tap()
        await expect(phone.locator("[data-moment=passage]")).to_have_count(1)
        await expect(phone.locator("main header button")).to_have_count(0)
        await fits(phone)
        await pictured(phone, "person-phone-en")

        # Read down: the people of a site below, and where they went.
        await phone.goto("/people")
        await phone.get_by_role("combobox", name=EN["people"]["site"]).select_option("nj02")
        await phone.locator("[data-person='qian.far'] a").tap()
        await expect(phone.locator("[data-role=keeper]")).to_contain_text(EN["rules"]["action"]["seal"])
        await expect(phone.locator(".together")).to_have_text(EN["together"]["none"])
        await expect(phone.locator("main header a")).to_have_count(0)

        await desk.get_by_role("button", name=words["enable"], exact=True).click()
        await form.get_by_role("button", name=words["enable"], exact=True).click()
        await expect(desk.locator("main header .tag")).to_have_text([words["used"], words["passwordDue"]])
        assert await may_sign_in(console, "zhao.keeper")
