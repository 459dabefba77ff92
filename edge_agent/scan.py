"""Looking through photographs and videos, for people who set up a gate: what would it read here, and how fast?"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_agent.drivers.camera_file import PICTURES, VIDEOS, read_picture, read_video
from edge_agent.errors import DeviceError
from edge_agent.vision.labels import read_labels, warm_up
from proof.keys import VerifyKey
from wire.errors import ForgedLabelError, LabelError
from wire.labels import read_label


@dataclass(frozen=True, slots=True)
class Judged:
    """What a text is: has it the form of `ours`; did one of our label keys sign it (None: no key was given).

    `other_site` is None where no site was given. The rest is known of genuine labels only; a pass has `expires_at`.
    """

    ours: bool
    genuine: bool | None
    other_site: bool | None = None
    kind: str | None = None
    id: str | None = None
    issue: int | None = None
    expires_at: str | None = None


def judge(text: str, keys: Sequence[VerifyKey], site: str | None) -> Judged:
    """What `text` is to the gates of `site`."""
    try:
        label = read_label(text, keys)
    except ForgedLabelError:
        return Judged(ours=True, genuine=False if keys else None)
    except LabelError:
        return Judged(ours=False, genuine=False)
    foreign = None if site is None else label.site != site
    until = label.expires_at.isoformat() if label.expires_at else None
    return Judged(True, True, foreign, label.kind.value, label.id, label.issue, until)


def scan(
    paths: Iterable[Path],
    *,
    keys: Sequence[VerifyKey] = (),
    site: str | None = None,
    every: int = 1,
    now_ms: Callable[[], float],
) -> Iterator[dict[str, Any]]:
    """One dictionary a picture, and one for every `every`-th frame of a video; folders are walked, by name.

    `{"file", "frame" (None in a picture), "texts", "corners" (4 × x, y for each text), "ms" (to read it, not to load
    it), "labels" (a Judged for each text)}`, or `{"file", "error"}` for what holds no picture: then it goes on.
    """
    warm_up()
    for path in paths:
        for file in _files(path):
            try:
                for frame, pixels in _pictures(file, every):
                    yield {"file": str(file), "frame": frame, **_seen(pixels, keys, site, now_ms)}
            except DeviceError as error:
                yield {"file": str(file), "error": str(error)}


def _files(path: Path) -> list[Path]:
    """`path`, or the pictures and videos in it and in the folders in it; `path` again where there are none."""
    if not path.is_dir():
        return [path]
    known = PICTURES | VIDEOS
    return sorted(file for file in path.rglob("*") if file.suffix.lower() in known and file.is_file()) or [path]


def _pictures(file: Path, every: int) -> Iterator[tuple[int | None, NDArray[np.uint8]]]:
    """The frames of `file` that are wanted, with their numbers from 0. Raises DeviceError when there is none."""
    if file.is_dir():
        raise DeviceError(f"no picture and no video in folder {file.name}")
    if file.suffix.lower() in PICTURES:
        yield None, read_picture(file)
    else:
        yield from islice(enumerate(read_video(file)), 0, None, every)


def _seen(
    pixels: NDArray[np.uint8], keys: Sequence[VerifyKey], site: str | None, now_ms: Callable[[], float]
) -> dict[str, Any]:
    started_ms = now_ms()
    reads = read_labels(pixels)
    took_ms = now_ms() - started_ms
    return {
        "texts": [read.text for read in reads],
        "corners": [[[round(x, 1), round(y, 1)] for x, y in read.corners] for read in reads],
        "ms": round(took_ms, 2),
        "labels": [asdict(judge(read.text, keys, site)) for read in reads],
    }
