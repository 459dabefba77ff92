"""A warehouse whose agent is on a simulated board, with people who bring up, approve and roll out releases."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from cloud.releases.packing import For, pack_tree
from proof.keys import SigningKey
from simulators.board import Board
from simulators.broker import free_port
from simulators.passkey import SoftPasskey
from simulators.processes import Child
from simulators.warehouse import AGENT, SITE, Staff, Warehouse, sealtrail
from tests.system.waiting import until
from wire.releases import digest_of

TREE = Path(__file__).parents[2]
PUBLISHER = SigningKey.from_seed(b"p" * 32)
ADMIN = Staff("admin1", SITE, "管理员", ("admin",), "a long password")
LEADER = Staff("leader1", SITE, "分管领导", ("leader",), "another long one")
QUICK = {"HEARTBEAT_S": "1", "UPDATE_QUIET_S": "0.5", "UPDATE_TRIAL_S": "45"}


@dataclass
class Room:
    """The system; `made` are releases by version."""

    warehouse: Warehouse
    board: Board
    admin: httpx.AsyncClient
    leader: httpx.AsyncClient
    passkey: SoftPasskey
    folder: Path
    made: dict[str, str] = field(default_factory=dict)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.warehouse.database_url()) as connection:
            return connection.execute(query.encode(), values).fetchall()

    async def make(self, version: str, more: Mapping[str, bytes] | None = None) -> Path:
        """A release of this very tree; `more` are files in place of its own."""
        out = self.folder / f"{version}.zip"
        made_for = For(follows="0.1.0", python="3.11", platform="any")
        await asyncio.to_thread(pack_tree, out, PUBLISHER, TREE, version, made_for, more or {})
        with out.open("rb") as file:
            self.made[version] = digest_of(file)
        return out

    async def publish(self, version: str, more: Mapping[str, bytes] | None = None) -> None:
        """A release is made, brought up and approved by two."""
        out = await self.make(version, more)
        content = await asyncio.to_thread(out.read_bytes)
        up = await self.admin.post("releases", content=content, params={"notes": version})
        assert up.status_code == 201, up.text
        details = {"release": self.made[version], "version": version}
        asked = await self.admin.post("acts", json={"action": "approve_update", "things": [], "details": details})
        assert asked.status_code == 202, asked.text
        await self.sign(asked.json()["act"], asked.json()["hash"])

    async def sign(self, act: str, seen: str) -> None:
        """The second hand, with a passkey."""
        signing = {"act": act, "seen": seen, "assertion": self.passkey.sign(bytes.fromhex(seen))}
        done = await self.leader.post("acts/sign", json=signing)
        assert (done.status_code, done.json()["status"]) == (201, "done"), done.text

    async def roll_out(self, version: str) -> None:
        body = {"agents": [AGENT], "version": version}
        done = await self.admin.post(f"releases/{self.made[version]}/orders", json=body)
        assert done.status_code == 201, done.text

    async def shown(self) -> dict[str, Any]:
        """What the page of updates shows of the agent."""
        rows = (await self.admin.get("updates")).json()["rows"]
        return next(dict(row) for row in rows if row["agent"] == AGENT)

    async def becomes(self, state: str, seconds: float = 240) -> dict[str, Any]:
        """What is wanted of the agent, once it is in `state`."""
        wanted: dict[str, Any] = {}

        async def there() -> bool:
            nonlocal wanted
            wanted = (await self.shown())["wanted"] or {}
            return wanted.get("state") == state

        await until(there, f"the update is {state}", seconds)
        return wanted

    async def runs(self, version: str) -> None:
        async def there() -> bool:
            return bool((await self.shown())["running"] == version)

        await until(there, f"version {version} runs")

    async def command(self, *arguments: str) -> list[dict[str, Any]]:
        """What `sealtrail release …` says, asked with a token of the administrator's."""
        token = (await self.admin.post("tokens", json={"name": "script"})).json()["token"]
        said: list[dict[str, Any]] = []
        env = {"SEALTRAIL_URL": self.warehouse.url, "SEALTRAIL_TOKEN": token}
        child = Child("release", [*sealtrail(), "release", *arguments], log=self.folder / "release.log", env=env,
                      on_event=said.append)  # fmt: skip
        await child.start()
        assert await child.ended() == 0, child.last_words
        return said

    def alarms(self) -> list[tuple[Any, ...]]:
        return self.rows("SELECT detail ->> 'problem' FROM alarm WHERE cause = 'update_failed' AND cleared_at IS NULL")

    def facts(self) -> list[str]:
        """Kinds of facts of updates, in their order."""
        told = self.rows("SELECT kind FROM fact WHERE agent = %s AND kind LIKE 'update_%%' ORDER BY seq", AGENT)
        return [kind.removeprefix("update_") for (kind,) in told]


async def sign_in(warehouse: Warehouse, staff: Staff, stack: AsyncExitStack) -> httpx.AsyncClient:
    client = httpx.AsyncClient(base_url=f"{warehouse.url}/api/v1/", headers={"X-Sealtrail": "1"}, timeout=240)
    await stack.enter_async_context(client)
    body = {"username": staff.username, "password": staff.password}
    (await client.post("session", json=body)).raise_for_status()
    return client


@asynccontextmanager
async def open_room(folder: Path, *, door: bool = False) -> AsyncIterator[Room]:
    """Everything runs, the agent on its board at version 0.1.0; with a `door` before a rack, if that is asked for."""
    async with AsyncExitStack() as stack:
        warehouse = Warehouse(folder / "warehouse", free_port(), stack, lambda said: None)
        warehouse.folder.mkdir()
        warehouse.more_settings = {"release_keys": PUBLISHER.public.text}
        await warehouse.start_services()
        await warehouse.start_cloud([ADMIN, LEADER])
        if door:
            warehouse.furnish("rack-1", {"A-01": f"{SITE}/S-A-01"})
            warehouse.hang_door(["ordinary"])
        await warehouse.open_stage()
        admin, leader = [await sign_in(warehouse, staff, stack) for staff in (ADMIN, LEADER)]
        passkey = SoftPasskey("localhost", warehouse.address)
        options = (await leader.post("passkeys/begin")).json()
        (
            await leader.post("passkeys", json={"name": "phone", "credential": passkey.register(options)})
        ).raise_for_status()
        env = {f"SEALTRAIL_EDGE_{name}".upper(): value for name, value in warehouse.edge_settings().items()}
        env |= {f"SEALTRAIL_EDGE_{name}": value for name, value in QUICK.items()}
        env["SEALTRAIL_EDGE_RELEASE_KEYS"] = PUBLISHER.public.text
        board = Board(folder / "board", env, folder / "board.log", lambda said: None)
        board.lay_out(TREE, "0.1.0")
        await board.power_on()
        stack.push_async_callback(board.shut_down)
        room = Room(warehouse, board, admin, leader, passkey, folder)
        await room.runs("0.1.0")
        yield room
