"""Stills coming in from agents and going out to screens.

An agent shows who it is with a JWS (type UPLOAD_TYPE) over {agent, sha256, at} by its own key. `at` is for the log:
the name is the content's digest, so the same upload again changes nothing, and no time limit is set on it. A still
taken offline can come days later.
"""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any

from cloud.db.pool import Row, Tx, one, rows
from cloud.db.queries import load_queries
from cloud.errors import NotFoundError, NotSignedInError
from cloud.media.errors import MediaError, MediaTooLargeError, StillChangedError
from cloud.world import World
from proof import jws
from proof.errors import EncodingError, SignatureError
from proof.keys import VerifyKey, unb64

UPLOAD_TYPE = "sealtrail-upload+jws"
MEDIA_TYPE = "image/jpeg"
MAX_BYTES = 5 << 20

_JPEG = b"\xff\xd8\xff"
_sql = load_queries(__file__)


async def uploader(tx: Tx, token: str, sha256: str) -> Row:
    """`agent` and `site` of whoever signed `token` to upload the still `sha256`. Raises NotSignedInError."""
    try:
        agent = _claimed(token)
        known = await rows(tx, _sql.agent_keys, agent=agent)
        keys = {key.kid: key for key in (VerifyKey.from_raw(row["public_key"]) for row in known)}
        payload = jws.verify(token, keys.get, UPLOAD_TYPE)
    except (EncodingError, SignatureError) as error:
        raise NotSignedInError(f"not an upload token of a known agent: {error}") from error
    if payload.get("sha256") != sha256:
        raise NotSignedInError("the upload token is for another still")
    return {"agent": agent, "site": known[0]["site"]}


def _claimed(token: str) -> str:
    """Which agent `token` says it is by: only to find the key that it is then verified with."""
    try:
        payload: Any = json.loads(unb64(token.split(".")[1]))
        agent = payload["agent"]
    except (IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise EncodingError("a token names its agent") from error
    if not isinstance(agent, str) or "\0" in agent:
        raise EncodingError("a token names its agent")
    return agent


async def take_in(pieces: AsyncIterator[bytes], sha256: str) -> bytes:
    """The JPEG that `pieces` are. Raises MediaTooLargeError as soon as it is, MediaError for another digest or kind."""
    content = await take_all(pieces)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise MediaError("digest_mismatch", f"the {len(content)} bytes received are not {sha256}")
    return content


async def take_all(pieces: AsyncIterator[bytes]) -> bytes:
    """The JPEG that `pieces` are, whatever its digest. Raises MediaTooLargeError as soon as it is, MediaError."""
    content = bytearray()
    async for piece in pieces:
        content += piece
        if len(content) > MAX_BYTES:
            raise MediaTooLargeError(f"a still has at most {MAX_BYTES} bytes")
    if not content.startswith(_JPEG):
        raise MediaError("not_a_jpeg", "the bytes are no JPEG")
    return bytes(content)


def intact(content: bytes, sha256: str) -> bytes:
    """`content`, which the store has under the name `sha256`. Raises StillChangedError where it is something else."""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise StillChangedError(f"what is kept as {sha256} is something else")
    return content


async def add(tx: Tx, world: World, upload: Row, sha256: str, size: int) -> bool:
    """Notes that the still is kept, and tells who watches; False when it was there already."""
    values = {"sha256": sha256, "agent": upload["agent"], "bytes": size, "media_type": MEDIA_TYPE, "at": world.now()}
    if await one(tx, _sql.add, **values) is None:
        return False
    await tx.execute(_sql.tell, {"payload": json.dumps({"site": upload["site"], "sha256": sha256})})
    return True


async def find(tx: Tx, site: str, sha256: str) -> Row:
    """`media_type` of a kept still of `site`. Raises NotFoundError."""
    row = await one(tx, _sql.find, sha256=sha256, site=site)
    if row is None:
        raise NotFoundError("still", sha256)
    return row


async def add_photo(tx: Tx, world: World, person: str, content: bytes) -> str:
    """Notes who took the photograph `content`; returns its digest."""
    sha256 = hashlib.sha256(content).hexdigest()
    row = {"sha256": sha256, "person": person, "bytes": len(content), "media_type": MEDIA_TYPE, "at": world.now()}
    await tx.execute(_sql.add_photo, row)
    return sha256
