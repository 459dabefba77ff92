"""Labels are printed all or told where it ended, by the agent's own order, once, and nobody waits for the printer.

How each label ended is a fact, a death in the middle too; how the printer is, when it changes.
"""

import base64
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from cloud.evidence.label_print import Stock, tspl
from edge_agent.devices import Around
from edge_agent.downlink import Books, Orders
from edge_agent.drivers import labelprinter_sim, labelprinter_tcp
from edge_agent.drivers.labelprinter_sim import STATE, picture_of
from edge_agent.lists import ListBook
from edge_agent.stations.printing import LOOK_EVERY_US, PrintDesk
from edge_agent.store import Effect
from edge_agent.tasks import TaskBook
from simulators.label_printer import NetworkLabelPrinter
from tests.edge_agent.cloud_peer import sign_order
from tests.edge_agent.hands import full_disk
from tests.edge_agent.scene import AGENT, CLOUD, Scene, gate_scene
from wire.messages import to_body
from wire.printing import MAX_LABELS, LabelJob, LabelsPrinted, PrintLabels

LABELS = [tspl(np.eye(8, k=number, dtype=np.bool_), Stock(1, 1)) for number in range(3)]


@dataclass
class Desk:
    """A desk with one printer, `labels`, that prints into a folder."""

    desk: PrintDesk
    folder: Path

    def put(self, state: str) -> None:
        """The printer is in `state` from now on."""
        (self.folder / STATE).write_text(state)

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


def desk_in(scene: Scene, folder: Path, labels: int | None = None) -> Desk:
    around = Around(folder=folder, mono_us=lambda: 0, report=lambda _: None)
    options = labelprinter_sim.Options(folder=Path("out"), labels=labels, roll_labels=500)
    printer = labelprinter_sim.build(options, around)
    return Desk(PrintDesk({"labels": printer}, scene.journal, scene.hands.clock.mono_us), folder / "out")


@pytest.fixture
def desk(scene: Scene, tmp_path: Path) -> Iterator[Desk]:
    made = desk_in(scene, tmp_path)
    yield made
    made.desk.stop()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with gate_scene(tmp_path) as made:
        yield made


def ends(scene: Scene) -> list[tuple[str, list[str], str | None]]:
    """How orders ended: which, label by label, and what was in the way."""
    return [
        (fact.body["order"], [label["outcome"] for label in fact.body["labels"]], fact.body["problem"])
        for fact in scene.facts("labels_printed")
    ]


def states(scene: Scene) -> list[tuple[str, str, str | None]]:
    """What was told of printers."""
    told = [fact.body for fact in scene.facts("printer_changed")]
    return [(body["state"], body["trouble"], body["order"]) for body in told]


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
    assert ends(scene) == [("o1", ["printed", "printed"], None), ("o2", ["printed"], None)]


def test_where_it_ended_is_told_label_by_label(scene: Scene, tmp_path: Path) -> None:
    desk = desk_in(scene, tmp_path, labels=1)
    (answer,) = give(scene, orders_of(scene, desk.desk), "o1", asked(*(job(data) for data in LABELS)))
    problem = "label 2 of 3 (nj01/I-1 #2): it is out of paper; 1 came out before"
    assert answer == ("o1", "refused", problem)
    assert desk.printed() == [0]
    assert ends(scene) == [("o1", ["printed", "not_printed", "not_printed"], problem)]
    desk.desk.stop()
    assert states(scene) == [("paper_out", "job", "o1")]
    assert scene.facts("printer_changed")[0].body["roll"] == 500


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
    ((_, outcomes, _),) = ends(scene)
    assert outcomes == ["not_printed"] * len(body.jobs)


def test_an_agent_without_a_printer_says_so(scene: Scene) -> None:
    answers = give(scene, orders_of(scene, None), "o1", asked(job(LABELS[0])))
    assert answers == [("o1", "refused", "no label printer here")]


def test_nobody_waits_for_the_printer_and_a_repeated_order_is_printed_once(scene: Scene) -> None:
    with NetworkLabelPrinter() as network:
        desk = on_network(scene, network)
        orders = orders_of(scene, desk)
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
        desk.stop()


def on_network(scene: Scene, network: NetworkLabelPrinter, **options: object) -> PrintDesk:
    around = Around(folder=Path(), mono_us=lambda: 0, report=lambda _: None)
    plan = labelprinter_tcp.Options.model_validate({"host": "127.0.0.1", "port": network.port, **options})
    return PrintDesk({"labels": labelprinter_tcp.build(plan, around)}, scene.journal, scene.hands.clock.mono_us)


def test_a_label_of_which_the_printer_says_nothing_is_unknown(scene: Scene) -> None:
    with NetworkLabelPrinter() as network:
        desk = on_network(scene, network, status=False)
        assert desk.print_labels("o1", asked(job(LABELS[0]))) is None
        assert ends(scene) == [("o1", ["unknown"], None)]
        network.hang_up_after = 10
        desk = on_network(scene, network, timeout_s=0.5)
        assert "label 1 of 2" in (desk.print_labels("o2", asked(job(LABELS[0]), job(LABELS[1]))) or "")
        assert ends(scene)[1][:2] == ("o2", ["unknown", "not_printed"])


