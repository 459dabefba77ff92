"""The ten commonest tasks, walked on phones from a package's sealing to its counting: as long as docs/tasks.md says."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from custody.roles import Role
from custody.things import Kind
from tests.cloud.conftest import Database, database, new_name, server, template
from tests.system.desk import PHONE, Desk, open_desk, put, shelves
from tests.system.racks import label, scan
from tests.system.test_acts_pages import dialog, picture
from tests.system.test_console import LOCALES, texts
from tests.system.web import PATIENCE_MS, ROOT, fits, open_browser, open_console

__all__ = ["database", "new_name", "server", "template"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1200), pytest.mark.asyncio(loop_scope="module")]
expect.set_options(timeout=PATIENCE_MS)

MOST = 5
TABLE = ROOT / "docs" / "tasks.md"
FORGET = "sessionStorage.removeItem('touches')"
TOUCHES = "JSON.parse(sessionStorage.touches ?? '[]')"
WATCH = """
{
  const note = (what) => sessionStorage.touches = JSON.stringify([...JSON.parse(sessionStorage.touches ?? "[]"), what]);
  const name = (one) => one.ariaLabel ?? one.closest("a, button, label, summary")?.textContent.trim() ?? one.tagName;
  addEventListener("pointerdown", (event) => event.isTrusted && note(name(event.target)), true);
  addEventListener("submit", (event) => event.isTrusted && event.target.matches(".scan, .find") && note("scan"), true);
}
"""
"""In every page: each touch of the glass by the name of what it hit, and each scan that a field for labels took."""


class Row(NamedTuple):
    """A row of the table: the whole part of one person in one task."""

    task: str
    who: str
    begins: str
    touches: int


def told() -> list[Row]:
    """The rows of the table in docs/tasks.md."""
    lines = [line for line in TABLE.read_text("utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines[1:]]
    return [Row(task, who, begins, int(touches)) for task, who, begins, touches, _ in cells]


@dataclass
class Phone:
    """A phone in somebody's hand, and what they do with it; `words` are the console's in its language."""

    page: Page
    words: dict[str, Any]

    def button(self, group: str, name: str) -> Locator:
        return self.page.get_by_role("button", name=self.words[group][name], exact=True)

    async def begin(self, action: str) -> None:
        await self.page.locator(f"[data-action={action}]").tap()

    async def type(self, name: str, text: str) -> None:
        """Where the cursor is already: no touch."""
        await expect(dialog(self.page).get_by_label(self.words["detail"][name])).to_be_focused()
        await self.page.keyboard.insert_text(text)

    async def say_why(self, text: str) -> None:
        """The reason stands last in its form: a touch for the cursor."""
        await dialog(self.page).get_by_label(self.words["detail"]["reason"]).tap()
        await self.page.keyboard.insert_text(text)

    async def choose(self, group: str, name: str) -> None:
        await dialog(self.page).locator("label", has_text=self.words[group][name]).tap()

    async def photograph(self, number: int) -> None:
        """A touch for the camera; the shutter is not the console's."""
        async with self.page.expect_file_chooser() as opening:
            await dialog(self.page).locator("label.add").tap()
        await (await opening.value).set_files([picture(number)])
        await expect(dialog(self.page).locator(".sent")).to_have_count(1)

    async def send(self) -> None:
        """The form in front; what needs more hands than mine leads to its act."""
        await dialog(self.page).locator("button[type=submit]").tap()
        await expect(dialog(self.page)).to_have_count(0)

    async def sign_what_waits(self, button: str = "sign") -> None:
        await self.page.locator("main [data-act]").tap()
        await self.button("act", button).tap()

    async def see_done(self) -> None:
        await expect(self.page.get_by_text(self.words["act"]["ended_done"], exact=True)).to_be_visible()


@dataclass
class Day:
    """Phones in people's hands, the things they work with, and what was walked so far."""

    desk: Desk
    phones: dict[Role, Phone] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=lambda: {"the home page": "/"})
    case: str = ""
    package: str = ""
    walked: dict[Row, list[str]] = field(default_factory=dict)

    @asynccontextmanager
    async def walk(self, task: str, role: Role) -> AsyncIterator[Phone]:
        """The phone of whoever has `role`, on the page that the table names; its touches are counted until the end."""
        phone, who = self.phones[role], role.value.replace("_", " ")
        row = next((row for row in told() if (row.task, row.who) == (task, who)), None)
        assert row is not None, f"no row: {task}, {who}"
        await phone.page.goto(self.places[row.begins])
        await phone.page.locator("main h1").wait_for()
        await phone.page.evaluate(FORGET)
        yield phone
        touches = await phone.page.evaluate(TOUCHES)
        await fits(phone.page)
        self.walked[row] = touches

    async def second(self, task: str, role: Role, button: str = "sign") -> None:
        """The hand that an act waits for; it is the last."""
        async with self.walk(task, role) as phone:
            await phone.sign_what_waits(button)
            await phone.see_done()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module", params=LOCALES)
