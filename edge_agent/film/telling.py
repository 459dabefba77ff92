"""When there was no video, and what was wrong with the picture, as facts; what the disk does not take is told later."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import cast

from custody.permits import time_text
from edge_agent.clock import Clock
from edge_agent.errors import JournalError
from edge_agent.film.recorder import Impaired, Moved, NoVideo
from edge_agent.journal.drafts import Draft
from edge_agent.journal.journal import Journal
from wire.film import CameraClear, CameraImpaired, MotionSeen, VideoBack, VideoCause, VideoLost
from wire.kinds import FactKind
from wire.messages import to_body

_log = logging.getLogger(__name__)


class Telling:
    """Tells of the cameras (camera → station)."""

    def __init__(self, journal: Journal, clock: Clock, stations: Mapping[str, str]) -> None:
        self._journal, self._clock, self._stations = journal, clock, stations
        self._since: dict[str, tuple[VideoCause, str]] = {}
        self._impaired: dict[tuple[str, str], str] = {}
        self._owed: list[Draft] = []

    def video(self, news: NoVideo) -> None:
        """Takes what a recorder says."""
        station, camera, at = self._stations[news.camera], news.camera, self._wall(news.at_us)
        before = self._since.pop(camera, None)
        if before is not None:
            cause, since = before
            back = VideoBack(station=station, camera=camera, cause=cause, since=since, until=at)
            self._owe(Draft(kind=FactKind.VIDEO_BACK, device=f"{station}.{camera}", body=to_body(back)))
        if news.cause is not None:
            now = self._since[camera] = cast(VideoCause, news.cause), at
            lost = VideoLost(station=station, camera=camera, cause=now[0], since=at)
            self._owe(Draft(kind=FactKind.VIDEO_LOST, device=f"{station}.{camera}", body=to_body(lost)))
        self.pay()

    def impaired(self, news: Impaired) -> None:
        """Takes what a recorder says of its camera's picture."""
        station, at, key = self._stations[news.camera], self._wall(news.at_us), (news.camera, news.what)
        if news.so:
            self._impaired[key] = at
            kind, body = (
                FactKind.CAMERA_IMPAIRED,
                to_body(CameraImpaired(station=station, camera=news.camera, what=news.what, since=at)),
            )
        else:
            since = self._impaired.pop(key, at)
            kind, body = (
                FactKind.CAMERA_CLEAR,
                to_body(CameraClear(station=station, camera=news.camera, what=news.what, since=since, until=at)),
            )
        self._owe(Draft(kind=kind, device=f"{station}.{news.camera}", body=body))
        self.pay()

    def moved(self, news: Moved) -> None:
        """Takes when something moved."""
        station, span = self._stations[news.camera], news.span
        body = MotionSeen(
            station=station, camera=news.camera, since=self._wall(span.from_us), until=self._wall(span.to_us),
            looks=span.looks, most_pct=span.most_pct,
        )  # fmt: skip
        self._owe(Draft(kind=FactKind.MOTION_SEEN, device=f"{station}.{news.camera}", body=to_body(body)))
        self.pay()

    def pay(self) -> None:
        """Tells what is owed, as far as the disk takes it."""
        while self._owed:
            try:
                self._journal.record(self._owed[0])
            except JournalError as error:
                _log.warning("%s is told later: %s", self._owed[0].kind, error)
                return
            del self._owed[0]

    def _owe(self, draft: Draft) -> None:
        self._owed.append(draft)

    def _wall(self, at_us: int) -> str:
        reading = self._clock.read()
        return time_text(reading.at - timedelta(microseconds=reading.mono_us - at_us))
