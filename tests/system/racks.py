"""Racks with things in them and the people who work there, beside the console of `tests/system/web.py`."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Page, expect

from cloud.db.pool import transaction
from cloud.keys import LABEL, read_key
from cloud.ledger.service import close_ledger, open_ledger
from cloud.people.passwords import Passwords
from cloud.people.service import add_person
from cloud.world import real_world
from custody.roles import Role
from custody.things import Kind, State
from tests.cloud.conftest import SITE
from tests.cloud.warehouse import CASE, PACKAGE
from tests.system.web import PASSWORD, Console
from wire.labels import Label, write_label

ZONE, VALUES = f"{SITE}/Z-0000000001", f"{SITE}/Z-0000000002"
SLOT, DARK = f"{SITE}/S-A0101", f"{SITE}/S-A0202"
"""Where the package lies, which an agent lights; where LOOSE lies, which nobody lights."""
LOOSE = f"{SITE}/I-0000000002"
LEADER, KEEPER, BOOKKEEPER = "chen.jun", "li.na", "zhao.lei"
PEOPLE: Mapping[str, tuple[str, Role]] = {
    LEADER: ("陈军", Role.LEADER),
    KEEPER: ("李娜", Role.KEEPER),
    BOOKKEEPER: ("赵磊", Role.BOOKKEEPER),
}


async def furnish_racks(console: Console) -> dict[str, str]:
    """Two zones, nine slots in the first, the package and a loose item in theirs. Returns the people, by username."""
    execute = console.warehouse.execute
    await execute(
        "INSERT INTO item (id, site, case_id, name, quantity, unit, state, index)"
        " VALUES (%s, %s, %s, 'lighters', 40, 'piece', 'intake', 0)", LOOSE, SITE, CASE,
    )  # fmt: skip
    await console.warehouse.stand(State.STORED)
    for zone, name, kind in ((ZONE, "A 区", "ordinary"), (VALUES, "B 区", "high_value")):
        await execute("INSERT INTO zone VALUES (%s, %s, %s, %s, 0)", zone, SITE, name, kind)
    for bay in (1, 2, 3):
        for level in (1, 2, 3):
            slot, name = f"{SITE}/S-A{bay:02}{level:02}", f"A-{bay:02}-{level:02}"
            agent = console.warehouse.teller.agent if slot == SLOT else None
            await execute("INSERT INTO slot VALUES (%s, %s, %s, %s, 'm', 2, %s, 0)", slot, SITE, ZONE, name, agent)
    for thing, slot in ((PACKAGE, SLOT), (LOOSE, DARK)):
        await execute("INSERT INTO custody (thing, site, slot, index) VALUES (%s, %s, %s, 0)", thing, SITE, slot)
    return {username: await employ(console, username, name, role) for username, (name, role) in PEOPLE.items()}


async def employ(console: Console, username: str, name: str, *roles: Role) -> str:
    """Somebody with those roles; returns their id."""
    password_hash = await Passwords(time_cost=1, memory_kib=64).hash(PASSWORD)
    async with transaction(console.warehouse.receiving.pool) as tx:
        appender = await open_ledger(tx, SITE)
        person = await add_person(
            tx, appender, real_world(),
            username=username, name=name, password_hash=password_hash, roles=roles, actor="test",
        )  # fmt: skip
        await close_ledger(tx, appender)
    return person.id


async def enter(page: Page, username: str, path: str) -> None:
    """Signs in and goes to `path`, as by a link."""
    await page.goto(path)
    await page.locator("[name=username]").fill(username)
    await page.locator("[name=password]").fill(PASSWORD)
    await page.locator("button[type=submit]").click()
    await page.wait_for_url(lambda url: urlsplit(url).path == path)
    await page.locator("main h1").wait_for()


async def scan(page: Page, text: str) -> None:
    """What a hand scanner does: it types into the field that waits for it, and presses Enter."""
    await expect(page.locator(".scan input")).to_be_focused()
    await page.keyboard.insert_text(text)
    await page.keyboard.press("Enter")


def label(console: Console, kind: Kind, thing: str) -> str:
    """The text of a genuine label."""
    folder = console.web.environment["SEALTRAIL_CLOUD_KEYS_DIR"]
    return write_label(Label(kind, thing, 1), read_key(Path(folder), LABEL))
