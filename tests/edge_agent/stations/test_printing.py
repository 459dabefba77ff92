"""Labels are printed all or told where it ended, by the agent's own order, once, and nobody waits for the printer."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from cloud.evidence.label_print import Stock, tspl
from edge_agent.devices import Around
from edge_agent.downlink import Books, Orders
from edge_agent.drivers import labelprinter_sim, labelprinter_tcp
from edge_agent.drivers.labelprinter_sim import picture_of
from edge_agent.lists import ListBook
from edge_agent.stations.printing import PrintDesk
from edge_agent.tasks import TaskBook
from simulators.label_printer import NetworkLabelPrinter
from tests.edge_agent.cloud_peer import sign_order
from tests.edge_agent.scene import AGENT, CLOUD, Scene, gate_scene
from wire.messages import to_body
from wire.printing import MAX_LABELS, LabelJob, PrintLabels

LABELS = [tspl(np.eye(8, k=number, dtype=np.bool_), Stock(1, 1)) for number in range(3)]


@dataclass
class Desk:
    """A desk with one printer, `labels`, that prints into a folder."""

    desk: PrintDesk
    folder: Path

    def printed(self) -> list[int]:
        """Which of LABELS came out."""
        pictures = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in sorted(self.folder.glob("*.png"))]
        known = [picture_of(data).tolist() for data in LABELS]
        return [known.index(picture.tolist()) for picture in pictures if picture is not None]


def job(data: bytes, sha256: str | None = None) -> LabelJob:
    digest = sha256 or hashlib.sha256(data).hexdigest()
    return LabelJob(label="nj01/I-1", issue=2, sha256=digest, data=base64.b64encode(data).decode())


def asked(*jobs: LabelJob, printer: str = "labels") -> PrintLabels:
    return PrintLabels(printer=printer, jobs=list(jobs))


def desk_in(folder: Path, labels: int | None = None) -> Desk:
    around = Around(folder=folder, mono_us=lambda: 0, report=lambda _: None)
    printer = labelprinter_sim.build(labelprinter_sim.Options(folder=Path("out"), labels=labels), around)
    return Desk(PrintDesk({"labels": printer}), folder / "out")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return desk_in(tmp_path)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with gate_scene(tmp_path) as made:
        yield made


def orders_of(scene: Scene, desk: PrintDesk | None) -> Orders:
    find = {CLOUD.public.kid: CLOUD.public}.get
    lists = ListBook(scene.journal.reads, scene.hands.clock)
    books = Books(scene.book, TaskBook(scene.journal.reads, AGENT, scene.packs, find), scene.packs, lists)
    return Orders(AGENT, scene.journal, books, scene.hands.clock, find, lambda *_: None, desk=desk)


def give(scene: Scene, orders: Orders, id_: str, body: PrintLabels) -> list[tuple[str, str, str | None]]:
    """Gives the order and waits until all orders are answered that are going to be; the answers so far."""
    told = threading.Event()
    before = len(scene.facts("order_answered"))
    scene.journal.watch(lambda: told.set() if len(scene.facts("order_answered")) > before else None)
    orders.on_order(sign_order(scene.hands, id_, "print_labels", to_body(body)))
    assert told.wait(240)
    return [(fact.body["order"], fact.body["outcome"], fact.body["problem"]) for fact in scene.facts("order_answered")]


def test_labels_come_out_in_order_and_the_order_is_answered(scene: Scene, desk: Desk) -> None:
    orders = orders_of(scene, desk.desk)
    assert give(scene, orders, "o1", asked(job(LABELS[1]), job(LABELS[0]))) == [("o1", "done", None)]
    assert desk.printed() == [1, 0]
    orders.on_order(sign_order(scene.hands, "o1", "print_labels", to_body(asked(job(LABELS[2])))))
    assert give(scene, orders, "o2", asked(job(LABELS[2])))[1:] == [("o2", "done", None)]
    assert desk.printed() == [1, 0, 2]


def test_where_it_ended_is_told(scene: Scene, tmp_path: Path) -> None:
    desk = desk_in(tmp_path, labels=1)
    (answer,) = give(scene, orders_of(scene, desk.desk), "o1", asked(*(job(data) for data in LABELS)))
    assert answer == ("o1", "refused", "label 2 of 3 (nj01/I-1 #2): it is out of paper; 1 came out before")
    assert desk.printed() == [0]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (asked(job(LABELS[0]), printer="none"), "no label printer none here"),
        (asked(), f"0 labels; 1 to {MAX_LABELS} are printed by one order"),
        (asked(job(LABELS[0]), job(LABELS[1], "0" * 64)), "label 2, of nj01/I-1: not the bytes that its digest names"),
        (asked(LabelJob(label="x", issue=1, sha256="", data="?")), "label 1, of x: not the bytes"),
    ],
)
def test_an_order_that_is_wrong_prints_nothing(scene: Scene, desk: Desk, body: PrintLabels, problem: str) -> None:
    (answer,) = give(scene, orders_of(scene, desk.desk), "o1", body)
    assert answer[1] == "refused"
    assert (answer[2] or "").startswith(problem)
    assert desk.printed() == []


def test_an_agent_without_a_printer_says_so(scene: Scene) -> None:
    answers = give(scene, orders_of(scene, None), "o1", asked(job(LABELS[0])))
    assert answers == [("o1", "refused", "no label printer here")]


def test_nobody_waits_for_the_printer_and_a_repeated_order_is_printed_once(scene: Scene) -> None:
    with NetworkLabelPrinter() as network:
        around = Around(folder=Path(), mono_us=lambda: 0, report=lambda _: None)
        printer = labelprinter_tcp.build(labelprinter_tcp.Options(host="127.0.0.1", port=network.port), around)
        orders = orders_of(scene, PrintDesk({"labels": printer}))
        told = threading.Event()
        scene.journal.watch(lambda: told.set() if len(scene.facts("order_answered")) == 2 else None)
        order = sign_order(scene.hands, "o1", "print_labels", to_body(asked(job(LABELS[0]))))
        with network.paper:
            for _ in range(3):
                orders.on_order(order)  # comes back at once, though nothing comes out
            orders.on_order(sign_order(scene.hands, "h1", "hold", {"things": ["nj01/P-A"]}))
            assert [fact.body["order"] for fact in scene.facts("order_answered")] == ["h1"]
        assert told.wait(240)
        assert len(network.printed) == 1
