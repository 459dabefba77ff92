"""The other end of the link, as strict as the cloud: one chain an agent, a receipt only for what continues it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from custody.permits import time_text
from proof import jws
from proof.chain import GENESIS
from proof.keys import SigningKey
from proof.statement import Receipt
from tests.edge_agent.hands import Hands
from tests.edge_agent.scene import AGENT, CLOUD
from wire.batches import SealedFact, open_batch
from wire.link import Link
from wire.memory import MemoryBroker
from wire.messages import ORDER_TYPE, Birth, Order, decode_birth, to_body
from wire.topics import BIRTH, FACTS, ORDERS, RECEIPTS, Topic, every_agent

AGENT_KEY = SigningKey.from_seed(b"a" * 32)


@dataclass
class CloudPeer:
    """Takes facts of one agent and answers; `silent` takes nothing and answers nothing."""

    hands: Hands
    facts: list[SealedFact] = field(default_factory=list)
    births: list[Birth] = field(default_factory=list)
    batches: int = 0
    repeats: int = 0
    gaps: int = 0
    silent: bool = False
    head: bytes = GENESIS
    link: Link | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def kinds(self) -> list[str]:
        return [sealed.fact.kind for sealed in self.facts]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [sealed.fact.body for sealed in self.facts if sealed.fact.kind == kind]

    async def until(self, done: Any) -> None:
        """Waits until `done(self)` is true, looking after every message."""
        async with asyncio.timeout(240), self._news:
            await self._news.wait_for(lambda: done(self))

    async def order(self, id_: str, kind: str, body: dict[str, Any], **changes: Any) -> None:
        """Orders it of an agent that is there: what is said before it listens, nobody hears."""
        await self.until(lambda peer: peer.births and peer.births[-1].online)
        await self.send_order(sign_order(self.hands, id_, kind, body, **changes))

    async def send_order(self, payload: bytes) -> None:
        assert self.link is not None
        await self.link.publish(str(Topic(AGENT, ORDERS)), payload)

    async def receipt(self, upto: int, head: str) -> None:
        assert self.link is not None
        at = time_text(self.hands.now)
        receipt = Receipt(agent=AGENT, upto=upto, head=head, index=upto, at=at).sign(CLOUD)
        await self.link.publish(str(Topic(AGENT, RECEIPTS)), receipt.encode())

    async def work(self, link: Link) -> None:
        self.link = link
        await link.subscribe(every_agent(FACTS), every_agent(BIRTH))
        async for message in link.messages():
            if message.topic == str(Topic(AGENT, BIRTH)):
                self.births.append(decode_birth(message.payload))
            elif not self.silent:
                await self._take(message.payload)
            async with self._news:
                self._news.notify_all()

    async def _take(self, payload: bytes) -> None:
        self.batches += 1
        opened = open_batch(payload, AGENT, {AGENT_KEY.public.kid: AGENT_KEY.public}.get)
        known = len(self.facts)
        if opened.statement.first > known + 1:
            self.gaps += 1
            return
        new = opened.facts[known + 1 - opened.statement.first :]
        self.repeats += len(opened.facts) - len(new)
        for old, sealed in zip(self.facts[opened.statement.first - 1 :], opened.facts, strict=False):
            assert old.head == sealed.head, "the same seq twice with different content"
        self.facts += new
        if self.facts:
            self.head = self.facts[-1].head
            await self.receipt(len(self.facts), self.head.hex())


@asynccontextmanager
async def cloud_peer(broker: MemoryBroker, hands: Hands, earlier: CloudPeer | None = None) -> AsyncIterator[CloudPeer]:
    """A peer at work on `broker` until the end of the block; with what an `earlier` one has taken."""
    peer = CloudPeer(hands) if earlier is None else replace(earlier, link=None)
    subscribed = asyncio.Event()

    async def live() -> None:
        async with broker.connect() as link:
            working = asyncio.create_task(peer.work(link))
            while peer.link is None:
                await asyncio.wait({working}, timeout=0)
            subscribed.set()
            await working

    task = asyncio.create_task(live())
    await subscribed.wait()
    try:
        yield peer
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def sign_order(
    hands: Hands, id_: str, kind: str, body: dict[str, Any], *, agent: str = AGENT, key: SigningKey = CLOUD, **more: Any
) -> bytes:
    order = Order(id=id_, agent=agent, kind=kind, at=time_text(hands.now), body=body)
    return jws.sign({**to_body(order), **more}, key, ORDER_TYPE).encode()


def fates(seed: int, losses: float, repeats: float) -> Any:
    """A fate that loses and repeats, the same way every time."""
    count = 0

    def fate(_: Any) -> int:
        nonlocal count
        count += 1
        roll = hashlib.sha256(f"{seed}/{count}".encode()).digest()[0] / 256
        return 0 if roll < losses else 2 if roll < losses + repeats else 1

    return fate
