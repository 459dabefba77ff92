"""The ledger in a real browser, which checks every proof itself: right ones, and answers in which one byte differs."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from cloud.db.pool import transaction
from cloud.ledger.checkpoints import newest_checkpoint, sign_checkpoints
from cloud.ledger.key_history import record_birth
from cloud.ledger.service import close_ledger, open_ledger
from cloud.world import real_world
from custody.roles import Role
from proof.checkpoint import Checkpoint
from proof.note import read_note
from tests.cloud.conftest import SITE, Database, database, new_name, server, template
from tests.cloud.receiving import LOG_KEY
from tests.system.desk import PHONE
from tests.system.racks import employ, enter
from tests.system.test_alarm_pages import alarm
from tests.system.test_console import texts
from tests.system.web import PATIENCE_MS, Console, fits, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

EN, ZH = texts("en-GB"), texts("zh-CN")
AUDITOR = "sun.ting"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        await employ(opened, AUDITOR, "孙婷", Role.AUDITOR)
        await tell_key(opened)
        yield opened


async def tell_key(console: Console) -> None:
    """The log tells of the key that signs it, as it does from its beginning on."""
    async with transaction(console.warehouse.receiving.pool) as tx:
        appender = await open_ledger(tx, SITE)
        await record_birth(
            tx, appender, real_world(), role="log", owner=appender.origin, key=LOG_KEY.public, actor="test"
        )
        await close_ledger(tx, appender)


async def sign(console: Console) -> Checkpoint:
    """The worker for jobs comes round."""
    async with transaction(console.warehouse.receiving.pool) as tx:
        await sign_checkpoints(tx, real_world(), lambda _: LOG_KEY)
        newest = await newest_checkpoint(tx, SITE)
    assert newest
    return Checkpoint.from_text(read_note(newest["note"].encode()).text)


async def step(page: Page, name: str, verdict: str) -> None:
    await expect(page.locator(f"[data-step={name}][data-verdict={verdict}]")).to_be_visible()


async def test_an_entry_is_proved_by_the_browser_itself_from_its_alarm_on(console: Console) -> None:
    async with console.visit("zh-CN", **PHONE) as page:
        await enter(page, AUDITOR, "/ledger")
        await expect(page.get_by_text(ZH["ledger"]["noneTitle"])).to_be_visible()
        seen = await sign(console)
        await page.reload()
        await step(page, "signed", "good")
        await step(page, "grown", "open")
        await fits(page)
        await alarm(console)
        await page.goto("/alarms/1")
        await page.locator("dl a.entry").tap()
        await expect(page.locator("[data-verdict=open]").first).to_be_visible()
        await sign(console)
        await expect(page.locator(".verdict[data-verdict=good]")).to_be_visible()
        for name in ("entry", "content", "signed", "key", "grown"):
            await step(page, name, "good")
        await expect(page.locator("[data-step=grown]")).to_contain_text(f"{seen.size} 条")
        await fits(page)


# Where the answers come from, the byte that is changed, and what is said then of which step.
LIES = (
    ("**/tile/entries/**", -2, "entry", "notIncluded"),
    ("**/tile/0/**", 0, "entry", "notIncluded"),
    ("**/api/v1/entries/*", 14, "content", "contentBad"),
    ("**/checkpoint", 0, "signed", "notSigned"),
)


async def test_one_changed_byte_in_an_answer_is_seen(console: Console) -> None:
    size = (await sign(console)).size
    async with console.visit("en-GB") as page:
        await enter(page, AUDITOR, f"/ledger/{SITE}/{size - 1}")
        for asked, at, name, says in LIES:
            await expect(page.locator(".verdict[data-verdict=good]")).to_be_visible()
            await page.route(asked, partial(changed, at=at))
            await page.reload()
            await expect(page.locator(".verdict[data-verdict=bad]")).to_contain_text(EN["ledger"]["proved_bad"])
            told = EN["ledger"]["says"][says].replace("{index}", str(size - 1))
            await expect(page.locator(f"[data-step={name}][data-verdict=bad]")).to_contain_text(told)
            await page.unroute(asked)
            await page.reload()


async def changed(route: Route, at: int) -> None:
    """One byte of the answer is another; of the API's, one of the content it gives."""
    answer = await route.fetch()
    body = bytearray(await answer.body())
    if b'"content":' in body:
        at += body.index(b'"content":')
    body[at] ^= 1
    await route.fulfill(response=answer, body=bytes(body))


async def test_a_log_that_was_rewritten_is_shouted_about_and_both_notes_can_be_kept(console: Console) -> None:
    seen = await sign(console)
    other = Checkpoint(seen.origin, seen.size, hashlib.sha256(b"another history").digest()).sign(LOG_KEY)
    async with console.visit("en-GB") as page:
        await enter(page, AUDITOR, "/ledger")
        await step(page, "signed", "good")
        await page.route("**/checkpoint", lambda route: route.fulfill(body=other, content_type="text/plain"))
        await page.reload()
        shout = page.get_by_role("alert")
        await expect(shout).to_contain_text(EN["ledger"]["rewrittenTitle"])
        await step(page, "signed", "good")  # by the log's own key: only who saw it before can tell
        await step(page, "grown", "bad")
        async with page.expect_download() as saving:
            await shout.get_by_role("button", name=EN["ledger"]["saveEvidence"]).click()
        kept = await asyncio.to_thread((await (await saving.value).path()).read_text, "utf-8")
        assert kept.endswith(other)
        assert kept.startswith(f"{seen.origin}\n{seen.size}\n")
        await page.unroute("**/checkpoint")
        await page.reload()
        await step(page, "grown", "good")  # what it saw first is what it believes
