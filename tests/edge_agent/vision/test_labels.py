"""What reading labels promises, on pictures made the way a gate takes them."""

from collections import Counter

import cv2
import numpy as np
import pytest
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from edge_agent.vision.labels import LabelRead, read_labels
from edge_agent.vision.readers import with_zbar, with_zxing
from simulators.frames import Conditions, On, PlacedLabel, gate_scene, label_corners, render

SCENE = gate_scene()
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$%*+-./:"


def label(seed: int, **changes: float | On | str) -> PlacedLabel:
    text = "ST1:" + "".join(default_rng(seed).choice(list(ALPHABET), 128))
    fields: dict[str, float | On | str] = {"text": text, "caption": "nj01/I-0000000001", "x": 640, "y": 420}
    return PlacedLabel(**(fields | {"width_px": 200} | changes))  # type: ignore[arg-type]  # checked by the class


def taken(labels: list[PlacedLabel], seed: int = 1, **conditions: float) -> NDArray[np.uint8]:
    return render(SCENE, labels, Conditions(**conditions), default_rng(seed))


def assert_lies_at(read: LabelRead, placed: PlacedLabel) -> None:
    wanted, found = label_corners(placed), np.array(read.corners)
    assert found.shape == (4, 2)
    assert np.abs(wanted - found).max() < 6


def test_a_label_is_read_with_its_corners_from_colour_and_from_grey() -> None:
    placed = label(1, turn_deg=20, yaw_deg=30, on=On.BOX)
    frame = taken([placed])
    for picture in (frame, cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(np.uint8)):
        (read,) = read_labels(picture)
        assert read.text == placed.text
        assert_lies_at(read, placed)


def test_several_labels_in_one_frame_come_from_left_to_right() -> None:
    placed = [label(seed, x=150 + 245 * seed, y=300 + 40 * (seed % 2), width_px=170, turn_deg=9) for seed in range(5)]
    reads = read_labels(taken(placed[::-1]))
    assert [read.text for read in reads] == [each.text for each in placed]
    for read, each in zip(reads, placed, strict=True):
        assert_lies_at(read, each)


def test_the_same_label_twice_in_a_frame_is_two_reads() -> None:
    copies = [label(3, x=340), label(3, x=920)]
    reads = read_labels(taken(copies))
    assert Counter(read.text for read in reads) == {copies[0].text: 2}
    for read, each in zip(reads, copies, strict=True):
        assert_lies_at(read, each)


def test_a_label_that_several_readers_read_is_one_read() -> None:
    for light, noise in ((0.3, 3.0), (0.12, 4.0)):
        assert len(read_labels(taken([label(4)], light=light, noise=noise))) == 1


@pytest.mark.parametrize(
    ("conditions", "helped_by"),
    [
        ({"light": 0.06, "noise": 4.0}, "brightened"),
        ({"blur_sigma_px": 2.2}, "sharpened"),
        ({"blur_sigma_px": 2.8}, "blur undone"),
        ({"motion_px": 9.0, "motion_deg": 35.0}, "motion undone"),
        ({"motion_px": 10.0, "motion_deg": 150.0}, "motion undone"),
    ],
    ids=["dark", "soft", "out of focus", "moved", "moved another way"],
)
def test_what_zxing_does_not_read_at_once_is_read_all_the_same(conditions: dict[str, float], helped_by: str) -> None:
    ours, at_once = 0, 0
    for seed in range(6):
        placed = label(seed, x=500 + 60 * seed, turn_deg=4.0 * seed, on=On.BOX)
        frame = taken([placed], seed, **conditions)
        gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(np.uint8)
        at_once += placed.text in {read.text for read in with_zxing(gray, inverted=True)[0]}
        reads = [read for read in read_labels(frame) if read.text == placed.text]
        if reads and helped_by in reads[0].found_by:
            assert_lies_at(reads[0], placed)
            ours += 1
    assert ours >= 4
    assert at_once <= 1


def test_a_blurred_pass_is_read_beside_a_sharp_box() -> None:
    box, held = label(1, x=420, on=On.BOX), label(2, x=960, y=330, width_px=190, on=On.CARD)
    frame = taken([box, held])
    frame[200:500, 800:1120] = cv2.GaussianBlur(frame[200:500, 800:1120], (0, 0), 2.2)
    assert [read.text for read in read_labels(frame)] == [box.text, held.text]


def test_every_reader_alone_reads_no_more_than_we_do() -> None:
    kinds: list[dict[str, float]] = [{}, {"blur_sigma_px": 1.5}, {"motion_px": 5.0}, {"light": 0.1, "noise": 4.0}]
    for seed, conditions in enumerate(kinds * 2):
        frame = taken([label(seed, yaw_deg=float(10 * seed - 35), turn_deg=33.0 * seed)], seed, **conditions)
        gray = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(np.uint8)
        each = {read.text for read in with_zxing(gray)[0]} | {read.text for read in with_zbar(gray)}
        assert each <= {read.text for read in read_labels(frame)}


@pytest.mark.parametrize(
    "shape", [(0, 0), (0, 0, 3), (1, 1), (1, 1, 3), (20, 400), (21, 21, 3), (22, 812), (300, 300), (720, 1280, 3)]
)
def test_blank_pictures_of_any_size_hold_nothing(shape: tuple[int, ...]) -> None:
    for level in (0, 128, 255):
        assert read_labels(np.full(shape, level, np.uint8)) == []


def test_noise_and_an_empty_gate_hold_nothing() -> None:
    rng = default_rng(5)
    for shape in ((240, 320), (480, 640, 3), (720, 1280, 3)):
        assert read_labels(rng.integers(0, 256, shape, np.uint8)) == []
    assert read_labels(taken([])) == []
    assert read_labels(taken([], light=0.06, noise=4)) == []


def test_what_is_no_picture_is_refused() -> None:
    wrong: list[NDArray[np.generic]] = [np.zeros((9, 9, 4), np.uint8), np.zeros(9, np.uint8), np.zeros((99, 99))]
    for array in wrong:
        with pytest.raises(ValueError, match="a picture is"):
            read_labels(array)  # type: ignore[arg-type]  # that is the point


def test_the_picture_is_not_touched_and_read_the_same_again() -> None:
    frame = taken([label(1), label(2, x=950)], blur_sigma_px=2.2)
    before = frame.copy()
    first = read_labels(frame)
    assert np.array_equal(frame, before)
    assert read_labels(frame) == first
    assert read_labels(frame[:, ::1]) == first


def test_a_small_photograph_is_looked_at_as_a_whole() -> None:
    placed = label(6, x=640, y=420, width_px=200)
    small = taken([placed], blur_sigma_px=2.4)[300:540, 520:760]
    assert [read.text for read in read_labels(small)] == [placed.text]


def random_dots(rng: Generator) -> NDArray[np.uint8]:
    return rng.integers(0, 2, (60, 60), np.uint8).repeat(4, 0).repeat(4, 1) * np.uint8(255)


def test_many_things_that_look_like_labels_and_are_none_hide_no_label() -> None:
    rng, frame = default_rng(8), taken([label(7, x=1080, y=500)])
    for left in (60, 340, 620):
        frame[60:300, left : left + 240] = random_dots(rng)[:, :, None]
    assert [read.text for read in read_labels(frame)] == [label(7).text]
