"""Who is shut out is out at a real broker: its session ends, and neither a new nor a resumed TLS session gets in."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from cloud.authority import serial_text
from cloud.errors import KeyFileError
from cloud.gatekeeper import ACL, CA, REVOKED, Gatekeeper, tell_process
from cloud.world import World, real_world
from simulators.broker import free_port
from simulators.pki import Authority, Identity
from tests.cloud.api import Office
from tests.cloud.api import office as office
from tests.cloud.api import parts as parts
from tests.cloud.conftest import Database
from tests.simulators.conftest import Brokerage
from tests.simulators.conftest import brokerage as brokerage
from tests.system.waiting import until
from wire.access import CLOUD_DOWNLINK, acl_text
from wire.errors import LinkError
from wire.link import Connect, Link, Message
from wire.topics import FACTS, ORDERS

A, B = "nj01.gate-a", "nj01.gate-b"


@pytest.fixture
def world() -> World:
    """The real one: a broker goes by the real time."""
    return real_world()


async def issue(office: Office, authority: Authority, agent: str) -> Identity:
    """A certificate that the cloud knows of."""
    identity = authority.client(agent, datetime.now(UTC))
    await office.execute(
        "INSERT INTO agent (id, site, public_key, added_at) VALUES (%s, 'nj01', %s, now())", agent, bytes(32)
    )
    await office.execute("INSERT INTO agent_stream (agent) VALUES (%s)", agent)
    made = x509.load_pem_x509_certificate(identity.certificate.read_bytes())
    await office.execute(
        "INSERT INTO certificate (serial, site, agent, pem, not_before, not_after, why, index)"
        " VALUES (%s, 'nj01', %s, %s, %s, %s, 'enrolled', 1)",
        serial_text(made.serial_number), agent, made.public_bytes(serialization.Encoding.PEM).decode(),
        made.not_valid_before_utc, made.not_valid_after_utc,
    )  # fmt: skip
    return identity


async def revoke(office: Office, agent: str) -> None:
    await office.execute("UPDATE certificate SET revoked_at = now(), revoked_why = 'stolen' WHERE agent = %s", agent)
    await office.execute("SELECT pg_notify('access', %s)", agent)


@asynccontextmanager
async def keeping(
    office: Office, brokerage: Brokerage, database: Database, take_name: Callable[[str], Connect] | None = None
) -> AsyncIterator[Identity]:
    """The worker at work; what it is known by at the broker."""
    broker = brokerage.broker
    worker = brokerage.authority.worker(CLOUD_DOWNLINK, datetime.now(UTC))
    keeper = Gatekeeper(
        office.parts.pool, database.app, office.parts.world, brokerage.authority.signer, broker.home,
        reload=partial(tell_process, broker.home / "mosquitto.pid"),
        take_name=take_name or (lambda agent: brokerage.connect(agent, port=broker.worker_port, identity=worker)),
        every=timedelta(seconds=1),
    )  # fmt: skip
    running = asyncio.create_task(keeper.run())
    try:
        await asyncio.wait_for(keeper.ready.wait(), 240)
        yield worker
    finally:
        running.cancel()
        await asyncio.wait({running})


def attempt(context: ssl.SSLContext, port: int, session: ssl.SSLSession | None) -> tuple[bytes, ssl.SSLSession | None]:
    """The broker's answer to a CONNECT, empty where it takes none; and the TLS session that could be resumed."""
    with (
        suppress(OSError),
        socket.create_connection(("127.0.0.1", port), timeout=240) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1", session=session) as secured,
    ):
        secured.sendall(b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02me")
        return secured.recv(16), secured.session
    return b"", None


async def first(link: Link) -> Message:
    return await anext(aiter(link.messages()))


async def test_a_session_ends_and_nothing_gets_in_again_while_others_go_on(
    office: Office, brokerage: Brokerage, database: Database
) -> None:
    authority, port = brokerage.authority, brokerage.broker.port
    bad, good = await issue(office, authority, A), await issue(office, authority, B)
    context = ssl.create_default_context(cafile=str(authority.certificate_file))
    context.load_cert_chain(bad.certificate, bad.key)
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # whose sessions are resumed without showing a certificate
    async with keeping(office, brokerage, database) as worker:
        answer, session = await asyncio.to_thread(attempt, context, port, None)
        assert answer[:1] == b"\x20"
        # Under whatever id it calls itself: its name at the broker is that of its certificate.
        async with (
            brokerage.connect("somebody-else", identity=bad)() as out,
            brokerage.connect(B, identity=good)() as stays,
            brokerage.connect("a worker", port=brokerage.broker.worker_port, identity=worker)() as cloud,
        ):
            await stays.subscribe(f"sealtrail/v1/{B}/{ORDERS}")
            heard = asyncio.create_task(first(out))
            began = asyncio.get_running_loop().time()
            await revoke(office, A)
            with pytest.raises(LinkError):
                await asyncio.wait_for(heard, 240)
            assert asyncio.get_running_loop().time() - began < 60
            for resumed in (None, session):
                assert (await asyncio.to_thread(attempt, context, port, resumed))[0] == b""
            with pytest.raises(LinkError):
                async with brokerage.connect(A, identity=bad)():
                    pass
            await cloud.publish(f"sealtrail/v1/{B}/{ORDERS}", b"still here")
            assert (await asyncio.wait_for(first(stays), 240)).payload == b"still here"
            await stays.publish(f"sealtrail/v1/{B}/{FACTS}", b"and speaking")


async def test_the_files_are_those_of_the_cloud_and_keep_owner_and_mode(
    office: Office, brokerage: Brokerage, database: Database
) -> None:
    home = brokerage.broker.home
    before = {name: home.joinpath(name).stat() for name in (CA, REVOKED, ACL)}
    home.joinpath(ACL).write_text("")  # as if it were of an older program
    async with keeping(office, brokerage, database):
        assert home.joinpath(ACL).read_text("utf-8") == acl_text()
        assert home.joinpath(CA).read_text("utf-8") == brokerage.authority.signer.pem
        for name, was in before.items():
            now = home.joinpath(name).stat()
            assert (now.st_uid, now.st_mode) == (was.st_uid, was.st_mode)
        async with brokerage.connect(A)():
            pass


async def test_what_was_revoked_while_nobody_looked_is_out_at_the_start(
    office: Office, brokerage: Brokerage, database: Database
) -> None:
    bad = await issue(office, brokerage.authority, A)
    async with brokerage.connect(A, identity=bad)() as out:
        await revoke(office, A)
        async with keeping(office, brokerage, database):
            with pytest.raises(LinkError):
                await asyncio.wait_for(first(out), 240)


async def test_a_broker_that_is_away_is_told_when_it_is_back(
    office: Office, brokerage: Brokerage, database: Database
) -> None:
    bad = await issue(office, brokerage.authority, A)
    async with keeping(office, brokerage, database):
        await brokerage.broker.kill()
        listed = brokerage.broker.home / REVOKED
        empty = listed.read_bytes()
        await revoke(office, A)
        await until(lambda: listed.read_bytes() != empty, "the list is there all the same")
        await brokerage.broker.start()
        with pytest.raises(LinkError):
            async with brokerage.connect(A, identity=bad)():
                pass


async def test_a_folder_that_cannot_be_written_is_said(office: Office, brokerage: Brokerage, tmp_path: Path) -> None:
    keeper = Gatekeeper(
        office.parts.pool, "", office.parts.world, brokerage.authority.signer, tmp_path / "nowhere",
        reload=lambda: None, take_name=brokerage.connect,
    )  # fmt: skip
    with pytest.raises(KeyFileError, match="nowhere"):
        await keeper.look()


def test_a_broker_that_does_not_run_is_no_error(tmp_path: Path) -> None:
    tell_process(tmp_path / "none")
    (tmp_path / "pid").write_text("noise")
    tell_process(tmp_path / "pid")


async def test_who_could_not_be_thrown_out_at_once_is_thrown_out_later(
    office: Office, brokerage: Brokerage, database: Database
) -> None:
    bad, tried = await issue(office, brokerage.authority, A), list[str]()
    worker = brokerage.authority.worker(CLOUD_DOWNLINK, datetime.now(UTC))

    def take_name(agent: str) -> Connect:
        tried.append(agent)
        port = free_port() if len(tried) == 1 else brokerage.broker.worker_port  # nobody listens at the first
        return brokerage.connect(agent, port=port, identity=worker)

    async with brokerage.connect(A, identity=bad)() as out, keeping(office, brokerage, database, take_name):
        await revoke(office, A)
        with pytest.raises(LinkError):
            await asyncio.wait_for(first(out), 240)
    assert len(tried) > 1
