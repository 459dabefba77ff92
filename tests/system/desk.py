"""People at their desks and phones: accounts of each role, what they do by the API, and browsers with a passkey."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import cv2
import httpx
import numpy as np
from playwright.async_api import Page

from cloud.db.pool import connect, transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.people.passwords import Passwords
from cloud.people.service import add_person
from cloud.world import real_world
from custody.roles import Role
from tests.cloud.conftest import Database
from tests.system.web import PASSWORD, Console

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


def photo(number: int) -> bytes:
    """A photograph of a sealed box, 1280×960, another for each number."""
    picture = np.full((960, 1280, 3), (150, 175, 190), np.uint8)
    cv2.rectangle(picture, (240, 200), (1040, 800), (70, 120 + 9 * number, 165), -1)
    cv2.rectangle(picture, (240, 470), (1040, 530), (235, 235, 235), -1)
    cv2.putText(picture, f"SEAL F{number:07}", (330, 518), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (20, 20, 160), 4)
    return cv2.imencode(".jpg", picture)[1].tobytes()


@dataclass
class Desk:
    """Somebody of each role at the site of `console`; `owner` is who may what the program itself may not."""

    console: Console
    owner: str
    _names: dict[Role, str] = field(default_factory=dict)
    _clients: dict[Role, httpx.AsyncClient] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where browsers open the console: passkeys need a name, not a number."""
        return f"http://localhost:{self.console.web.port}"

    async def employ(self, role: Role, name: str, *more: Role) -> str:
        """An account called `name` with PASSWORD; returns its user name."""
        username, world = role.value.replace("_", "-"), real_world()
        password_hash = await Passwords(time_cost=1, memory_kib=64).hash(PASSWORD)
        async with transaction(self.console.warehouse.receiving.pool) as tx:
            appender = await open_ledger(tx, self.console.person.site)
            await add_person(
                tx, appender, world,
                username=username, name=name, password_hash=password_hash, roles=[role, *more], actor="test",
            )  # fmt: skip
            await close_ledger(tx, appender)
        self._names[role] = username
        return username

    async def client(self, role: Role) -> httpx.AsyncClient:
        """Who has `role`, signed in to the API."""
        if role not in self._clients:
            client = httpx.AsyncClient(
                base_url=f"{self.console.web.url}/api/v1/", headers={"X-Sealtrail": "1"}, trust_env=False, timeout=240
            )
            self._clients[role] = client
            await self._post(client, "session", username=self._names[role], password=PASSWORD)
        return self._clients[role]

    async def post(self, role: Role, path: str, **body: Any) -> Any:
        """What the API answers to `role`; it must take it."""
        return await self._post(await self.client(role), path, **body)

    async def _post(self, client: httpx.AsyncClient, path: str, **body: Any) -> Any:
        answer = await client.post(path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def get(self, role: Role, path: str, **query: Any) -> Any:
        """What the API tells `role`."""
        answer = await (await self.client(role)).get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def act(self, by: Sequence[Role], action: str, *things: str, **details: Any) -> Any:
        """`action` with the hand of each of `by`, without passkeys; the last answer."""
        answer = await self.post(by[0], "acts", action=action, things=list(things), details=details)
        for role in by[1:]:
            shown = await self.get(role, f"acts/{answer['act']}")
            answer = await self.post(role, "acts/sign", act=answer["act"], seen=shown["hash"])
        return answer

    async def photo(self, role: Role, number: int) -> str:
        """A photograph that `role` sent; its digest."""
        content = photo(number)
        headers = {"content-type": "image/jpeg"}
        sent = await (await self.client(role)).post("photos", content=content, headers=headers)
        assert sent.status_code == 201, sent.text
        return hashlib.sha256(content).hexdigest()

    async def close(self) -> None:
        """Everybody goes home."""
        for client in self._clients.values():
            await client.aclose()

    @asynccontextmanager
    async def sit(self, role: Role, language: str = "en-GB", **options: Any) -> AsyncIterator[Page]:
        """A browser of whoever has `role`, signed in, with an authenticator that knows its user."""
        async with self.console.visit(language, at="/tasks", base_url=self.address, **options) as page:
            session = await page.context.new_cdp_session(page)
            await session.send("WebAuthn.enable")
            authenticator = {
                "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                "isUserVerified": True, "automaticPresenceSimulation": True,
            }  # fmt: skip
            await session.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
            await page.locator("[name=username]").fill(self._names[role])
            await page.locator("[name=password]").fill(PASSWORD)
            await page.locator("button[type=submit]").click()
            await page.wait_for_url(lambda url: urlsplit(url).path == "/tasks")
            yield page


STAFF = {
    Role.INSPECTOR: "李伟", Role.KEEPER: "陈静", Role.CASE_HANDLER: "王芳", Role.BOOKKEEPER: "孙丽",
    Role.APPROVER: "赵强", Role.LEADER: "周敏", Role.SUPERVISOR: "吴刚",
}  # fmt: skip


@asynccontextmanager
async def open_desk(console: Console, database: Database) -> AsyncIterator[Desk]:
    """Everybody of STAFF has an account."""
    desk = Desk(console, database.owner)
    for role, name in STAFF.items():
        await desk.employ(role, name)
    yield desk
    await desk.close()


async def sealed(desk: Desk, number: int = 1, value_fen: int = 0) -> tuple[str, str, str]:
    """A case with an item in a sealed package: their ids."""
    case = await desk.post(Role.INSPECTOR, "cases", number=f"宁烟立〔2026〕第{number}号", title="无证运输烟草专卖品")
    item = await desk.post(
        Role.INSPECTOR, "items",
        case_id=case["id"], name="卷烟 硬盒 200支", quantity=50, unit="条", goods="tobacco", value_fen=value_fen,
    )  # fmt: skip
    shot = await desk.photo(Role.KEEPER, number)
    done = await desk.act(
        (Role.KEEPER, Role.INSPECTOR), "seal", item["id"],
        seal_number=f"F{number:07}", photos=[shot], weight_g=12_345,
    )  # fmt: skip
    return case["id"], item["id"], done["made"][0]


async def shelves(desk: Desk, agent: str | None = None) -> str:
    """A zone with slots, which `agent` lights; the id of the first."""
    zone = await desk.post(Role.KEEPER, "zones", name="A 区", zone_class="ordinary")
    slots = [{"name": f"A-01-0{n}", "size": "m", "agent": agent} for n in range(1, 5)]
    made = await desk.post(Role.KEEPER, "slots", zone=zone["id"], slots=slots)
    return str(made["rows"][0]["id"])


async def put(desk: Desk, thing: str, state: str) -> None:
    """`thing` is in `state`, as its passages at a gate would have made it: those are other tests' matter."""
    async with await connect(desk.owner) as connection:
        await connection.execute(b"UPDATE package SET state = %s WHERE id = %s", [state, thing])
        await connection.execute(b"UPDATE item SET state = %s WHERE package_id = %s", [state, thing])
