"""What is kept of the film around what happens, and what the journal says of it."""

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from custody.permits import time_text
from edge_agent.film.segment import examine, play
from tests.edge_agent.film.studio import CAMERA, KEEP, STATION, pictures, studio
from tests.edge_agent.hands import Hands, full_disk
from tests.system.waiting import until_now


def digests(closed: dict[str, Any]) -> list[str]:
    return [one["sha256"] for one in closed["segments"]]


def test_an_event_keeps_what_was_before_it_and_what_came_after(tmp_path: Path) -> None:
    with studio(tmp_path) as set_:
        set_.film(10)
        seq = set_.event()
        set_.film(8)
        (closed,) = set_.until(1, "clip_closed")
        told = set_.bodies("clip_segment")
        assert closed["clip"] == seq
        assert (closed["events"], closed["station"], closed["camera"]) == ([seq], STATION, CAMERA)
        assert (closed["missing_before_ms"], closed["missing_after_ms"], closed["missing_between_ms"]) == (0, 0, 0)
        assert digests(closed) == [one["sha256"] for one in told]
        assert 4 <= len(told) <= 6  # seven seconds in pieces of two
        for one in told:
            path = set_.films.ring.kept_as(one["sha256"])
            assert hashlib.sha256(path.read_bytes()).hexdigest() == one["sha256"]
            assert path.stat().st_size == one["bytes"]
            assert play(path) == one["frames"]
            assert (one["width"], one["height"], one["error_ms"], one["cut"]) == (320, 180, 10, False)
        (crossed,) = set_.facts("passage_crossed")
        assert told[0]["begun"] <= crossed.at <= told[-1]["ended"]


def test_a_segment_is_signed_into_the_journal_before_the_clip_is_over(tmp_path: Path) -> None:
    with studio(tmp_path) as set_:
        set_.film(5)
        set_.event()
        assert set_.until(2, "clip_segment")  # those from before, although nothing came after
        assert set_.bodies("clip_closed") == []
        assert set_.films.busy() == "clip_cut"


def test_nothing_is_cut_before_an_event_nor_after_its_clip(tmp_path: Path) -> None:
    with studio(tmp_path) as set_:
        set_.film(5)
        assert set_.films.busy() is None
        set_.event()
        set_.film(8)
        set_.until(1, "clip_closed")
        until_now(lambda: set_.films.busy() is None, "the clip is put away")


def test_what_was_missing_before_an_event_is_told(tmp_path: Path) -> None:
    with studio(tmp_path) as set_:
        set_.film(1)
        set_.event()
        set_.film(6)
        (closed,) = set_.until(1, "clip_closed")
        assert closed["before_ms"] == 4000
        assert 2800 <= closed["missing_before_ms"] <= 3100
        assert closed["missing_after_ms"] == 0


def test_an_event_that_nothing_shows_is_told_to_have_no_film(tmp_path: Path) -> None:
    with studio(tmp_path) as set_:
        set_.event()
        set_.hands.pass_(30)
        (closed,) = set_.until(1, "clip_closed")
        assert closed["segments"] == []
        assert (closed["missing_before_ms"], closed["missing_after_ms"]) == (4000, 3000)


def test_events_that_follow_each_other_share_a_clip_until_it_is_long(tmp_path: Path) -> None:
    with studio(tmp_path) as set_:
        set_.film(5)
        seqs = []
        for _ in range(12):
            seqs.append(set_.event())
            set_.film(2)
        set_.film(6)
        first, second = set_.until(2, "clip_closed")
        assert first["events"] + second["events"] == seqs
        assert len(first["events"]) >= 6
        assert set(digests(first)) & set(digests(second))  # what is before the second's first event is in both


def test_a_station_without_a_camera_and_a_kind_that_is_nothing_keep_no_film(tmp_path: Path) -> None:
    with studio(tmp_path) as set_:
        set_.film(4)
        set_.event(station="elsewhere")
        set_.event("gate_moved")
        seq = set_.event()
        set_.film(6)
        assert [one["clip"] for one in set_.until(1, "clip_closed")] == [seq]


def test_what_happened_just_before_the_agent_went_down_has_its_clip_after_the_next_start(tmp_path: Path) -> None:
    hands = Hands()
    with studio(tmp_path, hands) as set_:
        set_.film(6)
        seq = set_.event()
    hands.pass_(10)
    with studio(tmp_path, hands) as set_:
        set_.film(1)
        (closed,) = set_.until(1, "clip_closed")
        assert closed["clip"] == seq
        assert len(closed["segments"]) >= 2
        assert closed["missing_after_ms"] >= 2800
        for sha256 in digests(closed):
            assert examine(set_.films.ring.kept_as(sha256)).sha256 == sha256
    with studio(tmp_path, hands) as set_:  # and only one
        set_.event()
        set_.hands.pass_(30)
        assert next(one["clip"] for one in set_.until(2, "clip_closed")) == seq
        assert len(set_.bodies("clip_closed")) == 2


