"""What stands around a label in a simulated picture: the warehouse gate, a keeper, a carton, a pass. Plain drawing.

Everything is drawn once, at twice the size, and shrunk, so that edges are smooth; nothing here is random.
"""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]  # blue, green, red

WIDTH_PX, HEIGHT_PX = 1280, 720
CARDBOARD: Colour = (112, 158, 196)

_UNIFORM: Colour = (96, 66, 38)
_UNIFORM_DARK: Colour = (74, 50, 28)
_SKIN: Colour = (150, 184, 226)
_VANISHING = (640, 300)
_CARTONS: Sequence[Colour] = ((104, 150, 186), (92, 134, 172), (128, 166, 196), (140, 140, 128), (84, 122, 158))


def polygon(picture: Picture, points: Sequence[tuple[float, float]], colour: Colour) -> None:
    """Fill the polygon through `points` (pixels) in place."""
    whole = np.round(np.asarray(points, np.float64) * 16).astype(np.int32)
    cv2.fillPoly(picture, [whole], colour, cv2.LINE_AA, shift=4)


def gate_scene() -> Picture:
    """The empty gate: 720×1280×3 BGR. A warehouse aisle with shelves, a floor with its lines, two gate posts."""
    scene: Picture = np.zeros((HEIGHT_PX * 2, WIDTH_PX * 2, 3), np.uint8)
    _room(scene)
    for depth in np.geomspace(0.30, 1.5, 9):
        for side in (-1, 1):
            _shelf(scene, float(depth), side)
    scene = cv2.GaussianBlur(scene, (0, 0), 3.2).astype(np.uint8)  # shelves are out of focus
    for side in (-1, 1):
        _post(scene, side)
    return _lit(cv2.resize(scene, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA).astype(np.uint8))


def _room(scene: Picture) -> None:
    height = scene.shape[0]
    horizon = _VANISHING[1] * 2
    wall = np.linspace((108, 104, 98), (178, 176, 172), horizon)
    floor = np.linspace((128, 130, 132), (176, 180, 184), height - horizon)
    scene[:] = np.concatenate((wall, floor)).astype(np.uint8)[:, None, :]
    x, y = _VANISHING[0] * 2, horizon
    polygon(scene, [(x - 210, y - 190), (x + 210, y - 190), (x + 210, y + 70), (x - 210, y + 70)], (196, 192, 184))
    for row in range(5):  # a rolling door at the far end
        top = y - 150 + row * 42
        polygon(scene, [(x - 120, top), (x + 120, top), (x + 120, top + 38), (x - 120, top + 38)], (166, 160, 148))
    for lamp in (0.34, 0.5, 0.74, 1.1):
        high, low = y - 620 * lamp, y - 594 * lamp
        shape = [(x - 150 * lamp, high), (x + 150 * lamp, high), (x + 165 * lamp, low), (x - 165 * lamp, low)]
        polygon(scene, shape, (250, 250, 246))
    for side in (-1, 1):  # the lines that keep the aisle free
        polygon(scene, [(x + side * 96, y + 70), (x + side * 112, y + 70), (x + side * 820, height),
                        (x + side * 720, height)], (70, 188, 226))  # fmt: skip


def _shelf(scene: Picture, depth: float, side: int) -> None:
    """One bay, `depth` 1 at the height of the gate; far ones are drawn first."""
    x, y = _VANISHING[0] * 2, _VANISHING[1] * 2
    near, far = depth, depth / 1.22
    inner, floor_line, top = 560, 330, -560
    shade = 0.55 + 0.3 * min(depth, 1.0)

    def at(scale: float, across: float, down: float) -> tuple[float, float]:
        return x + side * across * scale, y + down * scale

    for level in range(4):
        low = floor_line - level * 225
        for place in range(3):
            colour = _CARTONS[(level * 2 + place + int(depth * 7)) % len(_CARTONS)]
            a, b = (far + (near - far) * part for part in (place / 3 + 0.03, (place + 1) / 3 - 0.03))
            tall = low - (130 + 34 * ((level + place) % 3))
            dim: Colour = tuple(int(part * shade) for part in colour)  # type: ignore[assignment]  # three parts
            polygon(scene, [at(a, inner, low), at(b, inner, low), at(b, inner, tall), at(a, inner, tall)], dim)
        board = [at(far, inner, low), at(near, inner, low), at(near, inner, low + 22), at(far, inner, low + 22)]
        polygon(scene, board, (52, 96, 214))
    post = [at(near, inner, top), at(near, inner, floor_line + 60), at(near * 0.97, inner, floor_line + 60)]
    polygon(scene, [*post, at(near * 0.97, inner, top)], (120, 74, 34))


def _post(scene: Picture, side: int) -> None:
    """A gate post of brushed metal with its reader head and a yellow foot, at the edge of the picture."""
    left = 1280 + side * 1080 - 90
    shades = np.concatenate((np.linspace(92, 206, 110), np.linspace(206, 104, 70)))
    scene[230:1440, left : left + 180] = shades[None, :, None].astype(np.uint8)
    polygon(scene, [(left - 20, 190), (left + 200, 190), (left + 180, 236), (left, 236)], (60, 56, 52))
    polygon(scene, [(left + 34, 330), (left + 146, 330), (left + 146, 560), (left + 34, 560)], (44, 40, 38))
    cv2.circle(scene, (left + 90, 400), 34, (70, 62, 56), -1, cv2.LINE_AA)
    cv2.circle(scene, (left + 90, 400), 14, (30, 24, 22), -1, cv2.LINE_AA)
    for stripe in range(7):
        top = 1180 + stripe * 40
        colour = (48, 190, 240) if stripe % 2 else (46, 44, 44)
        polygon(scene, [(left, top), (left + 180, top - 30), (left + 180, top + 10), (left, top + 40)], colour)


