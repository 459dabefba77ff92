"""The console as people meet it: the web process, a gate that says things to the same database, a browser in front."""

import asyncio
import hashlib
import os
import shutil
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from cloud.db.pool import open_pool, transaction
from cloud.keys import CLOUD, LABEL, write_key
from cloud.ledger.service import add_site, close_ledger, open_ledger
from cloud.media.service import UPLOAD_TYPE
from cloud.people.models import Person
from cloud.people.passwords import Passwords
from cloud.people.service import add_person
from cloud.world import World, real_world
from custody.permits import time_text
from custody.roles import Role
from proof import jws
from simulators.broker import free_port
from tests.cloud.conftest import DEPLOYMENT, SITE, Database
from tests.cloud.receiving import Receiving
from tests.cloud.warehouse import Warehouse

ROOT = Path(__file__).resolve().parents[2]
CONSOLE = ROOT / "cloud" / "console" / "dist"
PASSWORD = "correct horse battery"
PATIENCE_MS = 120_000
"""So long a page may take on a busy machine; a test that passes never waits for it."""
expect.set_options(timeout=PATIENCE_MS)
CHROMIUM = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@dataclass
class WebProcess:
    """`sealtrail cloud web`, on the same port however often it is started."""

    environment: dict[str, str]
    port: int
    errors: Path
    _process: Process | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Returns when it listens."""
        with self.errors.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, str(ROOT / "sealtrail.py"), "cloud", "web",
                env=self.environment, stdout=PIPE, stderr=errors,
            )  # fmt: skip
        assert self._process.stdout
        line = await asyncio.wait_for(self._process.stdout.readline(), 240)
        assert b'"ready"' in line, self.errors.read_text("utf-8")

    async def stop(self) -> None:
        """Asks it to end, and waits until it has."""
        if self._process is not None:
            if self._process.returncode is None:
                self._process.terminate()
            await self._process.communicate()
            self._process = None


@dataclass
class Console:
    """One warehouse with a gate that talks, its web process, and browsers."""

    web: WebProcess
    warehouse: Warehouse
    person: Person
    _browser: Browser

    @asynccontextmanager
    async def visit(self, language: str = "en-GB", at: str = "/", **options: Any) -> AsyncIterator[Page]:
        """A new browser profile that prefers `language`, on the sign-in page, from where the way leads on to `at`; no
        page of it may have had an error.
        """
        told = {"locale": language, "timezone_id": "Asia/Shanghai", "base_url": self.web.url, **options}
        context: BrowserContext = await self._browser.new_context(**told)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(at)
        try:
            yield page
        finally:
            await context.close()
        assert errors == []

    @asynccontextmanager
    async def watch(self, language: str = "en-GB", **options: Any) -> AsyncIterator[Page]:
        """The live page, signed in, its stream open."""
        async with self.visit(language, at="/live", **options) as page:
            await sign_in(page)
            await page.locator("[data-state=live]").wait_for()
            yield page

    async def upload(self, picture: bytes) -> None:
        """The gate uploads the still `picture`."""
        teller, digest = self.warehouse.teller, sha256(picture)
        claim = {"agent": teller.agent, "sha256": digest, "at": time_text(real_world().now())}
        bearer = {"Authorization": f"Bearer {jws.sign(claim, teller.key, UPLOAD_TYPE)}"}
        async with httpx.AsyncClient(base_url=self.web.url, trust_env=False, timeout=240) as client:
            response = await client.put(f"/api/v1/media/{digest}", content=picture, headers=bearer)
        assert response.status_code == 201, response.text


async def sign_in(page: Page, password: str = PASSWORD) -> None:
    """Fills the form and sends it off; the fields' names are the same in every language."""
    await page.locator("[name=username]").fill("wang.fang")
    await page.locator("[name=password]").fill(password)
    await page.locator("button[type=submit]").click()


async def fits(page: Page, width: int = 390) -> None:
    """Nothing of the page is wider than its window, a phone's; waits for what is still being laid out."""
    await page.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=width)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def still(number: int) -> bytes:
    """A JPEG of 320×180 pixels, another for each number."""
    picture = np.full((180, 320, 3), 90 + number, np.uint8)
    cv2.putText(picture, f"gate {number}", (60, 110), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (240, 240, 240), 3)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def still_body(picture: bytes) -> dict[str, Any]:
    """What a fact says of its still."""
    return {"sha256": sha256(picture), "bytes": len(picture), "width": 320, "height": 180}


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """Chromium, without a window."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    assert found, "no Chromium: make setup"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=CHROMIUM)
        yield browser
        await browser.close()


@asynccontextmanager
async def open_console(database: Database, folder: Path, browser: Browser) -> AsyncIterator[Console]:
    """A site with one package and its gate, one person and the web process; all ended afterwards."""
    assert (CONSOLE / "index.html").is_file(), "the console is not built: make setup"
    world, keys = real_world(), folder / "keys"
    for name in (CLOUD, LABEL):
        write_key(keys, name, world.random(32))
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(database.app))
        async with transaction(pool) as tx:
            await add_site(tx, site=SITE, name_zh="南京", name_en="Nanjing", deployment=DEPLOYMENT, at=world.now())
        warehouse = Warehouse(Receiving(pool, world, SITE), database.owner)
        await warehouse.furnish()
        person = await _employ(warehouse, world)
        port = free_port()
        web = WebProcess(web_environment(database, folder, port), port, folder / "web.log")
        stack.push_async_callback(web.stop)
        await web.start()
        yield Console(web, warehouse, person, browser)


async def _employ(warehouse: Warehouse, world: World) -> Person:
    password_hash = await Passwords(time_cost=1, memory_kib=64).hash(PASSWORD)
    async with transaction(warehouse.receiving.pool) as tx:
        appender = await open_ledger(tx, SITE)
        person = await add_person(
            tx, appender, world,
            username="wang.fang", name="王芳", password_hash=password_hash, roles=[Role.OPERATOR], actor="test",
        )  # fmt: skip
        await close_ledger(tx, appender)
    return person


def web_environment(database: Database, folder: Path, port: int) -> dict[str, str]:
    """The settings of a web process with its keys and pictures in `folder`."""
    settings = {
        "DATABASE_URL": database.app,
        "KEYS_DIR": str(folder / "keys"),
        "DEPLOYMENT": DEPLOYMENT,
        "MEDIA_URL": str(folder / "media"),
        "CONSOLE_DIR": str(CONSOLE),
        "WEB_PORT": str(port),
    }
    return {**os.environ, **{f"SEALTRAIL_CLOUD_{name}": value for name, value in settings.items()}}
