"""What is told of a camera's picture, on the pictures of a simulated gate, decoded from a real file camera."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.devices import Around
from edge_agent.drivers import camera_file
from edge_agent.vision.health import FIRST, LOOKS, OVER, Watcher
from simulators.acting import Held, pose
from simulators.frames import Conditions, gate_scene, render

Picture = NDArray[np.uint8]
SCENE = gate_scene()
DICE = np.random.default_rng(3)
HAND = np.full((720, 1280, 3), (90, 120, 160), np.uint8)


def empty(conditions: Conditions = Conditions()) -> Picture:
    return render(SCENE, [], conditions, DICE)


def walking(second: float) -> Picture:
    return render(SCENE, pose([Held("a label", "a label")], second), Conditions(), DICE)


def seen(watcher: Watcher, pictures: Sequence[Picture]) -> list[tuple[str, bool]]:
    return [told for picture in pictures for told in watcher.see(picture)]


def settled() -> Watcher:
    watcher = Watcher()
    assert seen(watcher, [empty() for _ in range(FIRST + 2)]) == []
    return watcher


def moved() -> Picture:
    return np.roll(empty(), 60, axis=1)


def covered() -> Picture:
    return np.asarray(cv2.add(HAND, DICE.integers(0, 3, HAND.shape, dtype=np.uint8)), np.uint8)


SIGHTS: dict[str, Callable[[], Picture]] = {
    "covered": covered,
    "moved": moved,
    "out_of_focus": lambda: empty(Conditions(blur_sigma_px=5)),
    "too_dark": lambda: empty(Conditions(light=0.06)),
}


@pytest.mark.parametrize("what", SIGHTS)
def test_each_is_told_after_looks_in_a_row_and_over_after_some_without_it(what: str) -> None:
    watcher, sight = settled(), SIGHTS[what]
    needed = LOOKS[what]  # type: ignore[index]  # a name of the table
    assert seen(watcher, [sight() for _ in range(needed - 1)]) == []
    assert seen(watcher, [sight()]) == [(what, True)]
    assert seen(watcher, [sight() for _ in range(20)]) == []
    assert seen(watcher, [empty() for _ in range(OVER)]) == [(what, False)]


def test_labels_that_are_held_up_while_a_camera_begins_are_no_part_of_its_view() -> None:
    held = pose([Held(name * 60, name) for name in "abcd"], 1.5)
    watcher = Watcher()
    for number in range(FIRST):
        assert seen(watcher, [empty() if number == 3 else render(SCENE, held, Conditions(), DICE)]) == []
    assert seen(watcher, [empty() for _ in range(LOOKS["out_of_focus"] + 5)]) == []


@pytest.mark.parametrize("what", SIGHTS)
def test_what_passes_is_not_told(what: str) -> None:
    watcher, sight = settled(), SIGHTS[what]
    for _ in range(5):
        assert seen(watcher, [sight(), sight(), empty()]) == []


def test_a_picture_that_never_changes_is_frozen_and_one_with_a_sensors_noise_is_not() -> None:
    watcher, still = settled(), empty()
    assert seen(watcher, [still] * (LOOKS["frozen"] + 1)) == [("frozen", True)]
    assert seen(watcher, [empty() for _ in range(OVER + 1)]) == [("frozen", False)]


def test_people_with_cartons_and_half_the_light_are_nothing_to_tell_of() -> None:
    watcher = settled()
    assert seen(watcher, [walking(number / 2) for number in range(30)]) == []
    assert seen(watcher, [empty(Conditions(light=0.5)) for _ in range(20)]) == []


def test_a_camera_that_is_covered_when_it_begins_has_no_first_view() -> None:
    watcher = Watcher()
    assert seen(watcher, [covered() for _ in range(8)]) == [("covered", True)]
    assert seen(watcher, [empty() for _ in range(FIRST + 3)]) == [("covered", False)]
    assert seen(watcher, [moved() for _ in range(LOOKS["moved"])]) == [("moved", True)]


def test_a_real_decoder_changes_nothing_of_it(tmp_path: Path) -> None:
    file = tmp_path / "gate.avi"
    video = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 10, (1280, 720))
    for _ in range(FIRST + 2):
        video.write(empty())
    for _ in range(LOOKS["covered"]):
        video.write(covered())
    video.release()
    around = Around(folder=tmp_path, mono_us=lambda: 0, report=lambda _: None)
    camera = camera_file.build(camera_file.Options(path=file, fps=900), around)
    watcher = Watcher()
    assert seen(watcher, [frame.pixels for frame in camera.frames()]) == [("covered", True)]
