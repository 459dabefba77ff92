"""A site that takes facts in: what tests of the uplink share."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.telling import Teller
from cloud.db.pool import Pool, transaction
from cloud.evidence.intake import Office, Outcome
from cloud.fleet.service import add_agent
from cloud.ledger.check import LedgerCheck, check_site
from cloud.ledger.checkpoints import sign_checkpoints
from cloud.ledger.service import close_ledger, open_ledger
from cloud.uplink import on_batch
from cloud.world import World
from proof.keys import SigningKey, VerifyKey
from proof.statement import Receipt
from wire.link import Link, Message
from wire.rule_packs import load_rule_pack
from wire.topics import RECEIPTS, Topic

CLOUD_KEY = SigningKey.from_seed(b"c" * 32)
LOG_KEY = SigningKey.from_seed(b"l" * 32)
PACK = load_rule_pack()


class Talker:
    """An agent's way of talking: says what has no receipt until it has one."""

    def __init__(self, teller: Teller, link: Link, upto: int = 0, cloud_key: VerifyKey | None = None) -> None:
        self.teller, self.link, self.upto, self.heard = teller, link, upto, asyncio.Event()
        self.cloud_key = cloud_key or CLOUD_KEY.public

    async def listen(self) -> None:
        await self.link.subscribe(str(Topic(self.teller.agent, RECEIPTS)))
        async for message in self.link.messages():
            receipt = read_receipt(message.payload.decode(), self.cloud_key)
            assert receipt.head == self.teller.heads[receipt.upto].hex()
            self.upto = max(self.upto, receipt.upto)
            self.heard.set()

    async def say_all(self, size: int, patience_s: float = 0.3) -> None:
        """Sends batch after batch, and again what no receipt came for."""
        last = len(self.teller.facts)
        while self.upto < last:
            for first in range(self.upto + 1, last + 1, size):
                await self.link.publish(self.teller.topic, self.teller.batch(first, min(first + size - 1, last)))
            self.heard.clear()
            try:
                async with asyncio.timeout(patience_s):
                    while self.upto < last:
                        await self.heard.wait()
                        self.heard.clear()
            except TimeoutError:
                continue


@dataclass
class Receiving:
    """The cloud's end of `site`: batches in, receipts out, and what the tables say afterwards."""

    pool: Pool
    world: World
    site: str
    office: Office = field(init=False)

    def __post_init__(self) -> None:
        self.office = Office(self.world, CLOUD_KEY, PACK)

    async def know(self, *tellers: Teller) -> None:
        """Makes the tellers known agents."""
        async with transaction(self.pool) as tx:
            appender = await open_ledger(tx, self.site)
            for teller in tellers:
                await add_agent(
                    tx, appender, self.world, agent=teller.agent, public_key=teller.key.public, at=self.world.now(),
                    actor="test",
                )  # fmt: skip
            await close_ledger(tx, appender)

    async def take(self, teller: Teller, *payloads: bytes) -> Outcome:
        """What comes of `payloads` under the topic of `teller`, in one group."""
        return await self.take_messages([Message(teller.topic, payload) for payload in payloads])

    async def take_messages(self, messages: Sequence[Message]) -> Outcome:
        return await on_batch(self.pool, self.office, messages)

    async def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        async with transaction(self.pool) as tx:
            return await (await tx.execute(query.encode(), values)).fetchall()

    async def facts(self, agent: str) -> list[int]:
        """The seqs in the ledger, in the order of their entries."""
        found = await self.rows("SELECT seq FROM fact WHERE agent = %s ORDER BY index", agent)
        return [row["seq"] for row in found]

    async def quarantined(self) -> list[tuple[str, bytes]]:
        found = await self.rows("SELECT reason, payload FROM quarantine ORDER BY id")
        return [(row["reason"], row["payload"]) for row in found]

    async def alarms(self) -> set[tuple[str, str]]:
        """Cause and place of the living ones."""
        found = await self.rows("SELECT cause, place FROM alarm WHERE cleared_at IS NULL")
        return {(row["cause"], row["place"]) for row in found}

    async def check(self) -> LedgerCheck:
        """Signs the log and checks it from its entries up."""
        async with transaction(self.pool) as tx:
            await sign_checkpoints(tx, self.world, lambda _: LOG_KEY)
        return await self.check_as_it_is()

    async def check_as_it_is(self) -> LedgerCheck:
        """The same without signing first."""
        async with transaction(self.pool) as tx:
            return await check_site(tx, self.site, LOG_KEY.public)


def read_receipt(text: str, key: VerifyKey = CLOUD_KEY.public) -> Receipt:
    """The receipt, its signature checked."""
    return Receipt.verify(text, lambda kid: key if kid == key.kid else None)
