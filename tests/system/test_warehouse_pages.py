"""The pages of the warehouse in a real browser: the map, finding a thing, and counting where there is no network."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from custody.things import Kind
from tests.cloud.conftest import SITE, Database, database, new_name, server, template
from tests.cloud.warehouse import ITEM, PACKAGE
from tests.system.desk import PHONE
from tests.system.racks import (
    BOOKKEEPER,
    DARK,
    KEEPER,
    LEADER,
    LOOSE,
    SLOT,
    ZONE,
    enter,
    furnish_racks,
    label,
    scan,
)
from tests.system.test_console import texts
from tests.system.waiting import until
from tests.system.web import PATIENCE_MS, Console, fits, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

WORDS = texts("en-GB")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        yield opened


def plain(text: str, **values: object) -> str:
    """A text of the console with its values in place; of one with a plural, the singular."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text.split(" | ")[0]


async def orders(console: Console) -> list[str]:
    """What the agent was ordered."""
    found = await console.warehouse.receiving.rows("SELECT kind FROM agent_order ORDER BY id")
    return [row["kind"] for row in found]


async def test_the_map_shows_where_a_package_lies_and_lights_it(console: Console) -> None:
    await furnish_racks(console)
    async with console.visit() as page:
        await enter(page, KEEPER, "/warehouse")
        cells = page.locator("[data-slot]")
        await expect(cells).to_have_count(9)
        cell = page.locator(f"[data-slot='{SLOT}']")
        held = plain(WORDS["slot"]["held"], used=1, capacity=2)
        await expect(cell).to_have_attribute("aria-label", f"A-01-01, {WORDS['slot']['part']}, {held}")
        await cell.click()
        panel = page.get_by_role("dialog")
        await expect(panel.locator(f"a[href='/history/{PACKAGE}']")).to_be_visible()
        await panel.get_by_role("button", name=WORDS["locate"]["light"]).click()
        await expect(panel.get_by_role("status")).to_have_text(plain(WORDS["locate"]["lit"], slot="A-01-01"))
        assert await orders(console) == ["light_slot"]
        await page.keyboard.press("Escape")
        await expect(panel).to_have_count(0)
        await expect(cell).to_be_focused()
        await page.keyboard.press("ArrowRight")
        await expect(page.locator("[aria-label^='A-02-01']")).to_be_focused()


async def test_the_slot_of_what_is_searched_for_pulses_and_one_without_a_light_says_so(console: Console) -> None:
    await furnish_racks(console)
    async with console.visit() as page:
        await enter(page, KEEPER, "/warehouse")
        await page.locator("main [role=search] input").fill("lighters")
        await page.keyboard.press("Enter")
        await expect(page.locator(f"[data-slot='{DARK}'].found")).to_be_visible()
        await page.get_by_role("button", name=WORDS["map"]["openSlot"]).click()
        panel = page.get_by_role("dialog")
        await panel.get_by_role("button", name=WORDS["locate"]["light"]).click()
        await expect(panel.get_by_role("status")).to_have_text(plain(WORDS["locate"]["dark"], slot="A-02-02"))
        assert await orders(console) == []


async def test_a_row_of_slots_is_added_in_one_go(console: Console) -> None:
    await furnish_racks(console)
    async with console.visit() as page:
        await enter(page, KEEPER, "/warehouse")
        await page.get_by_role("button", name=WORDS["slot"]["add"]).last.click()
        form = page.get_by_role("dialog")
        await form.get_by_label(WORDS["slot"]["row"]).fill("C")
        await form.locator("button[type=submit]").click()
        await expect(page.locator("[data-slot]")).to_have_count(9 + 40)
        await expect(page.locator("[aria-label^='C-10-04']")).to_be_visible()


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
async def test_a_zone_is_held_against_the_rule_book_with_what_lacks_by_name(console: Console, language: str) -> None:
    await furnish_racks(console)
    words = texts(language)["conformity"]
    async with console.visit(language) as page:
        await enter(page, KEEPER, "/warehouse")
        await page.get_by_role("link", name=words["title"]).click()
        ordinary, values = page.locator("main .zones section").nth(0), page.locator("main .zones section").nth(1)
        await expect(ordinary).to_contain_text(words["parts"]["light"])
        await expect(ordinary.locator(".lacking")).to_contain_text("A-01-02")
        await expect(ordinary.locator(".lacking")).not_to_contain_text("A-01-01")
        await expect(values.locator("li.unmet b")).to_contain_text(
            [words["parts"][part] for part in ("door", "camera", "light", "sensor")]
        )
        await expect(values.locator("header .no")).to_have_text(words["unmet"])


async def test_a_scanned_item_is_found_in_its_package_and_lit(console: Console) -> None:
    await furnish_racks(console)
    words = WORDS["locate"]
    async with console.visit(**PHONE) as page:
        await enter(page, KEEPER, "/locate")
        await scan(page, label(console, Kind.ITEM, ITEM))
        await expect(page.locator(".slot-name")).to_have_text("A-01-01")
        await expect(page.locator(".way")).to_contain_text("A 区")
        await page.get_by_role("button", name=words["light"]).tap()
        await expect(page.locator(".said")).to_have_text(plain(words["lit"], slot="A-01-01"))
        await scan(page, f"{SITE}/I-NONE")
        await expect(page.get_by_role("alert")).to_have_text(WORDS["map"]["nothing"])
        assert await orders(console) == ["light_slot"]