async def day(
    database: Database, tmp_path: Path, browser: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[Day]:
    """A case with three loose items, empty shelves that a rack lights, and five people with phones."""
    async with AsyncExitStack() as stack:
        console = await stack.enter_async_context(open_console(database, tmp_path, browser))
        desk = await stack.enter_async_context(open_desk(console, database))
        day = Day(desk)
        case = await desk.post(Role.INSPECTOR, "cases", number="宁烟立〔2026〕第7号", title="无证运输烟草专卖品")
        for name in ("卷烟 硬盒 200支", "卷烟 软盒 200支", "雪茄烟"):
            item = {"name": name, "quantity": 50, "unit": "条", "goods": "tobacco", "value_fen": 0}
            await desk.post(Role.INSPECTOR, "items", case_id=case["id"], **item)
        day.case = case["id"]
        day.places["the case's page"] = f"/cases/{day.case}"
        await shelves(desk, agent=console.warehouse.teller.agent)
        for role in (Role.INSPECTOR, Role.KEEPER, Role.CASE_HANDLER, Role.APPROVER, Role.BOOKKEEPER):
            page = await stack.enter_async_context(desk.sit(role, request.param, **PHONE))
            await page.context.add_init_script(WATCH)
            day.phones[role] = Phone(page, texts(request.param))
        yield day


async def seal(day: Day, task: str = "seal items into a package") -> None:
    async with day.walk(task, Role.KEEPER) as phone:
        await phone.page.get_by_role("checkbox", name=phone.words["case"]["chooseAll"]).tap()
        await phone.begin("seal")
        await phone.type("seal_number", "F0000007")
        await phone.page.keyboard.press("Enter")
        await phone.type("weight_g", "12.345")
        await phone.photograph(1)
        await phone.send()
    await day.second(task, Role.INSPECTOR)
    (package,) = (await day.desk.get(Role.KEEPER, "packages", case_id=day.case))["rows"]
    day.package = package["id"]
    day.places["the package's page"] = f"/history/{day.package}"


async def accept(day: Day) -> None:
    await day.desk.act((Role.INSPECTOR,), "handover", day.package, differences=[])
    await day.second("accept a handover", Role.KEEPER)


async def place(day: Day) -> None:
    await put(day.desk, day.package, "arrived")
    async with day.walk("put a package into a slot", Role.KEEPER) as phone:
        await phone.begin("place")
        await expect(dialog(phone.page).locator("label.on")).to_be_visible()
        await phone.send()


async def weigh(day: Day) -> None:
    async with day.walk("weigh a package", Role.KEEPER) as phone:
        await phone.begin("weigh")
        await phone.type("weight_g", "12.34")
        await phone.send()


async def find(day: Day) -> None:
    async with day.walk("find a thing and light its slot", Role.KEEPER) as phone:
        await phone.page.locator("nav summary").tap()
        await phone.page.locator("nav .menu a[href='/locate']").tap()
        await expect(phone.page.locator(".scan input")).to_be_focused()
        await scan(phone.page, label(day.desk.console, Kind.PACKAGE, day.package))
        await phone.button("locate", "light").tap()
        lit = phone.words["locate"]["lit"].replace("{slot}", await phone.page.locator(".slot-name").inner_text())
        await expect(phone.page.locator(".said")).to_have_text(lit)


async def release(day: Day) -> None:
    async with day.walk("ask for a release", Role.CASE_HANDLER) as phone:
        await phone.begin("approve_release")
        await phone.choose("purpose", "court")
        await phone.say_why("庭审")
        await phone.send()
    await add_passkey(day.phones[Role.APPROVER])
    await day.second("approve a release", Role.APPROVER, "signPasskey")


async def add_passkey(phone: Phone) -> None:
    """Once for each phone, long before."""
    await phone.page.goto("/me")
    await phone.button("passkey", "add").tap()
    await dialog(phone.page).get_by_role("textbox").fill("手机")
    await phone.send()


async def shelve(day: Day, task: str = "check and shelve what came back") -> None:
    await put(day.desk, day.package, "returned")
    async with day.walk(task, Role.KEEPER) as phone:
        await phone.begin("shelve")
        await expect(dialog(phone.page).locator(".column label.on")).to_be_visible()
        await phone.choose("detail", "intact")
        await phone.send()
    await day.second(task, Role.BOOKKEEPER)


async def open_package(day: Day, task: str = "open a package, two who stay") -> None:
    async with day.walk(task, Role.KEEPER) as keeper:
        await keeper.begin("open")
        await keeper.photograph(2)
        await keeper.say_why("抽样送检")
        await keeper.send()
        async with day.walk(task, Role.BOOKKEEPER) as bookkeeper:
            await bookkeeper.sign_what_waits()
            for phone in (bookkeeper, keeper):
                await phone.button("act", "signEnd").tap()
            for phone in (bookkeeper, keeper):
                await phone.see_done()


async def count(day: Day) -> None:
    zone = (await day.desk.get(Role.KEEPER, "zones"))["rows"][0]["id"]
    await day.desk.post(Role.LEADER, "stock-takes", kind="zone", zone=zone)
    slot = (await day.desk.get(Role.KEEPER, f"packages/{day.package}"))["custody"]["slot"]
    for role in (Role.KEEPER, Role.BOOKKEEPER):
        async with day.walk("count a thing in a stock-take", role) as phone:
            await phone.page.locator("main [data-take]").tap()
            await expect(phone.page.locator(".scan input")).to_be_focused()
            await scan(phone.page, label(day.desk.console, Kind.SLOT, slot))
            await scan(phone.page, label(day.desk.console, Kind.PACKAGE, day.package))
            await expect(phone.page.locator(".list li")).to_have_count(1)


WALKS: tuple[Callable[[Day], Awaitable[None]], ...] = (
    seal, accept, place, weigh, find, release, shelve, open_package, count,
)  # fmt: skip
"""In the order of a package's life: each leaves it as the next one needs it."""


async def test_each_of_the_ten_commonest_tasks_takes_the_touches_that_are_told_and_five_at_most(day: Day) -> None:
    rows = told()
    for walk in WALKS:
        await walk(day)
    assert sorted(day.walked) == sorted(rows)
    assert {row: len(touches) for row, touches in day.walked.items()} == {row: row.touches for row in rows}, day.walked
    assert max(row.touches for row in rows) <= MOST
    assert len({row.task for row in rows}) == 10
