"""Tickets in a real browser: from an alarm round twice to its end, and a report written with no signal."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from custody.roles import Role
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.system.desk import PHONE
from tests.system.racks import employ, enter
from tests.system.test_alarm_pages import alarm
from tests.system.test_console import texts
from tests.system.web import PASSWORD, PATIENCE_MS, Console, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

LOCALES = {"zh-CN": texts("zh-CN"), "en-GB": texts("en-GB")}
OPERATOR, KEEPER = "duty.op", "li.keeper"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        await employ(opened, OPERATOR, "值班员", Role.OPERATOR)
        await employ(opened, KEEPER, "李保管", Role.KEEPER)
        yield opened


async def report(page: Page, words: Any, title: str) -> None:
    await page.get_by_label(words["subject"]).fill(title)
    await page.get_by_label(words["words"]).fill(title * 2)
    await page.get_by_role("button", name=words["report"], exact=True).click()


async def step(page: Page, words: Any, name: str, choice: str | None = None) -> None:
    await page.get_by_role("button", name=words[name], exact=True).click()
    if choice is not None:
        await page.get_by_label(words[choice], exact=True).check()
    await page.locator("#step-words").fill(f"{name} 1")
    await page.get_by_role("button", name=words["send"], exact=True).click()
    await expect(page.locator("#ticket-step")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
async def test_an_alarm_becomes_a_ticket_that_goes_round_twice(console: Console, language: str) -> None:
    words = LOCALES[language]["ticket"]
    await alarm(console)
    async with console.visit(language) as operator, console.visit(language, **PHONE) as keeper:
        await enter(operator, OPERATOR, "/alarms/1")
        await operator.get_by_role("link", name=words["ofAlarm"]).click()
        await report(operator, words, "门锁坏了")
        await operator.get_by_role("link", name="门锁坏了").click()
        await expect(operator.get_by_text(words["turn_reported"])).to_be_visible()
        await enter(keeper, KEEPER, "/home")
        await keeper.locator("[data-list=free]").get_by_role("link", name="门锁坏了").click()
        await expect(keeper.get_by_text(words["life"])).to_be_visible()
        for choice in ("notSatisfied", "satisfied"):
            await keeper.reload()
            await step(keeper, words, "check")
            await step(keeper, words, "reply")
            await operator.reload()
            await step(operator, words, "evaluate", choice)
        await expect(operator.get_by_text(words["round"].replace("{n}", "2"))).to_be_visible()
        await operator.get_by_role("link", name=words["clearAlarm"]).click()
        told = LOCALES[language]["alarm"]
        await operator.get_by_role("button", name=told["clear"], exact=True).click()
        await operator.locator("#alarm-code").select_option("dealt_with")
        await operator.locator("dialog").get_by_role("button", name=told["clear"], exact=True).click()
        await expect(operator.get_by_text(told["now_over"], exact=True)).to_be_visible()


async def test_who_leads_and_manages_sees_figures_that_lead_to_their_lists(console: Console) -> None:
    words = LOCALES["zh-CN"]
    await employ(console, "zhou.min", "周敏", Role.LEADER, Role.APPROVER)
    await alarm(console)
    async with console.visit("zh-CN", **PHONE) as page:
        await enter(page, KEEPER, "/tickets")
        await page.get_by_role("button", name=words["ticket"]["new"]).click()
        await page.get_by_label(words["ticket"]["type"]).last.select_option("equipment")
        await report(page, words["ticket"], "货架灯不亮")
        await page.get_by_role("link", name="货架灯不亮").wait_for()
    async with console.visit("zh-CN", at="/") as page:
        await page.locator("[name=username]").fill("zhou.min")
        await page.locator("[name=password]").fill(PASSWORD)
        await page.locator("button[type=submit]").click()
        await expect(page.locator("main[data-home=leader]")).to_be_visible()
        await expect(page.get_by_text(words["home"]["notCalm"])).to_be_visible()
        row = page.locator("tbody tr")
        await expect(row.locator("td").first).to_have_text("1")
        await page.get_by_text(words["home"]["tier_manager"]).click()
        age = page.get_by_role("region", name=words["home"]["byAge"])
        await age.get_by_role("link", name=words["home"]["age_day"]).click()
        await expect(page.locator("[data-state=reported] a")).to_have_count(1)
        await expect(page.locator("[data-figures]")).to_contain_text("1")
        await page.goto("/tickets?age=older")
        await page.locator("[data-figures]").wait_for()
        await expect(page.locator("[data-state=reported] a")).to_have_count(0)
        await page.goto("/")
        await expect(page.locator("main[data-home=manager]")).to_be_visible()


async def test_a_report_written_with_no_signal_is_sent_later_once(console: Console) -> None:
    words = LOCALES["en-GB"]["ticket"]
    async with console.visit("en-GB", **PHONE) as page:
        await enter(page, KEEPER, "/tickets")
        await page.get_by_role("button", name=words["new"]).click()
        await page.get_by_label(words["type"]).last.select_option("equipment")
        await page.context.set_offline(True)
        await report(page, words, "Lamp A-3 is dark")
        unsent = page.get_by_text(words["unsent"].split(" | ")[0])
        await expect(unsent).to_be_visible()
        await page.context.set_offline(False)
        await expect(page.get_by_role("link", name="Lamp A-3 is dark")).to_be_visible()
        await expect(unsent).to_have_count(0)
        await page.reload()
        await expect(page.get_by_role("link", name="Lamp A-3 is dark")).to_have_count(1)
