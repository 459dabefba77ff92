"""A site with people who work at tickets."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from cloud.alarms.service import raise_alarm
from cloud.db.pool import transaction
from cloud.ledger.service import close_ledger, open_ledger
from cloud.people.access import COOKIE, HEADER
from cloud.people.models import Person
from cloud.watching import Watching
from tests.cloud.api import Office
from tests.cloud.conftest import Clock

HOUR = timedelta(hours=1)


@dataclass
class Desk:
    """A site with somebody for each part."""

    office: Office
    clock: Clock
    operator: httpx.AsyncClient
    keeper: httpx.AsyncClient
    keeper_id: str
    supervisor: httpx.AsyncClient
    seats: list[tuple[httpx.AsyncClient, Person]]

    async def report(self, who: httpx.AsyncClient | None = None, key: str | None = None, **more: Any) -> httpx.Response:
        body = {"type": "equipment", "title": "货架灯不亮", "words": "A-3 的灯坏了", **more}
        headers = {} if key is None else {"Idempotency-Key": key}
        return await (who or self.operator).post("tickets", json=body, headers=headers)

    async def opened(self, **more: Any) -> int:
        answer = await self.report(**more)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["ticket"])

    async def step(self, ticket: int, who: httpx.AsyncClient, step: str, **more: Any) -> httpx.Response:
        body = {"step": step, "words": f"{step} 说明", **more}
        return await who.post(f"tickets/{ticket}/steps", json=body)

    async def done(self, ticket: int, who: httpx.AsyncClient, step: str, **more: Any) -> int:
        answer = await self.step(ticket, who, step, **more)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["index"])

    async def shown(self, ticket: int, who: httpx.AsyncClient | None = None) -> dict[str, Any]:
        answer = await (who or self.operator).get(f"tickets/{ticket}")
        assert answer.status_code == 200, answer.text
        assert answer.headers["ETag"] == f'"{answer.json()["newest"]}"'
        told: dict[str, Any] = answer.json()
        return told

    async def look(self, after: timedelta) -> None:
        self.clock.advance(after)
        await Watching(self.office.parts.pool, self.office.parts.world, self.office.parts.pack).look()
        for client, person in self.seats:  # a session lasts for a shift
            client.cookies.set(COOKIE, await self.office.cookie(person))

    async def alarm(self, severity: Any = "critical") -> int:
        parts = self.office.parts
        async with transaction(parts.pool) as tx:
            appender = await open_ledger(tx, "nj01")
            await raise_alarm(
                tx, appender, parts.world, cause="door_forced", place="nj01.gate-a:store", severity=severity,
                detail={}, at=parts.world.now(),
            )  # fmt: skip
            await close_ledger(tx, appender)
        (row,) = await self.office.rows("SELECT id FROM alarm WHERE cleared_at IS NULL AND cause = 'door_forced'")
        return int(row["id"])


async def client_of(office: Office, person: Person) -> httpx.AsyncClient:
    client = await office.visitor()
    client.cookies.set(COOKIE, await office.cookie(person))
    client.headers[HEADER] = "1"
    return client
