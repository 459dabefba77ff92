"""Settings of the cloud's processes, from the environment (`SEALTRAIL_CLOUD_…`) or from files named like it in
the folder that `SEALTRAIL_SECRETS_DIR` names. Built by the command line and passed down; nothing secret has a default.
"""

import os
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from cloud.errors import SettingsError
from custody.roles import Role
from wire.rule_packs import DEFAULT_PACK

S = TypeVar("S", bound=BaseSettings)

_CONFIG = SettingsConfigDict(env_prefix="SEALTRAIL_CLOUD_", extra="ignore", frozen=True)


class OwnerSettings(BaseSettings):
    """For `cloud migrate`: the address with the rights of the schema's owner."""

    model_config = _CONFIG

    owner_database_url: str = Field(min_length=1)


class KeySettings(BaseSettings):
    """For `cloud keygen`: the folder of the signing keys."""

    model_config = _CONFIG

    keys_dir: Path


class CloudSettings(BaseSettings):
    """For every process: the database (application role), the keys' folder, the deployment's name in log origins,
    the rules in force, and the trust policy (a tlog-policy file: witnesses, their addresses, the quorum).
    """

    model_config = _CONFIG

    database_url: str = Field(min_length=1)
    keys_dir: Path
    deployment: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}$")
    rule_pack: Path = DEFAULT_PACK
    policy: Path | None = None


class FilmSettings(BaseSettings):
    """How much film a site may have (10^9 bytes); as much as there is room for, where it is not said."""

    model_config = _CONFIG

    film_quota_gb: float | None = Field(default=None, gt=0)

    @property
    def film_quota(self) -> int | None:
        """The same in bytes."""
        return None if self.film_quota_gb is None else int(self.film_quota_gb * 1e9)


class WebhookSettings(BaseSettings):
    """Whom webhooks may tell besides everybody outside by https: `webhook_hosts`, separated by blanks, each `host` or
    `host:port`, may be at inner addresses and without TLS. `webhook_ca` (PEM) is believed too.
    """

    model_config = _CONFIG

    webhook_hosts: str = Field(default="", pattern=r"^[a-z0-9._:\[\] -]*$")
    webhook_ca: Path | None = None

    @property
    def webhook_allowed(self) -> frozenset[str]:
        """The hosts."""
        return frozenset(self.webhook_hosts.split())


class TraceSettings(BaseSettings):
    """Where an OTLP/HTTP receiver takes traces (`/v1/traces` is added), and of which part of all facts."""

    model_config = _CONFIG

    traces_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    traces_ratio: float = Field(default=1, gt=0, le=1)


class BrokerSettings(CloudSettings, TraceSettings):
    """For the workers that speak to the broker: its address, and the TLS files (PEM). What they count is given out for
    Prometheus at `metrics_port`, if one was set.
    """

    broker_host: str = Field(min_length=1)
    broker_port: int = Field(ge=1, le=65535)
    broker_ca: Path
    broker_cert: Path
    broker_key: Path
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = Field(default=None, ge=1, le=65535)


class GatekeeperSettings(BrokerSettings):
    """For `cloud gatekeeper`: the folder of the broker's files, and the file with its process id."""

    broker_files: Path
    broker_pid_file: Path


class MailSettings(BaseSettings):
    """The mail server that reminders go out by; none: no mail. `smtp_mode` is how it is spoken to."""

    model_config = _CONFIG

    smtp_host: str | None = Field(default=None, min_length=1)
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_mode: Literal["starttls", "ssl", "insecure"] = "starttls"
    smtp_sender: str | None = Field(default=None, pattern=r"^[^\s@]+@[^\s@]+$")
    smtp_user: str | None = None
    smtp_password_file: Path | None = None


class JobsSettings(BrokerSettings, FilmSettings, WebhookSettings, MailSettings):
    """For `cloud jobs`: a time stamping authority (RFC 3161), its certificates (PEM, the root among them), and how
    often it is asked; 0 stamps every checkpoint. Film that the rules no longer keep is removed where `media_url` says
    where it is. Raw readings that nothing binds are kept for `readings_kept_days` (0: for ever); what was gathered of
    them by minute, hour and day stays.

    Reminders name the console at `console_url`. Webhooks go to the wide net alone, and to the hosts of `webhook_inner`,
    separated by blanks, each `host` or `host:port`.
    """

    readings_kept_days: int = Field(default=400, ge=0)

    media_url: str | None = Field(default=None, min_length=1)
    console_url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    webhook_inner: str | None = None

    tsa_url: str | None = None
    tsa_cert: Path | None = None
    tsa_every_s: int = Field(default=600, ge=0)


