"""A warehouse with two zones and things in their slots, put straight into the tables, and people who count them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import psycopg

from cloud.db.pool import transaction
from cloud.ledger.checkpoints import sign_checkpoints
from cloud.ledger.service import add_record, close_ledger, open_ledger
from cloud.people.access import COOKIE, HEADER
from custody.roles import Role
from custody.things import Kind
from proof.keys import SigningKey
from tests.cloud.api import LABEL_KEY, Office
from tests.cloud.conftest import SITE, Clock, Database
from tests.cloud.evidence.warehouse import made
from tests.cloud.receiving import LOG_KEY
from wire.labels import Label, write_label

CASE = "nj01/C-0000000001"
ORDINARY, CONTROLLED = "nj01/Z-0000000001", "nj01/Z-0000000002"
SLOTS = {"nj01/S-A1": ORDINARY, "nj01/S-A2": ORDINARY, "nj01/S-B1": CONTROLLED}
A1, A2, B1 = SLOTS
BOX, LOOSE, TEA, DRUGS = "nj01/P-BOX", "nj01/I-LOOSE", "nj01/I-TEA", "nj01/I-DRUGS"
WHERE = {BOX: A1, LOOSE: A1, TEA: A2, DRUGS: B1}
"""Where the book has what: a sealed box, two items and one in the controlled zone. In the box is IN_BOX."""
IN_BOX, AWAY = "nj01/I-INBOX", "nj01/I-AWAY"


@dataclass
class Worker:
    """Somebody who is signed in."""

    id: str
    client: httpx.AsyncClient

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.client.get(f"stock-takes{path}", params=query)

    async def post(self, path: str, **body: Any) -> httpx.Response:
        return await self.client.post(f"stock-takes{path}", json=body)


@dataclass
class Shelves:
    """The warehouse and its people."""

    office: Office
    clock: Clock
    database: Database
    leader: Worker
    approver: Worker
    supervisor: Worker
    keeper: Worker
    bookkeeper: Worker
    keys: int = field(default=0)

    async def worker(self, *roles: Role) -> Worker:
        return await worker(self.office, *roles)

    def owner(self, statement: str, *values: Any) -> None:
        """What is done behind the application's back."""
        with psycopg.connect(self.database.owner) as owner:
            owner.execute("SET session_replication_role = replica")
            owner.execute(statement.encode(), values)

    def more(self, count: int) -> dict[str, str]:
        """Other items that lie in A2."""
        things = [f"nj01/I-MORE{number:02d}" for number in range(count)]
        with psycopg.connect(self.database.owner) as owner:
            owner.execute("SET session_replication_role = replica")
            add_items(owner, [(thing, "stored", None) for thing in things])
            for thing in things:
                owner.execute("INSERT INTO custody (thing, site, slot, index) VALUES (%s, 'nj01', %s, 0)", [thing, A2])
        return dict.fromkeys(things, A2)

    async def step(self, action: str, thing: str, act: str | None = None) -> int:
        """A step that somebody took with `thing`, as the log tells it; returns its entry."""
        parts = self.office.parts
        content = {"action": action, "things": [thing]} | ({} if act is None else {"act": act})
        async with transaction(parts.pool) as tx:
            appender = await open_ledger(tx, SITE)
            index = await add_record(
                tx, appender, kind="custody_step", at=self.clock.at, actor="x", content=content,
                salt=parts.world.salt(), things=[thing],
            )  # fmt: skip
            await close_ledger(tx, appender)
        return index

    async def sign(self) -> None:
        """The log signs what it holds."""
        async with transaction(self.office.parts.pool) as tx:
            await sign_checkpoints(tx, self.office.parts.world, lambda _: LOG_KEY)

    async def open(self, by: Worker | None = None, **asked: Any) -> str:
        """A stock-take counted by keeper and bookkeeper, of everything unless asked otherwise."""
        names = {"kind": "full", "keeper": self.keeper.id, "bookkeeper": self.bookkeeper.id}
        self.clock.advance(timedelta(minutes=1))
        return str(made(await (by or self.leader).post("", **(names | asked)))["id"])

    def scan(self, thing: str, slot: str | None, **change: Any) -> dict[str, Any]:
        """A scan of two labels, a second after the last."""
        self.keys += 1
        self.clock.advance(timedelta(seconds=1))
        where = None if slot is None else label(slot)
        base = {"key": f"phone-{self.keys:06d}", "thing": label(thing), "slot": where, "at": self.clock.at.isoformat()}
        return base | change

    async def send(self, who: Worker, take: str, scans: Iterable[dict[str, Any]]) -> list[str]:
        """What became of each."""
        answer = await who.post("/counts", stock_take=take, scans=list(scans))
        assert answer.status_code == 200, answer.text
        return [row["fate"] for row in answer.json()["rows"]]

    async def count(self, who: Worker, take: str, found: Mapping[str, str | None]) -> None:
        """`who` counts `found` and closes."""
        scans = [self.scan(thing, slot) for thing, slot in found.items()]
        if scans:
            assert await self.send(who, take, scans) == ["counted"] * len(scans)
        answer = await who.post("/counts/close", stock_take=take, scans=len(scans))
        assert answer.status_code == 200, answer.text

    async def counted(self, take: str, *found: Mapping[str, str | None]) -> dict[str, Any]:
        """Both count, the same unless a second is given; what the leader then sees."""
        await self.count(self.keeper, take, found[0])
        await self.count(self.bookkeeper, take, found[-1])
        return await self.seen(take)

    async def seen(self, take: str, by: Worker | None = None) -> dict[str, Any]:
        answer = await (by or self.leader).get(f"/{take}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def differences(self, take: str) -> dict[str, str]:
        """Thing → kind."""
        answer = await self.approver.get(f"/{take}/differences")
        assert answer.status_code == 200, answer.text
        return {row["thing"]: row["kind"] for row in answer.json()["rows"]}

    async def stock(self) -> list[dict[str, Any]]:
        """State and slot of everything: what no stock-take may change."""
        query = (
            "SELECT id, state, slot, t.index FROM (SELECT id, state, index FROM item UNION ALL"
            " SELECT id, state, index FROM package) t LEFT JOIN custody ON thing = id ORDER BY id"
        )
        return await self.office.rows(query)

    async def records(self, kind: str) -> list[dict[str, Any]]:
        return await self.office.rows(
            "SELECT content::jsonb AS content FROM record WHERE kind = %s ORDER BY index", kind
        )

    async def alarms(self) -> set[tuple[str, str]]:
        found = await self.office.rows("SELECT cause, place FROM alarm WHERE cleared_at IS NULL")
        return {(row["cause"], row["place"]) for row in found}


KINDS = {"I": Kind.ITEM, "P": Kind.PACKAGE, "S": Kind.SLOT, "U": Kind.PERSON}


def label(thing: str, key: SigningKey = LABEL_KEY) -> str:
    """The text of its label."""
    return write_label(Label(KINDS[thing.partition("/")[2][0]], thing, 1), key)


async def worker(office: Office, *roles: Role) -> Worker:
    person, client = await office.person(*roles), await office.visitor()
    client.cookies.set(COOKIE, await office.cookie(person))
    client.headers[HEADER] = "1"
    return Worker(person.id, client)


async def furnished(office: Office, clock: Clock, database: Database) -> Shelves:
    roles = (Role.LEADER, Role.APPROVER, Role.SUPERVISOR, Role.KEEPER, Role.BOOKKEEPER)
    leader, approver, supervisor, keeper, bookkeeper = [await worker(office, role) for role in roles]
    with psycopg.connect(database.owner) as owner:
        fill(owner)
    return Shelves(office, clock, database, leader, approver, supervisor, keeper, bookkeeper)


def fill(owner: "psycopg.Connection[Any]") -> None:
    """Zones, slots and what lies in them, past the guards of the database and without a word in the log."""
    owner.execute("SET session_replication_role = replica")
    owner.execute("INSERT INTO rule_pack VALUES ('p', 'n', '1', '{}', now())")
    owner.execute("INSERT INTO evidence_case VALUES (%s, 'nj01', '1', 'a case', 'p', now(), 'x', 0)", [CASE])
    zones = [(ORDINARY, "A", "ordinary"), (CONTROLLED, "B", "controlled")]
    for zone, name, kind in zones:
        owner.execute("INSERT INTO zone VALUES (%s, %s, %s, %s, 0)", [zone, SITE, name, kind])
    for slot, zone in SLOTS.items():
        values = [slot, SITE, zone, slot[-2:]]
        owner.execute("INSERT INTO slot (id, site, zone, name, size, index) VALUES (%s, %s, %s, %s, 's', 0)", values)
    owner.execute("INSERT INTO package VALUES (%s, 'nj01', %s, 'F1', 'stored', 0)", [BOX, CASE])
    add_items(owner, [(LOOSE, "stored", None), (TEA, "stored", None), (DRUGS, "stored", None)])
    add_items(owner, [(IN_BOX, "stored", BOX), (AWAY, "out", None)])
    for thing, slot in WHERE.items():
        owner.execute("INSERT INTO custody (thing, site, slot, index) VALUES (%s, 'nj01', %s, 0)", [thing, slot])


def add_items(owner: "psycopg.Connection[Any]", items: Sequence[tuple[str, str, str | None]]) -> None:
    """Items by id, state and package."""
    with owner.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO item (id, site, case_id, name, quantity, unit, state, package_id, index)"
            " VALUES (%s, 'nj01', %s, '卷烟', 5, '条', %s, %s, 0)",
            [(thing, CASE, state, package) for thing, state, package in items],
        )
