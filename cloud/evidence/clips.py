"""Film: what agents told of the clips they keep, and which of it is here. The bytes come apart (clip_routes.py)."""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec

from cloud.alarms.service import Severity
from cloud.db.pool import Tx, rows, storable
from cloud.db.queries import load_queries
from cloud.evidence.clip_models import ClipRows, ClipShown, MotionRows, MotionShown, MotionWanted, SegmentShown
from cloud.evidence.taken import Taken
from custody.permits import parse_time
from wire.errors import MessageError
from wire.film import (
    CameraClear,
    CameraImpaired,
    ClipClosed,
    ClipSegment,
    DiskFilling,
    FilmProbed,
    MotionSeen,
    SegmentDamaged,
    VideoBack,
    VideoLost,
)
from wire.messages import body_of

NOT_FILMED, VIDEO_LOST, DAMAGED = "not_filmed", "video_lost", "segment_damaged"
SEVERITY: Mapping[str, Severity] = {
    "frozen": "major", "covered": "major", "moved": "major", "out_of_focus": "warning", "too_dark": "warning",
}  # fmt: skip
FILLING, UNPLAYABLE = "disk_filling", "film_unplayable"
REACH = 10_000
"""A clip that is told so many facts after its event, or more, is not filed under the event's things."""

MOST_NAMED = 1000
_LONGEST = 2**53
_DIGEST = re.compile(r"[0-9a-f]{64}")
_sql = load_queries(__file__, "clips.sql")


async def segment_kept(taken: Taken) -> None:
    """A segment that is kept for an event: from now on its bytes are taken from this agent."""
    body = body_of(ClipSegment, taken.fact.body)
    _check(taken, [body.clip], [body.sha256])
    begun, ended = _time(body.begun), _time(body.ended)
    row = {
        "site": taken.site, "index": taken.index, "agent": taken.agent, "clip": body.clip,
        "station": storable(body.station), "camera": storable(body.camera), "sha256": body.sha256,
        "bytes": _counted(body.bytes), "begun": begun, "ended": ended,
        "error_ms": None if body.error_ms is None else _counted(body.error_ms), "frames": _counted(body.frames),
    }  # fmt: skip
    await taken.tx.execute(_sql.add_segment, row)


async def closed(taken: Taken) -> None:
    """A clip is over: it is about whatever its events were about. One without a picture is an alarm."""
    body = body_of(ClipClosed, taken.fact.body)
    digests = [one.sha256 for one in body.segments]
    _check(taken, [body.clip, *body.events], digests)
    row = {
        "site": taken.site, "index": taken.index, "agent": taken.agent, "clip": body.clip,
        "station": storable(body.station), "camera": storable(body.camera), "events": body.events, "segments": digests,
        "missing_before_ms": _counted(body.missing_before_ms), "missing_after_ms": _counted(body.missing_after_ms),
        "missing_between_ms": _counted(body.missing_between_ms),
    }  # fmt: skip
    await taken.tx.execute(_sql.add_clip, row)
    await taken.file_under(await _things(taken, {seq for seq in body.events if taken.fact.seq - seq < REACH}))
    if not digests:
        await taken.alarm(NOT_FILMED, taken.place(body.station), "major", {"camera": body.camera, "clip": body.clip})


async def video_lost(taken: Taken) -> None:
    """A camera is not filmed."""
    body = body_of(VideoLost, taken.fact.body)
    detail = {"camera": body.camera, "cause": body.cause, "since": body.since}
    await taken.alarm(VIDEO_LOST, taken.place(taken.fact.device), "major", detail)


async def video_back(taken: Taken) -> None:
    """It is again."""
    body_of(VideoBack, taken.fact.body)
    await taken.clear(VIDEO_LOST, taken.place(taken.fact.device))


async def camera_impaired(taken: Taken) -> None:
    """A camera's picture is worth less than it looks."""
    body = body_of(CameraImpaired, taken.fact.body)
    detail = {"camera": body.camera, "since": body.since}
    await taken.alarm(f"camera_{body.what}", taken.place(taken.fact.device), SEVERITY[body.what], detail)


