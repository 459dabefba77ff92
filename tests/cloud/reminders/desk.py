"""A site with somebody for each part, whose clock is moved from look to look."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx

from cloud.people.access import COOKIE, HEADER
from cloud.people.models import Person
from cloud.reminders.worker import Reminding
from custody.roles import Role
from tests.cloud.api import Office
from tests.cloud.conftest import Clock

HOUR = timedelta(hours=1)


@dataclass
class Desk:
    """`clients` are signed in, each as the person of the same name."""

    office: Office
    clock: Clock
    people: dict[str, Person] = field(default_factory=dict)
    clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def seat(self, name: str, *roles: Role) -> None:
        """Somebody with `roles` comes."""
        self.people[name] = await self.office.person(*roles)
        self.clients[name] = await self.office.visitor()
        self.clients[name].headers[HEADER] = "1"
        await self._sign_in(name)

    async def _sign_in(self, name: str) -> None:
        self.clients[name].cookies.set(COOKIE, await self.office.cookie(self.people[name]))

    async def look(self, after: timedelta = timedelta(0)) -> int:
        """Time passes, and what is due is made; returns how many entries that took."""
        self.clock.advance(after)
        parts = self.office.parts
        made = await Reminding(parts.pool, parts.world, parts.pack).look()
        for name in self.people:  # a session lasts for a shift
            await self._sign_in(name)
        return made

    async def ask(self, name: str, method: str, path: str, **more: Any) -> Any:
        """The answer to what `name` asks, which has to be a good one."""
        answer = await self.clients[name].request(method, path, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def told(self, name: str, **params: Any) -> list[dict[str, Any]]:
        """The reminders of `name`, newest first."""
        rows: list[dict[str, Any]] = (await self.ask(name, "GET", "reminders", params=params))["rows"]
        return rows

    async def ticket(self, assigned_to: str = "keeper") -> int:
        """Something is reported, which a colleague is to look at within a week."""
        body = {"type": "improvement", "title": "灯", "words": "暗", "assigned_to": self.people[assigned_to].id}
        return int((await self.ask("operator", "POST", "tickets", json=body))["ticket"])

    async def step(self, name: str, ticket: int, step: str, **more: Any) -> None:
        """`name` takes a step of a ticket."""
        await self.ask(name, "POST", f"tickets/{ticket}/steps", json={"step": step, "words": "好", **more})


async def seated(office: Office, clock: Clock) -> Desk:
    """An operator, a keeper and a supervisor."""
    desk = Desk(office, clock)
    for name, role in (("operator", Role.OPERATOR), ("keeper", Role.KEEPER), ("supervisor", Role.SUPERVISOR)):
        await desk.seat(name, role)
    return desk