def _lit(scene: Picture) -> Picture:
    """Light from above, darker corners."""
    rows, columns = np.mgrid[-1 : 1 : HEIGHT_PX * 1j, -1 : 1 : WIDTH_PX * 1j]
    light = 1.06 - 0.20 * (rows**2 + columns**2) - 0.06 * rows
    lit: Picture = np.clip(scene * light[:, :, None], 0, 255).astype(np.uint8)
    return lit


@cache
def keeper() -> NDArray[np.uint8]:
    """A keeper holding something before the chest: 900×520×4, BGR and opacity. The hands are at row 430 (see HANDS)."""
    size = (1800, 1040)
    body = np.zeros((*size, 3), np.uint8)
    polygon(
        body, [(330, 980), (710, 980), (690, 1800), (545, 1800), (520, 1150), (495, 1800), (350, 1800)], (70, 60, 52)
    )
    polygon(body, [(400, 330), (640, 330), (800, 410), (760, 1000), (280, 1000), (240, 410)], _UNIFORM)
    polygon(body, [(505, 340), (535, 340), (535, 1000), (505, 1000)], _UNIFORM_DARK)
    for side in (-1, 1):
        x = 520 + side * 240
        arm = [
            (x - side * 60, 410),
            (x + side * 60, 470),
            (x + side * 110, 800),
            (x - side * 40, 900),
            (x - side * 70, 830),
        ]
        polygon(body, arm, _UNIFORM_DARK)
        near, far = 520 + side * 60, 520 + side * 150
        polygon(body, [(near, 560), (far, 560), (far, 600), (near, 600)], (120, 200, 236))
    polygon(body, [(470, 250), (570, 250), (590, 350), (520, 390), (450, 350)], (132, 164, 206))
    cv2.ellipse(body, (520, 170), (98, 128), 0, 0, 360, _SKIN, -1, cv2.LINE_AA)
    cv2.ellipse(body, (520, 120), (112, 92), 0, 180, 360, _UNIFORM_DARK, -1, cv2.LINE_AA)
    polygon(body, [(404, 116), (636, 116), (650, 140), (390, 140)], _UNIFORM)
    cv2.ellipse(body, (520, 66), (18, 18), 0, 0, 360, (90, 190, 230), -1, cv2.LINE_AA)
    for eye in (-38, 38):
        cv2.ellipse(body, (520 + eye, 172), (9, 7), 0, 0, 360, (60, 60, 70), -1, cv2.LINE_AA)
    cv2.ellipse(body, (520, 232), (28, 9), 0, 0, 180, (112, 124, 186), 5, cv2.LINE_AA)
    opacity = cv2.GaussianBlur((body.max(axis=2) > 0).astype(np.uint8) * 255, (0, 0), 1.5)
    shaded = np.clip(body * np.linspace(1.08, 0.7, size[0])[:, None, None], 0, 255).astype(np.uint8)
    whole = np.dstack((cv2.GaussianBlur(shaded, (0, 0), 1.0), opacity))
    return cv2.resize(whole, (520, 900), interpolation=cv2.INTER_AREA).astype(np.uint8)


HANDS = (260, 430)  # column, row in the keeper's picture


@cache
def carton_face() -> Picture:
    """The front of a carton: 440×560×3 BGR, cardboard with tape, an edge and printed arrows."""
    face = np.empty((440, 560, 3), np.uint8)
    grain = 4 * np.sin(np.arange(560) * 1.9) + 3 * np.sin(np.arange(560) * 0.37)
    face[:] = np.clip(np.array(CARDBOARD) + grain[:, None], 0, 255).astype(np.uint8)
    cv2.rectangle(face, (0, 0), (559, 439), (84, 124, 160), 5)
    face[0:64, 236:324] = (face[0:64, 236:324] * 0.5 + np.array((150, 190, 214)) * 0.5).astype(np.uint8)
    for left in (24, 62):
        polygon(face, [(left, 396), (left + 12, 376), (left + 24, 396)], (70, 96, 122))
        polygon(face, [(left + 8, 396), (left + 16, 396), (left + 16, 418), (left + 8, 418)], (70, 96, 122))
    cv2.rectangle(face, (20, 422), (90, 425), (70, 96, 122), -1)
    return face


@cache
def pass_card() -> Picture:
    """A person's pass without its label: 300×210×3 BGR, white with a blue head."""
    card = np.full((300, 210, 3), 244, np.uint8)
    card[:54] = (150, 96, 36)
    cv2.rectangle(card, (82, 14), (128, 26), (70, 60, 52), -1)  # the slot of the lanyard
    cv2.rectangle(card, (0, 0), (209, 299), (190, 190, 190), 2)
    return card
