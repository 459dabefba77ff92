"""A court bundle is taken from the console in a real browser, and holds for the verifier (J24, N3)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

import verify
from cloud.db.pool import transaction
from cloud.ledger.checkpoints import sign_checkpoints
from cloud.ledger.key_history import record_missing
from cloud.ledger.service import close_ledger, open_ledger
from proof.bundle import read_bundle
from proof.note import NoteVerifier
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.cloud.receiving import LOG_KEY
from tests.cloud.warehouse import PACKAGE
from tests.system.test_console import texts
from tests.system.web import Console, open_browser, open_console, sign_in

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    """With a log that tells of its key, and a package that a gate refused once."""
    async with open_console(database, tmp_path, browser) as opened:
        receiving = opened.warehouse.receiving
        async with transaction(receiving.pool) as tx:
            (site,) = await (await tx.execute(b"SELECT origin FROM site")).fetchall()
            appender = await open_ledger(tx, receiving.site)
            await record_missing(tx, appender, receiving.world, [("log", site["origin"], LOG_KEY.public)], "test")
            await close_ledger(tx, appender)
        opened.warehouse.refuse("no_permit", direction="out")
        await opened.warehouse.send()
        yield opened


async def sign(console: Console) -> None:
    receiving = console.warehouse.receiving
    async with transaction(receiving.pool) as tx:
        await sign_checkpoints(tx, receiving.world, lambda _: LOG_KEY)


async def take(page: Page, title: str, path: Path) -> None:
    async with page.expect_download() as coming:
        await page.get_by_role("button", name=title).click()
    await (await coming.value).save_as(path)


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
async def test_a_bundle_is_saved_and_holds_and_another_waits_for_its_checkpoint(
    console: Console, tmp_path: Path, language: str
) -> None:
    words, whole, redacted = texts(language)["bundle"], tmp_path / "whole.zip", tmp_path / "redacted.zip"
    await sign(console)
    async with console.visit(language, at="/live") as page:
        await sign_in(page)
        await expect(page.get_by_role("heading", level=1)).to_have_text(texts(language)["live"]["title"])
        await page.goto(f"/history/{PACKAGE}")
        await take(page, words["title"], whole)
        await page.get_by_text(words["redact"]).click()
        await expect(page.get_by_role("switch", name=words["redact"])).to_be_checked()
        await page.get_by_role("button", name=words["title"]).click()  # the export itself is not under a checkpoint yet
        await expect(page.get_by_role("status").filter(has_text=words["waiting"])).to_be_visible()
        async with page.expect_download() as coming:
            await sign(console)
        await (await coming.value).save_as(redacted)
    log = NoteVerifier(str(read_bundle(whole.read_bytes()).manifest["origin"]), LOG_KEY.public)
    policy = tmp_path / "policy.txt"
    policy.write_text(f"log {log.vkey}\nquorum none\n")
    assert verify.main([str(whole), str(redacted), "--policy", str(policy)]) == 0
    assert read_bundle(redacted.read_bytes()).manifest["redacted"] is True
