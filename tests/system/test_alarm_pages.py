"""Alarms in a real browser: seen as they are raised, taken notice of, assigned, set aside, over with a reason."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from cloud.alarms.service import clear_alarm, raise_alarm
from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.watching import Watching
from cloud.world import real_world
from custody.roles import Role
from tests.cloud.conftest import SITE, Database, database, new_name, server, template
from tests.system.desk import PHONE
from tests.system.racks import employ, enter
from tests.system.test_console import texts
from tests.system.web import PATIENCE_MS, Console, fits, open_browser, open_console
from wire.rule_packs import load_rule_pack

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

EN, ZH = texts("en-GB"), texts("zh-CN")
OPERATOR, LEADER = "duty.op", "chen.jun"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        await employ(opened, OPERATOR, "值班员", Role.OPERATOR)
        await employ(opened, LEADER, "陈军", Role.LEADER)
        yield opened


async def alarm(console: Console) -> None:
    """A door is forced."""
    world = real_world()
    async with transaction(console.warehouse.receiving.pool) as tx:
        appender = await open_ledger(tx, SITE)
        await raise_alarm(
            tx, appender, world, cause="door_forced", place=f"{SITE}.gate-a:store", severity="critical",
            detail={"station": "store"}, at=world.now(),
        )  # fmt: skip
        await close_ledger(tx, appender)


async def test_an_operator_takes_an_alarm_from_its_raising_to_its_end(console: Console) -> None:
    words = ZH["alarm"]
    async with console.visit("zh-CN") as page:
        await enter(page, OPERATOR, "/alarms")
        await expect(page.get_by_text(ZH["alarms"]["none"])).to_be_visible()
        await alarm(console)
        row = page.locator("main li a")
        await expect(row).to_contain_text(ZH["cause"]["door_forced"])
        await expect(row).to_contain_text(words["now_new"])
        await row.click()
        await expect(page.locator(".hears")).to_contain_text(ZH["role"]["supervisor"])
        await page.get_by_role("button", name=words["acknowledge"]).click()
        await expect(page.locator(".page-head")).to_contain_text(words["now_known"])
        await expect(page.get_by_role("button", name=words["acknowledge"])).to_have_count(0)
        for action, fill in (("assign", ("#alarm-person", "陈军")), ("shelve", None), ("comment", None)):
            await page.get_by_role("button", name=words[action], exact=True).click()
            form = page.get_by_role("dialog")
            if fill:
                await form.locator(fill[0]).select_option(label=fill[1])
            await form.get_by_role("textbox").fill(f"说明 {action}")
            await form.get_by_role("button", name=words[action], exact=True).click()
            await expect(form).to_have_count(0)
        await expect(page.locator(".page-head")).to_contain_text(words["now_shelved"])
        await expect(page.locator("dl")).to_contain_text("陈军")
        await expect(page.locator("ol li")).to_have_count(4)
        await page.get_by_role("button", name=words["clear"], exact=True).click()
        form = page.get_by_role("dialog")
        await expect(form.get_by_role("button", name=words["clear"], exact=True)).to_be_disabled()
        await form.locator("#alarm-code").select_option("false_alarm")
        await form.get_by_role("button", name=words["clear"], exact=True).click()
        await expect(page.locator(".page-head")).to_contain_text(words["now_over"])
        await expect(page.locator("ol li").last).to_contain_text("误报")
        await expect(page.locator(".actions")).to_have_count(0)
    [row_] = await console.warehouse.receiving.rows("SELECT cleared_code FROM alarm WHERE cause = 'door_forced'")
    assert row_["cleared_code"] == "false_alarm"


async def test_of_what_is_over_by_itself_somebody_still_says_what_it_was(console: Console) -> None:
    words = ZH["alarm"]
    await alarm(console)
    pool, world = console.warehouse.receiving.pool, real_world()
    async with transaction(pool) as tx:
        appender = await open_ledger(tx, SITE)
        await clear_alarm(tx, appender, world, cause="door_forced", place=f"{SITE}.gate-a:store", at=world.now())
        await close_ledger(tx, appender)
    await Watching(pool, world, load_rule_pack()).look()
    async with console.visit("zh-CN", **PHONE) as page:
        await enter(page, OPERATOR, "/alarms")
        await page.get_by_text(words["list_unanswered"], exact=True).tap()
        await page.locator("main li a", has_text=words["now_owed"]).tap()
        await expect(page.locator(".page-head")).to_contain_text(words["now_owed"])
        await expect(page.locator(".actions button")).to_have_count(1)
        await page.get_by_role("button", name=words["answer"], exact=True).tap()
        form = page.get_by_role("dialog")
        await form.locator("#alarm-code").select_option("false_alarm")
        await form.get_by_role("button", name=words["answer"], exact=True).tap()
        await expect(page.locator(".page-head")).to_contain_text(words["now_over"])
        await expect(page.locator("ol li").last).to_contain_text(ZH["record"]["alarm_answered"])
        await page.goto(f"{page.url.rsplit('/', 1)[0]}?list=unanswered")
        await expect(page.get_by_text(words["noneUnanswered"])).to_be_visible()
        await fits(page)


async def test_whom_it_does_not_concern_yet_sees_it_among_all_and_a_phone_is_wide_enough(console: Console) -> None:
    await alarm(console)
    async with console.visit("en-GB", **PHONE) as page:
        await enter(page, LEADER, "/alarms")
        await expect(page.get_by_text(EN["alarms"]["none"])).to_be_visible()
        await page.get_by_text(EN["alarm"]["list_living"], exact=True).tap()
        await page.locator("main li a").tap()
        await expect(page.locator("main h1")).to_have_text(EN["cause"]["door_forced"])
        await expect(page.get_by_role("button", name=EN["alarm"]["clear"], exact=True)).to_have_count(0)
        await fits(page)
