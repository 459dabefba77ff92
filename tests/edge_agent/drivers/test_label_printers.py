"""Label printers: one behaviour on the network and in a folder, and what goes wrong on a network."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.evidence.label_print import Stock, tspl, zpl
from edge_agent.devices import Around, LabelPrinter
from edge_agent.drivers import labelprinter_sim, labelprinter_tcp
from edge_agent.errors import PrinterError
from simulators.label_printer import HOT, NetworkLabelPrinter
from wire.printing import PrinterState

BITMAP = np.random.default_rng(3).random((30, 40)) < 0.5
PICTURE = np.where(BITMAP, 0, 255).astype(np.uint8)
DATA = {"tspl": tspl(BITMAP, Stock(5, 4)), "zpl": zpl(BITMAP)}


@dataclass
class Bench:
    """A printer, what came out of it, and how it is put into a state."""

    printer: LabelPrinter
    printed: Callable[[], list[np.ndarray]]
    speaks: tuple[str, ...]
    put: Callable[[str], None]

    def state(self) -> str:
        """How it says it is."""
        condition = self.printer.ask()
        assert condition is not None
        return condition.state


@pytest.fixture
def network() -> Iterator[NetworkLabelPrinter]:
    with NetworkLabelPrinter() as printer:
        yield printer


def lost(problem: str | None) -> None:
    raise AssertionError(f"a printer is never a lost device: {problem}")


def around(folder: Path) -> Around:
    return Around(folder=folder, mono_us=lambda: 0, report=lost)


FLAGS = {"ready": 0, "head_open": 1, "paper_out": 4, "ribbon_out": 8, "paused": 16, "overheated": HOT, "faulty": 0x82}


def on_network(network: NetworkLabelPrinter, **options: object) -> Bench:
    def put(state: str) -> None:
        network.flags = FLAGS.get(state)

    asked = {"host": "127.0.0.1", "port": network.port, "timeout_s": 1, "print_within_s": 60} | options
    printer = labelprinter_tcp.build(labelprinter_tcp.Options.model_validate(asked), around(Path()))
    return Bench(printer, lambda: list(network.printed), (printer.language,), put)


def in_folder(folder: Path, **options: object) -> Bench:
    asked = labelprinter_sim.Options.model_validate({"folder": "labels", **options})
    printer = labelprinter_sim.build(asked, around(folder))

    def printed() -> list[np.ndarray]:
        found = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted((folder / "labels").glob("*.png"))]
        return [picture for picture in found if picture is not None]

    def put(state: str) -> None:
        (folder / "labels" / labelprinter_sim.STATE).write_text(f"{state}\n")

    return Bench(printer, printed, ("tspl", "zpl"), put)


@pytest.fixture(params=["folder", "tspl", "zpl"])
def bench(request: pytest.FixtureRequest, tmp_path: Path, network: NetworkLabelPrinter) -> Bench:
    if request.param == "folder":
        return in_folder(tmp_path)
    return on_network(network, language=request.param)


def test_a_label_comes_out_as_it_was_drawn_and_the_printer_says_so(bench: Bench) -> None:
    for language in bench.speaks * 2:
        assert bench.printer.print(DATA[language]) is True
    assert len(bench.printed()) == 2 * len(bench.speaks)
    assert all((picture == PICTURE).all() for picture in bench.printed())
    assert bench.state() == "ready"
    bench.printer.stop()


@pytest.mark.parametrize("state", ["head_open", "paper_out", "ribbon_out", "paused", "overheated", "faulty", "unclear"])
def test_it_says_how_it_is_is_sent_nothing_then_and_prints_when_it_is_ready(bench: Bench, state: str) -> None:
    if bench.speaks == ("tspl",) and state == "overheated":
        pytest.skip("one byte of TSPL flags has no such flag")
    if bench.speaks == ("zpl",) and state == "faulty":
        pytest.skip("ZPL has no flag for a jam")
    bench.put(state)
    assert bench.state() == state
    with pytest.raises(PrinterError) as stopped:
        bench.printer.print(DATA[bench.speaks[0]])
    assert stopped.value.sent is False
    assert bench.printed() == []
    bench.put("ready")
    assert bench.state() == "ready"
    assert bench.printer.print(DATA[bench.speaks[0]])


def test_a_roll_ends(tmp_path: Path) -> None:
    bench = in_folder(tmp_path, labels=1, roll_labels=500)
    bench.printer.print(DATA["tspl"])
    with pytest.raises(PrinterError, match="it is out of paper"):
        bench.printer.print(DATA["tspl"])
    assert len(bench.printed()) == 1
    assert (bench.state(), bench.printer.roll) == ("paper_out", 500)


@pytest.mark.parametrize("data", [b"", b"hello", DATA["tspl"][:-4], DATA["tspl"].replace(b",5,30,", b",5,31,"),
                                  DATA["zpl"].replace(b"^LL30", b"^LL31")])  # fmt: skip
def test_what_is_no_label_is_not_printed(tmp_path: Path, data: bytes) -> None:
    bench = in_folder(tmp_path)
    with pytest.raises(PrinterError):
        bench.printer.print(data)
    assert bench.printed() == []


@pytest.mark.parametrize(("flags", "state"), [(0x05, "paper_out"), (0x11, "head_open"), (0x18, "ribbon_out")])
@pytest.mark.parametrize("language", ["tspl", "zpl"])
def test_of_several_states_the_one_to_be_seen_to_first_is_told(
    network: NetworkLabelPrinter, language: str, flags: int, state: str
) -> None:
    network.flags = flags
    condition = on_network(network, language=language).printer.ask()
    assert condition is not None
    assert condition.state == state
    assert len((condition.problem or "").split(", ")) == 2


@pytest.mark.parametrize("language", ["tspl", "zpl"])
@pytest.mark.parametrize(
    "says", [b"", b"hello", b"\xff" * 600, b"\x02\x03\x02\x03\x02\x03", b"\x02a,b\x03" * 3, b"\x00" * 600 + b"\x7f"]
)
def test_bad_bytes_are_a_state_and_stop_nothing(network: NetworkLabelPrinter, language: str, says: bytes) -> None:
    network.says = says
    bench = on_network(network, language=language)
    assert bench.state() == "unclear"
    with pytest.raises(PrinterError):
        bench.printer.print(DATA[language])
    assert bench.printed() == []


@given(answer=st.binary(min_size=1, max_size=600))
def test_whatever_a_printer_says_is_some_state(answer: bytes) -> None:
    for read in (labelprinter_tcp.read_tspl, labelprinter_tcp.read_zpl):
        assert read(answer)[0].state in get_args(PrinterState)


def test_no_answer_is_neither_ready_nor_out_of_paper(network: NetworkLabelPrinter) -> None:
    network.flags = None
    bench = on_network(network, timeout_s=0.5)
    with pytest.raises(PrinterError, match="nobody knows whether it prints"):
        bench.printer.print(DATA["tspl"])
    silent = on_network(network, status=False, timeout_s=0.5).printer
    assert silent.print(DATA["tspl"]) is False  # sent, and nobody knows
    assert silent.ask() is None


def test_it_waits_until_the_label_is_out(network: NetworkLabelPrinter) -> None:
    network.busy = 2
    assert on_network(network).printer.print(DATA["tspl"])
    network.busy = 1000
    with pytest.raises(PrinterError, match="still printing") as stopped:
        on_network(network, print_within_s=0.3).printer.print(DATA["tspl"])
    assert stopped.value.sent


def test_a_printer_that_is_gone_or_hangs_up_is_told(network: NetworkLabelPrinter) -> None:
    network.hang_up_after = 10
    bench = on_network(network)
    with pytest.raises(PrinterError) as stopped:
        bench.printer.print(DATA["tspl"])
    assert stopped.value.sent  # of what was begun nobody knows
    assert bench.printed() == []
    gone = on_network(network, port=1)
    with pytest.raises(PrinterError, match=r"127\.0\.0\.1:1: ") as stopped:
        gone.printer.print(DATA["tspl"])
    assert not stopped.value.sent
    assert gone.state() == "unreachable"
