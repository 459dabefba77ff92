"""What cameras say as evidence: clips and their segments, when there was no video, what was wrong with the picture."""

from typing import Literal

import msgspec

VideoCause = Literal["no_picture", "disk_full", "cannot_film"]
"""Why a camera was not filmed."""

Impairment = Literal["frozen", "covered", "moved", "out_of_focus", "too_dark"]
"""What makes a picture worth less than it looks."""


class ClipSegment(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `clip_segment`: a few seconds that are kept, a file of its own (H.264 in fragmented MP4).

    `clip` is the seq of the event that began the clip. `begun` and `ended` are the wall clock's, wrong by at most
    `error_ms`, null where nobody knows. `missed` pictures came too fast; `cut`: power or agent went meanwhile.
    """

    station: str
    camera: str
    clip: int
    sha256: str
    bytes: int
    begun: str
    ended: str
    error_ms: int | None
    frames: int
    width: int
    height: int
    missed: int = 0
    cut: bool = False


class KeptSegment(msgspec.Struct, frozen=True, kw_only=True):
    """One segment of a clip, as its `clip_segment` told it."""

    sha256: str
    bytes: int
    begun: str
    ended: str


class ClipClosed(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `clip_closed`: all `segments` of a clip, in order; `events` are the seqs that it was kept for.

    Milliseconds that are missing: before the first event (of the `before_ms` that are promised), after the last one (of
    `after_ms`), and between segments.
    """

    station: str
    camera: str
    clip: int
    events: list[int]
    segments: list[KeptSegment]
    before_ms: int
    after_ms: int
    missing_before_ms: int
    missing_after_ms: int
    missing_between_ms: int


class VideoLost(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `video_lost`: a camera is not filmed since then."""

    station: str
    camera: str
    cause: VideoCause
    since: str


class VideoBack(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `video_back`: it is again; nothing was filmed from `since` to `until`."""

    station: str
    camera: str
    cause: VideoCause
    since: str
    until: str


class SegmentDamaged(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `segment_damaged`: a kept segment is no longer what was signed; its file has the digest `found`, or none.

    It is not sent, and not deleted either.
    """

    sha256: str
    found: str


class CameraImpaired(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `camera_impaired`: the pictures are worth less than they look; believed from `since` on."""

    station: str
    camera: str
    what: Impairment
    since: str


class CameraClear(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `camera_clear`: it no longer is so."""

    station: str
    camera: str
    what: Impairment
    since: str
    until: str


class DiskFilling(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `disk_filling`: at this pace the disk is full at `full_at`, when all that may go has gone; null: no more.

    `left_bytes` is what is left now.
    """

    full_at: str | None
    left_bytes: int


class FilmProbed(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `film_probed`: a kept segment, drawn by chance, was played to see whether it can be; `problem`: not."""

    sha256: str
    camera: str
    frames: int
    problem: str | None


class MotionSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Body of `motion_seen`: something moved before a camera from `since` to `until`, in so many of its looks (one a
    second), at the most in `most_pct` percent of the picture. One a minute at the most.
    """

    station: str
    camera: str
    since: str
    until: str
    looks: int
    most_pct: float
