"""Sets of pictures with known labels, from one seed; and sets of photographs where a folder of them is given."""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from custody.things import Kind
from edge_agent.drivers.camera_file import PICTURES, read_picture
from edge_agent.errors import DeviceError
from proof.keys import SigningKey
from simulators.frames import Conditions, On, PlacedLabel, gate_scene, render
from wire.labels import Label, write_label

PHOTOS = "SEALTRAIL_BENCH_PHOTOS"
"""A folder whose subfolders are sets of photographs; any text read in one is a hit."""

LABEL_KEY = SigningKey.from_seed(b"benchmark label key, no secret !")

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture and the texts that are in it; None where nobody knows which (one of any kind will do)."""

    picture: Picture
    texts: tuple[str, ...] | None


def item_label(number: int) -> tuple[str, str]:
    """Text and caption of the genuine label of item `number`."""
    name = f"nj01/I-{number:010d}"
    return write_label(Label(Kind.ITEM, name, 1), LABEL_KEY), name


def box(rng: Generator, *, width_px: tuple[float, float] = (170, 230), tilt_deg: float = 12, turn_deg: float = 15,
        number: int | None = None) -> PlacedLabel:  # fmt: skip
    """A labelled carton somewhere in the middle of the picture."""
    text, caption = item_label(int(rng.integers(1, 10**9)) if number is None else number)
    x, y, width = rng.uniform(350, 930), rng.uniform(220, 520), rng.uniform(*width_px)
    turn, pitch, yaw = (float(rng.uniform(-most, most)) for most in (turn_deg, tilt_deg, tilt_deg))
    return PlacedLabel(text, caption, float(x), float(y), float(width), turn, pitch, yaw, On.BOX)


def _five(rng: Generator) -> list[PlacedLabel]:
    labels = []
    for place in range(5):
        text, caption = item_label(int(rng.integers(1, 10**9)))
        x, y = 130 + 250 * place + rng.uniform(-15, 15), rng.uniform(230, 500)
        turn = float(rng.uniform(-25, 25))
        labels.append(PlacedLabel(text, caption, float(x), float(y), float(rng.uniform(150, 185)), turn))
    return labels


def _way(rng: Generator) -> float:
    return float(rng.uniform(0, 180))


Make = Callable[[Generator], tuple[list[PlacedLabel], Conditions]]

SETS: dict[str, Make] = {
    "clean": lambda rng: ([box(rng)], Conditions()),
    "perspective, rotation": lambda rng: ([box(rng, tilt_deg=45, turn_deg=180)], Conditions()),
    "blur σ 1.5": lambda rng: ([box(rng)], Conditions(blur_sigma_px=1.5)),
    "blur σ 2.2": lambda rng: ([box(rng)], Conditions(blur_sigma_px=2.2)),
    "blur σ 3": lambda rng: ([box(rng)], Conditions(blur_sigma_px=3.0)),
    "motion 5 px": lambda rng: ([box(rng)], Conditions(motion_px=5, motion_deg=_way(rng))),
    "motion 9 px": lambda rng: ([box(rng)], Conditions(motion_px=9, motion_deg=_way(rng))),
    "low light 0.12": lambda rng: ([box(rng)], Conditions(light=0.12, noise=5)),
    "low light 0.06": lambda rng: ([box(rng)], Conditions(light=0.06, noise=4)),
    "glare": lambda rng: ([box(rng)], Conditions(glare=0.95)),
    "far": lambda rng: ([box(rng, width_px=(90, 130))], Conditions()),
    "five labels": lambda rng: (_five(rng), Conditions(motion_px=2, motion_deg=_way(rng))),
}


def shots(name: str, count: int) -> Iterator[Shot]:
    """`count` pictures of the set `name`, 720×1280, the same at every call."""
    rng = default_rng(list(SETS).index(name))
    scene = gate_scene()
    for _ in range(count):
        labels, conditions = SETS[name](rng)
        yield Shot(render(scene, labels, conditions, rng), tuple(label.text for label in labels))


def photograph_sets() -> dict[str, list[Shot]]:
    """The photographs of the folder that the environment names, by subfolder; those that can be opened."""
    named = os.environ.get(PHOTOS)
    folders = sorted(path for path in Path(named).iterdir() if path.is_dir()) if named else []
    sets = {folder.name: list(_photographs(folder)) for folder in folders}
    return {name: shots for name, shots in sets.items() if shots}


def _photographs(folder: Path) -> Iterator[Shot]:
    for file in sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES):
        with suppress(DeviceError):
            yield Shot(read_picture(file), None)
