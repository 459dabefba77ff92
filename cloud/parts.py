"""What the web process works with, made once at its start; routes take from it what their service needs."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from obstore.store import ObjectStore

from cloud.db.pool import Pool
from cloud.world import World
from custody.rule_pack import RulePack
from proof.keys import Signer


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """For whom passkeys sign (WebAuthn): a domain, its name for people, and the addresses the console is opened at."""

    id: str = "localhost"
    name: str = "Sealtrail"
    origins: tuple[str, ...] = ("http://localhost",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """`database_url` is for connections that listen; `pack` the rules in force; `media` where stills are kept;
    `policy` the trust policy in force (tlog-policy), if one was set; `party` for whom passkeys sign.
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


def parts_of(request: Request) -> Parts:
    """The parts of the application that answers `request`."""
    parts: Parts = request.app.state.parts
    return parts


PartsIn = Annotated[Parts, Depends(parts_of)]
