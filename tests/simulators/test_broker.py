"""The broker's rules, asked of a real Mosquitto: who has no certificate has no connection, who has one has a place."""

import asyncio
import os
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulators.broker import BrokerFiles, config_text, find_mosquitto, free_port
from simulators.errors import MissingProgramError, StartError
from simulators.pki import Authority, Identity
from simulators.processes import Child
from tests.simulators.conftest import Brokerage
from wire.errors import LinkError
from wire.link import Link, Message
from wire.topics import BIRTH, FACTS, ORDERS, READINGS, RECEIPTS, checkpoint_topic, every_agent, every_site_checkpoint

A, B = "nj01.gate-a", "nj01.gate-b"


async def first(link: Link) -> Message:
    async with asyncio.timeout(240):
        return await anext(aiter(link.messages()))


async def publish_refused(link: Link, topic: str, payload: bytes) -> bool:
    """A forbidden message may be answered with an error or with nothing; it must not arrive."""
    try:
        await link.publish(topic, payload)
    except LinkError:
        return True
    return False


@pytest.mark.parametrize("channel", [FACTS, READINGS, BIRTH])
async def test_an_agent_speaks_for_itself_and_for_nobody_else(brokerage: Brokerage, channel: str) -> None:
    async with brokerage.connect("cloud-uplink")() as cloud, brokerage.connect(A)() as agent:
        await cloud.subscribe(every_agent(channel))
        await publish_refused(agent, f"sealtrail/v1/{B}/{channel}", b"as another")
        await agent.publish(f"sealtrail/v1/{A}/{channel}", b"as myself")
        assert await first(cloud) == Message(f"sealtrail/v1/{A}/{channel}", b"as myself")


async def test_an_agent_hears_its_own_orders_and_nobody_elses(brokerage: Brokerage) -> None:
    async with brokerage.connect("cloud-downlink")() as cloud, brokerage.connect(A)() as agent:
        await agent.subscribe(every_agent(ORDERS))
        await cloud.publish(f"sealtrail/v1/{B}/{ORDERS}", b"for b")
        await cloud.publish(f"sealtrail/v1/{A}/{ORDERS}", b"for a")
        assert (await first(agent)).payload == b"for a"


async def test_an_agent_cannot_give_itself_a_receipt_or_an_order(brokerage: Brokerage) -> None:
    async with brokerage.connect("cloud-uplink")() as cloud, brokerage.connect(A)() as agent:
        await agent.subscribe(f"sealtrail/v1/{A}/{RECEIPTS}", f"sealtrail/v1/{A}/{ORDERS}")
        await publish_refused(agent, f"sealtrail/v1/{A}/{ORDERS}", b"home-made")
        await publish_refused(agent, f"sealtrail/v1/{A}/{RECEIPTS}", b"home-made")
        await cloud.publish(f"sealtrail/v1/{A}/{RECEIPTS}", b"from the cloud")
        assert (await first(agent)).payload == b"from the cloud"


async def test_every_agent_hears_every_logs_checkpoint_also_later_and_says_none(brokerage: Brokerage) -> None:
    async with brokerage.connect("cloud-downlink")() as cloud, brokerage.connect(A)() as agent:
        await publish_refused(agent, checkpoint_topic("sz01"), b"home-made")
        await cloud.publish(checkpoint_topic("sz01"), b"signed", retain=True)
        await agent.subscribe(every_site_checkpoint())
        assert await first(agent) == Message(checkpoint_topic("sz01"), b"signed", retained=True)


async def test_a_shared_subscription_of_the_uplink_works(brokerage: Brokerage) -> None:
    async with brokerage.connect("cloud-uplink")() as cloud, brokerage.connect(A)() as agent:
        await cloud.subscribe(every_agent(FACTS, group="uplink"))
        await agent.publish(f"sealtrail/v1/{A}/{FACTS}", b"batch")
        assert (await first(cloud)).payload == b"batch"


async def test_a_retained_birth_outlives_the_brokers_orderly_restart(brokerage: Brokerage) -> None:
    async with brokerage.connect(A)() as agent:
        await agent.publish(f"sealtrail/v1/{A}/{BIRTH}", b"here I am", retain=True)
    await brokerage.broker.restart()
    async with brokerage.connect("cloud-uplink")() as cloud:
        await cloud.subscribe(every_agent(BIRTH))
        assert await first(cloud) == Message(f"sealtrail/v1/{A}/{BIRTH}", b"here I am", retained=True)


