"""Permits issued and taken back from a page of their own, and what went around the ordinary way (J17, J31)."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from custody.roles import Role
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.system.desk import PHONE, Desk, open_desk, sealed
from tests.system.test_acts_pages import dialog, send
from tests.system.test_console import LOCALES, texts
from tests.system.web import PATIENCE_MS, fits, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

GATE = "gate-a"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def desk(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Desk]:
    """A warehouse whose gate has said that it is there."""
    async with AsyncExitStack() as stack:
        console = await stack.enter_async_context(open_console(database, tmp_path, browser))
        desk = await stack.enter_async_context(open_desk(console, database))
        gates = [{"station": GATE, "position": "closed", "broken": []}]
        told = {"every_s": 60.0, "uptime_s": 1, "waiting": 0, "free_bytes": 1, "lost": [], "gates": gates}
        console.warehouse.teller.say("heartbeat", told)
        await console.warehouse.send()
        yield desk


@pytest.mark.parametrize("language", LOCALES)
async def test_a_permit_is_issued_for_a_package_and_taken_back_with_a_reason(desk: Desk, language: str) -> None:
    words = texts(language)["permit"]
    _, _, package = await sealed(desk)
    await desk.act((Role.INSPECTOR, Role.KEEPER), "handover", package, differences=[])
    await desk.post(Role.KEEPER, "labels", thing_id=package)
    async with desk.sit(Role.KEEPER, language, **PHONE) as page:
        await page.goto(f"/history/{package}")
        await page.locator("[data-permit]").first.tap()
        await expect(dialog(page)).to_contain_text(GATE)
        await fits(page)
        await send(page)
        await page.wait_for_url("**/permits/*/L-*")
        await expect(page.locator("main")).to_contain_text(words["state_living"])
        await fits(page)
        (permit,) = (await desk.get(Role.KEEPER, "permits"))["rows"]
        assert [thing["id"] for thing in permit["things"]] == [package]
        await page.goto("/permits")
        await page.locator(f"[data-permit='{permit['id']}']").tap()
        await page.get_by_role("button", name=words["revoke"], exact=True).tap()
        await send(page)
        await expect(dialog(page).locator(".field.bad")).to_be_visible()  # nothing is taken back without a reason
        await dialog(page).locator("textarea").fill("车辆未到")
        await send(page)
        await expect(page.locator("main")).to_contain_text(words["state_revoked"])
        await expect(page.locator("main")).to_contain_text("车辆未到")
    (permit,) = (await desk.get(Role.KEEPER, "permits"))["rows"]
    assert permit["state"] == "revoked"


async def test_who_may_issue_no_permits_is_offered_none(desk: Desk) -> None:
    async with desk.sit(Role.SUPERVISOR) as page:
        await page.goto("/permits")
        await expect(page.locator("main h1")).to_be_visible()
        await expect(page.locator(".notice, .panel").first).to_be_visible()
        await expect(page.locator("main header [data-permit]")).to_have_count(0)


@pytest.mark.parametrize("language", LOCALES)
async def test_an_opening_by_break_glass_is_seen_at_once_and_reviewed_by_two(desk: Desk, language: str) -> None:
    words, warehouse = texts(language), desk.console.warehouse
    async with desk.sit(Role.SUPERVISOR, language, **PHONE) as page:
        await page.goto("/supervision")
        await expect(page.get_by_text(words["supervision"]["noOpenings"])).to_be_visible()
        opened = warehouse.teller.say("break_glass_opened", {"station": GATE, "input": "rescue-button"})
        await warehouse.send()
        card = page.locator("section").first
        await expect(card).to_contain_text(GATE)
        await fits(page)
        closed = {"station": GATE, "opened": opened, "open_ms": 61_000, "crossings": 3}
        warehouse.teller.say("break_glass_closed", closed)
        await warehouse.send()
        finding = page.locator("textarea")
        await finding.fill("库内起烟，已排查")
        await page.get_by_role("button", name=words["supervision"]["reviewBegin"], exact=True).tap()
        await expect(finding).to_have_count(0)  # the first of two hands is on it
    async with desk.sit(Role.KEEPER, language, **PHONE) as page:
        await page.locator("[data-list=mine] [data-act]").tap()
        await page.get_by_role("button", name=words["act"]["sign"], exact=True).tap()
        await expect(page.get_by_text(words["act"]["ended_done"], exact=True)).to_be_visible()
    (exception,) = (await desk.get(Role.KEEPER, "exceptions"))["rows"]
    assert (exception["state"], exception["finding"]) == ("reviewed", "库内起烟，已排查")
    async with desk.sit(Role.SUPERVISOR, language, **PHONE) as page:
        await page.goto("/supervision")
        await expect(page.get_by_text(words["supervision"]["state_reviewed"]).first).to_be_visible()
        await fits(page)
