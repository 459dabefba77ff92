"""Tickets on phones in a real browser: from an alarm round twice to its end, and a report written with no signal."""

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from custody.roles import Role
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.system.desk import PHONE, photo
from tests.system.racks import employ, enter
from tests.system.test_alarm_pages import alarm
from tests.system.test_console import texts
from tests.system.test_film import COUNT, bring, shoot, tell
from tests.system.web import PASSWORD, PATIENCE_MS, Console, fits, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200), pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

LOCALES = {"zh-CN": texts("zh-CN"), "en-GB": texts("en-GB")}
OPERATOR, KEEPER, SUPERVISOR = "duty.op", "li.keeper", "wu.super"
TITLES = {"zh-CN": "无许可放行", "en-GB": "Let through without a permit"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        await employ(opened, OPERATOR, "值班员", Role.OPERATOR)
        await employ(opened, KEEPER, "李保管", Role.KEEPER)
        await employ(opened, SUPERVISOR, "吴内管", Role.SUPERVISOR)
        yield opened


async def pictured(page: Page, name: str) -> None:
    """Where somebody wants to look: a picture of the page."""
    if folder := os.environ.get("SEALTRAIL_TEST_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png")


async def report(page: Page, words: Any, title: str) -> None:
    await page.get_by_label(words["subject"]).fill(title)
    await page.get_by_label(words["words"]).fill(f"{title}: {title}")
    await page.locator("#new-ticket input[type=file]").set_input_files(
        {"name": "p.jpg", "mimeType": "image/jpeg", "buffer": photo(1)}
    )
    await expect(page.locator("#new-ticket figure")).to_have_count(1)
    await page.get_by_role("button", name=words["report"], exact=True).click()


async def step(page: Page, words: Any, name: str, choice: str | None = None, whom: str | None = None) -> None:
    """Takes the step on the ticket's page as it stands now."""
    await page.reload()
    await page.get_by_role("button", name=words[name], exact=True).click()
    if choice is not None:
        await page.get_by_label(words[choice], exact=True).check()
    if whom is not None:
        await page.locator("#ticket-person").select_option(label=whom)
    await page.locator("#step-words").fill(f"{words[name]} 1")
    await page.get_by_role("button", name=words["send"], exact=True).click()
    await expect(page.locator("#ticket-step")).to_have_count(0)


async def see_the_clip(page: Page, words: Any) -> None:
    await page.get_by_role("button", name=words["film"]["play"]).first.click()
    genuine = words["film"]["all"]["genuine"].split(" | ")[-1].format(of=COUNT)
    await expect(page.locator("[data-verdict]")).to_have_text(genuine)
    await page.keyboard.press("Escape")
    await expect(page.locator("dialog[open]")).to_have_count(0)


async def clear(page: Page, words: Any) -> None:
    told = words["alarm"]
    await page.reload()
    await page.get_by_role("link", name=words["ticket"]["clearAlarm"]).click()
    await page.get_by_role("button", name=told["clear"], exact=True).click()
    await page.locator("#alarm-code").select_option("dealt_with")
    await page.locator("dialog").get_by_role("button", name=told["clear"], exact=True).click()
    await expect(page.get_by_text(told["now_over"], exact=True)).to_be_visible()


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
async def test_on_phones_an_alarm_ends_in_an_answer_that_was_judged(
    console: Console, tmp_path: Path, language: str
) -> None:
    """Alarm, clip, ticket, check, reply, not satisfied, an order and a notice, put right, satisfied, cleared."""
    every, title = LOCALES[language], TITLES[language]
    words = every["ticket"]
    segments = shoot(tmp_path / "film")
    decided = console.warehouse.decide()  # without a permit: gate and cloud differ, which is an alarm
    await tell(console, decided, segments)
    await bring(console, *segments)
    async with (
        console.visit(language, **PHONE) as operator,
        console.visit(language, **PHONE) as keeper,
        console.visit(language, **PHONE) as supervisor,
    ):
        await enter(operator, OPERATOR, "/home")
        await operator.get_by_role("link", name=every["cause"]["decision_differs"]).click()
        await see_the_clip(operator, every)
        await operator.get_by_role("link", name=words["ofAlarm"]).click()
        await operator.locator("#ticket-whom option").nth(1).wait_for(state="attached")
        await report(operator, words, title)
        await operator.get_by_role("link", name=title).click()
        await expect(operator.get_by_text(words["turn_reported"])).to_be_visible()
        await expect(operator.get_by_role("button", name=every["photo"]["open"].format(n=1))).to_be_visible()

        await enter(keeper, KEEPER, "/home")
        await keeper.locator("[data-list=next]").get_by_role("link", name=title).wait_for()
        await pictured(keeper, f"home-{language}")
        await keeper.locator("[data-list=next]").get_by_role("link", name=title).click()
        await expect(
            keeper.get_by_text(words["pick_rota"].format(n=0))
        ).to_be_visible()  # given by a rule, which is told
        await step(keeper, words, "check")
        await step(keeper, words, "reply")
        await step(operator, words, "evaluate", "notSatisfied")

        await enter(supervisor, SUPERVISOR, "/tickets")
        await supervisor.get_by_role("link", name=title).click()
        await expect(supervisor.get_by_text(words["life"])).to_be_visible()
        await expect(supervisor.locator("header").get_by_text(words["round"].format(n=2))).to_be_visible()
        await step(supervisor, words, "urge")
        await step(supervisor, words, "rectify", whom="李保管")
        await pictured(supervisor, f"order-{language}")
        await step(keeper, words, "remedy")
        await step(supervisor, words, "confirm")

        await step(keeper, words, "check")
        await step(keeper, words, "reply")
        await step(operator, words, "evaluate", "satisfied")
        await operator.reload()
        await expect(operator.get_by_text(words["state_satisfied"], exact=True)).to_be_visible()
        await pictured(operator, f"ticket-{language}")
        await fits(operator)
        await clear(operator, every)


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


async def test_a_report_written_with_no_signal_is_sent_later_once_with_its_photograph(console: Console) -> None:
    words = LOCALES["en-GB"]["ticket"]
    async with console.visit("en-GB", **PHONE) as page:
        await enter(page, KEEPER, "/tickets")
        await page.get_by_role("button", name=words["new"]).click()
        types = page.get_by_label(words["type"]).last
        await types.select_option("false_customer")
        await expect(page.get_by_label(words["words"])).to_have_value(re.compile("licence number"))
        await types.select_option("equipment")
        await expect(page.get_by_label(words["words"])).to_have_value("")
        await page.context.set_offline(True)
        await report(page, words, "Lamp A-3 is dark")
        unsent = page.get_by_text(words["unsent"].split(" | ")[0])
        await expect(unsent).to_be_visible()
        await expect(page.get_by_text(words["withPhotos"].split(" | ")[0].format(n=1))).to_be_visible()
        await page.context.set_offline(False)
        await expect(page.get_by_role("link", name="Lamp A-3 is dark")).to_be_visible()
        await expect(unsent).to_have_count(0)
        await page.reload()
        await expect(page.get_by_role("link", name="Lamp A-3 is dark")).to_have_count(1)
        await page.get_by_role("link", name="Lamp A-3 is dark").click()
        await page.locator("main li img").wait_for()

        await page.get_by_role("button", name=words["aboutPage"]).click()  # any page may be reported
        await report(page, words, "A word is missing")
        await expect(page.get_by_text(words["thanks"])).to_be_visible()
        await page.goto("/tickets")
        await page.get_by_role("link", name="A word is missing").click()
        await expect(page.get_by_text(re.compile(r"Page /tickets/\d+, version \d"))).to_be_visible()
