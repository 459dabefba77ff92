"""The console in a real browser, on a real web process and a real database (J6, J21; issue 2, part 5)."""

import json
import re
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from cloud.db.pool import transaction
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.cloud.warehouse import ITEM, PACKAGE
from tests.system.web import (
    CONSOLE,
    PATIENCE_MS,
    ROOT,
    Console,
    fits,
    open_browser,
    open_console,
    sign_in,
    still,
    still_body,
)

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

LOCALES = {"zh-CN": "zh-CN", "en-GB": "en"}
"""What a browser prefers → the file of texts it gets."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def console(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Console]:
    async with open_console(database, tmp_path, browser) as opened:
        yield opened


def texts(language: str) -> dict[str, Any]:
    """The console's texts for a browser that prefers `language`."""
    path = CONSOLE.parent / "src" / "locales" / f"{LOCALES[language]}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


async def refuse(console: Console, number: int, reason: str = "no_permit") -> bytes:
    """The gate says that it refused the package; its still is returned, and not uploaded."""
    picture = still(number)
    console.warehouse.refuse(reason, direction="out", picture=still_body(picture))
    await console.warehouse.send()
    return picture


async def entries(console: Console, thing: str) -> list[int]:
    """The ledger entries about `thing`, oldest first."""
    found = await console.warehouse.receiving.rows(
        "SELECT index FROM thing_entry WHERE thing = %s ORDER BY index", thing
    )
    return [row["index"] for row in found]


async def shown(rows: Locator) -> list[int]:
    """The entry numbers of the rows, in the order in which they stand."""
    numbers = await rows.evaluate_all("rows => rows.map(row => Number(row.dataset.entry))")
    return [int(number) for number in numbers]


@pytest.mark.parametrize("language", LOCALES)
async def test_a_wrong_password_is_told_and_the_right_one_leads_in(console: Console, language: str) -> None:
    words = texts(language)
    async with console.visit(language) as page:
        await sign_in(page, "wrong password")
        await expect(page.get_by_role("alert")).to_have_text(words["problem"]["wrong_password"])
        await sign_in(page)
        await expect(page.get_by_role("heading", level=1)).to_have_text(
            words["home"]["title_doer"].replace("{name}", console.person.name)
        )
        await expect(page.locator("html")).to_have_attribute("lang", LOCALES[language])


@pytest.mark.parametrize("language", LOCALES)
async def test_a_refused_passage_appears_with_its_picture(console: Console, language: str) -> None:
    words, rules = texts(language), console.warehouse.receiving.office.pack.wording
    async with console.watch(language) as page:
        await page.evaluate("window.sameDocument = true")
        await expect(page.locator("article")).to_have_count(0)
        picture = await refuse(console, 1)
        card = page.locator("article")
        await expect(card).to_contain_text(words["passage"]["refused"])
        await expect(card).to_contain_text(words["reason"]["no_permit"])
        await expect(card).to_contain_text(words["direction"]["out"])
        await expect(card).to_contain_text(rules["gate.permit.needed"]["zh" if language == "zh-CN" else "en"])
        await expect(card.locator("img")).not_to_be_visible()
        await console.upload(picture)
        await expect(card.get_by_role("img")).to_be_visible()
        await expect(card.get_by_role("img")).to_have_js_property("naturalWidth", 320)
        told = words["live"]["announceRefused"]
        for name, value in {
            "station": "gate-a", "direction": words["direction"]["out"], "reason": words["reason"]["no_permit"],
        }.items():  # fmt: skip
            told = told.replace(f"{{{name}}}", value)
        await expect(page.get_by_role("alert")).to_have_text(told)
        assert await page.evaluate("window.sameDocument")


async def test_what_became_of_a_passage_is_shown(console: Console) -> None:
    words, warehouse = texts("en-GB")["passage"], console.warehouse
    await warehouse.permit()
    async with console.watch() as page:
        decision = warehouse.decide()
        await warehouse.send()
        await expect(page.locator("article")).to_contain_text(words["waiting"])
        warehouse.cross(decision)
        await warehouse.send()
        await expect(page.locator("article")).to_contain_text(words["crossed"])


async def test_the_stream_survives_a_restart_and_shows_everything_once(console: Console) -> None:
    async with console.watch() as page:
        rows = page.locator("article")
        await refuse(console, 1)
        await expect(rows).to_have_count(1)
        await console.web.stop()
        await expect(page.locator("[data-state=reconnecting]")).to_be_visible()
        await refuse(console, 2, "expired")
        await console.web.start()
        await expect(page.locator("[data-state=live]")).to_be_visible()
        await expect(rows).to_have_count(2)
        await refuse(console, 3, "wrong_gate")
        await expect(rows).to_have_count(3)
        in_ledger = await console.warehouse.receiving.rows("SELECT index FROM passage ORDER BY index DESC")
        assert await shown(rows) == [row["index"] for row in in_ledger]


