"""Which segments are kept: an event in the journal keeps what was before it and what comes after, and says so.

The journal itself tells what happened: whatever station records an event, its camera's segments are kept, also those
of an event just before the power went, at the next start.
"""

import logging
import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec

from custody.permits import time_text
from edge_agent.clock import Clock
from edge_agent.errors import FilmError, JournalError, SegmentGoneError
from edge_agent.film.recorder import Impaired, Moved, News, NoVideo
from edge_agent.film.ring import Ring
from edge_agent.film.segment import FRAME_US, Segment
from edge_agent.film.telling import Telling
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from edge_agent.store import Effect
from wire.film import ClipClosed, ClipSegment, KeptSegment
from wire.kinds import FactKind
from wire.labels import valid_id
from wire.messages import Fact, to_body

EVENTS = frozenset({
    FactKind.PASSAGE_DECIDED, FactKind.PASSAGE_CROSSED, FactKind.STEP_DECIDED, FactKind.BREAK_GLASS_OPENED,
    FactKind.BREAK_GLASS_CLIP, FactKind.BREAK_GLASS_CLOSED,
    FactKind.PRESENCE_SEEN, FactKind.PRESENCE_ENDED, FactKind.SLOT_MISPLACED,
    "door_decided", "door_opened", "door_held_open", "door_closed", "door_resumed",
})  # fmt: skip
"""What is filmed; a gate that is open for life tells of stills again and again, so that the film goes on meanwhile."""

MOST_EVENTS = 200
"""In one clip; the next event begins another."""

TICK_S = 0.5
LAG_US = 1_000_000
"""How long pictures may be on their way to a segment."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How much is kept around an event, and how long a clip may get."""

    before_us: int = 10_000_000
    after_us: int = 15_000_000
    longest_us: int = 300_000_000


@dataclass(slots=True)
class _Clip:
    """One that is open: of `camera` at `station`, kept from `from_us` to `until_us` of boot `boot`."""

    station: str
    camera: str
    seq: int
    boot: str
    first_us: int
    from_us: int
    until_us: int
    events: list[int] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    told: int = 0
    """so many of the segments are in the journal"""

    def shows(self, segment: Segment) -> bool:
        """Whether the segment belongs to it."""
        in_time = segment.from_us < self.until_us and segment.to_us > self.from_us
        return segment.camera == self.camera and segment.boot == self.boot and in_time


