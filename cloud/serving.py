"""Putting the web process together: apart from the workers, so that none of them loads what only it needs."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from cloud import keys
from cloud.authority import read_authority
from cloud.bootstrap import read_policy
from cloud.errors import SettingsError
from cloud.media.store import open_store
from cloud.opening import opened_pool, traced
from cloud.parts import Directory, Joining, Parts, RelyingParty, Turn
from cloud.reminders.targets import kinds
from cloud.settings import WebSettings
from cloud.web.app import API, create_app
from cloud.web.serve import serve
from cloud.world import real_world
from proof.errors import EncodingError
from proof.keys import VerifyKey
from wire.rule_packs import load_rule_pack

CALLBACK = f"{API}/oidc/callback"


def relying_party(settings: WebSettings) -> RelyingParty:
    """For whom passkeys sign. Browsers make them at `https` addresses, and at `localhost` (not 127.0.0.1) without."""
    origins = settings.origins or f"http://localhost:{settings.web_port}"
    return RelyingParty(id=settings.rp_id, origins=tuple(origins.split()))


def turn(settings: WebSettings) -> Turn | None:
    """The TURN server of live pictures, if one was set. Raises SettingsError."""
    if settings.turn_url is None or settings.turn_secret_file is None:
        if settings.turn_url or settings.turn_secret_file:
            raise SettingsError(["SEALTRAIL_CLOUD_TURN_URL and …_TURN_SECRET_FILE belong together"])
        return None
    try:
        return Turn(url=settings.turn_url, secret=settings.turn_secret_file.read_text("utf-8").strip())
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"SEALTRAIL_CLOUD_TURN_SECRET_FILE: {error}"]) from error


def directory(settings: WebSettings) -> Directory | None:
    """The directory that people sign in by, if one was set. Raises SettingsError."""
    if settings.oidc_issuer is None:
        return None
    if settings.oidc_client_id is None or settings.oidc_client_secret_file is None:
        raise SettingsError(["SEALTRAIL_CLOUD_OIDC_ISSUER needs …_OIDC_CLIENT_ID and …_OIDC_CLIENT_SECRET_FILE"])
    try:
        secret = settings.oidc_client_secret_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"SEALTRAIL_CLOUD_OIDC_CLIENT_SECRET_FILE: {error}"]) from error
    return Directory(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=secret,
        redirect_uri=relying_party(settings).origins[0] + CALLBACK,
        username_claim=settings.oidc_username_claim,
        name_claim=settings.oidc_name_claim,
        roles_claim=settings.oidc_roles_claim,
        roles=settings.oidc_roles,
        site_claim=settings.oidc_site_claim,
        site=settings.oidc_site,
    )


def webhook_root(settings: WebSettings) -> bytes | None:
    """What the secrets of webhooks follow from, where `cloud keygen` made it. Raises KeyFileError."""
    there = (settings.keys_dir / keys.WEBHOOK_ROOT).exists()
    return keys.read_webhook_root(settings.keys_dir) if there else None


def release_keys(settings: WebSettings) -> tuple[VerifyKey, ...]:
    """Whose releases are believed. Raises SettingsError."""
    try:
        keys = (settings.release_keys or "").split(",")
        return tuple(VerifyKey.from_text(key.strip()) for key in keys if key.strip())
    except EncodingError as error:
        raise SettingsError([f"SEALTRAIL_CLOUD_RELEASE_KEYS: {error}"]) from error


def joining(settings: WebSettings) -> Joining | None:
    """What devices join with; None where there is no authority or nobody said where the broker is for them.

    Raises KeyFileError, SettingsError.
    """
    authority = read_authority(settings.keys_dir)
    if authority is None or settings.agents_broker_host is None:
        return None
    return Joining(
        authority=authority,
        life=timedelta(days=settings.certificate_days),
        broker_host=settings.agents_broker_host,
        broker_port=settings.agents_broker_port,
        url=relying_party(settings).origins[0],
        pin=_pin(settings.web_cert),
    )


def _pin(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return load_pem_x509_certificate(path.read_bytes()).fingerprint(SHA256()).hex()
    except (OSError, ValueError) as error:
        raise SettingsError([f"SEALTRAIL_CLOUD_WEB_CERT: {path}: {error}"]) from error


async def web(settings: WebSettings, say: Callable[[str], None]) -> None:
    """Serves the API until SIGTERM or SIGINT; `say` gets one JSON line when it listens.

    Raises KeyFileError, RulePackError, StoreGoneError, DatabaseGoneError, MigrationError.
    """
    world = real_world()
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(opened_pool(settings, most=16))
        tracer = stack.enter_context(traced(settings, "web"))
        parts = Parts(
            database_url=settings.database_url,
            pool=pool,
            world=world,
            pack=load_rule_pack(settings.rule_pack),
            cloud_key=keys.FileSigner(settings.keys_dir, keys.CLOUD),
            label_key=keys.FileSigner(settings.keys_dir, keys.LABEL),
            media=open_store(settings.media_url),
            policy=read_policy(settings.policy)[0],
            party=relying_party(settings),
            directory=directory(settings),
            joining=joining(settings),
            fresh_sign_in=timedelta(seconds=settings.fresh_sign_in_s),
            film_quota=settings.film_quota,
            turn=turn(settings),
            release_keys=release_keys(settings),
            webhook_root=webhook_root(settings),
            webhook_hosts=settings.webhook_allowed,
            channel_kinds=kinds(settings.smtp_host is not None),
            tracer=tracer,
        )
        app = create_app(parts, console=settings.console_dir)
        tls = (settings.web_cert, settings.web_key) if settings.web_cert and settings.web_key else None
        await serve(app, settings.web_host, settings.web_port, say, tls)
