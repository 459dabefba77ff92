"""Analysis in a real browser: a finding, the alarm that shows it, and the ticket that it becomes, which leads back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from cloud.alarms.service import raise_alarm
from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.world import real_world
from custody.roles import Role
from tests.cloud.conftest import SITE, Database, database, new_name, server, template
from tests.system.desk import PHONE
from tests.system.racks import employ, enter
from tests.system.test_console import texts
from tests.system.test_people_pages import a_site_below
from tests.system.web import PATIENCE_MS, Console, fits, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

EN, ZH = texts("en-GB"), texts("zh-CN")
SUPERVISOR, HOT = "wu.gang", f"{SITE}.gate-a:north"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        await employ(opened, SUPERVISOR, "吴刚", Role.SUPERVISOR)
        yield opened


async def alarms(console: Console, site: str = SITE) -> None:
    """Eleven at one door, one at each of two others."""
    world, hot = real_world(), f"{site}.gate-a:north"
    causes = [("door_forced", hot), *((f"rule.r{number}", hot) for number in range(10))]
    async with transaction(console.warehouse.receiving.pool) as tx:
        appender = await open_ledger(tx, site)
        for cause, place in (*causes, ("door_forced", f"{site}.gate-a:south"), ("door_forced", f"{site}.gate-a:west")):
            await raise_alarm(
                tx, appender, world, cause=cause, place=place, severity="major", detail={}, at=world.now()
            )  # fmt: skip
        await close_ledger(tx, appender)


async def test_a_finding_is_looked_up_and_becomes_a_ticket_that_leads_back(console: Console) -> None:
    words = ZH["analysis"]
    async with console.visit("zh-CN") as page:
        await enter(page, SUPERVISOR, "/analysis")
        await expect(page.get_by_text(words["noneTitle"])).to_be_visible()
        await expect(page.get_by_text(words["absent"]["no_approvals"]).first).to_be_visible()
        await alarms(console)
        await page.reload()
        card = page.get_by_role("article")
        await expect(card).to_have_count(1)
        await expect(card).to_contain_text(words["kind"]["hot_spots"])
        await expect(card).to_contain_text(HOT)
        await expect(card).to_contain_text(words["weakens"]["uneven_by_nature"])
        await card.get_by_role("link").first.click()
        await page.wait_for_url("**/alarms/*")
        await page.go_back()
        async with page.expect_download() as saved:
            await page.get_by_role("button", name=words["csv"]).click()
        assert HOT in (await (await saved.value).path()).read_text("utf-8-sig")
        await page.get_by_role("button", name=words["toTicket"]).click()
        await page.locator("#ticket-type").select_option("improvement")
        await expect(page.locator("#ticket-place")).to_have_value(HOT)
        await page.get_by_role("button", name=ZH["ticket"]["report"], exact=True).click()
        await (
            page.get_by_role("link", name=ZH["action"]["show"])
            .or_(page.get_by_text(words["reported"]))
            .first.wait_for()
        )
    async with console.visit("en-GB", **PHONE) as page:
        await enter(page, SUPERVISOR, "/tickets")
        await page.get_by_role("link", name=words["kind"]["hot_spots"]).click()
        await page.get_by_role("link", name=EN["analysis"]["ofTicket"]).click()
        card = page.get_by_role("article")
        await expect(card).to_contain_text(EN["analysis"]["kind"]["hot_spots"])
        await expect(card).to_have_class("panel marked")
        await fits(page)


async def test_a_province_looks_at_all_its_sites_at_once(console: Console) -> None:
    words = EN["analysis"]
    await a_site_below(console)
    await alarms(console, "nj02")
    async with console.visit("en-GB") as page:
        await enter(page, SUPERVISOR, "/analysis")
        await page.locator(".filters select").select_option("unit:js")
        card = page.get_by_role("article")
        await expect(card).to_have_count(1)
        await expect(card).to_contain_text("Two")
        await expect(card).to_contain_text("nj02.gate-a:north")
        spots = page.get_by_role("region", name=words["kind"]["hot_spots"])
        await expect(spots).to_contain_text(words["together"])
        await expect(spots.get_by_role("listitem")).to_have_count(3)
        await card.get_by_role("link").first.click()
        await page.wait_for_url("**/alarms/*?site=nj02")
        await expect(page.get_by_text("nj02.gate-a:north")).to_be_visible()
        await expect(page.get_by_role("button", name=EN["alarm"]["acknowledge"])).to_have_count(0)
        await page.go_back()
        async with page.expect_download() as saved:
            await page.get_by_role("button", name=words["csv"]).click()
        assert "figure,hot_spots,nj02,all" in (await (await saved.value).path()).read_text("utf-8-sig")
        await page.get_by_role("region", name=words["sites"]).get_by_role("link", name="Two").click()
        await page.wait_for_url("**/analysis?site=nj02*")
        await expect(page.get_by_role("article")).to_contain_text("nj02.gate-a:north")
