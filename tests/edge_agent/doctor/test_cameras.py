"""What is told of a camera's picture: open, bright, sharp, and a label from where people hold it."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_agent.devices import Around, Frame
from edge_agent.doctor.cameras import Optics, Sight, bar, check_camera, watch
from edge_agent.doctor.finding import Finding
from edge_agent.drivers import camera_file, camera_sim
from simulators.acting import Held
from simulators.frames import On
from simulators.stage import Stage
from tests.edge_agent.doctor.ward import FORGED, GENUINE, codes, found, picture, save
from tests.edge_agent.hands import Hands
from tests.edge_agent.scene import LABELS

KEYS = (LABELS.public,)


def check(path: Path, optics: Optics | None = None) -> list[Finding]:
    return list(check_camera("gate-cam", camera(path), KEYS, optics or Optics()))


def camera(path: Path) -> camera_file.FileCamera:
    around = Around(folder=path.parent, mono_us=Hands().clock.mono_us, report=lambda _: None)
    return camera_file.build(camera_file.Options(path=Path(path.name)), around)


def test_a_good_picture_with_a_label_is_four_good_lines(tmp_path: Path) -> None:
    said = check(save(tmp_path / "good.png", picture()), Optics(code_mm=25, view_deg=66))
    assert codes(said) == ["camera.sees", "camera.lit", "camera.sharp", "camera.label"]
    assert found(said, "camera.sees") == {"about": "gate-cam", "width": 1280, "height": 720}
    label = found(said, "camera.label")
    assert label["label"] == "nj01/I-0000000001"
    assert label["module_px"] == pytest.approx(4.1, abs=0.3)
    # A code 167 pixels wide through a lens of 66 degrees: 25 mm × 985.5 / 167.
    assert label["distance_m"] == pytest.approx(0.148, abs=0.01)


@pytest.mark.parametrize(
    ("pixels", "code"),
    [
        (picture(light=0.2), "camera.dark"),
        (np.full((720, 1280, 3), 250, np.uint8), "camera.bright"),
        (np.full((720, 1280, 3), 120, np.uint8), "camera.flat"),
        (picture(blur_px=3), "camera.soft"),
        (picture(None, blur_px=3), "camera.soft"),
        (picture(width_px=95), "camera.small"),
        (picture(None), "camera.no_label"),
        (picture(FORGED), "camera.foreign"),
    ],
    ids=["dark", "bright", "flat", "soft label", "soft scene", "small", "no label", "forged"],
)
def test_what_is_wrong_with_a_picture_is_named(tmp_path: Path, pixels: np.ndarray, code: str) -> None:
    said = check(save(tmp_path / "shot.png", pixels))
    assert code in codes(said)
    assert len(said) == 4


def test_a_label_held_still_for_one_picture_of_several_is_enough(tmp_path: Path) -> None:
    for number, pixels in enumerate((picture(None), picture(blur_px=6), picture(GENUINE))):
        save(tmp_path / "shots" / f"{number}.png", pixels)
    assert codes(check(tmp_path / "shots"))[-2:] == ["camera.sharp", "camera.label"]


def test_a_camera_that_is_not_there_is_told_why(tmp_path: Path) -> None:
    (said,) = check(tmp_path / "nothing.png")
    assert said.code == "camera.closed"
    assert "nothing.png" in said.values["problem"]


async def test_a_camera_on_the_stage_is_looked_at_like_any_other(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "stage.sock", ["gate-a"])
    await stage.open()
    stage.gates["gate-a"].show([Held(GENUINE, "L-1", On.CARD)])
    options = camera_sim.Options(stage=Path("stage.sock"), device="gate-a.camera")
    sim = camera_sim.build(options, Around(folder=tmp_path, mono_us=Hands().clock.mono_us, report=lambda _: None))
    said = await asyncio.to_thread(lambda: list(check_camera("gate-cam", sim, KEYS, Optics())))
    await stage.close()
    assert codes(said)[:2] == ["camera.sees", "camera.lit"]
    assert said[-1].values["label"] == "nj01/I-0000000001"


class Silent:
    """A camera that opens and shows nothing, until it is stopped."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def frames(self) -> Iterator[Frame]:
        self.stopped.wait(30)
        yield from ()

    def stop(self) -> None:
        self.stopped.set()


def test_a_camera_that_shows_nothing_is_not_waited_for_for_ever() -> None:
    silent = Silent()
    (said,) = check_camera("gate-cam", silent, KEYS, Optics(), within_s=0.05)
    assert (said.code, said.values["problem"]) == ("camera.closed", "no picture within 0.05 s")
    assert silent.stopped.is_set()


def test_while_the_lens_is_turned_each_picture_says_its_focus_and_the_best_so_far(tmp_path: Path) -> None:
    for number, blur_px in enumerate((4, 2, 0, 2)):
        save(tmp_path / "turning" / f"{number}.png", picture(None, blur_px=blur_px))
    told: list[tuple[int, int]] = []

    def tell(sight: Sight, best: int) -> None:
        told.append((sight.look.focus, best))

    watch(camera(tmp_path / "turning"), KEYS, tell)
    focus = [one for one, _ in told]
    assert focus[0] < focus[1] < focus[2] > focus[3]
    assert [best for _, best in told] == [focus[0], focus[1], focus[2], focus[2]]


def test_a_bar_shows_the_focus_and_where_the_best_was() -> None:
    assert bar(50, 80, 10) == "█████···|·"
    assert bar(100, 100, 4) == "████"
    assert bar(0, 0, 4) == "|···"
