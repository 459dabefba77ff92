"""A machine in a folder for the doctor to look at, and pictures for its cameras."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from custody.things import Kind
from edge_agent.doctor.finding import Finding
from edge_agent.doctor.world import World
from proof.keys import SigningKey
from simulators.frames import Conditions, PlacedLabel, gate_scene, render
from tests.edge_agent.hands import Hands
from tests.edge_agent.scene import LABELS, SITE
from wire.labels import Label, write_label

GENUINE = write_label(Label(Kind.ITEM, f"{SITE}/I-0000000001", 2), LABELS)
FORGED = write_label(Label(Kind.ITEM, f"{SITE}/I-0000000001", 2), SigningKey.from_seed(b"x" * 32))


@dataclass
class Ward:
    """Files of a machine by their names under its root, what its programs print, and its clock."""

    root: Path
    said: dict[str, str] = field(default_factory=dict)
    hands: Hands = field(default_factory=Hands)

    @property
    def world(self) -> World:
        return World(root=self.root, clock=self.hands.clock, run=lambda command: self.said.get(" ".join(command)))

    def put(self, name: str, content: str = "") -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(content)


def codes(findings: Iterable[Finding]) -> list[str]:
    return [finding.code for finding in findings]


def found(findings: Iterable[Finding], code: str) -> Mapping[str, Any]:
    """The figures of the one finding of that kind, with what it is about."""
    (one,) = (finding for finding in findings if finding.code == code)
    return {"about": one.about, **one.values}


def picture(
    text: str | None = GENUINE, width_px: float = 200, blur_px: float = 0, light: float = 1
) -> NDArray[np.uint8]:
    """A gate with a label held into it."""
    labels = [PlacedLabel(text, "a caption", x=640, y=400, width_px=width_px)] if text else []
    pixels = render(gate_scene(), labels, Conditions(), default_rng(1))
    if blur_px:
        pixels = np.asarray(cv2.GaussianBlur(pixels, (0, 0), blur_px), np.uint8)
    return (pixels * light).astype(np.uint8)


def save(path: Path, pixels: NDArray[np.uint8]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)
    return path