def test_the_ring_drops_the_oldest_and_never_what_is_kept(tmp_path: Path) -> None:
    with studio(tmp_path, ring_bytes=60_000) as set_:
        set_.film(6)
        set_.event()
        set_.film(40)
        (closed,) = set_.until(1, "clip_closed")
        set_.films.stop()  # every segment that is on the disk has come to the ring
        ring = set_.films.ring
        assert all(ring.kept_as(one).exists() for one in digests(closed))
        assert 0 < ring.bytes <= 60_000
        files = [path for path in ring.folder_of(CAMERA).iterdir() if path.suffix == ".mp4"]
        assert sum(path.stat().st_size for path in files) == ring.bytes


def test_film_stays_out_of_the_last_room_on_the_disk_and_says_so(tmp_path: Path) -> None:
    with studio(tmp_path, free_bytes=1 << 60) as set_:
        set_.film(1)
        (lost,) = set_.until(1, "video_lost")
        assert lost["cause"] == "disk_full"
        assert not list(set_.films.ring.folder_of(CAMERA).glob("*"))


def test_no_picture_is_no_video_until_there_is_one_again(tmp_path: Path) -> None:
    hands = Hands()
    with studio(tmp_path, hands) as set_:
        set_.film(3)
        since = hands.now
        (lost,) = set_.until(1, "video_lost")
        hands.pass_(60)
        set_.film(1)
        (back,) = set_.until(1, "video_back")
        assert (lost["cause"], back["cause"], lost["since"]) == ("no_picture", "no_picture", back["since"])
        assert lost["since"] == since.isoformat(timespec="microseconds").replace("+00:00", "Z")
        assert back["until"] > back["since"]


def test_on_a_full_disk_clips_wait_and_are_told_when_there_is_room(tmp_path: Path) -> None:
    with studio(tmp_path) as set_:
        set_.film(6)
        seq = set_.event()
        with full_disk():
            set_.film(5)
        set_.film(1)
        (closed,) = set_.until(1, "clip_closed")
        assert closed["clip"] == seq
        assert digests(closed) == [one["sha256"] for one in set_.bodies("clip_segment")]


@pytest.mark.parametrize("part", ["before", "after"])
def test_a_camera_that_goes_away_leaves_a_gap_that_is_told(tmp_path: Path, part: str) -> None:
    with studio(tmp_path) as set_:
        set_.film(3)
        set_.hands.pass_(2)
        set_.film(1)
        set_.event()
        set_.film(6)
        (closed,) = set_.until(1, "clip_closed")
        assert 1800 <= closed["missing_between_ms"] <= 2200 if part == "before" else closed["missing_after_ms"] == 0
        assert KEEP.before_us // 1000 == closed["before_ms"]


def test_motion_is_told_with_its_interval_also_when_the_agent_stops(tmp_path: Path) -> None:
    with studio(tmp_path) as set_:
        began = set_.hands.now
        set_.film(6)
        set_.films.stop()
        (seen,) = set_.bodies("motion_seen")
        assert (seen["station"], seen["camera"]) == (STATION, CAMERA)
        assert time_text(began) <= seen["since"] <= seen["until"] <= time_text(set_.hands.now)
        assert seen["looks"] >= 3


def test_a_camera_that_is_covered_says_so_and_says_when_it_is_clear_again(tmp_path: Path) -> None:
    dice, hands = np.random.default_rng(2), Hands()
    clear = pictures(20, (640, 360))

    def noisy(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return np.asarray(cv2.add(picture, dice.integers(0, 3, picture.shape, dtype=np.uint8)), np.uint8)

    with studio(tmp_path, hands, drawn=lambda: [noisy(clear[0]) for _ in range(30)]) as set_:
        set_.film(8)
        set_.drawn = [noisy(np.full((360, 640, 3), 120, np.uint8)) for _ in range(30)]
        set_.film(6)
        (impaired,) = set_.until(1, "camera_impaired")
        set_.drawn = [noisy(clear[0]) for _ in range(30)]
        set_.film(7)
        (again,) = set_.until(1, "camera_clear")
        assert (impaired["camera"], impaired["what"], again["what"]) == (CAMERA, "covered", "covered")
        assert again["since"] == impaired["since"] < again["until"]
