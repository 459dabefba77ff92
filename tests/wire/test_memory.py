"""The broker that misbehaves does so as it was told."""

import pytest

from wire.errors import LinkError
from wire.link import Link, Message
from wire.memory import MemoryBroker, matches


async def take(link: Link, count: int) -> list[bytes]:
    taken: list[bytes] = []
    async for message in link.messages():
        taken.append(message.payload)
        if len(taken) == count:
            break
    return taken


@pytest.mark.parametrize(
    ("name", "topic", "covered"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/#", "a/b/c", True),
        ("a/b/c", "a/b", False),
        ("$share/g/a/+", "a/b", True),
        ("#", "a", True),
    ],
)
def test_filters(name: str, topic: str, covered: bool) -> None:
    assert matches(name, topic) is covered


async def test_messages_arrive_in_order_and_retained_ones_at_subscription() -> None:
    broker = MemoryBroker()
    async with broker.connect() as sender, broker.connect() as reader:
        await sender.publish("a/1", b"kept", retain=True)
        await reader.subscribe("a/+")
        await sender.publish("a/2", b"x")
        await sender.publish("b/2", b"not mine")
        await sender.publish("a/3", b"y")
        assert await take(reader, 3) == [b"kept", b"x", b"y"]


async def test_a_shared_subscription_gives_each_message_to_one() -> None:
    broker = MemoryBroker()
    async with broker.connect() as sender, broker.connect() as one, broker.connect() as two:
        for link in (one, two):
            await link.subscribe("$share/g/a")
        for number in range(4):
            await sender.publish("a", bytes([number]))
        assert sorted(await take(one, 2) + await take(two, 2)) == [b"\x00", b"\x01", b"\x02", b"\x03"]


async def test_it_loses_repeats_and_reorders() -> None:
    fates = {b"lost": 0, b"once": 1, b"twice": 2}
    broker = MemoryBroker(lambda message: fates[message.payload])
    async with broker.connect() as sender, broker.connect() as reader:
        await reader.subscribe("a")
        broker.hold()
        for payload in (b"lost", b"once", b"twice"):
            await sender.publish("a", payload)
        broker.release(lambda held: held[::-1])
        assert await take(reader, 3) == [b"twice", b"twice", b"once"]


async def test_a_cut_cable_breaks_every_link_until_it_is_mended() -> None:
    broker = MemoryBroker()
    async with broker.connect() as link:
        broker.cut()
        with pytest.raises(LinkError):
            await link.publish("a", b"")
        with pytest.raises(LinkError):
            await anext(link.messages())
        with pytest.raises(LinkError):
            async with broker.connect():
                pass
        broker.mend()
        async with broker.connect() as again:
            await again.publish("a", b"")
    assert broker.retained_for("a") == []
    assert Message("a", b"").retained is False
