"""What a camera sees: is it open, bright and sharp enough, and does it read a label from where people hold it?"""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import segno

from edge_agent.devices import Camera, Frame
from edge_agent.doctor.finding import Finding, Findings
from edge_agent.errors import DeviceError
from edge_agent.vision.focus import FLAT, Look, look_at
from edge_agent.vision.labels import LabelRead, read_labels
from proof.keys import VerifyKey
from wire.errors import LabelError
from wire.labels import read_label

LOOKS = 8
"""Pictures that are waited for: a camera needs some to find its light."""

WITHIN_S = 15.0
"""How long the first one may take: a network camera connects, a decoder waits for a whole picture."""

SETTLE_S = 3.0
"""How long the others may take."""

DARK, BRIGHT = 45, 215
SHARP_LABEL, SHARP_SCENE = 65, 35
"""Of 100. A sharp label has 85 and one three pixels out of focus 43; a warehouse without a label 50 and 25."""

READABLE_PX = 3.0
"""A module of a code should have so many pixels; under 2 it is luck."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optics:
    """What the distance is estimated by: the width of a label's code, and how wide the lens sees."""

    code_mm: float = 25.0
    view_deg: float = 66.0

    def distance_m(self, code_px: float, picture_px: int) -> float:
        """How far away a code is that is `code_px` wide in a picture `picture_px` wide; straight ahead."""
        focal_px = picture_px / 2 / math.tan(math.radians(self.view_deg) / 2)
        return self.code_mm / 1000 * focal_px / code_px


@dataclass(frozen=True, slots=True)
class Sight:
    """What one picture is like, and the label in it that is nearest, if there is one: what it is, and how large."""

    look: Look
    label: str | None
    genuine: bool
    module_px: float
    code_px: float


def sight_of(frame: Frame, keys: Sequence[VerifyKey]) -> Sight:
    """What `frame` shows."""
    reads = read_labels(frame.pixels)
    nearest = max(reads, key=_side_px, default=None)
    corners = nearest.corners if nearest else None
    look = look_at(frame.pixels, corners)
    if nearest is None:
        return Sight(look, None, False, 0.0, 0.0)
    modules = len(segno.make_qr(nearest.text, error="m", boost_error=False).matrix)
    side_px = _side_px(nearest)
    try:
        label = read_label(nearest.text, keys)
    except LabelError:
        return Sight(look, nearest.text[:40], False, side_px / modules, side_px)
    return Sight(look, label.id, True, side_px / modules, side_px)


def _side_px(read: LabelRead) -> float:
    """The length of the shortest side of the code's outline: what is seen least of."""
    corners = read.corners
    return min(math.dist(corners[place - 1], corners[place]) for place in range(len(corners)))


def check_camera(
    name: str, camera: Camera, keys: Sequence[VerifyKey], optics: Optics, within_s: float = WITHIN_S
) -> Findings:
    """What is found about the camera called `name`; it is given back at the end."""
    try:
        frames = _some_frames(camera, within_s)
    except DeviceError as error:
        yield Finding("camera.closed", name, {"problem": str(error)})
        return
    sights = [sight_of(frame, keys) for frame in frames]
    sight = max(sights, key=lambda one: (one.genuine, one.label is not None, one.look.focus))
    height, width = frames[-1].pixels.shape[:2]
    yield Finding("camera.sees", name, {"width": width, "height": height})
    yield _of_light(name, sight.look)
    sharp = sight.look.focus >= (SHARP_SCENE if sight.label is None else SHARP_LABEL)
    focus = {"focus": sight.look.focus, "name": name}
    yield Finding("camera.sharp" if sharp else "camera.soft", name, focus)
    yield _of_label(name, sight, optics, width)


def _some_frames(camera: Camera, within_s: float) -> list[Frame]:
    """The first pictures of a camera. Raises DeviceError when there is none, or none in time."""
    frames: list[Frame] = []
    too_late = threading.Event()

    def end() -> None:
        too_late.set()
        camera.stop()

    late, enough = threading.Timer(within_s, end), threading.Timer(SETTLE_S, camera.stop)
    late.start()
    try:
        for frame in camera.frames():
            if not frames:
                late.cancel()
                enough.start()
            frames.append(frame)
            if len(frames) == LOOKS:
                break
    finally:
        late.cancel()
        enough.cancel()
        camera.stop()
    if not frames:
        raise DeviceError(f"no picture within {within_s:g} s" if too_late.is_set() else "it ended without a picture")
    return frames


def _of_light(name: str, look: Look) -> Finding:
    figures = {"brightness": look.brightness, "contrast": look.contrast}
    code = "dark" if look.brightness < DARK else "bright" if look.brightness > BRIGHT else "lit"
    if code == "lit" and look.contrast < FLAT:
        code = "flat"
    return Finding(f"camera.{code}", name, figures)


def _of_label(name: str, sight: Sight, optics: Optics, width: int) -> Finding:
    if sight.label is None:
        return Finding("camera.no_label", name)
    if not sight.genuine:
        return Finding("camera.foreign", name, {"label": sight.label})
    figures = {
        "label": sight.label,
        "module_px": round(sight.module_px, 1),
        "distance_m": round(optics.distance_m(sight.code_px, width), 2),
    }
    return Finding("camera.label" if sight.module_px >= READABLE_PX else "camera.small", name, figures)


def watch(camera: Camera, keys: Sequence[VerifyKey], tell: Callable[[Sight, int], None]) -> None:
    """Tells of every picture what it is like, and the best focus so far, until the camera ends. Raises DeviceError."""
    best = 0
    for frame in camera.frames():
        sight = sight_of(frame, keys)
        best = max(best, sight.look.focus)
        tell(sight, best)


def bar(focus: int, best: int, width: int = 40) -> str:
    """`focus` as a bar that a person on a ladder sees, with a mark where the best one was."""
    filled, mark = focus * width // 100, min(best * width // 100, width - 1)
    return "".join("█" if place < filled else "|" if place == mark else "·" for place in range(width))


def sight_lines(sight: Sight, best: int) -> Iterator[str]:
    """The parts of a line about a picture that needs no language."""
    yield f"{sight.look.focus:3} {bar(sight.look.focus, best)} {best:3}"
    yield f"☀ {sight.look.brightness:3}"
    if sight.label is not None:
        yield f"{'✓' if sight.genuine else '✗'} {sight.label} {sight.module_px:.1f} px"
