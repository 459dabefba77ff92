"""A real broker with two agents' and the cloud workers' certificates."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from simulators.broker import Broker, find_mosquitto
from simulators.pki import Authority, Identity
from wire.link import Connect
from wire.mqtt import MqttOptions, mqtt_connect


@dataclass
class Brokerage:
    """A running broker and how to reach it as somebody."""

    broker: Broker
    authority: Authority

    def connect(self, name: str, *, port: int | None = None, identity: Identity | None = None) -> Connect:
        """A way to the broker for who calls itself `name`: the agent of that name, unless `identity` says who it is."""
        identity = identity or self.authority.client(name, datetime.now(UTC))
        return mqtt_connect(
            MqttOptions(
                host="127.0.0.1",
                port=port or self.broker.port,
                client_id=name,
                ca_file=self.authority.certificate_file,
                cert_file=identity.certificate,
                key_file=identity.key,
            )
        )


@pytest.fixture
async def brokerage(tmp_path: Path) -> AsyncIterator[Brokerage]:
    now = datetime.now(UTC)
    authority = Authority.open(tmp_path / "pki", now)
    broker = Broker(
        tmp_path / "broker", authority, authority.server(now), log=tmp_path / "broker.log", program=find_mosquitto()
    )
    await broker.start()
    try:
        yield Brokerage(broker, authority)
    finally:
        await broker.stop()
