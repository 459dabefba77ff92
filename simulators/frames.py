"""Pictures of labels as a gate's camera would take them: perspective, blur, bad light, noise, glare.

    scene = gate_scene()                                   # once; any 720×1280×3 BGR picture will do
    box = PlacedLabel(text, "nj01/I-0000000001", x=640, y=420, width_px=170, turn_deg=6, yaw_deg=-12, on=On.BOX)
    frame = render(scene, [box], Conditions(motion_px=3), rng)

The same arguments and the same state of `rng` give the same picture. `scene` is not changed. About 15 ms a frame.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np
import segno
from numpy.random import Generator
from numpy.typing import NDArray

from simulators.errors import StageError
from simulators.scenery import HANDS, Picture, carton_face, gate_scene, keeper, pass_card, polygon

__all__ = ["Conditions", "On", "PlacedLabel", "gate_scene", "jpeg_of", "label_corners", "paper", "render"]

JPEG_QUALITY = 85
_DISTANCE_PX = 1100.0  # from the eye to a label; the smaller, the stronger the perspective
_MODULE_PX = 6  # of a printed label before it is placed
_CAPTION_SHARE = 0.17  # height of the caption, of the paper's width
_NOISE_PX = (900, 1500)


class On(StrEnum):
    """What a label is stuck on; drawn with it, behind it."""

    BOX = "box"  # a carton in a keeper's hands
    CARD = "card"  # a person's pass, held up
    NOTHING = "nothing"  # the bare label: on a carton drawn before it, or flying


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """One label in the picture. `x`, `y` are its centre in pixels, `width_px` the width of its paper seen from the
    front (quiet zone included), `turn_deg` in the picture's plane, `pitch_deg` and `yaw_deg` out of it.
    """

    text: str
    caption: str
    x: float
    y: float
    width_px: float
    turn_deg: float = 0.0
    pitch_deg: float = 0.0
    yaw_deg: float = 0.0
    on: On = On.NOTHING


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the air, the hand and the sensor do: `light` 1 is a well-lit gate, `noise` grey levels (standard deviation),
    `glare` 0 to 1 is the strength of a lamp mirrored on the first label.
    """

    blur_sigma_px: float = 0.0
    motion_px: float = 0.0
    motion_deg: float = 0.0
    light: float = 1.0
    noise: float = 1.5
    glare: float = 0.0


def render(scene: Picture, labels: Sequence[PlacedLabel], conditions: Conditions, rng: Generator) -> Picture:
    """The frame (as `scene`, uint8 BGR) with `labels` in it, later ones before earlier ones."""
    picture = scene.copy()
    for label in labels:
        if label.on is On.BOX:
            _draw_keeper(picture, label)
            _draw_carton(picture, label)
        elif label.on is On.CARD:
            _draw_flat(picture, pass_card(), label, _card_corners())
        _draw_flat(picture, paper(label.text, label.caption), label, _paper_corners())
    if conditions.glare > 0 and labels:
        _add_glare(picture, labels[0], conditions.glare, rng)
    return _photographed(picture, conditions, rng)


def label_corners(label: PlacedLabel) -> NDArray[np.float64]:
    """Where the QR code's own corners (quiet zone left out) lie in the picture: 4×2 pixels, from the top left."""
    modules = len(segno.make(label.text, micro=False, error="m").matrix)
    inner = 0.5 * modules / (modules + 8)
    middle = -_CAPTION_SHARE / 2
    square = [(-inner, middle - inner), (inner, middle - inner), (inner, middle + inner), (-inner, middle + inner)]
    return _projected(label, np.array([(x, y, 0.0) for x, y in square]))


