"""Film in a real browser: played from an alarm, a passage, a history, each segment checked against what was signed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from cloud.media.service import UPLOAD_TYPE
from cloud.world import real_world
from custody.permits import time_text
from edge_agent.film.segment import Segment
from proof import jws
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.cloud.warehouse import PACKAGE
from tests.edge_agent.film.test_segment import write
from tests.edge_agent.hands import Hands
from tests.system.desk import PHONE
from tests.system.test_console import texts
from tests.system.web import Console, fits, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
COUNT = 3


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        yield opened


def shoot(folder: Path) -> list[Segment]:
    """Segments of a second each, as the edge writes them."""
    hands, segments = Hands(), []
    for _ in range(COUNT):
        segments.append(write(folder, hands, 10))
        hands.pass_(1)
    return segments


async def tell(console: Console, seq: int, segments: list[Segment], **missing: int) -> None:
    """The gate says what it kept for its fact `seq`."""
    teller, where = console.warehouse.teller, {"station": "gate-a", "camera": "camera", "clip": seq}
    kept = [
        {"sha256": one.sha256, "bytes": one.bytes, "begun": time_text(one.begun), "ended": time_text(one.ended)}
        for one in segments
    ]
    for one, told in zip(segments, kept, strict=True):
        size = {"frames": one.frames, "width": one.width, "height": one.height}
        teller.say("clip_segment", {**where, **told, **size, "error_ms": 10})
    lacking = {f"missing_{part}_ms": missing.get(part, 0) for part in ("before", "after", "between")}
    closed = {"events": [seq], "segments": kept, "before_ms": 10_000, "after_ms": 15_000}
    teller.say("clip_closed", {**where, **closed, **lacking})
    await console.warehouse.send()


async def bring(console: Console, *segments: Segment) -> None:
    """The gate uploads them."""
    teller = console.warehouse.teller
    async with httpx.AsyncClient(base_url=console.web.url, trust_env=False, timeout=240) as client:
        for one in segments:
            claim = {"agent": teller.agent, "sha256": one.sha256, "at": time_text(real_world().now())}
            head = {"Authorization": f"Bearer {jws.sign(claim, teller.key, UPLOAD_TYPE)}", "Upload-Offset": "0"}
            content = await asyncio.to_thread(one.path.read_bytes)
            answer = await client.patch(f"/api/v1/segments/{one.sha256}", content=content, headers=head)
            assert answer.status_code == 204, answer.text


async def plays(page: Page) -> None:
    """The video runs through all segments to the end of the last one."""
    video = page.locator("dialog video")
    await expect(video).to_be_visible()
    await page.wait_for_function(
        "() => { const v = document.querySelector('dialog video'); return v && v.ended && v.videoWidth === 320; }"
    )
    marks = page.locator("dialog ol button")
    await expect(marks).to_have_count(COUNT)
    await expect(marks.last).to_have_class("genuine now")


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_a_clip_is_played_from_an_alarm_with_its_digests_checked(
    console: Console, tmp_path: Path, language: str, device: str
) -> None:
    words, segments = texts(language)["film"], shoot(tmp_path / "film")
    options: dict[str, Any] = PHONE if device == "phone" else {}
    decided = console.warehouse.decide()  # without a permit: gate and cloud differ, which is an alarm
    await tell(console, decided, segments, before=1500)
    await bring(console, *segments)
    async with console.watch(language, **options) as page:
        alarm = page.locator("section li").filter(has_text=texts(language)["cause"]["decision_differs"])
        await alarm.get_by_role("button", name=words["play"]).click()
        all_genuine = words["all"]["genuine"].split(" | ")[-1].format(of=COUNT)
        await expect(page.locator("[data-verdict]")).to_have_text(all_genuine)
        await plays(page)
        await expect(page.locator("dialog")).to_contain_text(words["missing"]["before"].format(s="1.5"))
        await expect(page.locator("dialog code")).to_have_text(segments[-1].sha256)
        await fits(page, options.get("viewport", {"width": 1280})["width"])


async def test_film_that_is_not_what_was_signed_is_told_and_not_played(console: Console, tmp_path: Path) -> None:
    words, segments = texts("en-GB")["film"], shoot(tmp_path / "film")
    refused = console.warehouse.refuse("no_permit")
    await tell(console, refused, segments)
    await bring(console, *segments)
    (kept,) = (tmp_path / "media" / "stills").rglob(f"{segments[1].sha256}*")
    kept.write_bytes(kept.read_bytes()[:-1] + b"!")
    async with console.watch() as page:
        await page.locator("article").get_by_role("button", name=words["play"]).click()
        await expect(page.locator("[data-verdict]")).to_have_text(words["all"]["differs"])
        marks = page.locator("dialog ol button")
        await expect(marks.nth(1)).to_have_class("differs")
        await expect(marks.nth(1)).to_be_disabled()
        await expect(marks.nth(2)).to_be_enabled()


async def test_what_has_not_arrived_and_what_was_never_filmed_is_told(console: Console, tmp_path: Path) -> None:
    words, segments = texts("en-GB")["film"], shoot(tmp_path / "film")
    refused = console.warehouse.refuse("no_permit")
    await console.warehouse.send()
    async with console.watch() as page:
        button = page.locator("article").get_by_role("button", name=words["play"])
        await button.click()
        await expect(page.locator("dialog")).to_contain_text(words["noneTitle"])
        await page.keyboard.press("Escape")
        await tell(console, refused, segments)
        await bring(console, segments[0])
        await button.click()
        told = words["all"]["absent"].format(n=1, of=COUNT)
        await expect(page.locator("[data-verdict]")).to_have_text(told)


async def test_a_clip_is_played_from_the_history_of_what_it_shows(console: Console, tmp_path: Path) -> None:
    words, segments = texts("en-GB")["film"], shoot(tmp_path / "film")
    await console.warehouse.permit()
    decided = console.warehouse.decide(at=real_world().now() - timedelta(seconds=9))
    await tell(console, decided, segments)
    await bring(console, *segments)
    async with console.watch() as page:
        await page.goto(f"/history/{PACKAGE}")
        entry = page.locator("li").filter(has_text=texts("en-GB")["fact"]["clip_closed"])
        await entry.get_by_role("button", name=words["play"]).click()
        await plays(page)
