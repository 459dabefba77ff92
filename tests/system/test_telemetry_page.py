"""A sensor's chart in a browser: from a day down to each reading, what is missing, and what is shown as a file."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from benchmarks.measuring import START, Measurer
from cloud.db.pool import transaction
from cloud.fleet.service import add_agent
from cloud.ledger.service import close_ledger, open_ledger
from cloud.readings import on_readings
from custody.roles import Role
from tests.cloud.api import CLOUD_KEY
from tests.cloud.conftest import SITE, Database, database, new_name, server, template
from tests.system.desk import PHONE, Desk, open_desk
from tests.system.test_console import texts
from tests.system.web import PATIENCE_MS, fits, open_browser, open_console
from wire.link import Message

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def desk(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Desk]:
    """A room that sent three hours of readings, one a second, but for half an hour that is still to come."""
    async with AsyncExitStack() as stack:
        console = await stack.enter_async_context(open_console(database, tmp_path, browser))
        desk = await stack.enter_async_context(open_desk(console, database))
        receiving, room = console.warehouse.receiving, Measurer("nj01.room")
        async with transaction(receiving.pool) as tx:
            appender = await open_ledger(tx, SITE)
            key = room.key.public
            await add_agent(tx, appender, receiving.world, agent=room.agent, public_key=key, at=START, actor="test")
            await close_ledger(tx, appender)
        told = [room.tell(room.run(1800), at=START + timedelta(minutes=30 * n)) for n in range(6)]
        messages = [Message(room.topic, batch) for n, batch in enumerate(told) if n != 2]
        await on_readings(receiving.pool, receiving.world, CLOUD_KEY, messages)
        yield desk


async def test_a_chart_leads_from_a_day_to_each_reading_and_to_a_file(desk: Desk) -> None:
    words = texts("en-GB")["telemetry"]
    async with desk.sit(Role.KEEPER, "en-GB") as page:
        await page.goto("/telemetry")
        told = page.locator("figure .told")
        await expect(told).to_have_text(words["step_minute"])
        await expect(page.locator("svg .gap")).to_have_count(1)
        await expect(page.get_by_text(words["gaps"].replace("{n}", "1"))).to_be_visible()
        await expect(page.locator("svg .line")).to_have_count(2)
        await page.get_by_role("button", name=words["span_hour"], exact=True).click()
        for _ in range(2):
            await page.locator("figure").press("+")
        await expect(told).to_have_text(words["step_raw"])
        await expect(page.locator("svg .gap")).to_have_count(0)
        async with page.expect_download() as download:
            await page.get_by_role("link", name=words["csv"]).click()
        file = await (await download.value).path()
        rows = list(csv.DictReader(io.StringIO(await asyncio.to_thread(file.read_text, "utf-8"))))
        assert len(rows) == 900
        assert {(row["step"], row["n"], row["unit"]) for row in rows} == {("raw", "1", "°C")}
        await page.locator("figure svg").hover()
        await expect(told).to_contain_text("°C")
    words = texts("zh-CN")["telemetry"]
    async with desk.sit(Role.KEEPER, "zh-CN", **PHONE) as page:
        await page.goto("/telemetry")
        await expect(page.locator("figure .told")).to_have_text(words["step_minute"])
        await page.get_by_role("button", name=words["span_hour"], exact=True).click()
        for _ in range(2):
            await page.get_by_role("button", name=words["nearer"]).click()
        await expect(page.locator("figure .told")).to_have_text(words["step_raw"])
        await fits(page)
