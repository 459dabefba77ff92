"""The pages of webhooks in a real browser: added, tried out, failing, sent again from a phone, ended."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from standardwebhooks import Webhook

from cloud.alarms.service import raise_alarm
from cloud.db.pool import transaction
from cloud.keys import make_webhook_root, read_webhook_root
from cloud.ledger.service import close_ledger, open_ledger
from cloud.webhooks.addresses import Gatehouse
from cloud.webhooks.posting import Poster
from cloud.webhooks.sending import Pace, Sender
from cloud.world import real_world
from custody.roles import Role
from tests.cloud.conftest import SITE, Database, database, new_name, server, template
from tests.cloud.webhooks.conftest import OK, Receiver
from tests.system.desk import PHONE
from tests.system.racks import employ, enter
from tests.system.test_console import texts
from tests.system.web import PATIENCE_MS, Console, fits, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

EN, ZH = texts("en-GB"), texts("zh-CN")
ADMIN = "li.admin"
SORRY = b"HTTP/1.1 500 Oh\r\nContent-Length: 31\r\nConnection: close\r\n\r\n<img src=x onerror=alert(1)> oh"


@pytest.fixture
async def console(database: Database, tmp_path: Path) -> AsyncIterator[Console]:
    async with open_browser() as browser, open_console(database, tmp_path, browser) as opened:
        make_webhook_root(tmp_path / "keys", real_world().random)
        opened.web.environment["SEALTRAIL_CLOUD_WEBHOOK_HOSTS"] = "127.0.0.1"
        await opened.web.stop()
        await opened.web.start()
        await employ(opened, ADMIN, "李管理", Role.ADMIN)
        yield opened


@asynccontextmanager
async def sending(console: Console, keys: Path) -> AsyncIterator[None]:
    """The worker, as `cloud jobs` runs it."""
    poster, pace = Poster(Gatehouse(frozenset({"127.0.0.1"}))), Pace(look=timedelta(milliseconds=100))
    pool = console.warehouse.receiving.pool
    running = asyncio.create_task(Sender(pool, real_world(), lambda: read_webhook_root(keys), poster, pace).run())
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait({running})


async def alarm(console: Console) -> None:
    world = real_world()
    async with transaction(console.warehouse.receiving.pool) as tx:
        appender = await open_ledger(tx, SITE)
        await raise_alarm(
            tx, appender, world, cause="door_forced", place=f"{SITE}.gate-a:store", severity="critical",
            detail={}, at=world.now(),
        )  # fmt: skip
        await close_ledger(tx, appender)


async def pictured(page: Page, name: str) -> None:
    """Where somebody wants to look: a picture of the page."""
    if folder := os.environ.get("SEALTRAIL_TEST_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def test_a_webhook_from_its_making_to_its_end(console: Console, tmp_path: Path) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    words = ZH["webhook"]
    async with (
        AsyncExitStack() as stack,
        sending(console, tmp_path / "keys"),
        console.visit("zh-CN") as desk,
        console.visit("en-GB", **PHONE) as phone,
    ):
        receiver = await Receiver().serve(stack)
        await enter(desk, ADMIN, "/webhooks")
        await expect(desk.locator("main")).to_contain_text(words["none"])
        await pictured(desk, "webhooks-none-zh")

        # An inner address that nobody named is not taken; the secret is shown once, and it signs.
        await desk.get_by_role("button", name=words["add"]).click()
        form = desk.get_by_role("dialog")
        await form.get_by_label(words["name"]).fill("金蝶 ERP")
        await form.get_by_label(words["url"]).fill("https://169.254.169.254/latest")
        await form.get_by_role("button", name=words["make"], exact=True).click()
        await expect(form.get_by_role("alert")).to_contain_text(ZH["problem"]["target_refused"])
        await pictured(desk, "webhook-refused-zh")
        await form.get_by_label(words["url"]).fill(receiver.url)
        await form.get_by_role("button", name=words["make"], exact=True).click()
        secret = await form.get_by_label(words["secret"]).inner_text()
        await pictured(desk, "webhook-made-zh")
        await form.get_by_role("button", name=words["kept"]).click()
        await desk.locator("main").get_by_text("金蝶 ERP").click()
        await desk.get_by_role("button", name=words["test"], exact=True).click()
        got = await receiver.came.get()
        at = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
        assert (
            Webhook(secret).sign(got.headers["webhook-id"], at, got.body.decode()) in got.headers["webhook-signature"]
        )
        row = desk.locator("article").first
        await expect(row.locator(".tag")).to_have_text(words["done"])

        # It breaks: what it answered is text on the page, and markup in it does nothing.
        receiver.answer = SORRY
        await alarm(console)
        await expect(row.locator("pre")).to_have_text("<img src=x onerror=alert(1)> oh")
        await expect(row).to_contain_text("record.alarm_raised")
        await expect(desk.locator("main header").first).to_contain_text(words["state_failing"].format(n=1))
        await pictured(desk, "webhook-failing-zh")

        # On a phone: a replay of a range, the end.
        await enter(phone, ADMIN, "/webhooks")
        await phone.locator("main").get_by_text("金蝶 ERP").tap()
        words = EN["webhook"]
        receiver.answer = OK
        await phone.get_by_role("button", name=words["replay"], exact=True).tap()
        sheet = phone.get_by_role("dialog")
        await sheet.get_by_label(words["first"]).fill("0")
        await sheet.get_by_label(words["last"]).fill("9000")
        await pictured(phone, "webhook-replay-phone-en")
        await sheet.get_by_role("button", name=words["replayDo"]).tap()
        await expect(phone.locator("article", has_text="record.alarm_raised").locator(".tag")).to_have_text(
            words["done"]
        )
        await fits(phone)
        await expect(phone.locator("body")).to_contain_text(words["replayed"].partition(" | ")[0].format(n=1))
        await pictured(phone, "webhook-phone-en")
        await phone.get_by_role("button", name=words["end"], exact=True).tap()
        sure = sheet.get_by_role("button", name=words["endDo"])
        await sheet.locator("#webhook-typed").fill("ERP")
        await expect(sure).to_be_disabled()
        await sheet.locator("#webhook-typed").fill("金蝶 ERP")
        await sure.tap()
        await expect(phone.locator("main header").first).to_contain_text(words["state_ended"])
        await expect(phone.get_by_role("button", name=words["test"], exact=True)).to_have_count(0)
