"""One box for everything, and what belongs together, in a real browser."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from custody.things import Kind
from proof.keys import SigningKey
from tests.cloud.conftest import SITE, Database, database, new_name, server, template
from tests.cloud.warehouse import CASE, PACKAGE
from tests.system.desk import PHONE
from tests.system.test_console import find, texts
from tests.system.test_film import bring, plays, shoot, tell
from tests.system.web import PATIENCE_MS, Console, fits, open_browser, open_console
from wire.labels import Label, write_label

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

ZH, EN = texts("zh-CN")["finding"], texts("en-GB")["finding"]
CIGARS = f"{SITE}/I-0000000007"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        await opened.warehouse.execute(
            "INSERT INTO item (id, site, case_id, name, quantity, unit, state, index)"
            " VALUES (%s, %s, %s, '<b>雪茄</b> 苏A·12345', 4, '盒', 'intake', 0)", CIGARS, SITE, CASE,
        )  # fmt: skip
        await opened.warehouse.execute("UPDATE evidence_case SET scene = '东山街道'")
        await opened.warehouse.execute(
            "INSERT INTO evidence_case (id, site, number, title, rule_pack, opened_at, opened_by, index, scene)"
            " SELECT id || '9', site, '宁烟立〔2026〕第9号', '另案', rule_pack, opened_at, 'x', 0, scene"
            " FROM evidence_case"
        )  # fmt: skip
        yield opened


async def test_what_is_typed_is_found_while_it_is_typed_and_a_scan_leads_straight_there(console: Console) -> None:
    async with console.watch("zh-CN") as page:
        box = page.get_by_role("combobox")
        await page.keyboard.press("Control+k")
        await expect(box).to_be_focused()
        await box.type("苏Ａ123")
        hit = page.get_by_role("option")
        await expect(hit).to_have_count(1)
        await expect(hit.locator("mark")).to_have_text("苏A·123")
        await expect(hit).to_contain_text("<b>雪茄</b>")
        await box.press("ArrowDown")
        await expect(hit).to_have_attribute("aria-selected", "true")
        await box.press("Enter")
        await expect(page).to_have_url(f"{console.web.url}/history/{CIGARS}")
        label = Label(Kind.PACKAGE, PACKAGE, 1)
        await find(page, write_label(label, SigningKey.from_seed(os.urandom(32))))
        await expect(page).to_have_url(f"{console.web.url}/history/{PACKAGE}")
        await page.keyboard.press("Escape")
        await page.keyboard.press("/")
        await box.type("nj01")
        await page.get_by_role("link", name=ZH["all"]).click()
        await expect(page.locator("[data-kind]")).not_to_have_count(1)
        await page.get_by_role("button", name=ZH["kind"]["item"], exact=True).click()
        await expect(page.locator("[data-kind]")).to_have_count(1)
        await expect(page.locator("[data-kind=item] li")).to_have_count(2)
    async with console.watch("en-GB", **PHONE) as page:
        await find(page, "S1")
        await expect(page.locator("[data-kind=package] mark").first).to_have_text("S1")
        await expect(page.get_by_text(EN["exact"])).to_be_visible()
        await fits(page)


async def test_from_a_passage_one_click_leads_to_what_belongs_to_it_and_to_its_second(
    console: Console, tmp_path: Path
) -> None:
    words, segments = texts("zh-CN")["together"], shoot(tmp_path / "film")
    await console.warehouse.permit()
    decided = console.warehouse.decide(at=segments[1].begun + timedelta(milliseconds=300))
    await tell(console, decided, segments)
    await bring(console, *segments)
    async with console.watch("zh-CN", **PHONE) as page:
        await page.goto(f"/history/{PACKAGE}")
        entry = page.locator("li[data-entry]").filter(has_text=texts("zh-CN")["fact"]["passage_decided"])
        await entry.get_by_text(words["title"], exact=True).click()
        await expect(entry.locator("[data-linked=case] a")).to_have_text("1a case")
        await expect(entry.locator("[data-linked=permit] a")).to_have_count(1)
        await entry.locator("[data-moment=clip]").get_by_role("button").click()
        await plays(page)
        await page.keyboard.press("Escape")
        await fits(page)
        await entry.locator("[data-linked=case] a").click()
        await expect(page.locator("section.related li")).to_contain_text("东山街道 1")
        await page.locator(".fold.panel summary").first.click()
        await expect(page.locator("[data-linked=item] a")).to_have_count(2)
        await expect(page.locator("[data-moment=passage]")).to_have_count(1)
