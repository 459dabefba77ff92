"""When something moves before a camera, on the pictures of a simulated gate with a sensor's noise."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from edge_agent.vision.motion import LONGEST_US, QUIET_US, Motion, Span
from simulators.acting import Held, pose
from simulators.frames import Conditions, gate_scene, render

Picture = NDArray[np.uint8]
SCENE, DICE, SECOND = gate_scene(), np.random.default_rng(8), 1_000_000
EMPTY = [render(SCENE, [], Conditions(), DICE) for _ in range(8)]
WALKING = [render(SCENE, pose([Held("a label", "a label")], number * 1.0), Conditions(), DICE) for number in range(8)]


def seen(motion: Motion, pictures: Iterable[Picture], from_s: int = 0) -> list[Span]:
    spans = (motion.see(picture, (from_s + number) * SECOND) for number, picture in enumerate(pictures))
    return [span for span in spans if span is not None]


def some(pictures: list[Picture], count: int) -> list[Picture]:
    return [pictures[number % len(pictures)] for number in range(count)]


def test_noise_alone_is_no_motion() -> None:
    motion = Motion()
    assert seen(motion, some(EMPTY, 200)) == []
    assert motion.end() is None


def test_somebody_who_walks_by_is_one_span() -> None:
    motion = Motion()
    (span,) = seen(motion, some(EMPTY, 10) + some(WALKING, 8) + some(EMPTY, 80))
    assert 10 * SECOND <= span.from_us <= 12 * SECOND
    assert 15 * SECOND <= span.to_us <= 26 * SECOND  # what was there is learnt back
    assert span.looks >= 6
    assert 0.4 < span.most_pct < 60


def test_it_is_told_at_most_once_a_minute_and_in_parts_when_it_goes_on() -> None:
    motion = Motion()
    spans = seen(motion, some(WALKING, 1500))
    assert len(spans) == 2
    assert all(span.to_us - span.from_us <= LONGEST_US for span in spans)
    assert QUIET_US == 60 * SECOND
    assert motion.end() is not None


def test_a_light_that_is_switched_on_is_no_motion() -> None:
    dark = [(picture // 4).astype(np.uint8) for picture in EMPTY]
    motion = Motion()
    assert seen(motion, some(dark, 10) + some(EMPTY, 10)) == []
    assert motion.end() is None