async def test_only_refusals_are_shown_when_asked_for_and_nothing_moves_while_paused(console: Console) -> None:
    words, warehouse = texts("en-GB")["live"], console.warehouse
    await warehouse.permit()
    warehouse.decide()
    await refuse(console, 1)
    async with console.watch() as page:
        rows = page.locator("article")
        await expect(rows).to_have_count(2)
        await page.get_by_text(words["refused"], exact=True).first.click()
        await expect(rows).to_have_count(1)
        await page.get_by_role("button", name=words["pause"]).click()
        await refuse(console, 2)
        await expect(page.get_by_role("button", name="1 new passage")).to_be_visible()
        await expect(rows).to_have_count(1)
        await page.get_by_role("button", name=words["resume"]).click()
        await expect(rows).to_have_count(2)


async def test_a_session_that_ended_leads_to_the_sign_in_page(console: Console) -> None:
    async with console.watch() as page:
        async with transaction(console.warehouse.receiving.pool) as tx:
            await tx.execute(b"DELETE FROM session")
        await console.web.stop()
        await console.web.start()
        await expect(page.get_by_text(texts("en-GB")["signIn"]["expired"])).to_be_visible()
        await sign_in(page)
        await expect(page.locator("[data-state=live]")).to_be_visible()


async def test_an_items_history_shows_its_ledger_entries(console: Console) -> None:
    await refuse(console, 1)
    await console.warehouse.hold(ITEM)
    await refuse(console, 2)
    expected = sorted({*await entries(console, PACKAGE), *await entries(console, ITEM)})
    assert len(expected) >= 2
    async with console.watch() as page:
        await find(page, ITEM)
        rows = page.locator("li[data-entry]")
        await expect(rows).to_have_count(len(expected))
        assert await shown(rows) == expected
        await expect(rows.first).to_contain_text(f"#{expected[0]}")
        await expect(page.get_by_role("heading", level=1)).to_have_text("cigarettes")
        await expect(page.get_by_text(texts("en-GB")["history"]["held"])).to_be_visible()
        await rows.first.get_by_text(texts("en-GB")["history"]["raw"]).click()
        await expect(rows.first.locator("pre")).to_contain_text('"outcome": "refused"')


async def test_an_unknown_thing_and_an_unreadable_label_are_told(console: Console) -> None:
    words = texts("zh-CN")
    async with console.watch("zh-CN") as page:
        await find(page, "nj01/I-NOTTHERE00")
        await expect(page.get_by_text(words["history"]["notFoundTitle"])).to_be_visible()
        await find(page, "ST1:NOT A LABEL")
        await expect(page.get_by_text(words["search"]["badLabel"])).to_be_visible()


async def test_items_are_found_by_name_and_the_language_is_remembered(console: Console) -> None:
    async with console.watch("zh-CN") as page:
        await find(page, "cigar")
        await expect(page.locator("[data-kind=item] li")).to_have_count(1)
        await find(page, "nothing of that name")
        none = {language: texts(language)["finding"]["noneText"] for language in ("zh-CN", "en-GB")}
        await expect(page.get_by_text(none["zh-CN"])).to_be_visible()
        await page.get_by_role("button", name=texts("zh-CN")["language"]["otherName"]).click()
        await expect(page.get_by_text(none["en-GB"])).to_be_visible()
        await page.reload()
        await expect(page.get_by_text(none["en-GB"])).to_be_visible()


async def test_nothing_is_wider_than_a_phone(console: Console) -> None:
    await refuse(console, 1)
    async with console.watch(viewport={"width": 390, "height": 844}) as page:
        for path in ("live", "items", f"history/{ITEM}"):
            await page.goto(f"/{path}")
            await page.locator("article, tbody tr").first.wait_for()
            await fits(page)


async def test_the_first_load_is_small() -> None:
    """All that the live page needs, as the server compresses it, is at most 300 KB; other pages come when asked for."""
    dist = ROOT / "cloud/console/dist"
    needed, found = {dist / "index.html"}, set(dist.glob("assets/Live-*"))
    assert len(found) >= 2  # its script and its style
    while needed != needed | found:
        needed |= found
        for path in needed:
            named = re.findall(r"(?:/assets/|from\"\./|import\"\./)([\w.-]+\.(?:js|css))", path.read_text("utf-8"))
            lazy = path.suffix == ".js"  # what a script names otherwise is loaded later
            found |= {dist / "assets" / one for one in named if not lazy or one.endswith(".js")}
    assert sum(len(zlib.compress(path.read_bytes(), 5)) for path in needed) <= 300_000


async def find(page: Page, text: str) -> None:
    """Types `text` into the one search box of every page, as a hand scanner does."""
    box = page.get_by_role("search").first.get_by_role("combobox")
    await box.fill(text)
    await box.press("Enter")
