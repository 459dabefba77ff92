"""Every page in both themes, judged by axe (WCAG 2.1 A and AA): nothing serious, nothing critical."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from cloud.keys import make_webhook_root
from cloud.world import real_world
from custody.roles import Role
from tests.cloud.conftest import SITE, Database, database, new_name, server, template
from tests.cloud.warehouse import CASE, PACKAGE, PERMIT
from tests.system.racks import ZONE, employ, enter, furnish_racks
from tests.system.test_alarm_pages import alarm
from tests.system.test_console import texts
from tests.system.test_ledger_pages import sign, tell_key
from tests.system.web import CONSOLE, PATIENCE_MS, ROOT, Console, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200), pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

EN = texts("en-GB")
AXE = CONSOLE.parent / "node_modules" / "axe-core" / "axe.min.js"
ADMIN = "the.admin"
# Routes with what is in their places.
PLACES = {
    "/cases/:id(.+)": f"/cases/{CASE}", "/alarms/:id(\\\\d+)": "/alarms/1", "/agents/:id": f"/agents/{SITE}.gate-a",
    "/ledger/:id([a-z0-9-]+)?": "/ledger", "/ledger/:site([a-z0-9-]+)/:id(\\\\d{1,15})": f"/ledger/{SITE}/1",
    "/history/:id(.+)": f"/history/{PACKAGE}", "/:any(.*)*": "/nowhere",
    "/permits/:id(.+)": f"/permits/{PERMIT}",
}  # fmt: skip
# What is made for it, and by which route it is shown.
MADE = {
    "/tickets/:id(\\\\d+)": ("tickets", {"type": "equipment", "title": "Lamp", "words": "Dark"}, "ticket"),
    "/stock-takes/:id(.+)": ("stock-takes", {"kind": "zone", "zone": ZONE}, "id"),
    "/acts/:id(.+)": (
        "acts", {"action": "approve_disposal", "things": [PACKAGE],
                 "details": {"method": "destroy", "reason": "Mouldy", "legal_basis": "§ 1"}}, "act",
    ),
}  # fmt: skip
HOOK = {"name": "ERP", "url": "https://erp.example/told", "events": ["record.custody_step"]}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
MAKE = """async ([path, body]) => {
  const headers = { "content-type": "application/json", "X-Sealtrail": "1" }
  const answer = await fetch(`/api/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) })
  return { ok: answer.ok, ...(await answer.json()) }
}"""
NEWEST = "(path) => fetch(`/api/v1/${path}`).then((answer) => answer.json()).then((told) => told.rows[0].id)"
STILL = "*, *::before, *::after { transition: none !important; animation: none !important }"
"""So that no colour is judged on its way from one theme to the other."""
JUDGE = """async (only) => {
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
  const { violations } = await axe.run(document, { runOnly: only, resultTypes: ["violations"] })
  const of = (node) => `${node.target.join(" ")} ${node.any[0]?.message ?? ""}`
  return violations.filter((each) => ["serious", "critical"].includes(each.impact))
    .map((each) => `${each.id}: ${each.nodes.map(of).join(" | ")}`)
}"""
TURN = """(path) => {
  document.querySelector("main").dataset.left = "yes"
  history.pushState({}, "", path)
  dispatchEvent(new PopStateEvent("popstate", { state: {} }))
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        await employ(opened, ADMIN, "管理员", Role.ADMIN, Role.LEADER, Role.OPERATOR, Role.CASE_HANDLER)
        await furnish_racks(opened)
        await tell_key(opened)
        await alarm(opened)
        await sign(opened)
        make_webhook_root(tmp_path / "keys", real_world().random)
        await opened.web.stop()
        await opened.web.start()
        await opened.warehouse.permit()
        opened.warehouse.teller.say("break_glass_opened", {"station": "gate-a", "input": "rescue-button"})
        await opened.warehouse.send()
        yield opened


async def judged(page: Page) -> list[str]:
    """What axe has against the page in one theme, and against its colours in the other."""
    found: list[Any] = await page.evaluate(JUDGE, RULES)
    other = (
        "document.documentElement.dataset.theme = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'"
    )
    await page.evaluate(other)
    return [*found, *await page.evaluate(JUDGE, {"type": "rule", "values": ["color-contrast"]})]


async def test_axe_finds_nothing_serious_on_any_page_in_either_theme(console: Console) -> None:
    axe, against = AXE.read_text("utf-8"), dict[str, list[str]]()
    async with console.visit("en-GB", viewport={"width": 1280, "height": 900}, reduced_motion="reduce") as page:
        await page.add_style_tag(content=STILL)
        await page.evaluate(axe)
        against["/sign-in"] = await judged(page)
        await enter(page, ADMIN, "/live")
        await page.add_style_tag(content=STILL)
        await page.evaluate(axe)
        for path in pages(console, await made(page)):
            if not page.url.endswith(path):
                await page.evaluate(TURN, path)
            await page.locator("main:not([data-left])").wait_for()
            await expect(page.locator(".el-skeleton, [aria-busy=true]")).to_have_count(0)
            against[path] = await judged(page)
    assert {path: found for path, found in against.items() if found} == {}


async def made(page: Page) -> dict[str, str]:
    """A ticket, a stock-take, an act that waits, a webhook, and an opening: their pages by their routes."""
    found = {}
    for route, (path, body, name) in MADE.items():
        answer = await page.evaluate(MAKE, [path, body])
        assert answer["ok"], answer
        found[route] = f"/{path}/{answer[name]}"
    hook = await page.evaluate(MAKE, ["webhooks", HOOK])
    assert hook["ok"], hook
    opening = await page.evaluate(NEWEST, "exceptions")
    return found | {
        "/webhooks/:name(W-[A-Z2-7]{10})": f"/webhooks/{hook['webhook']['id'].partition('/')[2]}",
        "/supervision/:id(.+)": f"/supervision/{opening}",
    }


def pages(console: Console, made: dict[str, str]) -> list[str]:
    """The address of every page there is, the sign-in's apart."""
    places = PLACES | made | {"/people/:id(.+)": f"/people/{console.person.id}"}
    routes = re.findall(r'path: "([^"]+)"', (ROOT / "cloud" / "console" / "src" / "router.ts").read_text("utf-8"))
    assert len(routes) > 30
    assert set(places) <= set(routes)
    found = [places.get(each, each) for each in routes if each not in ("/", "/sign-in")]
    assert not [each for each in found if ":" in each], "a page that needs something to be made for it"
    return found
