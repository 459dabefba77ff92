"""The one file that knows an MQTT library (aiomqtt on paho).

A message may be acknowledged to the broker before anybody looked at it, and is dropped when the queue is full:
harmless here, because nothing counts as delivered without a signed receipt.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiomqtt

from wire.errors import LinkError
from wire.link import Connect, Link, Message

QUEUE = 2000
"""Messages held for a slow reader before further ones are dropped, to be sent again by their sender."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """What the broker says for us when we vanish; retained."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttOptions:
    """How to reach the broker: address, this client's name, and the TLS files (PEM).

    A broker that is not ours may know clients by name and password, have a certificate of a public authority (`ca_file`
    is None), or, where `plain` says so, speak without TLS.
    """

    host: str
    port: int
    client_id: str
    ca_file: Path | None
    cert_file: Path | None
    key_file: Path | None
    username: str | None = None
    password: str | None = None
    plain: bool = False
    will: Will | None = None
    keepalive_s: int = 20


class _MqttLink:
    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        try:
            await self._client.publish(topic, payload, qos=1, retain=retain, timeout=30)
        except aiomqtt.MqttError as error:
            raise LinkError(f"not published to {topic}: {error}") from error

    async def subscribe(self, *filters: str) -> None:
        try:
            await self._client.subscribe([(name, 1) for name in filters])
        except aiomqtt.MqttError as error:
            raise LinkError(f"not subscribed to {', '.join(filters)}: {error}") from error

    async def messages(self) -> AsyncIterator[Message]:
        try:
            async for message in self._client.messages:
                if isinstance(message.payload, bytes):
                    yield Message(str(message.topic), message.payload, message.retain)
        except aiomqtt.MqttError as error:
            raise LinkError(f"the broker is gone: {error}") from error


def _cancellings() -> int:
    """How often this task was asked to end; more than before a call means that the call may have swallowed one.

    asyncio.wait_for of Python 3.11 does when it comes too late. An older one is not ours: it is on its way already, or
    belongs to a task group that is being left.
    """
    task = asyncio.current_task()
    return task.cancelling() if task else 0


def _tls(options: MqttOptions) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=options.ca_file)
    if options.cert_file is not None:
        context.load_cert_chain(options.cert_file, options.key_file)
    return context


def mqtt_connect(options: MqttOptions) -> Connect:
    """A `Connect` for a real broker."""

    @asynccontextmanager
    async def connect() -> AsyncIterator[Link]:
        try:
            context = None if options.plain else _tls(options)
        except OSError as error:  # ssl.SSLError is one
            raise LinkError(f"the TLS files cannot be used: {error}") from error
        will = options.will
        client = aiomqtt.Client(
            options.host,
            options.port,
            identifier=options.client_id,
            username=options.username,
            password=options.password,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=True,
            tls_context=context,
            keepalive=options.keepalive_s,
            timeout=10,
            will=aiomqtt.Will(will.topic, will.payload, qos=1, retain=True) if will else None,
            max_queued_incoming_messages=QUEUE,
            max_inflight_messages=200,
            max_concurrent_outgoing_calls=1000,
            logger=_log,
        )
        before = _cancellings()
        try:
            await client.__aenter__()
        except (TimeoutError, aiomqtt.MqttError, OSError) as error:
            raise LinkError(f"no connection to {options.host}:{options.port}: {error}") from error
        try:
            if _cancellings() > before:
                raise asyncio.CancelledError
            yield _MqttLink(client)
        finally:
            before = _cancellings()
            try:
                await client.__aexit__(None, None, None)
            except aiomqtt.MqttError as error:  # it was gone already
                _log.debug("left a dead connection: %s", error)
            if _cancellings() > before:
                raise asyncio.CancelledError

    return connect