def answer_to_connect(brokerage: Brokerage, identity: Identity | None) -> bytes:
    """TLS 1.3 tells a client of its missing certificate only after its first bytes, so the CONNECT is tried."""
    context = ssl.create_default_context(cafile=str(brokerage.authority.certificate_file))
    if identity:
        context.load_cert_chain(identity.certificate, identity.key)
    with (
        suppress(OSError),
        socket.create_connection(("127.0.0.1", brokerage.broker.port), timeout=240) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02me")
        return secured.recv(16)
    return b""


async def test_only_a_certificate_of_our_own_authority_gets_a_connection(brokerage: Brokerage, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    stranger = Authority.open(tmp_path / "stranger", now).client(A, now)
    assert await asyncio.to_thread(answer_to_connect, brokerage, None) == b""
    assert await asyncio.to_thread(answer_to_connect, brokerage, stranger) == b""
    member = brokerage.authority.client(A, now)
    assert (await asyncio.to_thread(answer_to_connect, brokerage, member))[:1] == b"\x20"  # CONNACK


async def test_no_agent_pushes_another_off_by_calling_itself_so(brokerage: Brokerage) -> None:
    """An id is worth nothing: at the broker a client is called as its certificate."""
    other = brokerage.authority.client(B, datetime.now(UTC))
    async with brokerage.connect(A)() as agent, brokerage.connect("cloud-uplink")() as cloud:
        await cloud.subscribe(every_agent(FACTS))
        async with brokerage.connect(A, identity=other)() as thief:
            await thief.publish(f"sealtrail/v1/{B}/{FACTS}", b"as myself")
            assert (await first(cloud)).topic == f"sealtrail/v1/{B}/{FACTS}"
            await agent.publish(f"sealtrail/v1/{A}/{FACTS}", b"here still")
            assert (await first(cloud)).payload == b"here still"
            await publish_refused(thief, f"sealtrail/v1/{A}/{FACTS}", b"as the other")
            await thief.publish(f"sealtrail/v1/{B}/{FACTS}", b"the next")
            assert (await first(cloud)).payload == b"the next"


async def test_no_agent_gets_in_where_ids_are_free_and_a_worker_ends_whom_it_names(brokerage: Brokerage) -> None:
    now, port = datetime.now(UTC), brokerage.broker.worker_port
    worker = brokerage.authority.worker("cloud-downlink", now)
    async with brokerage.connect(A)() as agent, brokerage.connect("w1", port=port, identity=worker)() as cloud:
        for name in (A, "w1"):
            with pytest.raises(LinkError):
                async with brokerage.connect(name, port=port, identity=brokerage.authority.client(B, now))():
                    pass
        async with brokerage.connect("w2", port=port, identity=worker)():  # several workers with one certificate
            await agent.subscribe(f"sealtrail/v1/{A}/{ORDERS}")
            await cloud.publish(f"sealtrail/v1/{A}/{ORDERS}", b"both are here")
            assert (await first(agent)).payload == b"both are here"
        heard = asyncio.create_task(first(agent))
        async with brokerage.connect(A, port=port, identity=worker)():
            with pytest.raises(LinkError):
                await asyncio.wait_for(heard, 10)


async def test_a_workers_certificate_is_none_at_the_port_for_agents(brokerage: Brokerage) -> None:
    worker = brokerage.authority.worker("cloud-uplink", datetime.now(UTC))
    assert await asyncio.to_thread(answer_to_connect, brokerage, worker) == b""


async def test_a_message_of_the_largest_batch_fits_and_a_huge_one_does_not(brokerage: Brokerage) -> None:
    async with brokerage.connect("cloud-uplink")() as cloud:
        await cloud.subscribe(every_agent(FACTS))
        async with brokerage.connect(A)() as agent:
            await agent.publish(f"sealtrail/v1/{A}/{FACTS}", bytes(1 << 20))
            assert len((await first(cloud)).payload) == 1 << 20
            huge = asyncio.create_task(agent.publish(f"sealtrail/v1/{A}/{FACTS}", bytes(3 << 20)))
            with pytest.raises(LinkError):
                await first(agent)
            huge.cancel()


async def test_after_a_kill_it_starts_again_at_the_same_port(brokerage: Brokerage) -> None:
    port = brokerage.broker.port
    await brokerage.broker.kill()
    with pytest.raises(LinkError):
        async with brokerage.connect(A)():
            pass
    await brokerage.broker.start()
    assert brokerage.broker.port == port
    async with brokerage.connect(A)():
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_started_by_root_it_runs_as_another_user(brokerage: Brokerage) -> None:
    assert os.stat(f"/proc/{brokerage.broker.pid}").st_uid != 0


def test_a_missing_mosquitto_is_told_with_the_line_that_installs_it(tmp_path: Path) -> None:
    with pytest.raises(MissingProgramError, match="apt-get install") as raised:
        find_mosquitto(str(tmp_path))
    assert "\n" not in raised.value.diagnosis


async def test_a_broker_that_cannot_start_says_why(tmp_path: Path) -> None:
    files = BrokerFiles(
        ca=tmp_path / "none.pem",
        certificate=tmp_path / "none.pem",
        key=tmp_path / "none.key",
        acl=tmp_path / "none",
        store=tmp_path,
    )
    config = tmp_path / "mosquitto.conf"
    config.write_text(config_text(files, port=1883))
    child = Child("mosquitto", [find_mosquitto(), "-c", str(config)], log=tmp_path / "log")
    await child.start()
    with pytest.raises(StartError, match="mosquitto ended"):
        await child.ready(10)


def test_a_free_port_is_kept_for_whoever_was_told_of_it() -> None:
    port = free_port()
    with socket.socket() as stranger, pytest.raises(OSError, match="in use"):
        stranger.bind(("127.0.0.1", port))
    with socket.create_server(("127.0.0.1", port)) as server, socket.create_connection(("127.0.0.1", port)):
        server.accept()[0].close()
