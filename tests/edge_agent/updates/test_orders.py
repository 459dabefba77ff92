"""Orders for updates: only the cloud's, only for this agent, answered once; with where they cannot be taken said."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from edge_agent.downlink import Books, Orders
from edge_agent.errors import SettingsError
from edge_agent.lists import ListBook
from edge_agent.tasks import TaskBook
from proof.keys import SigningKey
from tests.edge_agent.cloud_peer import sign_order
from tests.edge_agent.scene import AGENT, CLOUD, Scene, gate_scene
from wire.releases import Update

BODY = {"number": 3, "version": "0.2.0", "sha256": "a" * 64, "bytes": 9, "approved": 7}


@dataclass
class Shelf:
    """Where releases are wanted: keeps what it hears, if its disk can be written."""

    full: bool = False
    heard: list[tuple[int, str]] = field(default_factory=list)

    def want(self, update: Update, token: str) -> str | None:
        if self.full:
            raise SettingsError(["book.json: No space left on device"])
        self.heard.append((update.number, token))
        return None


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with gate_scene(tmp_path) as scene:
        yield scene


def give(
    scene: Scene, shelf: Shelf | None, body: dict[str, Any], **changes: Any
) -> tuple[bytes, list[tuple[str, str]]]:
    """The order, and what was answered: the outcome and the problem."""
    find = {CLOUD.public.kid: CLOUD.public}.get
    reads = scene.journal.reads
    books = Books(
        scene.book, TaskBook(reads, AGENT, scene.packs, find), scene.packs, ListBook(reads, scene.hands.clock)
    )
    orders = Orders(AGENT, scene.journal, books, scene.hands.clock, find, lambda *_: None, updates=shelf)
    order = sign_order(scene.hands, "o1", "update", body, **changes)
    for _ in range(2):  # it is sent until it is answered
        orders.on_order(order)
    told = [fact.body for fact in scene.facts("order_answered")]
    return order, [(one["outcome"], one["problem"] or "") for one in told]


def test_what_the_cloud_wants_is_noted_with_its_signature_and_answered_once(scene: Scene) -> None:
    shelf = Shelf()
    order, answers = give(scene, shelf, BODY)
    assert answers == [("done", "")]
    assert shelf.heard == [(3, order.decode())]


@pytest.mark.parametrize(
    ("shelf", "body", "changes", "problem"),
    [
        (None, BODY, {}, "updates are not taken here"),
        (Shelf(), BODY, {"agent": "nj01.gate-b"}, "for nj01.gate-b"),
        (Shelf(), BODY, {"v": 2}, "version 2"),
        (Shelf(), BODY | {"number": 0}, {}, "number"),
        (Shelf(), BODY | {"sha256": "../x"}, {}, "sha256"),
        (Shelf(), BODY | {"more": 1}, {}, "more"),
        (Shelf(full=True), BODY, {}, "No space left"),
    ],
    ids=["no launcher", "another agent", "another form", "no number", "no digest", "more in it", "a full disk"],
)
def test_what_cannot_be_taken_is_answered_with_the_problem(
    scene: Scene, shelf: Shelf | None, body: dict[str, Any], changes: dict[str, Any], problem: str
) -> None:
    _, answers = give(scene, shelf, body, **changes)
    ((outcome, told),) = answers
    assert outcome == "refused"
    assert problem in told
    assert shelf is None or shelf.heard == []


def test_what_a_stranger_signed_is_no_order_and_is_told_of(scene: Scene) -> None:
    shelf = Shelf()
    _, answers = give(scene, shelf, BODY, key=SigningKey.from_seed(b"x" * 32))
    assert (answers, shelf.heard) == ([], [])
    (told,) = scene.facts("order_distrusted")
    assert told.body["count"] == 1
