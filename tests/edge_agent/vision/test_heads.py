"""Heads from above, counted over a line, in pictures through the real decoder."""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge_agent.vision.heads import Counted, HeadCounter
from simulators.crowd import FPS, Walker, film, ground, seen

HEAD = 0.17


def decoded(pictures: Iterable[NDArray[np.uint8]]) -> Iterable[NDArray[np.uint8]]:
    """As a camera sends them."""
    for picture in pictures:
        jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
        yield np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)


def count(walkers: Sequence[Walker], seconds: float = 6.0, seed: int = 1) -> Counted:
    counter = HeadCounter(head=HEAD)
    for picture in decoded(film(walkers, seconds, np.random.default_rng(seed))):
        counter.see(picture)
    return counter.total


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    ("walkers", "told"),
    [
        ([], Counted()),
        ([Walker(0.5)], Counted(down=1)),
        ([Walker(0.5, way=-1)], Counted(up=1)),
        ([Walker(0.5, dark=False)], Counted(down=1)),
        ([Walker(0.3), Walker(0.7)], Counted(down=2)),
        ([Walker(0.5), Walker(0.5, start=0.9)], Counted(down=2)),
        ([Walker(0.4), Walker(0.62, start=0.3)], Counted(down=2)),
        ([Walker(0.3), Walker(0.7, way=-1)], Counted(down=1, up=1)),
        ([Walker(0.2), Walker(0.5, start=0.2), Walker(0.8, start=0.4)], Counted(down=3)),
        ([Walker(0.5, speed=0.2)], Counted(down=1)),
        ([Walker(0.5, turns=1.2)], Counted()),
        ([Walker(0.5, turns=2.2)], Counted(down=1, up=1)),
    ],
    ids=["nobody", "in", "out", "light clothes", "side by side", "close behind", "shoulder to shoulder", "meeting",
         "three", "slow", "turned at the line", "in and out again"],
)  # fmt: skip
def test_whoever_goes_over_the_line_is_counted_once(walkers: list[Walker], told: Counted, seed: int) -> None:
    assert count(walkers, 7.0, seed) == told


def test_who_stands_on_the_line_is_counted_when_they_go_on() -> None:
    counter, rng = HeadCounter(head=HEAD), np.random.default_rng(3)
    floor = ground(rng)
    seconds = [*np.arange(-1, 1.66, 1 / FPS), *[1.66] * 30, *np.arange(1.66, 4, 1 / FPS)]
    for second in seconds:
        counter.see(seen(floor, [Walker(0.5)], second, rng))
    assert counter.total == Counted(down=1)
    assert counter.inside == 0


def test_light_that_is_switched_counts_nobody_and_counting_goes_on() -> None:
    counter, rng = HeadCounter(head=HEAD), np.random.default_rng(4)
    floor = ground(rng)
    for light in (1.0, 0.4, 1.0):
        for _ in range(10):
            counter.see(seen(floor, [], 0, rng, light))
    assert counter.total == Counted()
    for second in np.arange(-0.5, 4, 1 / FPS):
        counter.see(seen(floor, [Walker(0.5)], second, rng))
    assert counter.total == Counted(down=1)


def test_light_that_fades_slowly_counts_nobody() -> None:
    counter, rng = HeadCounter(head=HEAD), np.random.default_rng(5)
    floor = ground(rng)
    for light in np.linspace(1.0, 0.55, 600):
        counter.see(seen(floor, [], 0, rng, light))
    assert (counter.total, counter.inside) == (Counted(), 0)


def test_pictures_of_another_size_begin_anew() -> None:
    counter = HeadCounter(head=HEAD)
    counter.see(np.zeros((360, 480, 3), np.uint8))
    assert counter.see(np.full((480, 480, 3), 200, np.uint8)) == Counted()
