"""Film over HTTP: agents bring segments in pieces, people ask for the clips of an event.

The pieces go as in the IETF's resumable uploads: HEAD tells how many bytes are here (`Upload-Offset`), PATCH brings
the next ones from there. A PATCH that is cut off counts for nothing; the agent asks again and goes on.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.security import HTTPAuthorizationCredentials
from pydantic import AwareDatetime

from cloud.alarms.service import raise_alarm
from cloud.db.pool import Row, transaction
from cloud.errors import NotSignedInError
from cloud.evidence import clips, presence
from cloud.evidence.clip_models import ClipRows, MotionRows, MotionWanted, WatchRows
from cloud.evidence.read_routes import MOST_INDEX, AnId, Limit
from cloud.ledger.service import close_ledger, open_ledger
from cloud.media import store, uploads
from cloud.media.errors import MediaError, StoreFullError
from cloud.media.routes import Digest, signed_by_agent
from cloud.media.service import uploader
from cloud.parts import Parts, PartsIn
from cloud.people.access import ReadSite

router = APIRouter(tags=["media"])

DIFFERS, NO_ROOM = "segment_differs", "film_no_room"
PIECE_TYPE = "application/offset+octet-stream"
MAX_PIECE_BYTES = 1 << 20

Token = Annotated[HTTPAuthorizationCredentials | None, Depends(signed_by_agent)]
Offset = Annotated[int, Header(alias="Upload-Offset", ge=0, le=uploads.MAX_SEGMENT_BYTES)]


@router.head("/segments/{sha256}", operation_id="get_upload", status_code=204, response_class=Response)
async def head_segment(sha256: Digest, parts: PartsIn, token: Token) -> Response:
    """How many bytes of a segment are here: `Upload-Offset` of `Upload-Length`; all, when it is kept."""
    _, upload = await _standing(parts, token, sha256)
    return _told(upload)


@router.patch(
    "/segments/{sha256}",
    operation_id="add_piece",
    status_code=204,
    response_class=Response,
    openapi_extra={
        "requestBody": {"required": True, "content": {PIECE_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
    },
)
async def patch_segment(sha256: Digest, request: Request, parts: PartsIn, token: Token, offset: Offset) -> Response:
    """Takes the next bytes of a segment, at most 1 MiB, beginning at `Upload-Offset`.

    With the last ones its digest is checked: it is kept, or begins anew with a 422 and an alarm.
    """
    agent, upload = await _standing(parts, token, sha256)
    if upload.kept:
        return _told(upload)
    content = await request.body()
    uploads.check_piece(upload, offset, len(content))
    await _room(parts, agent["site"], upload)
    await store.write_part(parts.media, upload.agent, sha256, offset, content)
    async with transaction(parts.pool) as tx:
        upload = await uploads.note_piece(tx, parts.world, upload, len(content))
    return _told(await _joined(parts, agent["site"], upload) if upload.received == upload.bytes else upload)


@router.get("/clips", operation_id="list_clips")
async def get_clips(
    site: ReadSite, parts: PartsIn, agent: Annotated[str, Query(max_length=65)],
    seq: Annotated[int, Query(ge=1, le=MOST_INDEX)],
) -> ClipRows:  # fmt: skip
    """The film of what an agent told in its fact `seq`, with the digests it signed. Segments are at `/media`."""
    async with transaction(parts.pool) as tx:
        return await clips.clips_of(tx, site, agent, seq)


@router.get("/motion", operation_id="list_motion")
async def get_motion(
    site: ReadSite, parts: PartsIn, since: AwareDatetime, until: AwareDatetime, agent: AnId | None = None,
    limit: Limit = 100,
) -> MotionRows:  # fmt: skip
    """When something moved before the cameras of my site between two times: at night, or on a day nobody worked."""
    wanted = MotionWanted(since=since, until=until, agent=agent, limit=limit)
    async with transaction(parts.pool) as tx:
        return await clips.motion(tx, site, wanted)


@router.get("/watches", operation_id="list_watches")
async def get_watches(site: ReadSite, parts: PartsIn) -> WatchRows:
    """The cameras of my site that only watch: corridors, rows of racks."""
    async with transaction(parts.pool) as tx:
        return await presence.watches(tx, site)


async def _standing(
    parts: Parts, token: HTTPAuthorizationCredentials | None, sha256: str
) -> tuple[Row, uploads.Upload]:
    if token is None:
        raise NotSignedInError("an agent uploads with a token signed by its key")
    async with transaction(parts.pool) as tx:
        agent = await uploader(tx, token.credentials, sha256)
        upload = await uploads.standing(tx, agent["agent"], sha256)
    if not upload.kept and upload.received == upload.bytes:  # whoever was to put it together was killed
        upload = await _joined(parts, agent["site"], upload)
    return agent, upload


async def _room(parts: Parts, site: str, upload: uploads.Upload) -> None:
    """Raises StoreFullError, with an alarm."""
    try:
        async with transaction(parts.pool) as tx:
            await uploads.check_room(tx, site, upload, parts.film_quota)
    except StoreFullError as error:
        await _alarm(parts, site, NO_ROOM, site, {"problem": str(error)})
        raise


async def _joined(parts: Parts, site: str, upload: uploads.Upload) -> uploads.Upload:
    """The segment is whole and kept. Raises MediaError `digest_mismatch`, with an alarm, where it is another one."""
    good = await uploads.join(parts.media, upload)
    async with transaction(parts.pool) as tx:
        await uploads.end(tx, parts.world, upload, kept=good)
    await store.delete_parts(parts.media, upload.agent, upload.sha256, upload.parts)
    if not good:
        await _alarm(parts, site, DIFFERS, upload.agent, {"sha256": upload.sha256, "bytes": upload.bytes})
        raise MediaError("digest_mismatch", f"the {upload.bytes} bytes received are not {upload.sha256}")
    return uploads.Upload(upload.agent, upload.sha256, upload.bytes, upload.bytes, kept=True)


async def _alarm(parts: Parts, site: str, cause: str, place: str, detail: dict[str, object]) -> None:
    async with transaction(parts.pool) as tx:
        appender = await open_ledger(tx, site)
        await raise_alarm(
            tx, appender, parts.world, cause=cause, place=place, severity="major", detail=detail,
            at=parts.world.now(),
        )  # fmt: skip
        await close_ledger(tx, appender)


def _told(upload: uploads.Upload) -> Response:
    headers = {"Upload-Offset": str(upload.received), "Upload-Length": str(upload.bytes), "Cache-Control": "no-store"}
    return Response(status_code=204, headers=headers)
