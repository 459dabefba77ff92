"""The floor plan in a real browser: laid out by itself, drawn by dragging and by keys, with its alarms."""

from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, expect

from cloud.alarms.service import raise_alarm
from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.world import real_world
from tests.cloud.conftest import SITE, Database, database, new_name, server, template
from tests.system.racks import KEEPER, ZONE, enter, furnish_racks
from tests.system.test_console import texts
from tests.system.web import PATIENCE_MS, Console, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

ZH = texts("zh-CN")
SVG: FilePayload = {
    "name": "plan.svg",
    "mimeType": "image/svg+xml",
    "buffer": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
}
PICTURE = cv2.imencode(".png", np.full((450, 900, 3), 225, np.uint8))[1].tobytes()
AS_WIDE_AS_THE_PICTURE = """() => {
  const { width, height } = document.querySelector(".canvas").getBoundingClientRect();
  return Math.abs(width / height - 2) < 0.05;
}"""
PNG: FilePayload = {"name": "plan.png", "mimeType": "image/png", "buffer": PICTURE}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        await furnish_racks(opened)
        yield opened


async def alarm(console: Console) -> None:
    async with transaction(console.warehouse.receiving.pool) as tx:
        appender, world = await open_ledger(tx, SITE), real_world()
        await raise_alarm(
            tx, appender, world, cause="climate", place=ZONE, severity="major", detail={}, at=world.now()
        )  # fmt: skip
        await close_ledger(tx, appender)


async def test_a_plan_lays_itself_out_and_is_drawn_on_a_picture_by_who_may(console: Console) -> None:
    words = ZH["plan"]
    async with console.visit("zh-CN", viewport={"width": 1280, "height": 900}) as page:
        await enter(page, KEEPER, "/site")
        await expect(page.get_by_text(words["byItself"])).to_be_visible()
        mark = page.locator(f"[data-mark='zone {ZONE}']")
        await expect(mark.locator(".cell")).to_have_count(9)
        await alarm(console)
        await expect(mark).to_contain_text("1 条告警")
        await page.get_by_role("button", name=words["draw"]).click()
        files = page.locator("input[type=file]")
        await files.set_input_files(SVG)
        await expect(page.get_by_text(words["notRaster"])).to_be_visible()
        await files.set_input_files({**PNG, "buffer": PNG["buffer"][:40]})
        await expect(page.get_by_text(ZH["problem"]["unreadable_picture"])).to_be_visible()
        await files.set_input_files(PNG)
        await expect(page.get_by_alt_text(words["alt"])).to_be_visible()
        await page.wait_for_function(AS_WIDE_AS_THE_PICTURE)  # the plan grows as the picture comes
        plan = await page.locator(".canvas").bounding_box()
        assert plan
        await mark.hover()
        await page.mouse.down()
        await page.mouse.move(plan["x"] + plan["width"] / 4, plan["y"] + plan["height"] / 2, steps=4)
        await page.mouse.up()
        await mark.press("ArrowRight")
        await page.get_by_role("button", name=words["save"]).click()
        await expect(page.get_by_text(words["drawnBy"].split("{")[0])).to_be_visible()
        await page.reload()
        await expect(page.get_by_alt_text(words["alt"])).to_be_visible()
        await expect(mark).to_have_attribute("style", "left: 26%; top: 50%;")
        await mark.click()
        await page.wait_for_url("**/warehouse")
    [record] = await console.warehouse.receiving.rows("SELECT content::json FROM record WHERE kind = 'plan_drawn'")
    [zone] = [each for each in record["content"]["marks"] if each["name"] == ZONE]
    assert (zone["kind"], zone["y"]) == ("zone", 5000)
    assert zone["x"] == 2600