class Dies:
    """A printer that prints a label and then the power goes, as far as its agent can see."""

    def __init__(self, after: int) -> None:
        self.out, self._after = 0, after
        self.roll: int | None = None

    def print(self, data: bytes) -> bool:
        self.out += 1
        if self.out > self._after:
            raise KeyboardInterrupt
        return True

    def ask(self) -> None:
        return None

    def stop(self) -> None:
        pass


def test_a_death_in_the_middle_is_told_at_the_next_start_and_nothing_is_printed_twice(
    scene: Scene, tmp_path: Path
) -> None:
    printer = Dies(after=1)
    dying = PrintDesk({"labels": printer}, scene.journal, scene.hands.clock.mono_us)
    with pytest.raises(KeyboardInterrupt):
        dying.print_labels("o1", asked(*(job(data) for data in LABELS)))
    assert printer.out == 2
    assert ends(scene) == []
    desk = desk_in(scene, tmp_path)
    desk.desk.attach()
    assert ends(scene) == [("o1", ["printed", "unknown", "not_printed"], "the agent stopped while it printed")]
    orders = orders_of(scene, desk.desk)
    scene.journal.receipt(scene.journal.last, (scene.journal.head_at(scene.journal.last) or b"").hex())
    (answer,) = give(scene, orders, "o1", asked(*(job(data) for data in LABELS)))
    assert answer == ("o1", "refused", "the agent stopped while it printed")
    assert desk.printed() == []
    desk.desk.attach()
    assert len(ends(scene)) == 1


def test_an_end_that_there_was_no_room_for_is_told_when_the_cloud_asks_again(scene: Scene, tmp_path: Path) -> None:
    desk = desk_in(scene, tmp_path)
    end = LabelsPrinted(order="o1", printer="labels", labels=[], problem="x")
    scene.journal.apply([Effect("set_print_run", {"id": "o1", "body": msgspec.json.encode(end).decode()})])
    (answer,) = give(scene, orders_of(scene, desk.desk), "o1", asked(job(LABELS[0])))
    assert answer == ("o1", "refused", "x")
    assert desk.printed() == []


def test_what_cannot_be_noted_first_is_not_printed(scene: Scene, tmp_path: Path) -> None:
    desk = desk_in(scene, tmp_path)
    with full_disk():
        assert "could not be noted" in (desk.desk.print_labels("o1", asked(job(LABELS[0]))) or "")
    assert desk.printed() == []


def test_a_printers_state_is_told_when_it_changes_and_a_restart_tells_it_no_again(
    scene: Scene, desk: Desk, tmp_path: Path
) -> None:
    for state in ("ready", "ready", "paused", "paused", "unclear", "paper_out", "ready"):
        desk.put(state)
        desk.desk.look("labels")
    assert states(scene) == [
        ("ready", "none", None), ("paused", "idle", None), ("unclear", "away", None), ("paper_out", "idle", None),
        ("ready", "none", None),
    ]  # fmt: skip
    assert [fact.body["before"] for fact in scene.facts("printer_changed")][:2] == [None, "ready"]
    desk_in(scene, tmp_path).desk.look("labels")
    assert len(states(scene)) == 5


def test_an_order_that_stops_because_of_the_printer_says_so_until_it_is_ready(scene: Scene, desk: Desk) -> None:
    desk.put("paper_out")
    desk.desk.look("labels")
    orders = orders_of(scene, desk.desk)
    give(scene, orders, "o1", asked(job(LABELS[0])))
    give(scene, orders, "o2", asked(job(LABELS[0])))
    desk.desk.stop()
    desk.put("head_open")
    desk.desk.look("labels")
    desk.put("ready")
    desk.desk.look("labels")
    assert states(scene) == [
        ("paper_out", "idle", None), ("paper_out", "job", "o1"), ("head_open", "job", None), ("ready", "none", None),
    ]  # fmt: skip


def test_printers_are_looked_at_calmly(scene: Scene, desk: Desk) -> None:
    told = threading.Event()
    scene.journal.watch(lambda: told.set() if states(scene) else None)
    desk.desk.tick()
    assert told.wait(10)
    desk.put("paused")
    scene.hands.pass_(LOOK_EVERY_US / 1e6 - 1)
    desk.desk.tick()
    behind = threading.Event()
    desk.desk.start("o1", asked(printer="none"), lambda _: behind.set())  # what the tick asked for is done before it
    assert behind.wait(10)
    desk.put("head_open")
    scene.hands.pass_(1)
    told.clear()
    scene.journal.watch(lambda: told.set() if len(states(scene)) == 2 else None)
    desk.desk.tick()
    assert told.wait(10)
    desk.desk.stop()
    desk.desk.tick()  # says nothing any more
    assert [state for state, _, _ in states(scene)] == ["ready", "head_open"]


def test_who_stops_prints_no_further_label_of_the_order(scene: Scene, tmp_path: Path) -> None:
    desk = desk_in(scene, tmp_path)
    desk.desk.stop()
    assert "the agent stops" in (desk.desk.print_labels("o1", asked(job(LABELS[0]))) or "")
    assert desk.printed() == []
