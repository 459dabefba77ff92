"""The pages of acts in a real browser: hands, passkeys, a case from its opening to the shelf (J6, J21, J30)."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pytest_asyncio
import zxingcpp
from playwright.async_api import Browser, FilePayload, Locator, Page, expect

from cloud.keys import LABEL, read_key
from custody.roles import Role
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.system.desk import PHONE, Desk, open_desk, photo, put, sealed, shelves
from tests.system.waiting import until
from tests.system.web import CONSOLE, PATIENCE_MS, fits, open_browser, open_console
from wire.labels import read_label

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def desk(database: Database, tmp_path: Path, browser: Browser) -> AsyncIterator[Desk]:
    async with open_console(database, tmp_path, browser) as console, open_desk(console, database) as opened:
        yield opened


def texts(language: str) -> dict[str, Any]:
    """The console's texts in `language` (`en` or `zh-CN`)."""
    path = CONSOLE.parent / "src" / "locales" / f"{language}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


EN, ZH = texts("en"), texts("zh-CN")


def picture(number: int) -> FilePayload:
    """A photograph as a file to be chosen."""
    return {"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": photo(number)}


def dialog(page: Page) -> Locator:
    return page.locator("dialog[open]")


async def send(page: Page) -> None:
    """The form in front is sent off."""
    await dialog(page).locator("button[type=submit]").click()


async def in_reach(button: Locator) -> bool:
    """Whether it stands on a phone's screen as high as a thumb is wide."""
    box = await button.bounding_box()
    return box is not None and box["height"] >= 44 and box["y"] + box["height"] <= PHONE["viewport"]["height"]


async def stored(desk: Desk) -> tuple[str, str]:
    """A package on its shelf; its id and that of a free slot."""
    _, _, package = await sealed(desk)
    slot = await shelves(desk)
    await desk.act((Role.INSPECTOR, Role.KEEPER), "handover", package, differences=[])
    await put(desk, package, "arrived")
    await desk.act((Role.KEEPER,), "place", package, slot=slot)
    return package, slot


async def test_a_handover_says_what_is_signed_and_its_button_is_in_reach_of_a_thumb(desk: Desk) -> None:
    _, item, package = await sealed(desk)
    act = await desk.act((Role.INSPECTOR,), "handover", package, differences=["一条外包装破损"])
    async with desk.sit(Role.KEEPER, "zh-CN", **PHONE) as page:
        await expect(page.locator("nav .count")).to_have_text("1")
        card = page.locator(f"[data-list=mine] [data-act='{act['act']}']")
        await expect(card).to_contain_text(ZH["act"]["handover"])
        await expect(card).to_contain_text("F0000001")
        await expect(card).to_contain_text("李伟")
        await card.tap()
        await expect(page.get_by_text("一条外包装破损")).to_be_visible()
        await expect(page.get_by_text("卷烟 硬盒 200支")).to_be_visible()
        hashed = (await desk.get(Role.KEEPER, f"acts/{act['act']}"))["hash"]
        await expect(page.get_by_text(hashed[:8])).to_be_visible()
        button = page.get_by_role("button", name=ZH["act"]["sign"], exact=True)
        await until(lambda: in_reach(button), "the button is in reach without scrolling")
        await button.tap()
        await expect(page.get_by_text(ZH["act"]["ended_done"])).to_be_visible()
        await expect(page.locator("nav .count")).to_have_count(0)
        await fits(page)
    told = await desk.get(Role.KEEPER, f"packages/{package}")
    assert (told["state"], [each["id"] for each in told["items"]]) == ("received", [item])


async def test_an_approver_adds_a_passkey_and_signs_an_approval_with_it(desk: Desk) -> None:
    package, _ = await stored(desk)
    due = (datetime.now(UTC) + timedelta(days=7)).isoformat()
    asked = await desk.act((Role.CASE_HANDLER,), "approve_release", package, purpose="court", due_at=due, reason="庭审")
    async with desk.sit(Role.APPROVER) as page:
        await page.locator(f"[data-act='{asked['act']}']").click()
        await page.get_by_role("button", name=EN["act"]["signPasskey"]).click()
        refusal = page.locator(".refusal")
        await expect(refusal).to_contain_text(EN["passkey"]["none_yet"])
        await refusal.get_by_role("link").click()
        await page.get_by_role("button", name=EN["passkey"]["add"]).click()
        await dialog(page).get_by_role("textbox").fill("Office phone")
        await send(page)
        await expect(page.locator("main li", has_text="Office phone")).to_be_visible()
        await page.goto(f"/acts/{asked['act']}")
        await expect(page.get_by_text(EN["purpose"]["court"])).to_be_visible()
        await page.get_by_role("button", name=EN["act"]["signPasskey"]).click()
        await expect(page.get_by_text(EN["act"]["ended_done"])).to_be_visible()
        await expect(page.locator(".seats .key")).to_have_count(1)
        await page.get_by_role("link", name="Ledger entry").click()
        entry = page.locator(".marked")
        await expect(entry).to_contain_text(EN["act"]["approve_release"])
        await expect(entry).to_contain_text(EN["act"]["byPasskey"])
        await expect(page.locator(".head")).to_contain_text(EN["purpose"]["court"])
    told = await desk.get(Role.APPROVER, f"acts/{asked['act']}")
    assert [(hand["name"], hand["passkey"]) for hand in told["hands"]] == [("王芳", False), ("赵强", True)]
    assert (await desk.get(Role.APPROVER, f"packages/{package}"))["state"] == "release_approved"


