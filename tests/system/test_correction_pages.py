"""What was registered wrongly is corrected on its page: form, old beside new, approval, history; in both languages."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from custody.roles import Role
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.system.desk import PHONE, Desk, open_desk, sealed
from tests.system.test_acts_pages import EN, ZH, dialog
from tests.system.test_ledger_pages import sign, tell_key
from tests.system.web import PATIENCE_MS, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def desk(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Desk]:
    async with open_console(database, tmp_path, browser) as console, open_desk(console, database) as opened:
        yield opened


async def pictured(page: Page, name: str, language: str, options: dict[str, Any]) -> None:
    """Where somebody wants to look: a picture of the page. Nothing is wider than the screen."""
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if folder := os.environ.get("SEALTRAIL_TEST_PICTURES"):
        width = "phone" if options else "desk"
        await page.screenshot(path=Path(folder) / f"{name}-{width}-{language}.png", full_page="dialog" not in name)


async def approve(page: Page, act: str, words: dict[str, Any], *, first: bool) -> None:
    """An approver, with a passkey of theirs, reads what changes and signs."""
    if first:
        await page.goto("/me")
        await page.get_by_role("button", name=words["passkey"]["add"]).click()
        await dialog(page).get_by_role("textbox").fill("key")
        await dialog(page).locator("button[type=submit]").click()
        await expect(page.locator("main li").first).to_contain_text("key")
    await page.goto(f"/acts/{act}")
    await expect(page.locator(".diff del").first).to_be_visible()
    await page.get_by_role("button", name=words["act"]["signPasskey"]).click()
    await expect(page.get_by_text(words["act"]["ended_done"])).to_be_visible()


@pytest.mark.parametrize(("language", "options"), [("zh-CN", {}), ("en-GB", PHONE), ("zh-CN", PHONE), ("en-GB", {})])
async def test_a_case_and_an_item_are_corrected(desk: Desk, language: str, options: dict[str, Any]) -> None:
    words = ZH if language == "zh-CN" else EN
    case, item, _ = await sealed(desk)
    acts = []
    async with desk.sit(Role.INSPECTOR, language, **options) as page:
        await page.goto(f"/cases/{case}")
        await page.locator("[data-action=correct_case]").click()
        form = dialog(page)
        await expect(form.get_by_label(words["detail"]["title"], exact=True)).to_have_value("无证运输烟草专卖品")
        await form.locator("[data-do=look]").click()  # nothing is changed, no reason is given
        await expect(form.get_by_text(words["correct"]["unchanged"])).to_be_visible()
        await form.get_by_label(words["detail"]["title"], exact=True).fill("无证运输假冒卷烟")
        await form.get_by_label(words["detail"]["parties"]).fill("张三\n李四")
        await form.get_by_label(words["detail"]["reason"]).fill("登记笔误")
        await pictured(page, "correct-dialog-form", language, options)
        await form.locator("[data-do=look]").click()
        await expect(form.locator("del").first).to_have_text("无证运输烟草专卖品")
        await expect(form.locator("ins").last).to_have_text("张三、李四")
        await pictured(page, "correct-dialog-diff", language, options)
        await form.locator("[data-do=send]").click()
        await page.wait_for_url("**/acts/**")
        await expect(page.locator(".diff del").first).to_have_text("无证运输烟草专卖品")
        await pictured(page, "correct-act", language, options)
        acts.append(page.url.split("/acts/")[1])
        await page.goto(f"/history/{item}")
        await page.locator("[data-action=correct]").click()
        await expect(form.get_by_label(words["detail"]["quantity"])).to_be_disabled()  # a closed seal speaks for it
        await form.get_by_label(words["detail"]["brand"]).fill("中华")
        await form.get_by_label(words["detail"]["reason"]).fill("漏登")
        await form.locator("[data-do=look]").click()
        await expect(form.locator("del")).to_have_text(words["correct"]["nothing"])
        await form.locator("[data-do=send]").click()
        await page.wait_for_url("**/acts/**")
        acts.append(page.url.split("/acts/")[1])
    async with desk.sit(Role.APPROVER, language, **options) as page:
        for number, act in enumerate(acts):
            await approve(page, act, words, first=number == 0)
        await page.goto(f"/history/{case}")
        new = page.locator("li[data-entry]").filter(has=page.locator("del")).last
        await expect(new.locator("del").first).to_have_text("无证运输烟草专卖品")
        await expect(new.locator("ins").first).to_have_text("无证运输假冒卷烟")
        await expect(page.locator("li[data-entry]").first.locator(".corrected")).to_be_visible()
        await pictured(page, "correct-history", language, options)
        await page.goto(f"/cases/{case}")
        await expect(page.locator("h1")).to_have_text("无证运输假冒卷烟")
        await expect(page.get_by_text(words["correct"]["last"])).to_be_visible()
        await pictured(page, "correct-case", language, options)
        await page.goto(f"/history/{item}")
        await expect(page.locator(".head")).to_contain_text("中华")
        await pictured(page, "correct-item", language, options)
    assert (await desk.get(Role.KEEPER, f"items/{item}"))["brand"] == "中华"


@pytest.mark.parametrize(("language", "options"), [("zh-CN", PHONE), ("en-GB", {})])
async def test_what_tells_the_same_is_erased_along_by_two(desk: Desk, language: str, options: dict[str, Any]) -> None:
    words = ZH if language == "zh-CN" else EN
    await desk.employ(Role.ADMIN, "郑洁")
    _, item, _ = await sealed(desk)
    first = (await desk.get(Role.KEEPER, f"history/{item}"))["rows"][0]["index"]
    details = {"cites": first, "changes": {"brand": "张三牌"}, "reason": "漏登"}
    act = await desk.act((Role.INSPECTOR,), "correct", item, **details)
    await desk.post(
        Role.INSPECTOR, "acts/decline", act=act["act"], reason="再议"
    )  # what was asked tells it all the same
    await tell_key(desk.console)
    await sign(desk.console)
    async with desk.sit(Role.ADMIN, language, **options) as page:
        await page.goto(f"/ledger/nj01/{first}")
        await page.locator(".verdict").wait_for()
        await pictured(page, "erase-entry", language, options)
        await page.locator("[data-do=erase]").click()
        form = dialog(page)
        await expect(form.locator("[data-related]")).to_have_count(1)
        await form.get_by_label(words["erase"]["ground"]).fill("《个人信息保护法》第四十七条")
        await pictured(page, "erase-dialog", language, options)
        await form.locator("button[type=submit]").click()
        await page.wait_for_url(lambda url: not url.endswith(f"/{first}"))
        await expect(page.get_by_text(words["erase"]["another"])).to_be_visible()
        proposal = page.url
    async with desk.sit(Role.APPROVER, language, **options) as page:
        await page.goto(proposal)
        await page.locator("[data-do=confirm]").wait_for()
        await pictured(page, "erase-proposal", language, options)
        await page.locator("[data-do=confirm]").click()
        await expect(page.locator(".toast")).to_be_visible()
    assert (await desk.get(Role.KEEPER, f"items/{item}"))["name"] == "已依法删除 / erased"
    shown = (await desk.get(Role.KEEPER, f"history/{item}"))["rows"]
    assert [row["kind"] for row in shown if row["erased"]] == ["item_registered", "act_proposed"]