async def test_no_page_is_wider_than_a_phone_and_a_sheet_can_be_tapped(console: Console) -> None:
    await furnish_racks(console)
    async with console.visit(**PHONE) as page:
        await enter(page, KEEPER, "/warehouse")
        for path in ("/locate", "/stock-takes", "/labels", "/import", "/rules", "/warehouse/conformity", "/warehouse"):
            await page.goto(path)
            await expect(page.locator("main h1")).to_be_visible()
            await expect(page.locator(".el-skeleton")).to_have_count(0)
            await fits(page)
        await page.locator(f"[data-slot='{SLOT}']").tap()
        panel = page.get_by_role("dialog")
        await panel.get_by_role("button", name=WORDS["locate"]["light"]).tap()
        await expect(panel.get_by_role("status")).to_have_text(plain(WORDS["locate"]["lit"], slot="A-01-01"))


async def opened_take(page: Page) -> str:
    """The leader orders that the first zone is counted; returns the path of its page."""
    await enter(page, LEADER, "/stock-takes")
    await page.locator("main header").get_by_role("button", name=WORDS["stockTake"]["open"]).click()
    form = page.get_by_role("dialog")
    await form.locator("[value=zone]").check()
    await form.locator("select").first.select_option(ZONE)
    await form.locator("button[type=submit]").click()
    await page.wait_for_url(re.compile(r"/stock-takes/.+"))
    return page.url.partition("/stock-takes/")[2]


async def counts(console: Console, person: str) -> list[str]:
    found = await console.warehouse.receiving.rows(
        "SELECT thing FROM stock_take_count WHERE person = %s ORDER BY thing", person
    )
    return [row["thing"] for row in found]


async def kept(page: Page) -> bool:
    """Whether all that the page has loaded would be there without a network."""
    return bool(await page.evaluate(
        "caches.open('sealtrail-pages-1').then(async (kept) => {"
        "  const loaded = performance.getEntriesByType('resource').map((each) => each.name);"
        "  const needed = ['/', ...loaded.filter((each) => each.includes('/assets/'))];"
        "  return (await Promise.all(needed.map((each) => kept.match(each)))).every(Boolean);"
        "})"
    ))  # fmt: skip


async def test_counting_goes_on_without_a_network_and_is_sent_afterwards(console: Console) -> None:
    people, words = await furnish_racks(console), WORDS["stockTake"]
    async with console.visit() as page:
        take = await opened_take(page)
    async with console.visit(**PHONE) as page:
        await enter(page, KEEPER, f"/stock-takes/{take}")
        await expect(page.locator("nav .count")).to_have_text("1")
        await scan(page, label(console, Kind.SLOT, SLOT))
        await expect(page.locator("main .here")).to_contain_text("A-01-01")
        await until(lambda: kept(page), "the pages are kept on the phone")
        await console.web.stop()  # a browser that is told to be offline forgets it at a reload
        await scan(page, label(console, Kind.PACKAGE, PACKAGE))
        await expect(page.get_by_text(plain(words["unsent"], n=1))).to_be_visible()
        await scan(page, "A-02-02")
        await scan(page, LOOSE)
        unsent = words["unsent"].split(" | ")[1].replace("{n}", "2")
        await expect(page.get_by_text(unsent)).to_be_visible()
        await page.reload()
        await expect(page.get_by_text(unsent)).to_be_visible()
        await expect(page.locator(".list li")).to_have_count(2)
        await expect(page.get_by_text("cigarettes")).to_have_count(0)
        assert await counts(console, people[KEEPER]) == []
        await console.web.start()
        await expect(page.get_by_text(words["allSent"])).to_be_visible()
        assert await counts(console, people[KEEPER]) == [LOOSE, PACKAGE]
        await page.get_by_role("button", name=words["closeMine"]).tap()
        await page.get_by_role("button", name=words["closeYes"]).tap()
        await expect(page.get_by_text(words["iClosed"])).to_be_visible()
        await expect(page.locator("nav .count")).to_have_count(0)
    async with console.visit(**PHONE) as page:
        await enter(page, BOOKKEEPER, f"/stock-takes/{take}")
        await scan(page, label(console, Kind.SLOT, SLOT))
        await scan(page, label(console, Kind.PACKAGE, PACKAGE))
        await expect(page.get_by_text(words["allSent"])).to_be_visible()
        await page.get_by_role("button", name=words["closeMine"]).tap()
        await page.get_by_role("button", name=words["closeYes"]).tap()
        await expect(page.get_by_text(words["difference_count_disagrees"])).to_be_visible()
        await expect(page.locator("li", has_text=words["difference_count_disagrees"])).to_contain_text(
            words["notThere"]
        )
