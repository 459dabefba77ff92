"""What the tests of analysis ask, and people who ask for releases that others approve."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from cloud.people.access import COOKIE, HEADER
from cloud.people.models import Person
from custody.analysis_rules import Threshold, rules_of
from custody.roles import Role
from tests.cloud.api import Office
from tests.cloud.conftest import Clock
from tests.cloud.evidence.warehouse import Warehouse, warehouse
from wire.rule_packs import load_rule_pack


@dataclass
class Lens:
    """Somebody who looks, however late it has become."""

    office: Office
    person: Person

    async def whole(self, **asked: Any) -> dict[str, Any]:
        """What stands out."""
        answer = await (await client_of(self.office, self.person)).get("analysis", params=asked)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def found(self, *kinds: str, **asked: Any) -> list[dict[str, Any]]:
        """The findings, of some kinds."""
        return [row for row in (await self.whole(**asked))["findings"] if not kinds or row["kind"] in kinds]

    async def section(self, kind: str, **asked: Any) -> dict[str, Any]:
        """The figures of a kind."""
        (row,) = [row for row in (await self.whole(**asked))["sections"] if row["kind"] == kind]
        told: dict[str, Any] = row
        return told


async def lens(office: Office) -> Lens:
    return Lens(office, await office.person(Role.SUPERVISOR))


async def client_of(office: Office, person: Person) -> httpx.AsyncClient:
    """`person`, with a session of now."""
    client = await office.visitor()
    client.cookies.set(COOKIE, await office.cookie(person))
    client.headers[HEADER] = "1"
    return client


@dataclass
class Releases:
    """A package that is asked for, approved and withdrawn again and again."""

    office: Office
    clock: Clock
    store: Warehouse
    people: dict[str, Person] = field(default_factory=dict)
    _clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    async def employ(self, name: str, role: Role) -> str:
        """Somebody called so; returns their id."""
        self.people[name] = await self.office.person(role, username=name)
        self._clients[name] = await client_of(self.office, self.people[name])
        if role is Role.APPROVER:
            await self.store.crew.give_passkey(self._clients[name])
        return self.people[name].id

    async def release(self, asks: str, approves: str, after: timedelta) -> None:
        """One asks, the other approves so much later; then it is withdrawn, and is asked for again on another day."""
        crew = self.store.crew
        for name in (asks, approves):
            self._clients[name].cookies.set(COOKIE, await self.office.cookie(self.people[name]))
        asked = await crew.propose(self._clients[asks], "approve_release", self.store.package)
        assert asked.status_code == 202, asked.text
        self.clock.advance(after)
        signed = await crew.sign(self._clients[approves], asked.json()["act"])
        assert signed.status_code == 201, signed.text
        assert signed.json()["status"] == "done", signed.text
        back = await crew.propose(self._clients[asks], "withdraw_release", self.store.package)
        assert back.status_code == 201, back.text
        self.clock.advance(timedelta(hours=7))


async def releases(office: Office, clock: Clock) -> Releases:
    store = await warehouse(office)
    await store.stand("stored")
    return Releases(office, clock, store)


def moment(at: datetime) -> str:
    """As a query has it."""
    return at.isoformat()


def rules(kind: str) -> Threshold:
    """What the shipped pack says of a kind."""
    told = rules_of(load_rule_pack())
    assert told is not None
    return told.kinds[kind]
