"""Nothing without a receipt is ever let go of; what arrives arrives once, in order, whatever the line does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from custody.permits import time_text
from edge_agent.journal.journal import Journal
from edge_agent.uplink import Uplink
from proof.keys import SigningKey
from proof.statement import Receipt
from tests.edge_agent.cloud_peer import AGENT_KEY, CloudPeer, cloud_peer, fates
from tests.edge_agent.hands import Hands, counted_bytes, fact
from tests.edge_agent.scene import AGENT, CLOUD
from wire.errors import LinkError
from wire.link import Link, Message
from wire.memory import MemoryBroker
from wire.topics import FACTS, RECEIPTS, Topic


@pytest.fixture
def hands() -> Hands:
    return Hands(error_ms=None)


def uplink_of(journal: Journal, hands: Hands, resend_after_s: float = 0.05) -> Uplink:
    uplink = Uplink(AGENT, AGENT_KEY, journal, hands.clock, {CLOUD.public.kid: CLOUD.public}.get, resend_after_s)
    uplink.attach(asyncio.get_running_loop())
    return uplink


class Line:
    """A broker whose cable is pulled and plugged in, and the agent's end of it."""

    def __init__(self, uplink: Uplink, broker: MemoryBroker) -> None:
        self._uplink, self._broker = uplink, broker
        self._plugged = asyncio.Event()
        self._plugged.set()
        self.heard = asyncio.Event()

    def cut(self) -> None:
        self._plugged.clear()
        self._broker.cut()

    def mend(self) -> None:
        self._broker.mend()
        self._plugged.set()

    async def live(self) -> None:
        """Drains and takes receipts; connects again as soon as there is a cable."""
        while True:
            await self._plugged.wait()
            with suppress(LinkError):
                async with self._broker.connect() as link:
                    await link.subscribe(str(Topic(AGENT, RECEIPTS)))
                    draining = asyncio.create_task(self._uplink.drain(link))
                    try:
                        await self._hear(link)
                    finally:
                        draining.cancel()
                        await asyncio.gather(draining, return_exceptions=True)

    async def _hear(self, link: Link) -> None:
        async for message in link.messages():
            await self._uplink.on_receipt(message.payload)
            self.heard.set()


@asynccontextmanager
async def linked(uplink: Uplink, broker: MemoryBroker) -> AsyncIterator[Line]:
    """The agent's side at work until the end of the block."""
    line = Line(uplink, broker)
    task = asyncio.create_task(line.live())
    try:
        yield line
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def journal(tmp_path: Path, hands: Hands) -> Iterator[Journal]:
    journal = Journal(tmp_path, hands.clock, counted_bytes())
    yield journal
    journal.close()


def all_there(count: int) -> Callable[[CloudPeer], bool]:
    return lambda peer: len(peer.facts) >= count


async def receipted(journal: Journal, upto: int) -> None:
    """Waits for the journal to have its receipt."""
    loop, news = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(news.set)

    journal.watch(tell)
    async with asyncio.timeout(240):
        while journal.receipted < upto:
            await news.wait()
            news.clear()


async def test_what_waits_goes_up_and_is_receipted(journal: Journal, hands: Hands) -> None:
    for number in range(1200):
        journal.submit(fact(number=number))
    journal.record(fact())
    broker = MemoryBroker()
    async with cloud_peer(broker, hands) as peer, linked(uplink_of(journal, hands, 5), broker):
        await peer.until(all_there(1201))
        await receipted(journal, 1201)
        assert peer.repeats == peer.gaps == 0
        assert [one.fact.body.get("number") for one in peer.facts[:-1]] == list(range(1200))


async def test_a_new_fact_goes_up_at_once(journal: Journal, hands: Hands) -> None:
    broker = MemoryBroker()
    async with cloud_peer(broker, hands) as peer, linked(uplink_of(journal, hands, 60), broker):
        for count in range(1, 6):
            await asyncio.to_thread(journal.record, fact())
            await peer.until(all_there(count))


@pytest.mark.parametrize("seed", range(4))
async def test_a_line_that_loses_and_repeats_loses_and_doubles_nothing(
    journal: Journal, hands: Hands, seed: int
) -> None:
    broker = MemoryBroker(fates(seed, losses=0.3, repeats=0.3))
    async with cloud_peer(broker, hands) as peer, linked(uplink_of(journal, hands), broker):
        for number in range(60):
            await asyncio.to_thread(journal.record, fact(number=number))
        await peer.until(all_there(60))
        await receipted(journal, 60)
        assert [one.fact.body["number"] for one in peer.facts] == list(range(60))


async def test_a_line_that_reorders_loses_and_doubles_nothing(journal: Journal, hands: Hands) -> None:
    broker = MemoryBroker()
    async with cloud_peer(broker, hands) as peer, linked(uplink_of(journal, hands), broker):
        for number in range(5):
            broker.hold()
            for _ in range(20):
                await asyncio.to_thread(journal.record, fact(number=number))
            broker.release(lambda held: held[::-1])
        await peer.until(all_there(100))
        await receipted(journal, 100)


