"""Putting the cloud's processes together from their settings. What is missing is said in one sentence each."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx

from cloud import keys
from cloud.alarms.rules import RuleWorker
from cloud.authority import read_authority
from cloud.downlink import Downlink
from cloud.errors import KeyFileError, SettingsError
from cloud.evidence.intake import Office
from cloud.gatekeeper import Gatekeeper, tell_process
from cloud.jobs import Jobs, Pace
from cloud.ledger.stamping import Authority, StampError
from cloud.media.store import open_store
from cloud.metering import DownlinkMeter, ReadingsMeter, UplinkMeter, WebhookMeter, new_registry, served
from cloud.mirror.discovery import Topics
from cloud.mirror.mirroring import Mirroring
from cloud.opening import log_keys, opened_pool, traced
from cloud.readings import Readings
from cloud.reminders.channels import Mail, Ways
from cloud.reminders.delivering import Delivering
from cloud.reminders.worker import Reminding
from cloud.settings import BrokerSettings, GatekeeperSettings, JobsSettings, MirrorSettings
from cloud.uplink import Uplink
from cloud.watching import Watching
from cloud.webhooks.addresses import Gatehouse
from cloud.webhooks.posting import Poster, trust
from cloud.webhooks.sending import Sender
from cloud.world import real_world
from proof.errors import EncodingError
from proof.policy import Policy, parse_policy
from wire.link import Connect
from wire.mqtt import MqttOptions, Will, mqtt_connect
from wire.rule_packs import load_rule_pack

WITNESS_TIMEOUT_S = 10


def broker(settings: BrokerSettings, client_id: str) -> Connect:
    """The way to the broker. Raises SettingsError for TLS files that are not there."""
    files = {"CA": settings.broker_ca, "CERT": settings.broker_cert, "KEY": settings.broker_key}
    faults = [f"SEALTRAIL_CLOUD_BROKER_{name}: {path} is no file" for name, path in files.items() if not path.is_file()]
    if faults:
        raise SettingsError(faults)
    return mqtt_connect(
        MqttOptions(
            host=settings.broker_host,
            port=settings.broker_port,
            client_id=client_id,
            ca_file=settings.broker_ca,
            cert_file=settings.broker_cert,
            key_file=settings.broker_key,
        )
    )


def read_policy(path: Path | None) -> tuple[str | None, Policy | None]:
    """The trust policy in the file `path`, as text and as read. Raises SettingsError."""
    if path is None:
        return None, None
    try:
        data = path.read_bytes()
        return data.decode(), parse_policy(data)
    except (OSError, UnicodeDecodeError, EncodingError) as error:
        raise SettingsError([f"SEALTRAIL_CLOUD_POLICY: {path}: {error}"]) from error


def _authority(settings: JobsSettings) -> Authority | None:
    """The time stamping authority, if one was set. Raises SettingsError."""
    if settings.tsa_url is None or settings.tsa_cert is None:
        if settings.tsa_url or settings.tsa_cert:
            raise SettingsError(["SEALTRAIL_CLOUD_TSA_URL and SEALTRAIL_CLOUD_TSA_CERT belong together"])
        return None
    try:
        return Authority.from_pem(settings.tsa_url, settings.tsa_cert.read_bytes())
    except (OSError, StampError) as error:
        raise SettingsError([f"SEALTRAIL_CLOUD_TSA_CERT: {settings.tsa_cert}: {error}"]) from error


@asynccontextmanager
async def jobs(settings: JobsSettings) -> AsyncIterator[Jobs]:
    """The worker that takes checkpoints to witnesses, agents and a time stamping authority, and watches the clocks.

    Raises SettingsError, RulePackError, DatabaseGoneError, MigrationError.
    """
    world, policy = real_world(), read_policy(settings.policy)[1]
    pace = Pace(stamp=timedelta(seconds=settings.tsa_every_s))
    async with opened_pool(settings, most=4) as pool, httpx.AsyncClient(timeout=WITNESS_TIMEOUT_S) as http:
        connect, authority = broker(settings, world.new_name("jobs")), _authority(settings)
        pack = load_rule_pack(settings.rule_pack)
        watching, rules = Watching(pool, world, pack), RuleWorker(pool, settings.database_url, world, pack)
        if settings.readings_kept_days:
            watching.readings_kept = timedelta(days=settings.readings_kept_days)
        if settings.media_url is not None:
            watching.media, watching.film_quota = open_store(settings.media_url), settings.film_quota
        link = None if settings.console_url is None else f"{settings.console_url.rstrip('/')}/reminders"
        poster, registry = Poster(Gatehouse(settings.webhook_allowed), trust(settings.webhook_ca)), new_registry(pool)
        root = partial(keys.read_webhook_root, settings.keys_dir)
        webhooks = Sender(pool, world, root, poster, meter=WebhookMeter(registry))
        async with _ways(settings) as ways:
            telling = Reminding(pool, world, pack)
            delivering = Delivering(pool, settings.database_url, world, pack, ways, link)
            with served(registry, settings.metrics_host, settings.metrics_port):
                yield Jobs(
                    pool, world, connect, http, policy, authority, pace, watching, rules, telling, delivering, webhooks
                )


@asynccontextmanager
async def _ways(settings: JobsSettings) -> AsyncIterator[Ways]:
    """The ways out. A proxy of the environment is not used: it would look up names that nobody looked at."""
    async with httpx.AsyncHTTPTransport(trust_env=False) as http:
        yield Ways(http=http, mail=_mail(settings), inner=(settings.webhook_inner or "").split())


def _mail(settings: JobsSettings) -> Mail | None:
    """The mail server, if there is one. Raises SettingsError."""
    if settings.smtp_host is None:
        return None
    if settings.smtp_sender is None:
        raise SettingsError(["SEALTRAIL_CLOUD_SMTP_SENDER: letters need somebody whom they are from"])
    path, password = settings.smtp_password_file, None
    if path is not None:
        try:
            password = path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError([f"SEALTRAIL_CLOUD_SMTP_PASSWORD_FILE: {path}: {error}"]) from error
    return Mail(
        host=settings.smtp_host, port=settings.smtp_port, sender=settings.smtp_sender, mode=settings.smtp_mode,
        user=settings.smtp_user, password=password,
    )  # fmt: skip


@asynccontextmanager
async def uplink(settings: BrokerSettings) -> AsyncIterator[Uplink]:
    """The worker that takes facts in. Raises KeyFileError, RulePackError, DatabaseGoneError, MigrationError."""
    world = real_world()
    office = Office(world, keys.FileSigner(settings.keys_dir, keys.CLOUD), load_rule_pack(settings.rule_pack))
    async with opened_pool(settings, most=4) as pool:
        name = world.new_name("uplink")  # several workers of one certificate: the broker tells them by this
        registry = new_registry(pool)
        meter = UplinkMeter(registry)
        told = served(registry, settings.metrics_host, settings.metrics_port)
        with told, traced(settings, "uplink") as tracer:
            connect, find = broker(settings, name), log_keys(settings.keys_dir)
            yield Uplink(pool, office, connect, find, meter=meter, tracer=tracer)


@asynccontextmanager
async def readings(settings: BrokerSettings) -> AsyncIterator[Readings]:
    """The worker that takes telemetry in. Raises KeyFileError, DatabaseGoneError, MigrationError."""
    world = real_world()
    key = keys.FileSigner(settings.keys_dir, keys.CLOUD)
    async with opened_pool(settings, most=2) as pool:
        registry = new_registry(pool)
        meter = ReadingsMeter(registry)
        with served(registry, settings.metrics_host, settings.metrics_port):
            yield Readings(pool, world, key, broker(settings, world.new_name("readings")), meter=meter)


@asynccontextmanager
async def mirror(settings: MirrorSettings) -> AsyncIterator[Mirroring]:
    """The worker that mirrors doors, climate and health for Home Assistant.

    Raises SettingsError, DatabaseGoneError, MigrationError.
    """
    topics = Topics(prefix=settings.mirror_prefix, states=settings.mirror_states)
    try:
        file = settings.mirror_password_file
        password = None if file is None else file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"SEALTRAIL_CLOUD_MIRROR_PASSWORD_FILE: {error}"]) from error
    options = MqttOptions(
        host=settings.mirror_host, port=settings.mirror_port, client_id=real_world().new_name("sealtrail-mirror"),
        ca_file=settings.mirror_ca, cert_file=settings.mirror_cert, key_file=settings.mirror_key,
        username=settings.mirror_username, password=password, plain=settings.mirror_plain,
        will=Will(topic=topics.status, payload=b"offline"),
    )  # fmt: skip
    async with opened_pool(settings, most=2) as pool:
        sites = frozenset(settings.mirror_sites.split())
        yield Mirroring(pool, mqtt_connect(options), topics, settings.mirror_language, sites)


@asynccontextmanager
async def gatekeeper(settings: GatekeeperSettings) -> AsyncIterator[Gatekeeper]:
    """The worker that keeps the broker's files.

    Raises KeyFileError, SettingsError, DatabaseGoneError, MigrationError.
    """
    world, authority = real_world(), read_authority(settings.keys_dir)
    if authority is None:
        raise KeyFileError(f"{settings.keys_dir} holds no certificate authority: `sealtrail cloud ca init` makes it")
    async with opened_pool(settings, most=2) as pool:
        with served(new_registry(pool), settings.metrics_host, settings.metrics_port):
            yield Gatekeeper(
                pool, settings.database_url, world, authority, settings.broker_files,
                reload=partial(tell_process, settings.broker_pid_file), take_name=partial(broker, settings),
            )  # fmt: skip


@asynccontextmanager
async def downlink(settings: BrokerSettings) -> AsyncIterator[Downlink]:
    """The worker that sends orders down. Raises DatabaseGoneError, MigrationError."""
    world = real_world()
    async with opened_pool(settings, most=4) as pool:
        registry = new_registry(pool)
        meter, connect = DownlinkMeter(registry), broker(settings, world.new_name("downlink"))
        with served(registry, settings.metrics_host, settings.metrics_port):
            yield Downlink(pool, settings.database_url, world, connect, meter=meter)