async def test_items_are_registered_and_sealed_together_from_the_page_of_their_case(desk: Desk) -> None:
    async with desk.sit(Role.INSPECTOR, "zh-CN") as page:
        await page.goto("/cases")
        await page.get_by_role("button", name=ZH["case"]["open"]).click()
        await dialog(page).get_by_label(ZH["case"]["number"]).fill("宁烟立〔2026〕第9号")
        await dialog(page).get_by_label(ZH["case"]["title"]).fill("无证运输")
        await send(page)
        await page.get_by_role("button", name=ZH["case"]["register"]).click()
        for name, value in (("卷烟", "60000.50"), ("雪茄", "")):
            await dialog(page).get_by_label(ZH["detail"]["name"]).fill(name)
            await dialog(page).get_by_label(ZH["detail"]["quantity"]).fill("5")
            await dialog(page).get_by_label(ZH["detail"]["value_fen"]).fill(value)
            await send(page)
            await expect(dialog(page).get_by_role("status").first).to_contain_text(name)
        await page.keyboard.press("Escape")
        await expect(page.get_by_text("¥60,000.50")).to_be_visible()
        for name in ("卷烟", "雪茄"):
            await page.get_by_role("checkbox", name=name).check()
        await page.locator("[data-action=seal]").click()
        await send(page)  # with nothing filled in: every question says what it needs
        await expect(dialog(page).get_by_text(ZH["detail"]["bad_photos"])).to_be_visible()
        await dialog(page).get_by_label(ZH["detail"]["seal_number"]).fill("f0000042")
        await dialog(page).get_by_label(ZH["detail"]["weight_g"]).fill("12.345")
        await dialog(page).locator("input[type=file]").first.set_input_files([picture(1)])
        await expect(dialog(page).locator(".sent")).to_have_count(1)
        await send(page)
        await page.wait_for_url("**/acts/**")
        await expect(page.get_by_text("12.345 kg")).to_be_visible()
        await expect(page.locator(".photos img")).to_be_visible()
        act = page.url.partition("/acts/")[2]
    shown = await desk.get(Role.KEEPER, f"acts/{act}")
    assert len(shown["things"]) == 2
    assert (shown["details"]["seal_number"], shown["details"]["weight_g"]) == ("F0000042", 12_345)
    done = await desk.post(Role.KEEPER, "acts/sign", act=act, seen=shown["hash"])
    assert done["status"] == "done"
    items = (await desk.get(Role.KEEPER, "items", state="sealed"))["rows"]
    assert {item["value_fen"] for item in items if item["id"] in shown["things"]} == {6_000_050, 0}


async def test_a_slot_is_suggested_and_what_one_hand_does_is_done_at_once(desk: Desk) -> None:
    _, _, package = await sealed(desk)
    await shelves(desk)
    await desk.act((Role.INSPECTOR, Role.KEEPER), "handover", package, differences=[])
    await put(desk, package, "arrived")
    async with desk.sit(Role.KEEPER, **PHONE) as page:
        await page.goto(f"/history/{package}")
        await page.locator("[data-action=place]").tap()
        await expect(dialog(page).locator("label.on")).to_contain_text("A-01-04")
        await dialog(page).get_by_label(EN["detail"]["slotOther"]).fill("a-01-02")
        await dialog(page).get_by_label(EN["detail"]["slotOther"]).press("Enter")
        await expect(dialog(page).locator("label.on")).to_contain_text("A-01-02")
        await send(page)
        # It stands for some seconds only: read as it appears.
        toast = await page.wait_for_function("() => document.querySelector('.toast')?.textContent")
        said = re.search(rf"{EN['act']['place']}.*ledger entry (\d+)", await toast.json_value())
        assert said
        await expect(page.locator(".head .slot")).to_contain_text("A-01-02")
        newest = page.locator("li[data-entry]").last
        await expect(newest).to_contain_text(EN["act"]["place"])
        await expect(newest).to_have_attribute("data-entry", said[1])