async def test_a_cable_pulled_again_and_again_loses_and_doubles_nothing(journal: Journal, hands: Hands) -> None:
    broker = MemoryBroker()
    taken = CloudPeer(hands)
    async with linked(uplink_of(journal, hands), broker) as line:
        for _ in range(4):
            async with cloud_peer(broker, hands) as peer:
                peer.facts, peer.head = taken.facts, taken.head
                for _ in range(30):
                    await asyncio.to_thread(journal.record, fact())
                await peer.until(all_there(journal.last - 15))
                taken = peer
                line.cut()
            for _ in range(30):  # recorded without a line
                await asyncio.to_thread(journal.record, fact())
            line.mend()
        async with cloud_peer(broker, hands) as peer:
            peer.facts, peer.head = taken.facts, taken.head
            await peer.until(all_there(240))
            await receipted(journal, 240)
            assert [one.fact.seq for one in peer.facts] == list(range(1, 241))


async def test_a_cloud_that_says_nothing_gets_the_same_again_until_it_answers(journal: Journal, hands: Hands) -> None:
    broker = MemoryBroker()
    journal.record(fact())
    async with cloud_peer(broker, hands) as peer:
        peer.silent = True
        heard = 0

        def count(_: CloudPeer) -> bool:
            nonlocal heard
            heard += 1
            return heard > 3

        async with linked(uplink_of(journal, hands), broker):
            await peer.until(count)
            assert journal.receipted == 0
            peer.silent = False
            await peer.until(all_there(1))
            await receipted(journal, 1)


async def test_a_resend_begins_where_the_cloud_asks_even_before_the_last_receipt(
    journal: Journal, hands: Hands
) -> None:
    broker = MemoryBroker()
    uplink = uplink_of(journal, hands, 60)
    async with cloud_peer(broker, hands) as peer, linked(uplink, broker):
        for _ in range(10):
            await asyncio.to_thread(journal.record, fact())
        await peer.until(all_there(10))
        await receipted(journal, 10)
        del peer.facts[3:]  # restored from a backup
        peer.head = peer.facts[-1].head
        asked_at = time_text(hands.now)
        hands.pass_(0.001)
        assert await asyncio.to_thread(uplink.resend, 4, asked_at) is None
        await uplink.on_receipt(late(asked_at, journal))
        await peer.until(all_there(10))
        assert uplink.resend(99, asked_at) == "fact 99 is not kept here"


def late(at: str, journal: Journal) -> bytes:
    """A receipt for everything, from before the cloud lost it."""
    run = journal.run_from(1, 10, 1 << 20)
    assert run is not None
    return Receipt(agent=AGENT, upto=10, head=run.head.hex(), index=10, at=at).sign(CLOUD).encode()


async def test_receipts_that_are_not_the_clouds_or_not_for_us_change_nothing(journal: Journal, hands: Hands) -> None:
    uplink = uplink_of(journal, hands)
    sealed = journal.record(fact())
    genuine = Receipt(agent=AGENT, upto=1, head=sealed.head.hex(), index=1, at="2026-11-22T12:00:00.000000Z")
    wrong = [
        genuine.sign(SigningKey.from_seed(b"x" * 32)).encode(),
        Receipt(agent="nj01.gate-b", upto=1, head=sealed.head.hex(), index=1, at=genuine.at).sign(CLOUD).encode(),
        Receipt(agent=AGENT, upto=1, head=sealed.head.hex(), index=1, at="noon").sign(CLOUD).encode(),
        b"\xff\x00 noise",
        b"",
    ]
    for payload in wrong:
        await uplink.on_receipt(payload)
    assert uplink.distrusted == 5
    assert journal.receipted == 0
    forked = Receipt(agent=AGENT, upto=1, head="00" * 32, index=1, at=genuine.at).sign(CLOUD)
    await uplink.on_receipt(forked.encode())
    assert journal.receipted == 0
    await uplink.on_receipt(genuine.sign(CLOUD).encode())
    assert journal.receipted == 1


async def test_a_receipt_vouches_for_the_clock_as_well_as_the_line_is_fast(journal: Journal, hands: Hands) -> None:
    assert hands.clock.read().error_ms is None

    def slow(message: Message) -> int:
        if message.topic == str(Topic(AGENT, FACTS)):
            hands.pass_(0.25)
        return 1

    broker = MemoryBroker(slow)
    journal.record(fact())
    async with cloud_peer(broker, hands), linked(uplink_of(journal, hands, 60), broker) as line:
        await asyncio.wait_for(line.heard.wait(), 240)
    reading = hands.clock.read()
    assert (reading.source, reading.error_ms) == ("cloud", 250)
    assert reading.moment.error == timedelta(milliseconds=250)
