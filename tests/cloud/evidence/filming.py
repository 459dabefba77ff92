"""An agent that brings film: segments, what it says of them, and the pieces it sends."""

import hashlib
from collections.abc import Mapping
from typing import Any

import httpx

from cloud.media.service import UPLOAD_TYPE
from proof import jws
from proof.keys import SigningKey
from tests.cloud.api import AGENT, AGENT_KEY
from tests.cloud.evidence.walk import GATE, Walk

BEGUN, ENDED = "2026-11-22T03:00:00.000000Z", "2026-11-22T03:00:04.000000Z"
FILM = b"\0\0\0\x1cftypiso5" + bytes(range(256)) * 1200
"""300 kB of what is taken for film, because nobody but a player looks into it."""


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def segment_body(clip: int, content: bytes = FILM, **more: Any) -> dict[str, Any]:
    body = {"station": GATE, "camera": "camera", "clip": clip, "sha256": digest(content), "bytes": len(content),
            "begun": BEGUN, "ended": ENDED, "error_ms": 10, "frames": 40, "width": 1280, "height": 720}  # fmt: skip
    return body | more


def clip_body(events: list[int], *contents: bytes, **more: Any) -> dict[str, Any]:
    kept = [{"sha256": digest(one), "bytes": len(one), "begun": BEGUN, "ended": ENDED} for one in contents]
    body = {"station": GATE, "camera": "camera", "clip": events[0], "events": events, "segments": kept,
            "before_ms": 10_000, "after_ms": 15_000, "missing_before_ms": 0, "missing_after_ms": 0,
            "missing_between_ms": 0}  # fmt: skip
    return body | more


def token(sha256: str, *, key: SigningKey = AGENT_KEY, agent: str = AGENT) -> dict[str, str]:
    payload = {"agent": agent, "sha256": sha256, "at": "2026-11-22T03:00:00.000000Z"}
    return {"authorization": f"Bearer {jws.sign(payload, key, UPLOAD_TYPE)}"}


async def head(client: httpx.AsyncClient, sha256: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    return await client.head(f"segments/{sha256}", headers=headers or token(sha256))


async def piece(client: httpx.AsyncClient, sha256: str, offset: int, content: bytes) -> httpx.Response:
    headers = token(sha256) | {"upload-offset": str(offset), "content-type": "application/offset+octet-stream"}
    return await client.patch(f"segments/{sha256}", content=content, headers=headers)


async def bring(client: httpx.AsyncClient, content: bytes, size: int = 100_000) -> None:
    """All of it, in pieces."""
    for offset in range(0, len(content), size):
        answer = await piece(client, digest(content), offset, content[offset : offset + size])
        assert answer.status_code == 204, answer.text


async def tell(walk: Walk, *contents: bytes, event: int | None = None) -> int:
    """The agent tells of a clip with these segments; returns the event's seq, by default its newest decision."""
    decisions = [one.seq for one in walk.teller.facts if one.kind.startswith("passage_")]
    seq = event or decisions[-1]
    for content in contents:
        walk.teller.say("clip_segment", segment_body(seq, content))
    walk.teller.say("clip_closed", clip_body([seq], *contents))
    await walk.send()
    return seq
