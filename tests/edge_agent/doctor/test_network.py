"""A real broker, real certificates, and everything that can be wrong with them."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
from pydantic import HttpUrl

from edge_agent.doctor.network import check_broker, check_certificates, check_cloud, check_keys
from edge_agent.settings import EdgeSettings
from simulators.broker import Broker, find_mosquitto, free_port
from simulators.pki import Authority, Identity
from tests.edge_agent.doctor.ward import codes, found
from tests.edge_agent.scene import AGENT, CLOUD, LABELS

NOW = datetime.now(UTC)


class Site:
    """An authority in `folder`, and settings that name its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority.open(folder / "pki", NOW)
        self.server = self.authority.server(NOW)
        self.client = self.authority.client(AGENT, NOW)
        self.port = free_port()

    def settings(self, client: Identity | None = None, **other: object) -> EdgeSettings:
        own = client or self.client
        values: dict[str, object] = {
            "site_file": self.folder / "site.yaml", "data_dir": self.folder, "key_file": self.folder / "agent.pem",
            "cloud_keys": (CLOUD.public,), "label_keys": (LABELS.public,), "broker_host": "127.0.0.1",
            "broker_port": self.port, "broker_ca": self.authority.certificate_file, "broker_cert": own.certificate,
            "broker_key": own.key, "cloud_url": HttpUrl("http://127.0.0.1:1"), **other,
        }  # fmt: skip
        return EdgeSettings.model_validate(values)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
async def broker(site: Site) -> AsyncIterator[Broker]:
    broker = Broker(
        site.folder / "broker", site.authority, site.server, log=site.folder / "log", program=find_mosquitto()
    )
    await broker.start()
    site.port = broker.port
    yield broker
    await broker.stop()


async def test_a_broker_that_answers_and_takes_us_is_told_with_its_days(site: Site, broker: Broker) -> None:
    said = await check_broker(site.settings(), AGENT, NOW)
    assert codes(said) == ["network.broker", "cert.ok"]
    assert found(said, "cert.ok")["days"] == 364
    assert codes(await check_broker(site.settings(), AGENT, NOW + timedelta(days=350))) == [
        "network.broker", "cert.soon",
    ]  # fmt: skip


async def test_a_broker_that_is_not_there_is_told_by_what_is_missing(site: Site) -> None:
    said = await check_broker(site.settings(), AGENT, NOW)
    assert found(said, "network.closed") == {"about": f"127.0.0.1:{site.port}", "problem": "Connection refused"}
    nowhere = await check_broker(site.settings(broker_host="no-such-host.invalid"), AGENT, NOW)
    assert codes(nowhere) == ["network.name"]


async def test_a_broker_of_another_authority_is_not_trusted(site: Site, broker: Broker) -> None:
    other = Authority.open(site.folder / "other", NOW)
    said = await check_broker(site.settings(broker_ca=other.certificate_file), AGENT, NOW)
    assert codes(said) == ["network.untrusted"]


async def test_a_certificate_that_the_broker_does_not_take_is_told(site: Site, broker: Broker) -> None:
    stranger = Authority.open(site.folder / "other", NOW).client(AGENT, NOW)
    assert codes(await check_broker(site.settings(stranger), AGENT, NOW))[0] == "network.refused"
    expired = site.authority.client("nj01.old", NOW - timedelta(days=400))
    assert codes(await check_broker(site.settings(expired), AGENT, NOW))[0] == "network.refused"
    missing = Identity(site.folder / "no.pem", site.folder / "no.key")
    assert codes(await check_broker(site.settings(missing), AGENT, NOW)) == ["network.refused"]


def test_our_own_certificate_is_in_force_ours_and_with_its_key(site: Site) -> None:
    assert codes(check_certificates(site.settings(), AGENT, NOW)) == ["cert.ok", "cert.ok"]
    old = site.authority.client(AGENT, NOW - timedelta(days=400))
    said = found(check_certificates(site.settings(old), AGENT, NOW), "cert.expired")
    assert said["about"] == str(old.certificate)
    assert said["date"] == (NOW - timedelta(days=35)).date().isoformat()
    later = site.authority.client(AGENT, NOW + timedelta(days=3))
    assert codes(check_certificates(site.settings(later), AGENT, NOW))[0] == "cert.not_yet"
    another = site.authority.client("nj01.gate-b", NOW)
    said = found(check_certificates(site.settings(another), AGENT, NOW), "cert.name")
    assert (said["name"], said["agent"]) == ("nj01.gate-b", AGENT)
    mixed = Identity(site.server.certificate, another.key)
    assert "cert.pair" in codes(check_certificates(site.settings(mixed), None, NOW))


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"])
def test_a_file_that_is_no_certificate_or_no_key_is_named(site: Site, content: bytes | None) -> None:
    broken = site.folder / "broken.pem"
    if content is not None:
        broken.write_bytes(content)
    no_certificate = check_certificates(site.settings(Identity(broken, site.client.key)), AGENT, NOW)
    assert found(no_certificate, "cert.unreadable")["about"] == str(broken)
    no_key = check_certificates(site.settings(Identity(site.client.certificate, broken)), AGENT, NOW)
    assert found(no_key, "cert.unreadable")["about"] == str(broken)


def test_a_key_that_others_can_read_is_told_with_its_mode(site: Site) -> None:
    settings = site.settings()
    settings.key_file.touch(mode=0o600)
    assert found(check_keys(settings), "keys.ok")["count"] == 2
    site.client.key.chmod(0o640)
    assert found(check_keys(settings), "keys.open") == {"about": str(site.client.key), "mode": "640"}


@pytest.fixture
def cloud() -> Iterator[str]:
    class Answers(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_cloud_that_answers_anything_is_reached(site: Site, cloud: str) -> None:
    assert codes(check_cloud(site.settings(cloud_url=HttpUrl(cloud)))) == ["network.cloud"]
    assert codes(check_cloud(site.settings())) == ["network.closed"]
