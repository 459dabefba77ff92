"""What moved before the cameras of a day, as bars over its hours: looked at at a desk and on a phone."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from custody.permits import time_text
from custody.roles import Role
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.system.desk import PHONE, Desk, open_desk
from tests.system.test_console import LOCALES, texts
from tests.system.web import PATIENCE_MS, fits, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)
NOON = datetime(2026, 11, 24, 4, tzinfo=UTC)
"""Twelve o'clock in Shanghai, where the browser is."""
PLACES = """() => {
  const strip = document.querySelector("[data-strip='corridor']")
  const { x, width } = strip.querySelector(".track").getBoundingClientRect()
  const at = (bar) => ((bar.getBoundingClientRect().x - x) / width).toFixed(2)
  return [...strip.querySelectorAll(".bar")].map(at).join()
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def desk(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Desk]:
    """The day before NOON something moved at six and at eighteen o'clock in a corridor."""
    async with AsyncExitStack() as stack:
        console = await stack.enter_async_context(open_console(database, tmp_path, browser))
        desk = await stack.enter_async_context(open_desk(console, database))
        for station, hours in (("corridor", (6, 18)), ("gate-a", (9,))):
            for hour in hours:
                since = NOON + timedelta(hours=hour - 36)
                until = since + timedelta(minutes=6)
                body = {"station": station, "camera": "eye", "since": time_text(since), "until": time_text(until),
                        "looks": 300, "most_pct": 7.5 if hour == 18 else 1.2}  # fmt: skip
                console.warehouse.teller.say("motion_seen", body, device=f"{station}.eye", at=until)
        await console.warehouse.send()
        yield desk


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("screen", [{}, PHONE], ids=["desk", "phone"])
async def test_a_day_before_the_cameras_is_seen_at_a_glance(desk: Desk, language: str, screen: dict[str, Any]) -> None:
    words = texts(language)["motion"]
    async with desk.sit(Role.KEEPER, language, **screen) as page:
        await page.clock.set_fixed_time(NOON)
        await page.goto("/sensors")
        await expect(page.get_by_text(words["none"])).to_be_visible()
        await page.get_by_role("button", name=words["earlier"]).click()
        corridor = page.locator("[data-strip='corridor']")
        bars = corridor.locator(".bar")
        await expect(bars).to_have_count(2)
        await page.wait_for_function(f"({PLACES})() === '0.25,0.75'")
        await expect(page.locator("[data-strip='gate-a'] .bar")).to_have_count(1)
        await bars.nth(1).click()
        await expect(page.get_by_role("status").filter(has_text="corridor")).to_contain_text("18:00:00")
        await expect(page.get_by_role("status").filter(has_text="corridor")).to_contain_text("7.5")
        if screen:
            await fits(page)


@pytest.mark.parametrize("language", LOCALES)
async def test_presence_without_a_task_is_an_alarm_with_film_and_its_camera_can_be_looked_through(
    desk: Desk, language: str
) -> None:
    words, warehouse = texts(language), desk.console.warehouse
    since = time_text(datetime.now(UTC))
    warehouse.teller.say("agent_started", {"software": "1", "watches": ["corridor"]})
    seen = {"station": "corridor", "camera": "eye", "since": since, "why": "quiet_hours", "zones": ["ordinary"]}
    warehouse.teller.say("presence_seen", seen, device="corridor.eye")
    await warehouse.send()
    (alarm,) = await warehouse.receiving.rows("SELECT id FROM alarm WHERE cause = 'presence_without_task'")
    async with desk.sit(Role.KEEPER, language) as page:
        await page.goto(f"/alarms/{alarm['id']}")
        await expect(page.get_by_role("heading", level=1)).to_have_text(words["cause"]["presence_without_task"])
        await page.get_by_role("button", name=words["film"]["play"]).click()
        await expect(page.locator("dialog")).to_be_visible()
        await page.goto("/live")
        await page.locator("[data-look]").click()
        await expect(page.locator("dialog")).to_contain_text("corridor")
