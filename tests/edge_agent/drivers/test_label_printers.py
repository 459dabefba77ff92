"""Label printers: one behaviour on the network and in a folder, and what goes wrong on a network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import pytest

from cloud.evidence.label_print import Stock, tspl, zpl
from edge_agent.devices import Around, LabelPrinter
from edge_agent.drivers import labelprinter_sim, labelprinter_tcp
from edge_agent.errors import DeviceError
from simulators.label_printer import NetworkLabelPrinter

BITMAP = np.random.default_rng(3).random((30, 40)) < 0.5
PICTURE = np.where(BITMAP, 0, 255).astype(np.uint8)
DATA = {"tspl": tspl(BITMAP, Stock(5, 4)), "zpl": zpl(BITMAP)}


@dataclass
class Bench:
    """A printer, what came out of it, and what it reported."""

    printer: LabelPrinter
    printed: Callable[[], list[np.ndarray]]
    speaks: tuple[str, ...]
    reports: list[str | None] = field(default_factory=list)


@pytest.fixture
def network() -> Iterator[NetworkLabelPrinter]:
    with NetworkLabelPrinter() as printer:
        yield printer


def around(folder: Path, reports: list[str | None]) -> Around:
    return Around(folder=folder, mono_us=lambda: 0, report=reports.append)


def on_network(network: NetworkLabelPrinter, **options: object) -> Bench:
    reports: list[str | None] = []
    asked = {"host": "127.0.0.1", "port": network.port, "timeout_s": 0.5, "print_within_s": 0.3} | options
    printer = labelprinter_tcp.build(labelprinter_tcp.Options.model_validate(asked), around(Path(), reports))
    return Bench(printer, lambda: list(network.printed), (printer.language,), reports)


def in_folder(folder: Path, **options: object) -> Bench:
    reports: list[str | None] = []
    asked = labelprinter_sim.Options.model_validate({"folder": "labels", **options})
    printer = labelprinter_sim.build(asked, around(folder, reports))

    def printed() -> list[np.ndarray]:
        found = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted((folder / "labels").glob("*.png"))]
        return [picture for picture in found if picture is not None]

    return Bench(printer, printed, ("tspl", "zpl"), reports)


@pytest.fixture(params=["folder", "tspl", "zpl"])
def bench(request: pytest.FixtureRequest, tmp_path: Path, network: NetworkLabelPrinter) -> Bench:
    if request.param == "folder":
        return in_folder(tmp_path)
    return on_network(network, language=request.param)


def test_a_label_comes_out_as_it_was_drawn(bench: Bench) -> None:
    for language in bench.speaks * 2:
        bench.printer.print(DATA[language])
    assert len(bench.printed()) == len(bench.reports) == 2 * len(bench.speaks)
    assert all((picture == PICTURE).all() for picture in bench.printed())
    assert set(bench.reports) == {None}
    bench.printer.stop()


def test_a_roll_ends(tmp_path: Path) -> None:
    bench = in_folder(tmp_path, labels=1)
    bench.printer.print(DATA["tspl"])
    with pytest.raises(DeviceError, match="it is out of paper"):
        bench.printer.print(DATA["tspl"])
    assert len(bench.printed()) == 1
    assert bench.reports == [None, "it is out of paper"]


@pytest.mark.parametrize("data", [b"", b"hello", DATA["tspl"][:-4], DATA["tspl"].replace(b",5,30,", b",5,31,"),
                                  DATA["zpl"].replace(b"^LL30", b"^LL31")])  # fmt: skip
def test_what_is_no_label_is_not_printed(tmp_path: Path, data: bytes) -> None:
    bench = in_folder(tmp_path)
    with pytest.raises(DeviceError):
        bench.printer.print(data)
    assert bench.printed() == []


@pytest.mark.parametrize("language", ["tspl", "zpl"])
@pytest.mark.parametrize(
    ("flags", "problem"),
    [(0x01, "its head is open"), (0x04, "it is out of paper"), (0x08, "it is out of ribbon"), (0x10, "it pauses"),
     (0x05, "paper")],
)  # fmt: skip
def test_a_printer_that_cannot_print_is_sent_nothing(
    network: NetworkLabelPrinter, language: str, flags: int, problem: str
) -> None:
    network.flags = flags
    bench = on_network(network, language=language)
    with pytest.raises(DeviceError, match=problem):
        bench.printer.print(DATA[language])
    assert bench.printed() == []
    network.flags = 0
    bench.printer.print(DATA[language])
    assert [report is None for report in bench.reports] == [False, True]


def test_no_answer_is_neither_ready_nor_out_of_paper(network: NetworkLabelPrinter) -> None:
    network.flags = None
    bench = on_network(network)
    with pytest.raises(DeviceError, match="nobody knows whether it prints"):
        bench.printer.print(DATA["tspl"])
    on_network(network, status=False).printer.print(DATA["tspl"])


def test_it_waits_until_the_label_is_out(network: NetworkLabelPrinter) -> None:
    network.busy = 2
    bench = on_network(network, print_within_s=20)
    bench.printer.print(DATA["tspl"])
    assert bench.reports == [None]
    network.busy = 1000
    with pytest.raises(DeviceError, match="still printing"):
        on_network(network).printer.print(DATA["tspl"])


def test_a_printer_that_is_gone_or_hangs_up_is_told(network: NetworkLabelPrinter) -> None:
    network.hang_up_after = 10
    bench = on_network(network)
    with pytest.raises(DeviceError):
        bench.printer.print(DATA["tspl"])
    assert bench.printed() == []
    gone = on_network(network, port=1)
    with pytest.raises(DeviceError, match=r"127\.0\.0\.1:1: "):
        gone.printer.print(DATA["tspl"])
    assert len(gone.reports) == 1
