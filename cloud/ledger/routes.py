"""The public log of each site, as any C2SP client reads it. Nobody signs in: there is nothing personal in a log.

The addresses are those of another specification (c2sp.org/tlog-tiles), so they are not in our OpenAPI document.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from cloud.db.pool import transaction
from cloud.errors import NotFoundError
from cloud.ledger.checkpoints import published_note
from cloud.ledger.public import own_policy, published_tile
from cloud.parts import PartsIn
from proof.errors import EncodingError
from proof.tiles import parse_tile_path
from wire.topics import valid_agent

FOR_EVER = "public, max-age=31536000, immutable"
FOR_SECONDS = "public, max-age=2"
_ANYWHERE = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}

router = APIRouter(prefix="/log", include_in_schema=False)


def _known(site: str) -> str:
    if not valid_agent(f"{site}.x"):
        raise NotFoundError("log of", site)
    return site


SiteIn = Annotated[str, Depends(_known)]


@router.get("/{site}/checkpoint")
async def get_checkpoint(site: SiteIn, parts: PartsIn) -> Response:
    """The newest signed checkpoint, with the cosignatures it has by now."""
    async with transaction(parts.pool) as tx:
        note = await published_note(tx, site)
    if note is None:
        raise NotFoundError("checkpoint of", site)
    return _text(note)


@router.get("/{site}/policy")
async def get_policy(site: SiteIn, parts: PartsIn) -> Response:
    """The trust policy (c2sp.org/tlog-policy) by which we judge checkpoints; nobody else needs to trust it."""
    if parts.policy is not None:
        return _text(parts.policy)
    async with transaction(parts.pool) as tx:
        policy = await own_policy(tx, site)
    if policy is None:
        raise NotFoundError("policy of", site)
    return _text(policy)


@router.get("/{site}/tile/{path:path}")
async def get_tile(site: SiteIn, path: str, parts: PartsIn) -> Response:
    """A tile of hashes or a bundle of entries."""
    try:
        asked = parse_tile_path(path)
    except EncodingError as error:
        raise NotFoundError("tile", path) from error
    async with transaction(parts.pool) as tx:
        tile = await published_tile(tx, site, asked)
    if tile is None:
        raise NotFoundError("tile", path)
    return Response(tile, headers={"Cache-Control": FOR_EVER, **_ANYWHERE}, media_type="application/octet-stream")


def _text(text: str) -> Response:
    headers = {"Cache-Control": FOR_SECONDS, **_ANYWHERE}
    return Response(text, headers=headers, media_type="text/plain; charset=utf-8")
