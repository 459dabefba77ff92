"""One behaviour for every scale: on a real pseudo-terminal, and on the stage."""

import os
import queue
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import pytest

from edge_agent.devices import Scale, Weight
from edge_agent.drivers import scale_serial, scale_sim
from edge_agent.errors import DeviceError
from tests.edge_agent.drivers.worlds import OnStage, around


class World(Protocol):
    """The other side of a scale; `reports` is what it said about itself."""

    reports: "queue.Queue[str | None]"

    def scale(self) -> Scale: ...
    def weigh(self, grams: int) -> None: ...


class OnLine:
    """A scale's end of a serial line."""

    def __init__(self, folder: Path) -> None:
        self.reports: queue.Queue[str | None] = queue.Queue()
        self.folder = folder
        self.plug()

    def plug(self) -> None:
        self.end, other = os.openpty()
        self.link = self.folder / "ttyUSB0"
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(other))
        self.other = other

    def unplug(self) -> None:
        os.close(self.end)
        os.close(self.other)

    def scale(self, silent_s: float = 60) -> Scale:
        options = scale_serial.Options(device=Path("ttyUSB0"), silent_s=silent_s)
        scale = scale_serial.build(options, around(self.folder, self.reports.put))
        assert self.reports.get(timeout=240) is None
        return scale

    def weigh(self, grams: int) -> None:
        os.write(self.end, b"US,GS,+%7.3fkg\r\n" % (grams / 2000))
        os.write(self.end, b"ST,GS,+%7.3fkg\r\n" % (grams / 1000))


class Staged:
    """The stage's scale."""

    def __init__(self, stage: OnStage) -> None:
        self.reports: queue.Queue[str | None] = queue.Queue()
        self.stage = stage

    def scale(self) -> Scale:
        options = scale_sim.Options(stage=Path("stage.sock"), device="rack-1.scale")
        scale = scale_sim.build(options, around(self.stage.folder, self.reports.put))
        assert self.reports.get(timeout=240) is None
        return scale

    def weigh(self, grams: int) -> None:
        self.stage.call(self.stage.stage.racks["rack-1"].weigh(grams))


@contextmanager
def on_line(folder: Path) -> Iterator[World]:
    world = OnLine(folder)
    yield world
    world.unplug()


@contextmanager
def on_stage(folder: Path) -> Iterator[World]:
    stage = OnStage(folder)
    yield Staged(stage)
    stage.close()


@pytest.fixture(params=[on_line, on_stage])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    make: Callable[[Path], AbstractContextManager[World]] = request.param
    with make(tmp_path) as world:
        yield world


def test_a_scale_tells_what_lies_on_it_once_it_stands_still(world: World) -> None:
    scale = world.scale()
    said: queue.Queue[Weight] = queue.Queue()
    scale.watch(said.put)
    for grams in (1204, 0):
        world.weigh(grams)
        while said.get(timeout=240) != Weight(grams // 2, False):  # the stage's scale says first what it showed before
            pass
        assert said.get(timeout=240) == Weight(grams, True)
    scale.stop()


@pytest.mark.parametrize(
    ("line", "weight"),
    [
        (b"ST,GS,+  1.234kg", Weight(1234, True)),
        (b"US,NT,-  0.010kg ", Weight(-10, False)),
        (b"ST,+01234.5  g", Weight(1234, True)),
        (b"st,gs, 12kg", Weight(12000, True)),
        (b"OL,GS,+999.999kg", None),
        (b"ST,GS,+1.2.3kg", None),
        (b"ST,GS,+  1.234lb", None),
        (b"", None),
        (b"\xff\x00ST,GS,+  1.234kg", None),
    ],
)
def test_lines_of_a_scale(line: bytes, weight: Weight | None) -> None:
    assert scale_serial.parse_line(line) == weight


def test_noise_on_the_line_is_passed_over_and_lines_may_come_in_pieces(tmp_path: Path) -> None:
    with on_line(tmp_path) as world:
        assert isinstance(world, OnLine)
        scale = world.scale()
        said: queue.Queue[Weight] = queue.Queue()
        scale.watch(said.put)
        for piece in (b"\xfe\xfd" * 400, b"\r\nST,GS", b",+  1.2", b"34kg\r", b"\nnoise\nUS,GS,+  0.500kg\n"):
            os.write(world.end, piece)
        assert [said.get(timeout=240), said.get(timeout=240)] == [Weight(1234, True), Weight(500, False)]
        scale.stop()


def test_a_line_that_breaks_is_told_and_opened_again(tmp_path: Path) -> None:
    world = OnLine(tmp_path)
    scale = world.scale()
    world.unplug()
    assert world.reports.get(timeout=240) is not None
    world.plug()
    while world.reports.get(timeout=240) is not None:
        pass
    said: queue.Queue[Weight] = queue.Queue()
    scale.watch(said.put)
    world.weigh(100)
    assert said.get(timeout=240) == Weight(50, False)
    scale.stop()
    world.unplug()


def test_a_scale_that_says_nothing_is_lost_and_a_speed_that_is_none_is_told(tmp_path: Path) -> None:
    with on_line(tmp_path) as world:
        assert isinstance(world, OnLine)
        scale = world.scale(silent_s=0.1)
        assert "it says nothing" in str(world.reports.get(timeout=240))
        scale.stop()
    with pytest.raises(DeviceError, match="12345 baud"):
        scale_serial.build(scale_serial.Options(device=Path("x"), baud=12345), around(tmp_path))
