"""Lists at the racks in a real browser: started in one touch, followed live, stopped, in both languages (J18)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.cloud.conftest import SITE, Database, database, new_name, server, template
from tests.cloud.warehouse import PACKAGE
from tests.system.desk import PHONE
from tests.system.racks import KEEPER, SLOT, enter, furnish_racks
from tests.system.test_console import texts
from tests.system.test_warehouse_pages import orders, plain
from tests.system.web import PATIENCE_MS, Console, fits, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

WORDS = texts("en-GB")["list"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        yield opened


async def said(console: Console, kind: str, **body: object) -> None:
    """The agent whose rack has SLOT says something, which arrives."""
    warehouse = console.warehouse
    seq = warehouse.teller.say(kind, {"station": "rack-1", **body})
    await warehouse.receiving.take(warehouse.teller, warehouse.teller.batch(seq, seq))


async def test_a_list_of_things_is_lit_followed_live_and_done(console: Console) -> None:
    await furnish_racks(console)
    async with console.visit() as page:
        await enter(page, KEEPER, "/tasks")
        await page.get_by_text(WORDS["new"], exact=True).click()
        field = page.locator("[data-new-list] input").first
        await field.fill(PACKAGE)
        await field.press("Enter")
        await page.get_by_role("button", name=WORDS["light"]).click()
        card = page.locator("[data-list-id]")
        await expect(card).to_contain_text(f"{WORDS['pick']} · {WORDS['blue']}")
        slot = card.locator(f"[data-listed='{SLOT}']")
        await expect(slot).to_contain_text(WORDS["slot_waiting"])
        assert await orders(console) == ["light_list"]
        (order,) = await console.warehouse.receiving.rows("SELECT id FROM agent_order")
        name = await card.get_attribute("data-list-id")

        await said(console, "order_answered", order=order["id"], outcome="done", problem=None)
        await expect(slot).to_contain_text(WORDS["slot_lit"])
        wrong = {"found": f"{SITE}/S-A0101", "expected": SLOT, "moved": "taken", "by": "sensor", "list_id": name}
        await said(console, "slot_misplaced", **wrong, things=[])
        await expect(slot).to_contain_text(WORDS["misplaced"])
        await said(console, "misplacement_ended", found=wrong["found"], expected=SLOT, how="put_right")
        await said(console, "list_slot_done", list_id=name, slot=SLOT, by="sensor", left=0)
        await expect(slot).to_contain_text(WORDS["by_sensor"])
        await expect(card).to_contain_text(WORDS["now_done"])
        await expect(card).to_contain_text("1 / 1")


async def test_a_zone_is_lit_for_a_count_and_stopped_on_a_phone_in_chinese(console: Console) -> None:
    await furnish_racks(console)
    words = texts("zh-CN")["list"]
    async with console.visit("zh-CN", **PHONE) as page:
        await enter(page, KEEPER, "/warehouse")
        section = page.locator("section", has=page.get_by_role("heading", name="A 区"))
        await section.get_by_role("button", name=words["lightZone"]).click()
        await section.get_by_role("status").filter(has_text="1").click()
        card = page.locator("[data-list-id]")
        await expect(card.locator("[data-listed]")).to_have_count(9)
        await expect(card.get_by_text(words["slot_unlit"])).to_have_count(8)
        await expect(card).to_contain_text(plain(words["left"], n=1))
        await fits(page)
        await card.get_by_role("button", name=words["stop"]).click()
        await expect(card).to_contain_text(words["now_stopped"])
        assert sorted(await orders(console)) == ["light_list", "stop_list"]
