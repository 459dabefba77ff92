"""The pages of agents in a real browser: a device is let join by two people, configured, and shut out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import cv2
import numpy as np
import pytest
import zxingcpp
from playwright.async_api import Browser, Page, expect

from simulators.warehouse import Staff
from tests.system.desk import PHONE
from tests.system.test_console import texts
from tests.system.test_joining import ADMIN, AGENT, KEEPER, SITE_FILE, Scene, configure, scene
from tests.system.web import PATIENCE_MS, fits, open_browser

__all__ = ["scene"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200)]

ZH, EN = texts("zh-CN"), texts("en-GB")


@asynccontextmanager
async def visit(browser: Browser, url: str, staff: Staff, language: str, **more: Any) -> AsyncIterator[Page]:
    """That person signed in, on the page of agents."""
    context = await browser.new_context(base_url=url, locale=language, **more)
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.goto("/agents")
    await page.locator("[name=username]").fill(staff.username)
    await page.locator("[name=password]").fill(staff.password)
    await page.locator("button[type=submit]").click()
    await page.locator("main h1").wait_for()
    yield page
    await context.close()


async def test_two_people_let_a_device_join_it_is_configured_and_shut_out(scene: Scene) -> None:
    expect.set_options(timeout=PATIENCE_MS)
    url = scene.warehouse.url
    async with (
        open_browser() as browser,
        visit(browser, url, ADMIN, "zh-CN") as admin,
        visit(browser, url, KEEPER, "en-GB", **PHONE) as keeper,
    ):
        # The administrator makes a claim, whose code is shown once, also as a picture.
        await admin.get_by_role("button", name=ZH["agent"]["join"]).click()
        form = admin.get_by_role("dialog")
        await form.get_by_label(ZH["claim"]["name"]).fill(AGENT.partition(".")[2])
        await form.get_by_role("button", name=ZH["claim"]["make"]).click()
        await expect(form.get_by_role("img", name=ZH["claim"]["alt"])).to_be_visible()
        code = await form.locator(".code").inner_text()
        picture = cv2.imdecode(np.frombuffer(await form.screenshot(animations="disabled"), np.uint8), cv2.IMREAD_COLOR)
        (read,) = zxingcpp.read_barcodes(picture)
        assert read.text.endswith(f"#claim={code}")
        await expect(form).to_contain_text(AGENT)
        await admin.keyboard.press("Escape")

        # The device comes with it and shows its fingerprint; only the other person can confirm that.
        enrolling = scene.edge("enroll", "--claim", code, "--cloud", url, "--folder", str(scene.device))
        await enrolling.start()
        fingerprint = (await scene.event("waiting"))["fingerprint"]
        claims = admin.locator(".claims")
        await expect(claims).to_contain_text(ZH["claim"]["another"])
        await expect(claims.get_by_role("button", name=ZH["claim"]["confirm"], exact=True)).to_have_count(0)
        await keeper.get_by_role("button", name=EN["claim"]["confirm"], exact=True).tap()
        sheet = keeper.get_by_role("dialog")
        await sheet.get_by_label(EN["claim"]["fingerprint"]).fill("AAAA-AAAA-AAAA-AAAA")
        await sheet.get_by_role("button", name=EN["claim"]["confirm"], exact=True).tap()
        await expect(sheet.get_by_role("alert")).to_be_visible()
        await sheet.get_by_label(EN["claim"]["fingerprint"]).fill(fingerprint)
        await sheet.get_by_role("button", name=EN["claim"]["confirm"], exact=True).tap()
        await expect(sheet).to_have_count(0)
        assert await enrolling.ended() == 0, enrolling.last_words
        await fits(keeper)

        # It works, and is seen to.
        await scene.warehouse.restart_web({"certificate_days": "90"})
        (scene.device / "site.yaml").write_text(SITE_FILE, "utf-8")
        quick = {"RENEW_EVERY_S": "1", "HEARTBEAT_S": "1", "CONFIGURATION_TRIAL_S": "45", "RESERVE_MB": "8"}
        settings = {**scene.settings(), **{f"SEALTRAIL_EDGE_{name}": value for name, value in quick.items()}}
        agent = scene.edge("run", env=settings)
        await agent.start()
        try:
            await agent.ready()
            await scene.facts("heartbeat")
            await admin.goto("/agents")
            card = admin.locator(".cards a", has_text=AGENT)
            await expect(card).to_contain_text(ZH["agents"]["online"])
            await expect(card).to_contain_text("89")
            await card.click()

            # A wrong configuration is refused by the agent; what it would have changed is shown. Settings stay wanted.
            machine = await scene.person(ADMIN)
            moved = SITE_FILE.replace("127.0.0.1", "127.0.0.2")
            assert await configure(scene, machine, 1, site_file=moved, settings={"keep_days": "60"}) == "applied"
            await machine.aclose()
            await expect(admin.locator("article header")).to_contain_text(ZH["agent"]["outcome_applied"])
            await admin.get_by_role("button", name=ZH["agent"]["configure"]).click()
            form = admin.get_by_role("dialog")
            await form.get_by_label(ZH["agent"]["siteFile"]).fill(f"{SITE_FILE}  - {{name: [\n")
            await form.get_by_label(ZH["detail"]["reason"]).fill("换打印机")
            await form.get_by_role("button", name=ZH["agent"]["send"]).click()
            await expect(form.locator(".faults .quoted")).to_be_visible()  # the line that is no YAML
            await form.get_by_label(ZH["agent"]["siteFile"]).fill(SITE_FILE.replace("_tcp", "_usb"))
            await form.get_by_role("button", name=ZH["agent"]["send"]).click()
            await expect(form).to_have_count(0)
            await expect(admin.locator("article header").first).to_contain_text(ZH["agent"]["outcome_refused"])
            assert scene.rows("SELECT payload -> 'settings' FROM desired WHERE version = 2") == [({"keep_days": "60"},)]
            await expect(admin.locator("article .faults .quoted")).to_contain_text("labelprinter_usb")
            desk = admin.viewport_size
            assert desk
            await admin.set_viewport_size(PHONE["viewport"])
            await fits(admin)
            await admin.set_viewport_size(desk)
            await admin.get_by_role("button", name=ZH["agent"]["changes"]).first.click()
            await expect(admin.locator("pre .added", has_text="labelprinter_usb")).to_be_visible()

            # It is shut out only by who types its name.
            await admin.get_by_role("button", name=ZH["agent"]["revoke"]).click()
            sheet = admin.get_by_role("dialog")
            sure = sheet.get_by_role("button", name=ZH["agent"]["revoke"])
            await sheet.locator("#agent-typed").fill("nj01.other")
            await expect(sure).to_be_disabled()
            await sheet.locator("#agent-typed").fill(AGENT)
            await sure.click()
            await admin.wait_for_url("**/agents")
            await expect(admin.locator(".cards a", has_text="nj01.gate-a")).to_be_visible()
            await expect(card).to_have_count(0)
            assert scene.rows("SELECT revoked_at IS NOT NULL FROM agent WHERE id = %s", AGENT) == [(True,)]
        finally:
            await agent.stop()
