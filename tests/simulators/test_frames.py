"""What a simulated picture promises: labels where they were placed, worse light worse, the same seed the same."""

import numpy as np
import pytest
import zxingcpp
from numpy.random import default_rng

from simulators.frames import Conditions, On, PlacedLabel, gate_scene, label_corners, render

TEXT = "ST1:" + "0123456789ABCDEF" * 8


def placed(**changes: float | On | str) -> PlacedLabel:
    fields: dict[str, float | On | str] = {"text": TEXT, "caption": "nj01/I-0000000001", "x": 640, "y": 420}
    return PlacedLabel(**(fields | {"width_px": 190} | changes))  # type: ignore[arg-type]  # checked by the class


@pytest.mark.parametrize("on", list(On))
def test_a_label_is_read_where_it_was_placed(on: On) -> None:
    label = placed(on=on, turn_deg=14, pitch_deg=-8, yaw_deg=25)
    frame = render(gate_scene(), [label], Conditions(), default_rng(1))
    (read,) = zxingcpp.read_barcodes(frame)
    at = read.position
    found = [(point.x, point.y) for point in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)]
    assert read.text == TEXT
    assert np.abs(label_corners(label) - found).max() < 4


def test_labels_partly_or_wholly_out_of_the_picture_are_drawn_as_far_as_they_are_seen() -> None:
    scene = gate_scene()
    for x, y in ((-40, 300), (1300, 700), (-3000, 5000)):
        frame = render(scene, [placed(x=x, y=y, on=On.BOX)], Conditions(), default_rng(1))
        assert frame.shape == (720, 1280, 3)
        assert zxingcpp.read_barcodes(frame) == []


def test_the_same_seed_gives_the_same_picture_and_the_scene_stays_as_it_was() -> None:
    scene = gate_scene()
    before = scene.copy()
    label = [placed(on=On.BOX)]
    rough = Conditions(motion_px=5, motion_deg=30, light=0.3, noise=6, glare=0.8, blur_sigma_px=1)
    frames = [render(scene, label, rough, default_rng(seed)) for seed in (3, 3, 4)]
    assert np.array_equal(frames[0], frames[1])
    assert not np.array_equal(frames[0], frames[2])
    assert np.array_equal(scene, before)


def test_conditions_make_a_picture_darker_and_less_sharp() -> None:
    scene, label = gate_scene(), [placed()]

    def taken(**conditions: float) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        return render(scene, label, Conditions(**({"noise": 0.0} | conditions)), default_rng(1))

    def sharpness(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> float:
        return float(np.abs(np.diff(picture[330:500, 560:720, 0].astype(int), axis=1)).mean())

    assert taken(light=0.1).mean() < taken().mean() / 8
    assert taken(glare=1.0).mean() > taken().mean()
    assert sharpness(taken(blur_sigma_px=2)) < sharpness(taken()) / 2
    assert sharpness(taken(motion_px=9)) < sharpness(taken()) / 2
