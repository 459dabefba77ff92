"""Print jobs and label printers in the console: how each ended, printed again after a second question, a new roll."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from custody.roles import Role
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.cloud.warehouse import ITEM, PACKAGE
from tests.system.desk import PHONE, Desk
from tests.system.racks import enter
from tests.system.test_console import texts
from tests.system.web import PATIENCE_MS, Console, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

ZH, EN = texts("zh-CN")["printing"], texts("en-GB")["printing"]
AGENT, PRINTER = "nj01.gate-a", "labels"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        yield opened


async def pictured(page: Page, name: str) -> None:
    """Where somebody wants to look: a picture of the page."""
    if folder := os.environ.get("SEALTRAIL_TEST_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def say(console: Console, kind: str, **body: Any) -> None:
    """The agent tells it."""
    console.warehouse.teller.say(kind, {"printer": PRINTER, **body}, device=PRINTER)
    await console.warehouse.send()


async def fit(page: Page) -> None:
    """Nothing hangs over the side of a phone."""
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]


async def test_a_job_that_stopped_is_seen_printed_again_and_its_printer_gets_a_new_roll(
    console: Console, database: Database
) -> None:
    desk = Desk(console, database.owner)
    await desk.employ(Role.KEEPER, "李保管")
    await desk.post(Role.KEEPER, "labels/batch", thing_ids=[ITEM, PACKAGE])
    asked = {"things": [ITEM, PACKAGE], "agent": AGENT, "printer": PRINTER, "width_mm": 40, "height_mm": 30}
    (order,) = (await desk.post(Role.KEEPER, "labels/print", **asked))["orders"]
    await desk.close()
    problem = f"label 2 of 2 ({PACKAGE} #1): it is out of paper; 1 came out before"
    labels = [{"label": ITEM, "issue": 1, "outcome": "printed"}, {"label": PACKAGE, "issue": 1, "outcome": "unknown"}]
    await say(console, "labels_printed", order=order, labels=labels, problem=problem)
    paper_out = {"state": "paper_out", "before": "ready", "trouble": "job", "order": order, "roll": 500}
    await say(console, "printer_changed", **paper_out, problem="it is out of paper")
    async with console.visit("zh-CN") as page, console.visit("en-GB", **PHONE) as phone:
        await enter(page, "keeper", "/labels")
        job, printer = page.locator(f"[data-job='{order}']"), page.locator(f"[data-printer={PRINTER}]")
        await expect(printer).to_contain_text(ZH["state_paper_out"])
        await expect(printer).to_contain_text(ZH["stopsJob"])
        await expect(job).to_contain_text(ZH["job_unknown"])
        await expect(job).to_contain_text("李保管")
        await job.locator("summary").click()
        await expect(job).to_contain_text(problem)
        await pictured(page, "print-labels-zh")
        await job.get_by_role("button", name=ZH["again"]).click()
        sheet = page.get_by_role("dialog")
        await expect(sheet).to_contain_text(ZH["lookFirst"].replace("{n}", "1"))
        await expect(sheet.get_by_role("checkbox", checked=True)).to_have_count(1)  # what did not come out for certain
        await sheet.get_by_role("checkbox").first.check()
        await expect(sheet).to_contain_text(ZH["twice"].replace("{n}", "1"))
        await pictured(page, "print-again-zh")
        await sheet.get_by_role("checkbox").first.uncheck()
        await sheet.get_by_role("button", name=ZH["againDo"].replace("{n}", "1")).click()
        await expect(sheet).to_have_count(0)
        again = page.locator("[data-job]").first
        await expect(again).to_contain_text(ZH["job_waiting"])
        await say(console, "printer_changed", state="ready", before="paper_out", trouble="none", order=None, roll=500)
        await enter(phone, "keeper", "/agents")
        await phone.locator(f"a[href='/agents/{AGENT}']").click()
        mine = phone.locator(f"[data-printer={PRINTER}]")
        await expect(mine).to_contain_text(EN["reloaded"])
        await fit(phone)
        await pictured(phone, "printer-en")
        await mine.get_by_role("button", name=EN["newRoll"]).click()
        await phone.get_by_role("dialog").get_by_role("button", name=EN["newRollDone"]).click()
        await expect(mine).to_contain_text(EN["left"].replace("{left}", "500").replace("{roll}", "500"))
        await phone.locator("[data-job]").first.locator("summary").click()
        await phone.locator("[data-job]").first.get_by_role("link", name=EN["repeats"]).click()
        await expect(phone.locator(f"[data-job='{order}'][open]")).to_be_visible()
        await fit(phone)
        await pictured(phone, "print-job-en")
        # From the thing to the jobs that printed its label.
        await page.goto(f"/history/{PACKAGE}")
        await page.locator("details.fold.panel > summary").click()
        await page.locator("[data-linked=print_job] a").first.click()
        await expect(page.locator("[data-job][open]")).to_be_visible()
