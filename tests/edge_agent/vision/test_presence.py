"""Somebody before a camera: several looks and not one flicker, over once nothing has moved for a while."""

import numpy as np
import pytest

from edge_agent.vision.presence import BELIEVED, OVER_US, Presence
from tests.edge_agent.vision.test_motion import EMPTY, SECOND, WALKING, Picture, some


def look(presence: Presence, pictures: list[Picture], from_s: int = 0) -> None:
    for number, picture in enumerate(pictures):
        presence.see(picture, (from_s + number) * SECOND)


def test_somebody_who_walks_by_is_there_from_the_first_look_to_the_last() -> None:
    presence = Presence()
    look(presence, some(EMPTY, 10) + some(WALKING, 6))
    assert presence.now is not None
    assert 10 * SECOND <= presence.now.from_us <= 12 * SECOND
    assert presence.over(16 * SECOND) is None
    last = presence.now.to_us
    gone = presence.over(last + OVER_US)
    assert gone is not None
    assert gone.looks >= 4
    assert presence.over(last + 2 * OVER_US) is None


@pytest.mark.parametrize("others", [EMPTY, [np.full_like(EMPTY[0], 255)] * 8])
def test_noise_and_a_light_that_is_switched_on_are_nobody(others: list[Picture]) -> None:
    presence = Presence()
    look(presence, some(EMPTY, 20))
    look(presence, some(others, 100), 20)
    assert presence.now is None


def test_a_flicker_is_nobody() -> None:
    presence = Presence()
    for round_ in range(10):
        look(presence, some(EMPTY, 1) + some(WALKING, 1) + some(EMPTY, 18), round_ * 20)
    assert presence.now is None
    assert BELIEVED > 1
