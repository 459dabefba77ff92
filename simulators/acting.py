"""People at a gate: what they hold up, and how it sways, turns and comes closer while they do."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from simulators.frames import On, PlacedLabel

MAX_BOXES = 3
MAX_CARDS = 2


@dataclass(frozen=True, slots=True)
class Held:
    """A label in somebody's hands: its text, the line a person can read under it, and what it is stuck on."""

    text: str
    caption: str
    on: On = On.BOX


def pose(held: Sequence[Held], seconds: float) -> list[PlacedLabel]:
    """Where the labels are `seconds` after they were held up; cartons in the middle, passes at the sides."""
    boxes = [one for one in held if one.on is not On.CARD]
    cards = [one for one in held if one.on is On.CARD]
    placed = [_swaying(one, 640 + (place - (len(boxes) - 1) / 2) * 330, 430, 178, seconds, place)
              for place, one in enumerate(boxes)]  # fmt: skip
    sides = (150, 1130)
    placed += [_swaying(one, sides[place % 2], 330, 165, seconds, place + 5) for place, one in enumerate(cards)]
    return placed


def _swaying(one: Held, x: float, y: float, width_px: float, seconds: float, phase: int) -> PlacedLabel:
    """Comes up within half a second and is never quite still afterwards."""
    rise = max(0.0, 1 - seconds * 2)
    beat = seconds * 2.1 + phase * 1.7
    return PlacedLabel(
        one.text,
        one.caption,
        x + 14 * math.sin(beat),
        y + 9 * math.sin(beat * 1.6) + 260 * rise,
        width_px * (1 - 0.18 * rise + 0.04 * math.sin(beat * 0.7)),
        turn_deg=7 * math.sin(beat * 0.9),
        pitch_deg=12 * math.sin(beat * 0.5 + 1),
        yaw_deg=18 * math.sin(beat * 0.6),
        on=one.on,
    )