@lru_cache(maxsize=256)
def paper(text: str, caption: str) -> Picture:
    """A printed label seen from the front: BGR, the QR code with its quiet zone over a line a person can read."""
    modules = np.array(segno.make(text, micro=False, error="m").matrix, np.uint8)
    code = np.pad(np.where(modules == 1, 24, 246).astype(np.uint8), 4, constant_values=246)
    code = code.repeat(_MODULE_PX, axis=0).repeat(_MODULE_PX, axis=1)
    width = code.shape[1]
    strip = np.full((round(width * _CAPTION_SHARE), width), 246, np.uint8)
    scale = 0.9 * width / cv2.getTextSize(caption or " ", cv2.FONT_HERSHEY_DUPLEX, 1.0, 2)[0][0]
    scale = min(scale, strip.shape[0] / 34)
    (across, up), _ = cv2.getTextSize(caption, cv2.FONT_HERSHEY_DUPLEX, scale, 2)
    at = ((width - across) // 2, (strip.shape[0] + up) // 2 - 4)
    cv2.putText(strip, caption, at, cv2.FONT_HERSHEY_DUPLEX, scale, 40, 2, cv2.LINE_AA)
    return cv2.cvtColor(np.vstack((code, strip)), cv2.COLOR_GRAY2BGR).astype(np.uint8)


def _paper_corners() -> NDArray[np.float64]:
    down = (1 + _CAPTION_SHARE) / 2
    return np.array([(-0.5, -down, 0), (0.5, -down, 0), (0.5, down, 0), (-0.5, down, 0)])


def _card_corners() -> NDArray[np.float64]:
    return np.array([(-0.6, -1.0, 0.01), (0.6, -1.0, 0.01), (0.6, 0.7, 0.01), (-0.6, 0.7, 0.01)])


def _projected(label: PlacedLabel, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pixels (N×2) of `points` (N×3, in widths of the label, its centre the origin, the third axis away from us)."""
    turn, pitch, yaw = (math.radians(angle) for angle in (label.turn_deg, label.pitch_deg, label.yaw_deg))
    around_z = np.array([[math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0], [0, 0, 1]])
    around_y = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    around_x = np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
    placed = points * label.width_px @ (around_z @ around_y @ around_x).T
    nearness = _DISTANCE_PX / (_DISTANCE_PX + placed[:, 2:])
    return np.asarray(placed[:, :2] * nearness + np.array([label.x, label.y]), np.float64)


def _draw_flat(picture: Picture, image: Picture, label: PlacedLabel, corners: NDArray[np.float64]) -> None:
    """Lay `image` on the quadrilateral where `corners` (of the label's plane) are seen."""
    target = _projected(label, corners)
    longest = max(np.linalg.norm(target - np.roll(target, 1, axis=0), axis=1))
    shrink = max(image.shape[:2]) / max(longest * 1.5, 1.0)
    if shrink > 1:  # a camera averages over a pixel; taking every third one would invent patterns
        image = cv2.resize(image, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA).astype(np.uint8)
    height, width = image.shape[:2]
    low = np.clip(np.floor(target.min(axis=0)).astype(int) - 1, 0, None)
    high = np.minimum(np.ceil(target.max(axis=0)).astype(int) + 2, picture.shape[1::-1])
    if (high <= low).any():
        return  # out of the picture
    source = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32) - np.float32(0.5)
    matrix = cv2.getPerspectiveTransform(source, (target - low).astype(np.float32))
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    warped = cv2.warpPerspective(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = np.zeros(size[::-1], np.uint8)
    cv2.fillConvexPoly(mask, np.round((target - low) * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    _blend(picture[low[1] : high[1], low[0] : high[0]], warped.astype(np.uint8), mask)


def _blend(under: Picture, over: Picture, opacity: Picture) -> None:
    share = (opacity.astype(np.float32) / 255)[:, :, None]
    under[:] = (under + (over.astype(np.float32) - under) * share + 0.5).astype(np.uint8)


def _draw_carton(picture: Picture, label: PlacedLabel) -> None:
    """A carton with the label on its front: the front face, and of the others those that can be seen."""
    left, right, top, bottom, back = -1.15, 1.15, -0.95, 0.85, 1.1
    front = np.array([(left, top, 0.02), (right, top, 0.02), (right, bottom, 0.02), (left, bottom, 0.02)])
    behind = front + np.array([0, 0, back])
    for a, b, shade in ((0, 1, 1.12), (1, 2, 0.72), (2, 3, 0.5), (3, 0, 0.82)):
        seen = _projected(label, np.array([front[a], front[b], behind[b], behind[a]]))
        (x1, y1), (x2, y2), (x3, y3) = seen[1] - seen[0], seen[2] - seen[1], seen[3] - seen[2]
        if x1 * y2 - y1 * x2 + x2 * y3 - y2 * x3 < 0:  # its outside is towards us
            colour = (int(112 * shade), int(158 * shade), min(int(196 * shade), 255))
            polygon(picture, [(float(x), float(y)) for x, y in seen], colour)
    _draw_flat(picture, carton_face(), label, front)
    for side in (left, right):
        hand = _projected(label, np.array([(side, 0.3, 0.0)]))[0]
        size = (max(int(0.10 * label.width_px), 1), max(int(0.17 * label.width_px), 1))
        cv2.ellipse(
            picture, (int(hand[0]), int(hand[1])), size, label.turn_deg, 0, 360, (150, 184, 226), -1, cv2.LINE_AA
        )


def _draw_keeper(picture: Picture, label: PlacedLabel) -> None:
    scale = round(label.width_px / 180, 2)
    body = _sized_keeper(scale)
    left, top = round(label.x - HANDS[0] * scale), round(label.y - HANDS[1] * scale)
    x1, y1, x2, y2 = max(left, 0), max(top, 0), left + body.shape[1], top + body.shape[0]
    under = picture[y1 : max(y2, 0), x1 : max(x2, 0)]
    seen = body[y1 - top :, x1 - left :][: under.shape[0], : under.shape[1]]
    if seen.size:
        _blend(under, seen[:, :, :3], seen[:, :, 3])


@lru_cache(maxsize=8)
def _sized_keeper(scale: float) -> Picture:
    return cv2.resize(keeper(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _add_glare(picture: Picture, label: PlacedLabel, strength: float, rng: Generator) -> None:
    """A lamp mirrored on the label: a soft bright spot over part of it."""
    reach = label.width_px * 0.9
    x, y = (float(at + rng.uniform(-0.35, 0.35) * label.width_px) for at in (label.x, label.y))
    columns = np.exp(-(((np.arange(picture.shape[1]) - x) / (reach * 0.35)) ** 2))
    rows = np.exp(-(((np.arange(picture.shape[0]) - y) / (reach * 0.22)) ** 2))
    spot = (rows[:, None] * columns[None, :] * strength).astype(np.float32)[:, :, None]
    picture[:] = (picture + (np.float32(255) - picture) * np.minimum(spot, 1) + 0.5).astype(np.uint8)


def _photographed(picture: Picture, conditions: Conditions, rng: Generator) -> Picture:
    if conditions.motion_px > 1:
        picture = cv2.filter2D(picture, -1, _streak(conditions.motion_px, conditions.motion_deg)).astype(np.uint8)
    if conditions.blur_sigma_px > 0:
        picture = cv2.GaussianBlur(picture, (0, 0), conditions.blur_sigma_px).astype(np.uint8)
    if conditions.light == 1.0 and conditions.noise == 0:
        return picture
    height, width = picture.shape[:2]
    top, left = (int(rng.integers(0, room)) for room in (_NOISE_PX[0] - height, _NOISE_PX[1] - width))
    noise = _noise()[top : top + height, left : left + width]
    scaled = cv2.addWeighted(picture, conditions.light, noise, conditions.noise / 32, 0, dtype=cv2.CV_16S)
    return np.clip(scaled, 0, 255).astype(np.uint8)


@lru_cache(maxsize=1)
def _noise() -> NDArray[np.int16]:
    """A sensor's noise, 32 grey levels wide; each frame takes another window of it."""
    return (np.random.default_rng(7).standard_normal((*_NOISE_PX, 3)) * 32).astype(np.int16)


def _streak(length_px: float, angle_deg: float) -> NDArray[np.float32]:
    size = math.ceil(length_px) | 1
    middle = size // 2
    streak = np.zeros((size, size), np.float32)
    half = (length_px - 1) / 2
    across, down = half * math.cos(math.radians(angle_deg)), half * math.sin(math.radians(angle_deg))
    ends = [(round((middle + sign * across) * 16), round((middle + sign * down) * 16)) for sign in (-1, 1)]
    cv2.line(streak, ends[0], ends[1], 1.0, 1, cv2.LINE_AA, 4)
    streak /= streak.sum()
    return streak


def jpeg_of(picture: Picture) -> bytes:
    """As a camera sends it. Raises StageError for what is no picture."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise StageError("a picture that cannot be written as JPEG")
    return data.tobytes()
