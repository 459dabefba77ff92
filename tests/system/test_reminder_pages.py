"""Reminders in a real browser: the bell, the case it leads to, and a way out that is set up and tried."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from cloud.db.pool import connect
from cloud.reminders.channels import Ways
from cloud.reminders.delivering import Delivering
from cloud.reminders.worker import Reminding
from cloud.world import real_world
from custody.roles import Role
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.cloud.reminders.receivers import Receiver, listening, robot, said
from tests.cloud.warehouse import CASE
from tests.system.desk import PHONE
from tests.system.racks import employ, enter
from tests.system.test_console import texts
from tests.system.web import PATIENCE_MS, Console, open_browser, open_console
from wire.rule_packs import load_rule_pack

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

LEADER = "zhou.leader"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        await employ(opened, LEADER, "周局长", Role.LEADER)
        yield opened


async def remind(console: Console) -> None:
    """A day is left to decide what becomes of what was preserved, and the leader is told."""
    world = real_world()
    async with await connect(console.warehouse.owner_url) as owner:
        await owner.execute(b"UPDATE evidence_case SET opened_at = %s", [world.now() - timedelta(days=6, hours=1)])
    assert await Reminding(console.warehouse.receiving.pool, world, load_rule_pack()).look() == 1


async def read_it(console: Console) -> None:
    """On a phone, in Chinese."""
    words = texts("zh-CN")["reminder"]
    await remind(console)
    async with console.visit("zh-CN", **PHONE) as page:
        await enter(page, LEADER, "/live")
        await page.get_by_role("link", name=words["bell"].replace("{n}", "1")).click()
        row = page.get_by_role("link", name=words["subject_case_clock"])
        await expect(row).to_contain_text(words["clock_preservation"])
        await row.click()
        await page.wait_for_url(f"**/cases/{CASE}")
        await expect(page.get_by_role("link", name=words["bell"].replace("{n}", "0"))).to_be_visible()
        await page.go_back()
        await expect(page.get_by_text(words["noneTitle"])).to_be_visible()
        await page.get_by_label(words["show"]).select_option(label=words["all"])
        await expect(page.get_by_text(words["read"])).to_be_visible()


async def set_it_up(console: Console, database: Database) -> None:
    """On a desktop, in English."""
    words, receiver, pool = texts("en-GB")["notifying"], Receiver(), console.warehouse.receiving.pool
    vendor = Receiver(answer=said('{"errcode":93000,"errmsg":"invalid webhook url"}'))
    async with (
        listening(receiver, receiver.web), listening(vendor, vendor.web), httpx.AsyncHTTPTransport() as http,
        console.visit("en-GB") as page,
    ):  # fmt: skip
        ways = Ways(http=http, inner=["127.0.0.1"], robots=robot("wecom", vendor))
        worker = asyncio.create_task(
            Delivering(
                pool, database.app, real_world(), load_rule_pack(), ways, every=timedelta(milliseconds=100)
            ).run()
        )
        await enter(page, LEADER, "/reminders/settings")
        await page.get_by_label(words["kind"]).select_option("webhook")
        await page.get_by_label(words["target_webhook"]).fill(f"http://127.0.0.1:{receiver.port}/hook/s3cret")
        await page.get_by_role("button", name=words["add"], exact=True).click()
        await page.get_by_role("button", name=words["try"]).click()
        assert (await receiver.came.get())["type"] == "test"
        await expect(page.get_by_text(words["state_sent"], exact=True)).to_be_visible()
        await page.get_by_label(words["kind"]).select_option("wecom")
        await page.get_by_label(words["target_wecom"]).fill("no-such-key-0000")
        await page.get_by_role("button", name=words["add"], exact=True).click()
        added = page.get_by_role("listitem").filter(has_text="…0000")
        await added.get_by_role("button", name=words["try"]).click()
        await expect(page.get_by_text(words["problem_refused"].replace("{n}", "93000"))).to_be_visible()
        await page.get_by_text(words["quietOn"], exact=True).click()
        await page.get_by_label(words["from"]).fill("21:30")
        await page.get_by_role("button", name=words["save"], exact=True).click()
        await expect(page.get_by_text(words["saved"], exact=True)).to_be_visible()
        await page.reload()
        await expect(page.get_by_label(words["from"])).to_have_value("21:30")
        assert "s3cret" not in await page.content()
        worker.cancel()
        await asyncio.wait({worker})


async def test_a_reminder_is_opened_and_read_and_a_way_out_is_set_up_and_tried(
    console: Console, database: Database
) -> None:
    await read_it(console)
    await set_it_up(console, database)
