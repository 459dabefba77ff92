"""Stills by their digests."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from cloud.db.pool import transaction
from cloud.errors import NotSignedInError
from cloud.media import service, store
from cloud.parts import PartsIn
from cloud.people.access import Reader, ReadSite

router = APIRouter(tags=["media"])

Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="Hex SHA-256 of the content")]

signed_by_agent = HTTPBearer(
    auto_error=False,
    scheme_name="AgentUpload",
    bearerFormat=service.UPLOAD_TYPE,
    description="A JWS over {agent, sha256, at} by the agent's key, with this type.",
)


class Kept(BaseModel):
    """A still that is kept now."""

    sha256: str
    bytes: int


@router.put(
    "/media/{sha256}",
    operation_id="put_still",
    status_code=201,
    responses={200: {"model": Kept, "description": "It was there already"}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {service.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def put_still(
    sha256: Digest,
    request: Request,
    response: Response,
    parts: PartsIn,
    token: Annotated[HTTPAuthorizationCredentials | None, Depends(signed_by_agent)],
) -> Kept:
    """Takes a still from an agent: a JPEG of at most 5 MB whose digest is the one in the address."""
    if token is None:
        raise NotSignedInError("an agent uploads with a token signed by its key")
    async with transaction(parts.pool) as tx:
        upload = await service.uploader(tx, token.credentials, sha256)
    content = await service.take_in(request.stream(), sha256)
    await store.write(parts.media, sha256, content)
    async with transaction(parts.pool) as tx:
        if not await service.add(tx, parts.world, upload, sha256, len(content)):
            response.status_code = 200
    return Kept(sha256=sha256, bytes=len(content))


@router.get(
    "/media/{sha256}",
    operation_id="get_still",
    response_class=Response,
    responses={200: {"description": "The still, or the segment", "content": {"image/jpeg": {}, "video/mp4": {}}}},
)
async def get_still(sha256: Digest, site: ReadSite, parts: PartsIn) -> Response:
    """A still or a segment of film of a site. It never changes, so it may be cached for ever."""
    async with transaction(parts.pool) as tx:
        found = await service.find(tx, site, sha256)
    headers = {"Cache-Control": "private, max-age=31536000, immutable", "ETag": f'"{sha256}"'}
    if found["media_type"] == service.MEDIA_TYPE:
        content = service.intact(await store.read(parts.media, sha256), sha256)
        return Response(content, media_type=service.MEDIA_TYPE, headers=headers)
    headers["Content-Length"] = str(found["bytes"])
    pieces = await store.pieces_of(parts.media, sha256)
    return StreamingResponse(pieces, media_type=found["media_type"], headers=headers)


@router.post(
    "/photos",
    operation_id="add_photo",
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {service.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def post_photo(request: Request, person: Reader, parts: PartsIn) -> Kept:
    """Takes a photograph (JPEG) that I made; a step then names it by its digest, as it was before the step."""
    content = await service.take_all(request.stream())
    async with transaction(parts.pool) as tx:
        sha256 = await service.add_photo(tx, parts.world, person.id, content)
        await store.write(parts.media, sha256, content)
    return Kept(sha256=sha256, bytes=len(content))
