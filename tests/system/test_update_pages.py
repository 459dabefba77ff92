"""The page of updates in a real browser: a release is brought up, approved, rolled out, and seen on its way."""

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from simulators.warehouse import AGENT
from tests.system.desk import PHONE
from tests.system.fleet_room import ADMIN, Room, open_room
from tests.system.test_agent_pages import EN, ZH, visit
from tests.system.web import PATIENCE_MS, fits, open_browser

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]


async def pictured(page: Page, name: str) -> None:
    """Where somebody wants to look: a picture of the page."""
    if folder := os.environ.get("SEALTRAIL_TEST_PICTURES"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def approve(room: Room, page: Page) -> None:
    """The page leads to the act; the other person signs it."""
    await page.wait_for_url(re.compile("/acts/"))
    act = page.url.partition("/acts/")[2]
    await expect(page.locator("h1")).to_contain_text(ZH["act"]["approve_update"])
    await expect(page.locator("main")).to_contain_text(ZH["detail"]["version"])
    await pictured(page, "act-zh")
    shown = (await room.admin.get(f"acts/{act}")).json()
    await room.sign(act, shown["hash"])


async def test_an_update_is_brought_up_approved_rolled_out_and_watched(tmp_path: Path) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    async with (
        open_room(tmp_path) as room,
        open_browser() as browser,
        visit(browser, room.warehouse.url, ADMIN, "zh-CN") as desk,
        visit(browser, room.warehouse.url, ADMIN, "en-GB", **PHONE) as phone,
    ):
        words = ZH["updates"]
        gate = room.warehouse.stage.gates["gate-a"]
        await gate.beams["outside"].set(True)
        await desk.get_by_role("link", name=words["title"]).click()
        await expect(desk.locator("main")).to_contain_text(words["none"])

        # What is no release is not taken; what is one waits for two.
        await desk.get_by_role("button", name=words["bringUp"]).click()
        form = desk.get_by_role("dialog")
        foreign = {"name": "x.zip", "mimeType": "application/zip", "buffer": b"PK no release"}
        await form.get_by_label(words["file"]).set_input_files(foreign)  # type: ignore[arg-type]  # a FilePayload
        await form.get_by_role("button", name=words["send"]).click()
        await expect(form.get_by_role("alert")).to_contain_text(ZH["problem"]["not_a_release"])
        await pictured(desk, "bring-up-zh")
        await form.get_by_label(words["file"]).set_input_files(await room.make("0.2.0"))
        await form.get_by_label(words["notes"]).fill("修复扫码")
        await form.get_by_role("button", name=words["send"]).click()
        await expect(form).to_have_count(0)
        card = desk.locator(".releases article")
        await expect(card).to_contain_text(words["standing"]["brought"])
        await card.get_by_role("button", name=words["propose"]).click()
        await approve(room, desk)

        # Its version is typed by whoever wants it; it is seen to wait, with the reason, until nobody is at the gate.
        await desk.goto("/updates")
        await expect(card).to_contain_text(words["standing"]["approved"])
        await card.get_by_role("button", name=words["rollOut"]).click()
        form = desk.get_by_role("dialog")
        order = form.get_by_role("button", name=words["order"])
        await form.get_by_label(AGENT).check()
        await form.locator("#typed-version").fill("0.1.0")
        await expect(order).to_be_disabled()
        await pictured(desk, "roll-out-zh")
        await form.locator("#typed-version").fill("0.2.0")
        await order.click()
        await expect(form).to_have_count(0)
        line = desk.locator(".agents li", has_text=AGENT)
        await expect(line).to_contain_text(words["state"]["waiting"])
        await expect(line).to_contain_text(words["code"]["gate_open"])
        await pictured(desk, "waiting-zh")
        await phone.goto("/updates")
        await expect(phone.locator(".agents li")).to_contain_text(EN["updates"]["code"]["gate_open"])
        await fits(phone)
        await pictured(phone, "waiting-phone-en")
        await phone.get_by_role("button", name=EN["updates"]["rollOut"], exact=True).tap()
        await expect(phone.get_by_role("dialog")).to_be_visible()
        await pictured(phone, "roll-out-phone-en")
        await phone.goto("/agents")
        await expect(phone.locator(".cards a")).to_contain_text(EN["updates"]["state"]["waiting"])
        await fits(phone)
        await pictured(phone, "agents-phone-en")

        await gate.beams["outside"].set(False)
        await expect(line).to_contain_text(words["state"]["applied"])
        await expect(line).to_contain_text(ZH["agent"]["software"].format(version="0.2.0"))
        await expect(card).to_contain_text("1")
        await pictured(desk, "applied-zh")