class MirrorSettings(CloudSettings):
    """For `cloud mirror`: the broker that Home Assistant reads (TLS unless `mirror_plain`; a name with its password in
    a file, or a client certificate), the topics, the language of names, and the sites (all, where none is named).
    """

    mirror_host: str = Field(min_length=1)
    mirror_port: int = Field(default=8883, ge=1, le=65535)
    mirror_plain: bool = False
    mirror_ca: Path | None = None
    mirror_cert: Path | None = None
    mirror_key: Path | None = None
    mirror_username: str | None = None
    mirror_password_file: Path | None = None
    mirror_prefix: str = Field(default="homeassistant", pattern=r"^[A-Za-z0-9_/-]+$")
    mirror_states: str = Field(default="sealtrail-mirror", pattern=r"^[A-Za-z0-9_/-]+$")
    mirror_language: Literal["zh", "en"] = "zh"
    mirror_sites: str = Field(default="", pattern=r"^[a-z0-9 -]*$")


class MediaSettings(CloudSettings):
    """For what reads stills: where they are kept, a folder or an object store by URL."""

    media_url: str = Field(min_length=1)


class WebSettings(MediaSettings, FilmSettings, WebhookSettings, MailSettings, TraceSettings):
    """For `cloud web`: where it listens, the console's built pages; for whom passkeys sign (a domain), and the
    addresses, separated by blanks, at which people open the console, the first of them first.

    People sign in by a directory (OpenID Connect) where `oidc_issuer` is set. Its claims may be named by paths, as in
    `realm_access.roles`; `oidc_roles` is a JSON object from its roles to ours. Whoever adds a passkey has signed in
    within the last `fresh_sign_in_s`.

    Live pictures of cameras go through the TURN server at `turn_url` where they cannot come directly; the secret that
    it shares with us is in `turn_secret_file`.

    Releases of the program are taken from the publishers whose public keys are in `release_keys`, separated by commas.

    Devices join where `agents_broker_host` says how they reach the broker; their certificates last `certificate_days`.
    With `web_cert` and `web_key` (PEM) it speaks TLS itself; `web_cert` alone tells what a proxy before it shows, so
    that claims name it.
    """

    release_keys: str | None = None
    web_host: str = "127.0.0.1"
    web_port: int = Field(ge=0, le=65535)
    console_dir: Path | None = None
    turn_url: str | None = Field(default=None, pattern=r"^turns?:[^\s]+$")
    turn_secret_file: Path | None = None
    rp_id: str = Field(default="localhost", pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$")
    origins: str | None = Field(default=None, pattern=r"^https?://[^/\s]+( https?://[^/\s]+)*$")
    oidc_issuer: str | None = Field(default=None, pattern=r"^(https://|http://(localhost|127\.0\.0\.1)[:/])")
    oidc_client_id: str | None = None
    oidc_client_secret_file: Path | None = None
    oidc_username_claim: str = "preferred_username"
    oidc_name_claim: str = "name"
    oidc_roles_claim: str = "roles"
    oidc_roles: dict[str, Role] = Field(default_factory=dict)
    oidc_site_claim: str = "site"
    oidc_site: str | None = None
    agents_broker_host: str | None = None
    agents_broker_port: int = Field(default=8883, ge=1, le=65535)
    certificate_days: float = Field(default=90, gt=0, le=825)
    web_cert: Path | None = None
    web_key: Path | None = None
    fresh_sign_in_s: int = Field(default=300, ge=30, le=3600)


def load_settings(kind: type[S]) -> S:
    """The settings of `kind` from this process's environment. Raises SettingsError with every fault at once."""
    folder = os.environ.get("SEALTRAIL_SECRETS_DIR")
    try:
        return kind(_secrets_dir=folder) if folder else kind()
    except ValidationError as error:
        raise SettingsError([_told(fault["loc"], fault["msg"]) for fault in error.errors()]) from error


def _told(place: tuple[int | str, ...], message: str) -> str:
    return f"SEALTRAIL_CLOUD_{'_'.join(map(str, place)).upper()}: {message}"
