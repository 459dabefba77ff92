"""Pictures of people walking through a door as a camera above it takes them."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from simulators.frames import jpeg_of

HEIGHT, WIDTH = 360, 480
FPS = 10
NOISES = 7
"""So many pictures of nobody, each with another noise; not a divisor of a second's pictures."""

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Walker:
    """Somebody on their way: at `x` (share of the width), from second `start` on, in `way` 1 down the picture or -1 up.

    `turns` after so many seconds; `speed` in picture heights a second; `dark` clothes or light ones.
    """

    x: float
    start: float = 0.0
    way: int = 1
    speed: float = 0.45
    turns: float | None = None
    dark: bool = True

    def at(self, second: float) -> tuple[float, float] | None:
        """Where they are then, in pixels; None before they came."""
        gone = second - self.start
        if gone < 0:
            return None
        if self.turns is not None and gone > self.turns:
            gone = 2 * self.turns - gone
        share = gone * self.speed - 0.25
        y = share if self.way > 0 else 1 - share
        return self.x * WIDTH + 5 * np.sin(6 * second + 9 * self.x), y * HEIGHT


def ground(rng: Generator) -> Picture:
    """The floor on both sides of a threshold."""
    floor = np.full((HEIGHT, WIDTH, 3), (132, 138, 141), np.uint8)
    floor[HEIGHT // 2 :] = (112, 121, 128)
    for x in range(0, WIDTH, 60):
        cv2.line(floor, (x, 0), (x, HEIGHT), (120, 126, 129), 1)
    cv2.rectangle(floor, (0, HEIGHT // 2 - 6), (WIDTH, HEIGHT // 2 + 6), (86, 90, 92), -1)
    return np.asarray(np.clip(floor + rng.normal(0, 3, floor.shape), 0, 255), np.uint8)


def seen(floor: Picture, walkers: Sequence[Walker], second: float, rng: Generator, light: float = 1.0) -> Picture:
    """What the camera shows at that second."""
    picture = floor.copy()
    for walker in walkers:
        at = walker.at(second)
        if at is not None:
            _draw(picture, walker, (round(at[0]), round(at[1])))
    noisy = picture * light + rng.normal(0, 4, picture.shape)
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def film(walkers: Sequence[Walker], seconds: float, rng: Generator, lead: float = 1.0) -> Iterator[Picture]:
    """FPS pictures a second; nobody comes in the first `lead` seconds."""
    floor = ground(rng)
    for number in range(round((seconds + lead) * FPS)):
        yield seen(floor, walkers, number / FPS - lead, rng)


class Above:
    """What the camera above a door of the stage sees."""

    def __init__(self, seed: int) -> None:
        self._dice = np.random.default_rng(seed)
        self._floor = ground(self._dice)
        self._walkers: tuple[Walker, ...] = ()
        self._since = 0.0
        self._empty = [jpeg_of(seen(self._floor, (), 0.0, self._dice)) for _ in range(NOISES)]

    async def walk(self, *walkers: Walker, seconds: float = 4.5) -> None:
        """These people walk under it, beginning now; returns when they should be through."""
        self._since = asyncio.get_running_loop().time()
        self._walkers = walkers
        await asyncio.sleep(seconds)
        self._walkers = ()

    def picture(self, now_s: float) -> bytes:
        """What it sees at loop time `now_s`, as a JPEG."""
        if not self._walkers:
            return self._empty[int(now_s * FPS) % NOISES]
        return jpeg_of(seen(self._floor, self._walkers, now_s - self._since, self._dice))


def _draw(picture: Picture, walker: Walker, at: tuple[int, int]) -> None:
    """Shoulders, and a head on them."""
    coat = (48, 40, 38) if walker.dark else (214, 210, 205)
    cv2.ellipse(picture, at, (44, 24), 0, 0, 360, coat, -1, cv2.LINE_AA)
    cv2.circle(
        picture, (at[0], at[1] + 4 * walker.way), 19, (30, 34, 44) if walker.dark else (92, 118, 160), -1, cv2.LINE_AA
    )
