"""Segments: what is written can be read, whatever happened to the writer."""

import hashlib
import resource
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edge_agent.devices import Frame
from edge_agent.errors import FilmError
from edge_agent.film.ring import Ring
from edge_agent.film.segment import PART, Segment, SegmentWriter, examine, play, recover
from tests.edge_agent.film.studio import CAMERA, pictures
from tests.edge_agent.hands import BOOT, Hands, full_disk


def write(folder: Path, hands: Hands, count: int = 20, size: tuple[int, int] = (320, 180)) -> Segment:
    drawn, reading = pictures(count, size), hands.clock.read()
    writer = SegmentWriter(folder, CAMERA, Frame(drawn[0], hands.mono_us), reading)
    for number, pixels in enumerate(drawn[1:], 1):
        writer.add(Frame(pixels, reading.mono_us + number * 100_000))
    return writer.close()


def test_a_segment_tells_by_itself_what_was_noted_of_it(tmp_path: Path) -> None:
    hands = Hands()
    segment = write(tmp_path, hands)
    assert examine(segment.path) == segment
    assert (segment.frames, segment.to_us - segment.from_us) == (20, 2_000_000)
    assert segment.begun == hands.now
    assert play(segment.path) == 20


def test_an_odd_row_or_column_is_left_out_and_nothing_else(tmp_path: Path) -> None:
    segment = write(tmp_path, Hands(), 3, (321, 181))
    assert (segment.width, segment.height, play(segment.path)) == (320, 180, 3)


def test_pictures_come_back_as_they_were(tmp_path: Path) -> None:
    import av

    segment, drawn = write(tmp_path, Hands(), 5), pictures(5)
    with av.open(segment.path) as container:
        for frame, pixels in zip(container.decode(video=0), drawn, strict=True):
            seen = frame.to_ndarray(format="bgr24").astype(np.int16)
            assert np.abs(seen - pixels.astype(np.int16)).mean() < 6


def test_what_an_encoder_keeps_goes_with_its_segment(tmp_path: Path) -> None:
    hands, drawn = Hands(), pictures(3, (640, 360))

    def film(segments: int) -> int:
        """Bytes that this process holds after so many more."""
        for _ in range(segments):
            hands.pass_(1)
            reading = hands.clock.read()
            writer = SegmentWriter(tmp_path, CAMERA, Frame(drawn[0], hands.mono_us), reading)
            for number in (1, 2):
                writer.add(Frame(drawn[number], reading.mono_us + number * 100_000))
            writer.close().path.unlink()
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()

    before = film(60)
    assert film(240) - before < 3 << 20


def test_a_killed_process_leaves_a_segment_up_to_its_last_second(tmp_path: Path) -> None:
    folder = tmp_path / "ring" / CAMERA
    command = [sys.executable, "-m", "tests.edge_agent.film.filming", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as filming:
        assert filming.stdout is not None
        said = 0
        while said < 47:
            said = int(filming.stdout.readline())
        filming.kill()
    (left,) = folder.iterdir()
    assert left.suffix == PART
    ring = Ring(tmp_path, 1 << 30)
    from_us = int(left.stem.partition("-")[2])
    (segment,) = ring.covering(CAMERA, BOOT, from_us, from_us + 10_000_000)
    assert segment.cut
    assert segment.frames >= 36  # a second may be missing, and a fragment begins with its next picture
    assert play(segment.path) == segment.frames
    assert hashlib.sha256(segment.path.read_bytes()).hexdigest() == segment.sha256
    assert segment.path.suffix == ".mp4"


def test_what_is_no_segment_is_not_taken_for_one(tmp_path: Path) -> None:
    for content in (b"", b"\0" * 4000, b"not a film"):
        path = tmp_path / f"{BOOT}-0000000000000001.mp4"
        path.write_bytes(content)
        with pytest.raises(FilmError):
            examine(path)
        with pytest.raises(FilmError):
            play(path)


def test_a_segment_with_a_hole_is_found_by_playing_it(tmp_path: Path) -> None:
    segment = write(tmp_path, Hands())
    segment.path.write_bytes(segment.path.read_bytes()[: segment.bytes // 2])
    with suppress(FilmError):
        assert play(segment.path) < segment.frames


def test_a_full_disk_is_an_error_and_leaves_what_was_written(tmp_path: Path) -> None:
    hands = Hands()
    drawn, reading = pictures(40), hands.clock.read()
    writer = SegmentWriter(tmp_path, CAMERA, Frame(drawn[0], hands.mono_us), reading)
    for number in range(1, 25):
        writer.add(Frame(drawn[number], reading.mono_us + number * 100_000))

    def go_on() -> None:
        for number in range(25, 40):
            writer.add(Frame(drawn[number], reading.mono_us + number * 100_000))

    with full_disk(), pytest.raises(FilmError):
        go_on()
    left = writer.abandon()
    assert left is not None
    assert left.frames >= 10
    assert replace(examine(left.path), cut=True) == left
    with pytest.raises(FilmError):
        recover(tmp_path / "nothing.part")
