"""What every camera promises, over every driver that can run without a Raspberry Pi; then what each adds."""

import importlib.util
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise, takewhile
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from edge_agent.devices import Around, Camera
from edge_agent.drivers import camera_file, camera_opencv, camera_picamera2, camera_sim
from edge_agent.drivers.newest import Paced
from edge_agent.errors import DeviceError
from tests.edge_agent.drivers.live_cameras import Show, jpeg, mjpeg_server, plain, stage_server


def mono_us() -> int:
    return time.monotonic_ns() // 1000


def around(folder: Path, clock: Callable[[], int] = mono_us) -> Around:
    return Around(folder=folder, mono_us=clock, report=lambda reason: None)


@dataclass
class Rig:
    """A camera, how to build one that has nothing to look at, and the show before it if it is a live one."""

    camera: Camera
    absent: Camera
    show: Show | None = None


def write_video(path: Path, frames: int = 12, fps: float = 200.0) -> Path:
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (320, 240))
    for number in range(frames):
        video.write(plain(40 + number * 10))
    video.release()
    return path


def file_rig(folder: Path, path: str) -> Rig:
    options = camera_file.Options(path=Path(path), fps=200, repeat=True)
    absent = camera_file.build(camera_file.Options(path=Path("absent.png")), around(folder))
    return Rig(camera_file.build(options, around(folder)), absent)


def make_rig(kind: str, folder: Path, show: Show, stack: ExitStack) -> Rig:
    match kind:
        case "picture":
            cv2.imwrite(str(folder / "a.png"), plain(40))
            return file_rig(folder, "a.png")
        case "folder":
            for name in ("b.jpg", "a.png"):
                cv2.imwrite(str(folder / name), plain(40))
            (folder / "notes.txt").write_text("no picture")
            return file_rig(folder, ".")
        case "video":
            return file_rig(folder, write_video(folder / "v.avi").name)
        case "opencv":
            live = camera_opencv.Options(source=stack.enter_context(mjpeg_server(show)), fps=500)
            gone = camera_opencv.Options(source="http://127.0.0.1:9/nothing", open_timeout_ms=2000)
            return Rig(camera_opencv.build(live, around(folder)), camera_opencv.build(gone, around(folder)), show)
        case _:
            stack.enter_context(stage_server(show, folder))
            here = camera_sim.Options(stage=Path("stage.sock"), device="camera", fps=500)
            nowhere = camera_sim.Options(stage=Path("absent.sock"), device="camera")
            return Rig(camera_sim.build(here, around(folder)), camera_sim.build(nowhere, around(folder)), show)


@pytest.fixture(params=["picture", "folder", "video", "opencv", "sim"])
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    with ExitStack() as stack:
        made = make_rig(request.param, tmp_path, Show(), stack)
        yield made
        made.camera.stop()


@pytest.fixture(params=["opencv", "sim"])
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Camera, Show]]:
    with ExitStack() as stack:
        show = Show()
        made = make_rig(request.param, tmp_path, show, stack)
        yield made.camera, show
        made.camera.stop()


def test_frames_are_colour_pictures_with_the_time_they_came(rig: Rig) -> None:
    before_us, last_us = mono_us(), 0
    for frame, _ in zip(rig.camera.frames(), range(5), strict=False):
        assert frame.pixels.shape == (240, 320, 3)
        assert frame.pixels.dtype == np.uint8
        blue, green, red = frame.pixels.reshape(-1, 3).mean(axis=0)
        assert 30 < blue < 170
        assert abs(green - 60) < 8
        assert abs(red - 200) < 8
        assert max(before_us, last_us) <= frame.taken_us <= mono_us()
        last_us = frame.taken_us


def test_stop_from_another_thread_ends_the_frames_and_they_can_be_asked_for_again(rig: Rig) -> None:
    for _ in range(2):
        frames = rig.camera.frames()
        next(frames)
        if rig.show is not None:
            rig.show.frozen.set()  # so that the reader waits for a picture that does not come
        stopper = threading.Timer(0.05, rig.camera.stop)
        stopper.start()
        for _ in frames:
            pass
        stopper.join()
        if rig.show is not None:
            rig.show.frozen.clear()


def test_a_camera_that_is_not_there_is_a_device_error(rig: Rig) -> None:
    with pytest.raises(DeviceError):
        next(rig.absent.frames())


def test_a_live_camera_gives_the_newest_picture_and_not_those_missed(live: tuple[Camera, Show]) -> None:
    camera, show = live
    frames = camera.frames()
    next(frames)
    show.wait_for_more(20)
    show.level = 160
    show.wait_for_more(20)
    old = takewhile(lambda frame: abs(frame.pixels[:, :, 0].mean() - 160) >= 8, frames)
    assert sum(1 for _ in old) < 20, "some may have been on their way"


def test_a_live_camera_that_goes_away_is_a_device_error(live: tuple[Camera, Show]) -> None:
    camera, show = live
    frames = camera.frames()
    next(frames)
    show.cut.set()
    with pytest.raises(DeviceError):
        for _ in frames:
            pass


def test_a_live_camera_gives_no_more_pictures_a_second_than_asked_for() -> None:
    paced = Paced(fps=10)
    taken = [now_us for now_us in range(0, 990_000, 33_000) if not paced.too_soon(now_us)]
    assert len(taken) == 10
    assert all(b - a >= 90_000 for a, b in pairwise(taken))
    slow = Paced(fps=10)
    assert not any(slow.too_soon(now_us) for now_us in (0, 99_000, 201_000, 300_000))  # its clock is not quite ours


