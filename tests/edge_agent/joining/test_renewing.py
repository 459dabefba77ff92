"""The next certificate at a real broker: used once it is there, the old one kept until the broker has taken the new."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from cloud.authority import read_request, serial_text
from edge_agent.clock import SystemClock
from edge_agent.joining.identity import CURRENT, FRESH, Identities, Life
from edge_agent.joining.key_store import FileKeys
from edge_agent.joining.renewing import Renewals
from edge_agent.journal.journal import Journal
from proof.keys import SigningKey
from simulators.pki import Authority
from tests.edge_agent.joining.door import opened, problem
from tests.simulators.conftest import Brokerage
from tests.simulators.conftest import brokerage as brokerage
from tests.system.waiting import until
from wire.errors import LinkError
from wire.mqtt import MqttOptions

AGENT = "nj01.gate-a"
KEY = SigningKey.from_seed(b"a" * 32)
NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "data", SystemClock("b0"), lambda n: bytes(n))
    yield opened
    opened.close()


@pytest.fixture
def agent(brokerage: Brokerage, journal: Journal, tmp_path: Path) -> Renewals:
    return agent_of(brokerage, journal, tmp_path, "https://127.0.0.1:1")


def agent_of(brokerage: Brokerage, journal: Journal, folder: Path, url: str, ca: Path | None = None) -> Renewals:
    identities, unused = Identities(folder / "identity"), folder / "unused"
    if not identities.joined:
        give(identities, brokerage.authority, CURRENT, days=0.0017)
    options = MqttOptions(
        host="127.0.0.1", port=brokerage.broker.port, client_id=AGENT, cert_file=unused, key_file=unused,
        ca_file=brokerage.authority.certificate_file,
    )  # fmt: skip
    return Renewals(
        AGENT, KEY, identities, FileKeys(), journal, SystemClock("b0"), url=url, ca=ca, options=options, every_s=60
    )


def give(identities: Identities, authority: Authority, name: str, days: float = 90) -> str:
    """A certificate by `authority` for the key that is asked with."""
    asking = identities.asking()
    FileKeys().make(asking)
    key = read_request(FileKeys().request(asking)).key
    made = authority.signer.client(AGENT, key, datetime.now(UTC), timedelta(days=days))
    identities.given(made.public_bytes(serialization.Encoding.PEM).decode(), name)
    return serial_text(made.serial_number)


def serial_of(identities: Identities) -> str:
    life = identities.life(CURRENT)
    assert life is not None
    return life.serial


def kinds(journal: Journal) -> dict[str, int]:
    return dict(journal.reads.rows("count_kinds"))


async def test_a_fresh_certificate_is_in_use_once_the_broker_took_it(
    agent: Renewals, brokerage: Brokerage, journal: Journal, tmp_path: Path
) -> None:
    identities = Identities(tmp_path / "identity")
    before = identities.life(CURRENT)
    serial = give(identities, brokerage.authority, FRESH)
    assert identities.life(CURRENT) == before, "not before the broker took it"
    async with agent.connect():
        pass
    now = identities.life(CURRENT)
    assert now is not None
    assert (now.serial, identities.life(FRESH)) == (serial, None)
    assert kinds(journal) == {"certificate_rotated": 1}
    assert len([path for path in identities.folder.iterdir() if path.name.isdecimal()]) == 1, "the old key is gone"
    async with agent.connect():
        pass
    assert kinds(journal) == {"certificate_rotated": 1}


async def test_where_the_broker_does_not_take_the_new_one_the_old_one_is_still_good(
    agent: Renewals, brokerage: Brokerage, journal: Journal, tmp_path: Path
) -> None:
    identities = Identities(tmp_path / "identity")
    before = identities.life(CURRENT)
    give(identities, Authority.open(tmp_path / "stranger", datetime.now(UTC)), FRESH)
    with pytest.raises(LinkError):
        async with agent.connect():
            pass
    async with agent.connect():
        pass
    assert identities.life(CURRENT) == before
    assert kinds(journal) == {}


async def test_it_asks_by_both_its_keys_and_ends_the_link_when_it_was_given_one(
    brokerage: Brokerage, journal: Journal, tmp_path: Path
) -> None:
    with opened(tmp_path / "door", problem(503, "database_gone")) as door:
        agent = agent_of(brokerage, journal, tmp_path, door.url, door.authority.certificate_file)
        working, ending = asyncio.create_task(agent.work()), asyncio.create_task(agent.until_given())
        try:
            await until(lambda: bool(door.asked), "it asks at once: less than a third is left")
        finally:
            working.cancel()
            await asyncio.wait({working})
        assert not ending.done()
        said = door.asked[0]
        assert said["serial"] == serial_of(Identities(tmp_path / "identity"))
        door.answers = [(200, {"serial": "1", "certificate": door.identity(said)["certificate"]})]
        working = asyncio.create_task(agent.work())
        with pytest.raises(LinkError, match="new certificate"):
            await asyncio.wait_for(ending, 240)
        working.cancel()
        await asyncio.wait({working})
        assert read_request(door.asked[-1]["csr"]).spki == read_request(said["csr"]).spki, "the same key, asked again"


@pytest.mark.parametrize(("days", "due"), [(59, False), (60, True), (91, True)])
def test_it_is_due_when_a_third_is_left(days: int, due: bool) -> None:
    assert Life("ab", NOW, NOW + timedelta(days=90)).due(NOW + timedelta(days=days)) is due
