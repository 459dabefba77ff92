"""Segments of film coming in from agents in pieces, each going on where the last one ended, whoever was killed between.

Nothing is taken that the agent has not signed for: its fact says how large the segment is and what its digest. It is
kept under that digest once all of it is here and has it. Bytes that make something else are thrown away: the agent
has its own, and keeps them until they were taken.
"""

from dataclasses import dataclass

from obstore.store import ObjectStore

from cloud.db.pool import Tx, one
from cloud.db.queries import load_queries
from cloud.errors import ConflictError, NotFoundError
from cloud.media import store
from cloud.media.errors import MediaTooLargeError, StoreFullError
from cloud.world import World

VIDEO_TYPE = "video/mp4"
MAX_SEGMENT_BYTES = 64 << 20

_sql = load_queries(__file__)


@dataclass(frozen=True, slots=True)
class Upload:
    """A segment on its way: of `bytes` so many are `received`, in the pieces at `parts`; `kept` when it is all here."""

    agent: str
    sha256: str
    bytes: int
    received: int
    parts: tuple[int, ...] = ()
    kept: bool = False


async def standing(tx: Tx, agent: str, sha256: str) -> Upload:
    """How far the segment has come. Raises NotFoundError while no fact of the agent names it, MediaTooLargeError."""
    told = await one(tx, _sql.told, agent=agent, sha256=sha256)
    if told is None:
        raise NotFoundError("segment that the agent told of", sha256)
    if told["bytes"] > MAX_SEGMENT_BYTES:
        raise MediaTooLargeError(f"a segment has at most {MAX_SEGMENT_BYTES} bytes")
    if await one(tx, _sql.kept, sha256=sha256) is not None:  # what was erased since is not taken again either
        return Upload(agent, sha256, told["bytes"], told["bytes"], kept=True)
    begun = await one(tx, _sql.upload, agent=agent, sha256=sha256)
    if begun is None:
        return Upload(agent, sha256, told["bytes"], 0)
    return Upload(agent, sha256, told["bytes"], begun["received"], tuple(begun["parts"]))


def check_piece(upload: Upload, offset: int, size: int) -> None:
    """Raises ConflictError `offset_differs`, MediaTooLargeError."""
    if offset != upload.received:
        raise ConflictError("offset_differs", f"{upload.received} bytes are here, not {offset}")
    if offset + size > upload.bytes:
        raise MediaTooLargeError(f"{offset + size} bytes of a segment that the agent said has {upload.bytes}")


async def check_room(tx: Tx, site: str, upload: Upload, quota: int | None) -> None:
    """Raises StoreFullError where the site's film would be more than `quota` bytes."""
    kept = await film_bytes(tx, site)
    if quota is not None and kept + upload.bytes > quota:
        raise StoreFullError(f"{kept} bytes of film of {site} are kept; {quota} is the most")


async def film_bytes(tx: Tx, site: str) -> int:
    """How much film of a site is here."""
    kept = await one(tx, _sql.film_bytes, site=site)
    return kept["bytes"] if kept is not None else 0


async def note_piece(tx: Tx, world: World, upload: Upload, size: int) -> Upload:
    """A piece is in the store. Raises ConflictError where another one came first."""
    key = {"agent": upload.agent, "sha256": upload.sha256, "at": world.now()}
    await tx.execute(_sql.begin_upload, {**key, "bytes": upload.bytes})
    row = await one(tx, _sql.add_part, **key, size=size, offset=upload.received)
    if row is None:
        raise ConflictError("offset_differs", "another piece was taken meanwhile")
    return Upload(upload.agent, upload.sha256, upload.bytes, upload.received + size, tuple(row["parts"]))


async def join(media: ObjectStore, upload: Upload) -> bool:
    """Whether the pieces are what the agent signed; then it is in the store as that. Raises StoreGoneError."""
    return await store.join_parts(media, upload.agent, upload.sha256, upload.parts)


async def end(tx: Tx, world: World, upload: Upload, *, kept: bool) -> None:
    """It is here as a whole, or begins anew."""
    await tx.execute(_sql.end_upload, {"agent": upload.agent, "sha256": upload.sha256})
    if kept:
        row = {"sha256": upload.sha256, "agent": upload.agent, "bytes": upload.bytes, "media_type": VIDEO_TYPE}
        await tx.execute(_sql.add, {**row, "at": world.now()})