def test_a_frozen_server_is_a_device_error_within_the_read_timeout(tmp_path: Path) -> None:
    show = Show()
    with mjpeg_server(show) as address:
        options = camera_opencv.Options(source=address, read_timeout_ms=2000)
        frames = camera_opencv.build(options, around(tmp_path)).frames()
        next(frames)
        show.frozen.set()
        started_us = mono_us()
        with pytest.raises(DeviceError, match="no picture for 2000 ms"):
            for _ in frames:
                pass
        assert mono_us() - started_us < 25_000_000, "OpenCV itself would wait for thirty seconds"


@pytest.mark.parametrize("most", [2, 1])
def test_a_network_camera_is_decoded_afresh_now_and_then(most: int, tmp_path: Path) -> None:
    show = Show()
    show.most = most
    with mjpeg_server(show) as address:
        options = camera_opencv.Options(source=address, fps=1000, renew_s=0.05)
        camera = camera_opencv.build(options, around(tmp_path))
        began_us = mono_us()
        for frame in camera.frames():  # it goes on through every change
            if len(show.viewers) >= 4:
                break
            assert frame.taken_us - began_us < 200_000_000
        assert show.viewers[:4] == [True, most > 1, most > 1, most > 1]
        camera.stop()


def test_a_server_that_never_sends_a_picture_is_a_device_error_within_the_open_timeout(tmp_path: Path) -> None:
    show = Show()
    show.frozen.set()
    with mjpeg_server(show) as address:
        options = camera_opencv.Options(source=address, open_timeout_ms=300, read_timeout_ms=300)
        with pytest.raises(DeviceError, match="cannot be opened"):
            next(camera_opencv.build(options, around(tmp_path)).frames())


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (7, "camera 7 cannot"),
        ("/dev/sealtrail/camera-none", "camera /dev/sealtrail/camera-none cannot"),
        ("rtsp://keeper:secret@127.0.0.1:9/gate", "camera rtsp://127.0.0.1:9/gate cannot"),
        ("http://127.0.0.1:9/a", "camera http://127.0.0.1:9/a cannot"),
    ],
)
def test_an_error_names_the_camera_and_keeps_its_password(source: int | str, shown: str, tmp_path: Path) -> None:
    camera = camera_opencv.build(camera_opencv.Options(source=source, open_timeout_ms=1000), around(tmp_path))
    with pytest.raises(DeviceError) as error:
        next(camera.frames())
    assert shown in str(error.value)
    assert "secret" not in str(error.value)


def test_a_usb_camera_is_found_by_the_name_that_stays(tmp_path: Path) -> None:
    name = tmp_path / "camera-one"
    name.symlink_to("/dev/video4")
    assert camera_opencv.number_of(str(name)) == 4
    assert camera_opencv.number_of("/dev/video11") == 11
    assert camera_opencv.number_of(2) == 2
    assert camera_opencv.number_of("rtsp://camera/video1") is None
    assert camera_opencv.number_of(str(tmp_path)) is None


def test_a_stage_that_sends_no_picture_is_a_device_error(tmp_path: Path) -> None:
    show = Show()
    with stage_server(show, tmp_path):
        for show.raw in (b"", b"noise" * 99):
            camera = camera_sim.build(camera_sim.Options(stage=Path("stage.sock"), device="c"), around(tmp_path))
            with pytest.raises(DeviceError, match="no picture"):
                next(camera.frames())
            camera.stop()


def blues(options: camera_file.Options, folder: Path) -> list[int]:
    frames = camera_file.build(options, around(folder)).frames()
    return [round(float(frame.pixels[:, :, 0].mean()) / 10) * 10 for frame in frames]


def test_a_folder_is_shown_once_by_name_and_a_video_frame_by_frame(tmp_path: Path) -> None:
    for name, level in (("b.png", 80), ("c.jpg", 120), ("a.webp", 40)):
        cv2.imwrite(str(tmp_path / name), plain(level))
    assert blues(camera_file.Options(path=Path(), fps=500), tmp_path) == [40, 80, 120]
    write_video(tmp_path / "v.avi", frames=6)
    assert blues(camera_file.Options(path=Path("v.avi")), tmp_path) == [40, 50, 60, 70, 80, 90]


def test_a_video_plays_at_its_own_speed(tmp_path: Path) -> None:
    write_video(tmp_path / "v.avi", frames=6, fps=50)
    frames = list(camera_file.build(camera_file.Options(path=Path("v.avi")), around(tmp_path)).frames())
    assert 95_000 <= frames[-1].taken_us - frames[0].taken_us < 1_000_000


@pytest.mark.parametrize("name", ["empty.png", "noise.jpg", "noise.mp4", "empty.avi", "bare", "absent.mp4"])
def test_a_file_without_a_picture_is_a_device_error_that_names_it(name: str, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    for noise in ("noise.jpg", "noise.mp4"):
        (tmp_path / noise).write_bytes(jpeg(1)[::-1])
    for empty in ("empty.png", "empty.avi"):
        (tmp_path / empty).touch()
    with pytest.raises(DeviceError, match=name):
        next(camera_file.build(camera_file.Options(path=Path(name)), around(tmp_path)).frames())


def test_without_a_raspberry_pi_its_camera_says_what_is_missing(tmp_path: Path) -> None:
    if importlib.util.find_spec("picamera2") is not None:
        pytest.skip("picamera2 is installed here")
    camera = camera_picamera2.build(camera_picamera2.Options(), around(tmp_path))
    with pytest.raises(DeviceError, match=r"python3-libcamera.*extra `pi`"):
        next(camera.frames())


@pytest.mark.parametrize("driver", [camera_file, camera_opencv, camera_sim, camera_picamera2])
def test_an_unknown_option_is_refused(driver: ModuleType) -> None:
    with pytest.raises(ValidationError, match="colour"):
        driver.Options(colour="blue")
