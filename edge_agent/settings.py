"""What this process is told by its environment (SEALTRAIL_EDGE_…), with every fault at once."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, HttpUrl, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from edge_agent.errors import SettingsError
from proof.errors import EncodingError
from proof.keys import VerifyKey
from proof.note import ED25519, NoteVerifier
from wire.rule_packs import DEFAULT_PACK

PREFIX = "SEALTRAIL_EDGE_"


def _keys(value: Any) -> Any:
    """A comma-separated list of base64url public keys; anything else is pydantic's to judge."""
    if not isinstance(value, str):
        return value
    try:
        return tuple(VerifyKey.from_text(text.strip()) for text in value.split(",") if text.strip())
    except EncodingError as error:
        raise ValueError(f"not base64url Ed25519 public keys: {error}") from error


def _logs(value: Any) -> Any:
    """A comma-separated list of logs' verifier keys; anything else is pydantic's to judge."""
    if not isinstance(value, str):
        return value
    try:
        logs = tuple(NoteVerifier.from_vkey(text.strip()) for text in value.split(",") if text.strip())
    except EncodingError as error:
        raise ValueError(f"not verifier keys (name+hash+key): {error}") from error
    sites = [log.name.rpartition("/")[2] for log in logs]
    if any(log.type != ED25519 for log in logs) or len(set(sites)) != len(sites):
        raise ValueError("each is the key of a log, and there is one for each site")
    return logs


AnyKeys = Annotated[tuple[VerifyKey, ...], NoDecode, BeforeValidator(_keys)]
Keys = Annotated[AnyKeys, Field(min_length=1)]


class EdgeSettings(BaseSettings):
    """The environment of one agent process."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, arbitrary_types_allowed=True, extra="ignore")

    site_file: Path
    data_dir: Path
    key_file: Path
    cloud_keys: Keys
    label_keys: Keys
    rule_pack: Path = DEFAULT_PACK
    broker_host: str = Field(min_length=1)
    broker_port: int = Field(default=8883, ge=1, le=65535)
    broker_ca: Path
    broker_cert: Path
    broker_key: Path
    cloud_url: HttpUrl
    heartbeat_s: float = Field(default=60, ge=1)
    witness_logs: Annotated[tuple[NoteVerifier, ...], NoDecode, BeforeValidator(_logs)] = ()
    """The logs of other sites that this agent cosigns, as their verifier keys; none: it is no witness."""
    witness_key_file: Path | None = None
    """The key it cosigns with (PEM, mode 0600), which is not the agent's own."""
    witness_every_s: float = Field(default=30, ge=0)
    """Between two cosignatures of one log."""
    reserve_mb: int = Field(default=64, ge=0)
    """Room on the disk that is kept for evidence (MiB)."""
    rtc_drift_ppm: float | None = Field(default=None, ge=0)
    """How much the battery clock gains or loses at most; None: it is not believed, and vouches for nothing."""
    traces_url: HttpUrl | None = None
    """Where an OTLP/HTTP receiver takes traces (`/v1/traces` is added); None: there are none."""
    traces_ratio: float = Field(default=1, gt=0, le=1)
    """The part of facts that is traced; the same here and in the cloud."""
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Where Prometheus may ask, on this machine alone; None: nowhere."""
    identity_dir: Path | None = None
    """Where `sealtrail edge enroll` keeps the TLS identity; without it somebody else renews the certificate."""
    keys: Literal["file", "tpm"] = "file"
    """Where TLS keys are made and kept."""
    renew_every_s: float = Field(default=3600, gt=0)
    """Between two looks at how long the certificate is good."""
    cloud_ca: Path | None = None
    """Whose certificate the cloud is reached by (PEM); None: one that the system trusts."""
    configuration_trial_s: float = Field(default=120, gt=0)
    """Within which the agent has to be healthy under a new configuration."""
    releases: Path | None = None
    """The launcher's folder of releases; None: nobody starts this agent anew, and it takes no updates."""
    release_keys: AnyKeys = ()
    """By whom releases of the program are published; none: it takes no updates."""
    update_trial_s: float = Field(default=300, gt=0)
    """Within which the agent has to be healthy under a new release."""
    update_quiet_s: float = Field(default=10, ge=0)
    """How long nothing must have been open before a new release is begun."""
    keep_days: int = Field(default=30, ge=1)
    """Days for which receipted facts and uploaded pictures are kept here."""
    film: bool = True
    """Whether cameras are filmed, beside the stills of decisions; an agent without cameras films nothing."""
    film_fps: float = Field(default=10, gt=0, le=30)
    """Pictures a second that are filmed, at most; fewer cost less, where a board has many cameras."""
    film_dir: Path | None = None
    """Where film lies; beside the journal where it is not said."""
    film_ring_mb: int = Field(default=2048, ge=16)
    """What is filmed and not kept for anything: about six hours of one camera."""
    film_free_mb: int = Field(default=512, ge=0)
    """What film leaves free on its disk."""
    film_before_s: float = Field(default=10, ge=0, le=120)
    film_after_s: float = Field(default=15, ge=1, le=120)
    """Kept before and after what happens."""


def read_settings(wanted: Mapping[str, str] = MappingProxyType({})) -> EdgeSettings:
    """The settings in the environment, and over them those `wanted` by the cloud. Raises SettingsError."""
    try:
        return EdgeSettings.model_validate({**EdgeSettings().model_dump(), **wanted}) if wanted else EdgeSettings()
    except ValidationError as error:
        faults = [f"{PREFIX}{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors()]
        raise SettingsError(faults) from error