async def camera_clear(taken: Taken) -> None:
    """It no longer is."""
    body = body_of(CameraClear, taken.fact.body)
    await taken.clear(f"camera_{body.what}", taken.place(taken.fact.device))


async def disk_filling(taken: Taken) -> None:
    """The day on which an agent's disk will be full is near, or no longer."""
    body = body_of(DiskFilling, taken.fact.body)
    if body.full_at is None:
        await taken.clear(FILLING, taken.agent)
        return
    await taken.alarm(FILLING, taken.agent, "warning", {"full_at": body.full_at, "left_bytes": body.left_bytes})


async def film_probed(taken: Taken) -> None:
    """A kept segment was played, or could not be."""
    body = body_of(FilmProbed, taken.fact.body)
    if body.problem is not None:
        await taken.alarm(UNPLAYABLE, taken.agent, "critical", {"sha256": body.sha256, "problem": body.problem})


async def segment_damaged(taken: Taken) -> None:
    """A kept segment is no longer what the agent signed."""
    body = body_of(SegmentDamaged, taken.fact.body)
    await taken.alarm(DAMAGED, taken.agent, "critical", {"sha256": body.sha256, "found": body.found})


async def motion_seen(taken: Taken) -> None:
    """Something moved; kept as it is, and a malformed one is an alarm."""
    _motion(taken.fact.body)


async def motion(tx: Tx, site: str, wanted: MotionWanted) -> MotionRows:
    """When something moved before the cameras of a site, newest first."""
    shown = []
    for row in await rows(tx, _sql.motion, site=site, **asdict(wanted)):
        with suppress(MessageError):  # it was an alarm
            body = _motion(json.loads(row.pop("content"))["body"])
            shown.append(MotionShown.model_validate({**row, **msgspec.structs.asdict(body)}))
    return MotionRows(rows=shown)


async def clips_of(tx: Tx, site: str, agent: str, seq: int) -> ClipRows:
    """The clips that show what the agent told in fact `seq`, also those that are still being filmed."""
    told = await rows(tx, _sql.clips_of, site=site, agent=agent, seq=seq)
    found = await rows(tx, _sql.segments_of, agent=agent, clips=[row["clip"] for row in told], site=site)
    segments: dict[int, dict[str, SegmentShown]] = {}
    for one in found:
        clip = one.pop("clip")
        segments.setdefault(clip, {}).setdefault(one["sha256"], SegmentShown.model_validate(one))
    return ClipRows(rows=[ClipShown(**row, segments=list(segments.get(row["clip"], {}).values())) for row in told])


def _motion(told: dict[str, Any]) -> MotionSeen:
    body = body_of(MotionSeen, told)
    if _time(body.until) < _time(body.since) or not 0 <= body.most_pct <= 100 or body.looks < 0:
        raise MessageError("motion that ends before it begins, or in more than the whole picture")
    return body


async def _things(taken: Taken, events: set[int]) -> list[str]:
    """What the agent's facts `events` were about. Those that came just now are not in the table yet."""
    kept = await rows(taken.tx, _sql.entries_of, site=taken.site, agent=taken.agent, events=sorted(events))
    indexes, mine = [row["index"] for row in kept], f'{{"agent":"{taken.agent}",'
    for number, text in enumerate(taken.appender.entries if len(kept) < len(events) else ()):
        if text.startswith(mine) and json.loads(text)["seq"] in events:
            indexes.append(taken.appender.first + number)
    found = await rows(taken.tx, _sql.things_of, site=taken.site, indexes=indexes)
    return [row["thing"] for row in found]


def _check(taken: Taken, seqs: Iterable[int], digests: list[str]) -> None:
    seqs = list(seqs)
    if len(seqs) > MOST_NAMED or not all(0 < seq < taken.fact.seq for seq in seqs):
        raise MessageError(f"facts that were not told before: {seqs[:5]}")
    if len(digests) > MOST_NAMED or not all(_DIGEST.fullmatch(one) for one in digests):
        raise MessageError("segments are named by their SHA-256")


def _counted(number: int) -> int:
    return min(max(number, 0), _LONGEST)


def _time(text: str) -> datetime:
    try:
        return parse_time(text)
    except ValueError as error:
        raise MessageError(f"not a time: {text[:40]!r}") from error