async def test_whoever_was_slower_is_told_who_was_quicker(desk: Desk) -> None:
    package, _ = await stored(desk)
    slots = (await desk.get(Role.KEEPER, "slots"))["rows"]
    async with desk.sit(Role.KEEPER) as page:
        await page.goto(f"/history/{package}")
        await page.locator("[data-action=weigh]").click()
        await desk.act((Role.KEEPER,), "move", package, slot=slots[2]["id"])
        await dialog(page).get_by_label(EN["detail"]["weight_g"]).fill("12.3")
        await send(page)
        await expect(dialog(page).locator(".refusal")).to_contain_text(EN["problem"]["changed"])
        await expect(dialog(page).locator(".refusal")).to_contain_text("陈静")
        await dialog(page).get_by_role("button", name=EN["action"]["reload"]).click()
        await expect(page.locator(".head .slot")).to_contain_text(slots[2]["name"])
        await page.locator("[data-action=weigh]").click()
        await dialog(page).get_by_label(EN["detail"]["weight_g"]).fill("12.3")
        await send(page)
        await expect(page.locator(".toast")).to_be_visible()


async def test_an_act_is_declined_with_a_reason_and_its_things_are_free(desk: Desk) -> None:
    package, _ = await stored(desk)
    shot = await desk.photo(Role.KEEPER, 3)
    asked = await desk.act((Role.KEEPER,), "open", package, reason="抽样", photos=[shot])
    async with desk.sit(Role.BOOKKEEPER) as page:
        await page.goto(f"/history/{package}")
        await page.locator(f"a[href='/acts/{asked['act']}']").first.click()
        await page.get_by_role("button", name=EN["act"]["decline"]).click()
        await dialog(page).get_by_role("button", name=EN["act"]["declineYes"]).click()
        await expect(dialog(page).get_by_role("alert")).to_have_text(EN["detail"]["bad"])
        await dialog(page).get_by_role("textbox").fill("the wrong package")
        await dialog(page).get_by_role("button", name=EN["act"]["declineYes"]).click()
        await expect(page.get_by_text(EN["act"]["ended_declined"])).to_be_visible()
        await page.goto(f"/history/{package}")
        await expect(page.locator("li[data-entry]").last).to_contain_text("the wrong package")
        await expect(page.locator("[data-action=open]")).to_be_visible()


async def offers(page: Page, actions: list[str]) -> bool:
    shown = await page.locator("[data-action]").evaluate_all("all => all.map(one => one.dataset.action)")
    return bool(shown == actions)


async def test_only_what_my_role_may_do_is_offered(desk: Desk) -> None:
    package, _ = await stored(desk)
    for role, offered in (
        (Role.KEEPER, ["open", "approve_release", "move", "weigh", "declare_missing", "correct"]),
        (Role.BOOKKEEPER, ["open", "correct"]),
        (Role.SUPERVISOR, []),
    ):
        async with desk.sit(role) as page:
            await page.goto(f"/history/{package}")
            await page.locator("li[data-entry]").first.wait_for()
            await expect(page.locator(".actions")).to_be_visible()
            await until(partial(offers, page, offered), f"{role} is offered {offered}")


async def test_my_gate_pass_is_a_code_that_a_gate_reads(desk: Desk) -> None:
    async with desk.sit(Role.KEEPER, "zh-CN", color_scheme="dark", **PHONE) as page:
        await page.clock.install()
        await page.goto("/pass")
        await page.locator(".qr path").wait_for()
        shot = cv2.imdecode(np.frombuffer(await page.screenshot(animations="disabled"), np.uint8), cv2.IMREAD_COLOR)
        (found,) = zxingcpp.read_barcodes(shot)
        key = read_key(Path(desk.console.web.environment["SEALTRAIL_CLOUD_KEYS_DIR"]), LABEL)
        label = read_label(found.text, [key.public])
        me = next(row for row in (await desk.get(Role.KEEPER, "people"))["rows"] if row["username"] == "keeper")
        assert label.id == me["id"]
        assert label.expires_at is not None
        assert datetime.now(UTC) < label.expires_at <= datetime.now(UTC) + timedelta(seconds=60)
        await page.context.set_offline(True)
        await page.clock.fast_forward(70_000)
        await expect(page.get_by_text(ZH["pass"]["offline"])).to_be_visible()
        await expect(page.locator(".qr path")).to_have_count(0)