class Clips:
    """Keeps clips of the `cameras` (station → camera); `filmed_until` asks a camera's recorder."""

    def __init__(
        self, journal: Journal, clock: Clock, ring: Ring, cameras: Mapping[str, str], keep: Keep,
        filmed_until: Callable[[str, int], bool],
    ) -> None:  # fmt: skip
        self._journal, self._clock, self._ring, self._cameras = journal, clock, ring, dict(cameras)
        self._keep, self._filmed_until = keep, filmed_until
        self._inbox: queue.SimpleQueue[News | None] = queue.SimpleQueue()
        self._open: dict[str, _Clip] = {}
        self._telling = Telling(journal, clock, {camera: station for station, camera in cameras.items()})
        self._stopped = threading.Event()
        self._seen = _mark(journal)
        self._thread = threading.Thread(target=self._run, name="clips", daemon=True)

    def start(self) -> None:
        """Begins, with what happened just before the agent went down the last time."""
        self._journal.watch(lambda: self._inbox.put(None))
        self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether a clip is being cut."""
        return bool(self._open)

    def hear(self, news: News) -> None:
        """Takes what a recorder tells; from its thread."""
        self._inbox.put(news)

    def stop(self) -> None:
        """Takes what the recorders told last; clips that are open go on at the next start."""
        self._stopped.set()
        self._inbox.put(None)
        if self._thread.is_alive():
            self._thread.join(10)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._look(self._wait())
        self._look(None)

    def _look(self, news: News | None) -> None:
        over = self._over()  # asked before: what is whole by then has been told by then
        self._take([news, *self._told_meanwhile()])
        self._telling.pay()
        try:
            self._events()
            self._settle(over)
        except (FilmError, JournalError) as error:  # a full disk: what there is waits, and is told when it can be
            _log.warning("clips wait: %s", error)

    def _wait(self) -> News | None:
        try:
            return self._inbox.get(timeout=TICK_S)
        except queue.Empty:
            return None

    def _told_meanwhile(self) -> list[News | None]:
        return [self._inbox.get_nowait() for _ in range(self._inbox.qsize())]

    def _over(self) -> dict[str, int]:
        """Cameras whose clip has all its pictures until then; an event that is seen later makes it longer."""
        now, boot = self._clock.mono_us(), self._clock.read().boot
        return {
            camera: clip.until_us for camera, clip in self._open.items()
            if clip.boot != boot or (now > clip.until_us + LAG_US and self._filmed_until(camera, clip.until_us))
        }  # fmt: skip

    def _take(self, told: Sequence[News | None]) -> None:
        for news in told:
            if isinstance(news, NoVideo):
                self._telling.video(news)
            elif isinstance(news, Impaired):
                self._telling.impaired(news)
            elif isinstance(news, Moved):
                self._telling.moved(news)
            elif news is not None:
                self._ring.add(news)
                clip = self._open.get(news.camera)
                if clip is not None and clip.shows(news):
                    clip.segments.append(news)

    def _events(self) -> None:
        while run := self._journal.run_from(self._seen + 1, 500, 1 << 20):
            for fact in run.facts:
                camera = self._cameras.get(str(fact.body.get("station")))
                if fact.kind in EVENTS and camera is not None:
                    self._event(fact, camera)
                self._seen = fact.seq

    def _event(self, fact: Fact, camera: str) -> None:
        clip, keep = self._open.get(camera), self._keep
        until_us = fact.mono_us + keep.after_us
        if clip is not None:
            longer = fact.boot == clip.boot and until_us - clip.from_us <= keep.longest_us
            if longer and len(clip.events) < MOST_EVENTS:
                self._note_things(clip.seq, fact)
                clip.events.append(fact.seq)
                clip.until_us = max(clip.until_us, until_us)
                return
            if fact.boot == clip.boot:  # what is being written begins the next one
                clip.until_us = min(clip.until_us, fact.mono_us)
            self._settle({camera: clip.until_us})
        self._note_things(fact.seq, fact)
        from_us = fact.mono_us - keep.before_us
        clip = self._open[camera] = _Clip(
            str(fact.body["station"]), camera, fact.seq, fact.boot, fact.mono_us, from_us, until_us, [fact.seq]
        )
        clip.segments = self._ring.covering(camera, fact.boot, from_us, until_us)

    def _note_things(self, clip: int, fact: Fact) -> None:
        """What the clip shows from now on: while any of it is under legal hold, its film is kept here too."""
        if things := ids_in(fact.body):
            self._journal.apply([Effect("add_clip_thing", {"clip": clip, "thing": thing}) for thing in things])

    def _settle(self, over: Mapping[str, int]) -> None:
        """Keeps and tells of every segment, and closes the clips that are over. Raises FilmError, JournalError."""
        for camera, clip in list(self._open.items()):
            while clip.told < len(clip.segments):
                try:
                    self._ring.keep(clip.segments[clip.told])
                except SegmentGoneError as error:  # the clip says that it lacks it
                    _log.warning("%s", error)
                    del clip.segments[clip.told]
                    continue
                self._tell_segment(clip, clip.segments[clip.told])
                clip.told += 1
            if over.get(camera) == clip.until_us:
                del self._open[camera]
                upto = min((one.seq - 1 for one in self._open.values()), default=self._seen)
                try:
                    mark = Effect("set_film_mark", {"upto": upto})
                    self._record(clip, FactKind.CLIP_CLOSED, _closed(clip, self._keep), mark)
                except JournalError:
                    self._open[camera] = clip
                    raise

    def _tell_segment(self, clip: _Clip, segment: Segment) -> None:
        body = ClipSegment(
            station=clip.station, camera=clip.camera, clip=clip.seq, sha256=segment.sha256, bytes=segment.bytes,
            begun=time_text(segment.begun), ended=time_text(segment.ended), error_ms=segment.error_ms,
            frames=segment.frames, width=segment.width, height=segment.height, missed=segment.missed, cut=segment.cut,
        )  # fmt: skip
        values = {"sha256": segment.sha256, "bytes": segment.bytes, "camera": clip.camera, "at": body.ended}
        clip_of = Effect("add_clip_of", {"sha256": segment.sha256, "clip": clip.seq})
        self._record(clip, FactKind.CLIP_SEGMENT, body, Effect("add_segment", values), clip_of)

    def _record(self, clip: _Clip, kind: FactKind, body: msgspec.Struct, *effects: Effect) -> None:
        device = f"{clip.station}.{clip.camera}"
        self._journal.record(Draft(kind=kind, device=device, body=to_body(body), effects=effects))


def ids_in(body: object) -> set[str]:
    """Every text anywhere in `body` that is an id of ours."""
    if isinstance(body, str):
        return {body} if valid_id(body) else set()
    parts = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    return set().union(*map(ids_in, parts))


def _mark(journal: Journal) -> int:
    """Events up to this seq have their clips, or are from before anything was filmed here."""
    for (upto,) in journal.reads.rows("film_mark"):
        return max(int(upto), int(journal.reads.rows("mark")[0][1]))
    journal.apply([Effect("set_film_mark", {"upto": journal.last})])
    return journal.last


def _closed(clip: _Clip, keep: Keep) -> ClipClosed:
    segments = sorted(clip.segments, key=lambda one: one.from_us)
    from_us, to_us = (segments[0].from_us, segments[-1].to_us) if segments else (clip.first_us, clip.first_us)
    before, after = from_us - clip.from_us, clip.until_us - to_us
    gaps = (later.from_us - one.to_us for one, later in pairwise(segments))
    return ClipClosed(
        station=clip.station, camera=clip.camera, clip=clip.seq, events=clip.events,
        segments=[_kept(one) for one in segments], before_ms=keep.before_us // 1000, after_ms=keep.after_us // 1000,
        missing_before_ms=_missing(before), missing_after_ms=_missing(after),
        missing_between_ms=sum(_missing(gap) for gap in gaps),
    )  # fmt: skip


def _kept(segment: Segment) -> KeptSegment:
    begun, ended = time_text(segment.begun), time_text(segment.ended)
    return KeptSegment(sha256=segment.sha256, bytes=segment.bytes, begun=begun, ended=ended)


def _missing(span_us: int) -> int:
    """Milliseconds; what a slow camera leaves between two pictures is none."""
    return 0 if span_us <= 2 * FRAME_US else span_us // 1000
