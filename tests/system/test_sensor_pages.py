"""What the sensors of a site measure and how its contacts are, on a page of their own, at a desk and on a phone."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from benchmarks.telling import START
from custody.roles import Role
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.system.desk import PHONE, Desk, open_desk
from tests.system.test_console import LOCALES, texts
from tests.system.web import PATIENCE_MS, fits, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def desk(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Desk]:
    """A room that got warmer in the night, with an hour of which readings are missing, and a zone in alarm."""
    async with AsyncExitStack() as stack:
        console = await stack.enter_async_context(open_console(database, tmp_path, browser))
        desk = await stack.enter_async_context(open_desk(console, database))
        teller = console.warehouse.teller

        def measure(minute: int, measures: str, value: float, unit: str) -> None:
            body = {"station": "room", "measures": measures, "value": value, "unit": unit, "low": value - 0.4,
                    "high": value}  # fmt: skip
            teller.say("reading", body, device="room.air", at=START + timedelta(minutes=minute))

        for minute in range(0, 600, 15):
            measure(minute, "temperature", 18 + minute / 100 + (minute % 60) / 40, "°C")
            measure(minute, "humidity", 55 - minute / 60, "%")
        gap = {"device": "room.air", "count": 40, "since": "2026-11-22T06:00:00.000000Z",
               "until": "2026-11-22T07:00:00.000000Z"}  # fmt: skip
        teller.say("readings_thinned", {"why": ["space"], "devices": [gap]}, device="agent")
        for device, sensor, contact, active in (
            ("room.panel", "alarmpanel", "roof", True), ("room.panel", "alarmpanel", "gate", False),
            ("room.seal", "tilt", "tilted", False), ("room.power", "ups", "power_lost", False),
        ):  # fmt: skip
            said: dict[str, Any] = {"station": "room", "sensor": sensor, "contact": contact, "active": active}
            teller.say("contact_changed", said, device=device)
        await console.warehouse.send()
        yield desk


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("screen", [{}, PHONE], ids=["desk", "phone"])
async def test_sensors_are_shown_with_their_course_and_what_was_left_out(
    desk: Desk, language: str, screen: dict[str, Any]
) -> None:
    words, measures = texts(language)["sensors"], texts(language)["measure"]
    async with desk.sit(Role.KEEPER, language, **screen) as page:
        await page.goto("/sensors")
        cards = page.locator("[data-device]")
        await expect(cards).to_have_count(4)
        await expect(cards.first).to_contain_text(words["zoneActive"].replace("{zone}", "roof"))
        air = page.locator("[data-device='room.air']")
        await expect(air.locator("[data-measures='temperature']")).to_contain_text("25 °C")
        await expect(air.locator("svg polyline")).to_have_count(1)
        await expect(air).to_contain_text("40")  # so many were left out
        await air.locator("[data-measures='humidity']").click()
        await expect(air.locator("svg")).to_have_attribute("aria-label", re.compile(re.escape(measures["humidity"])))
        if screen:
            await fits(page)
