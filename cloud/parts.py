"""What the web process works with, made once at its start; routes take from it what their service needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from obstore.store import ObjectStore

from cloud.authority import Authority
from cloud.db.pool import Pool
from cloud.world import World
from custody.roles import Role
from custody.rule_pack import RulePack
from proof.keys import Signer, VerifyKey
from wire.tracing import Tracer

FRESH_SIGN_IN = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """For whom passkeys sign (WebAuthn): a domain, its name for people, and the addresses the console is opened at."""

    id: str = "localhost"
    name: str = "Sealtrail"
    origins: tuple[str, ...] = ("http://localhost",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The OpenID provider that people sign in by, and how its claims are read.

    `roles` says which of the directory's roles are which of ours; where it is empty they have our names. `site` is
    where somebody works whose claims name no site.
    """

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    scope: str = "openid profile"
    username_claim: str = "preferred_username"
    name_claim: str = "name"
    roles_claim: str = "roles"
    roles: Mapping[str, Role] = field(default_factory=dict)
    site_claim: str = "site"
    site: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """What devices join with: who signs their certificates and for how long, and where they find broker and cloud.

    `pin` is the fingerprint (hex SHA-256) of the certificate that the cloud is reached by, where it is known.
    """

    authority: Authority
    life: timedelta
    broker_host: str
    broker_port: int
    url: str
    pin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A TURN server, and the secret that it shares with us."""

    url: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`database_url` is for connections that listen; `pack` the rules in force; `media` where stills are kept;
    `policy` the trust policy in force (tlog-policy), if one was set; `party` for whom passkeys sign,
    `directory` by which people sign in who have no password here; `joining` what devices join with, if they may;
    `fresh_sign_in` how old the proof of who is signed in may be for what a borrowed session must not do;
    `film_quota` how many bytes of film each site may have here; `turn` by whom live pictures come that cannot come
    directly; `release_keys` whose releases of the program are believed; `channel_kinds` by which ways reminders can go;
    `webhook_root` what the secrets of webhooks follow from, `webhook_hosts` who may be told at inner addresses;
    `tracer` hears of what is pushed to screens, if anybody traces.
    """

    database_url: str
    pool: Pool
    world: World
    pack: RulePack
    cloud_key: Signer
    label_key: Signer
    media: ObjectStore
    policy: str | None = None
    party: RelyingParty = RelyingParty()
    directory: Directory | None = None
    joining: Joining | None = None
    fresh_sign_in: timedelta = FRESH_SIGN_IN
    film_quota: int | None = None
    turn: Turn | None = None
    release_keys: tuple[VerifyKey, ...] = ()
    channel_kinds: tuple[str, ...] = ("wecom", "dingtalk", "feishu", "webhook")
    webhook_root: bytes | None = None
    webhook_hosts: frozenset[str] = frozenset()
    tracer: Tracer | None = None


def parts_of(request: Request) -> Parts:
    """The parts of the application that answers `request`."""
    parts: Parts = request.app.state.parts
    return parts


PartsIn = Annotated[Parts, Depends(parts_of)]
