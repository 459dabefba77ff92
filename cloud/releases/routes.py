"""Releases over HTTP: brought up by an administrator, fetched by agents in pieces, rolled out once two approved.

Approving is the act `approve_update` (POST /acts), which two people sign.
"""

import asyncio
import hashlib
import re
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials

from cloud.db.pool import transaction
from cloud.errors import NotSignedInError
from cloud.ledger.service import close_ledger, open_ledger
from cloud.media import store
from cloud.media.routes import Digest, signed_by_agent
from cloud.media.service import uploader
from cloud.parts import Parts, PartsIn
from cloud.people.access import ReadSite, acting
from cloud.people.models import Person
from cloud.people.roles import Right
from cloud.releases import service
from cloud.releases.errors import NotReleaseError, ReleaseTooLargeError
from cloud.releases.models import AgentUpdateRows, Ordered, Release, ReleaseRows, RollOut
from wire.releases import MAX_RELEASE_BYTES, RELEASE_MEDIA_TYPE, Manifest, ReleaseError, read_release

RELEASES = "/releases"

router = APIRouter(tags=["fleet"])

Updater = Annotated[Person, acting(Right.UPDATE_AGENTS)]
Notes = Annotated[str, Query(max_length=500, pattern=r"^[^\x00]*$", description="What is new in it, for people")]

_BODY = {"requestBody": {"required": True, "content": {RELEASE_MEDIA_TYPE: {"schema": {"type": "string",
                                                                                    "format": "binary"}}}}}  # fmt: skip


@router.post(RELEASES, operation_id="bring_up_release", status_code=201, openapi_extra=_BODY)
async def post_release(request: Request, person: Updater, parts: PartsIn, notes: Notes = "") -> Release:
    """Takes a release of the program, made by `sealtrail release pack`, and looks at every file of it.

    No agent gets it before two people approved it.
    """
    with tempfile.TemporaryDirectory(prefix="sealtrail-release-") as folder:
        path = Path(folder) / "release.zip"
        sha256, size = await _take_in(request.stream(), path)
        manifest = await asyncio.to_thread(_looked_at, path, parts)
        await store.write_release(parts.media, sha256, path)
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        made = await service.bring_up(
            tx, appender, parts.world, manifest=manifest, sha256=sha256, size=size, notes=notes, actor=person.id
        )
        await close_ledger(tx, appender)
    return made


async def _take_in(pieces: AsyncIterator[bytes], path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with await asyncio.to_thread(path.open, "wb") as file:
        async for piece in pieces:
            size += len(piece)
            if size > MAX_RELEASE_BYTES:
                raise ReleaseTooLargeError(f"a release has at most {MAX_RELEASE_BYTES} bytes")
            digest.update(piece)
            await asyncio.to_thread(file.write, piece)
    return digest.hexdigest(), size


def _looked_at(path: Path, parts: Parts) -> Manifest:
    try:
        return read_release(path, {key.kid: key for key in parts.release_keys}.get)
    except ReleaseError as error:
        raise NotReleaseError("not_a_release", str(error)) from error


@router.get(RELEASES, operation_id="list_releases")
async def get_releases(site: ReadSite, parts: PartsIn) -> ReleaseRows:
    """The newest releases of a site, approved or not."""
    async with transaction(parts.pool) as tx:
        return ReleaseRows(rows=await service.releases(tx, site), publishers=len(parts.release_keys))


@router.post(f"{RELEASES}/{{sha256}}/orders", operation_id="roll_out_release", status_code=201)
async def post_orders(sha256: Digest, body: RollOut, person: Updater, parts: PartsIn) -> Ordered:
    """Wants a release of agents of my site: one first, the others once that one runs it."""
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, person.site)
        entries = await service.roll_out(
            tx, appender, parts.world, parts.cloud_key, sha256=sha256, agents=body.agents, version=body.version,
            actor=person.id,
        )  # fmt: skip
        await close_ledger(tx, appender)
    return Ordered(entries=entries)


@router.get("/updates", operation_id="list_updates")
async def get_updates(site: ReadSite, parts: PartsIn) -> AgentUpdateRows:
    """What every agent of a site runs, what is wanted of it, and how far that has come."""
    async with transaction(parts.pool) as tx:
        return AgentUpdateRows(rows=await service.updates(tx, site))


@router.get(
    f"{RELEASES}/{{sha256}}/file",
    operation_id="get_release_file",
    response_class=StreamingResponse,
    responses={200: {"content": {RELEASE_MEDIA_TYPE: {}}}, 206: {"description": "From where `Range` asked"}},
)
async def get_file(
    sha256: Digest,
    parts: PartsIn,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(signed_by_agent)],
    range_: Annotated[str | None, Header(alias="Range", max_length=60)] = None,
) -> StreamingResponse:
    """Gives an agent the release that was ordered for it, from where it asks (`Range: bytes=1000-`)."""
    if token is None:
        raise NotSignedInError("an agent asks with a token signed by its key")
    async with transaction(parts.pool) as tx:
        agent = (await uploader(tx, token.credentials, sha256))["agent"]
        size = await service.bytes_for(tx, agent, sha256)
    asked = re.fullmatch(r"bytes=(\d{1,12})-", range_ or "")
    start = min(int(asked[1]), size) if asked else 0
    headers = {"ETag": f'"{sha256}"', "Accept-Ranges": "bytes", "Content-Length": str(size - start)}
    if asked:
        headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
    pieces = store.read_release(parts.media, sha256, start, size)
    return StreamingResponse(pieces, 206 if asked else 200, headers, RELEASE_MEDIA_TYPE)
