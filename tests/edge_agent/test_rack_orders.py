"""Orders to a rack: tasks kept for when there is no network, slots lit for somebody who looks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from custody.permits import time_text
from custody.tasks import TASK_TYPE
from edge_agent.downlink import Books, Orders
from edge_agent.tasks import TaskBook
from proof import jws
from proof.keys import SigningKey
from tests.edge_agent.cloud_peer import sign_order
from tests.edge_agent.rack_scene import AGENT, RackScene, a_task, rack_scene
from tests.edge_agent.scene import CLOUD, package, person, slot

FIND = {CLOUD.public.kid: CLOUD.public}.get
SLOT = "nj01/S-A-02"


@dataclass
class Desk:
    """Orders on a rack's journal."""

    scene: RackScene

    def __post_init__(self) -> None:
        scene = self.scene
        books = Books(scene.book, scene.tasks, scene.packs, scene.lists)
        self.orders = Orders(
            AGENT, scene.journal, books, scene.hands.clock, FIND, lambda first, at: None, [scene.station.lights]
        )

    def give(self, id_: str, kind: str, body: dict[str, Any]) -> str | None:
        """The problem it was answered with."""
        self.orders.on_order(sign_order(self.scene.hands, id_, kind, body, agent=AGENT))
        answer = self.scene.facts("order_answered")[-1].body
        assert answer["order"] == id_
        assert (answer["outcome"] == "done") is (answer["problem"] is None)
        problem: str | None = answer["problem"]
        return problem

    def task(self, key: SigningKey = CLOUD, **changes: Any) -> dict[str, Any]:
        return {"task": jws.sign(a_task(self.scene.hands, "nj01/A-1", "A", **changes).payload(), key, TASK_TYPE)}

    def light(self, **changes: Any) -> dict[str, Any]:
        until = time_text(self.scene.hands.now + timedelta(minutes=5))
        return {"slot": SLOT, "things": ["nj01/P-A"], "until": until, **changes}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with rack_scene(tmp_path) as scene:
        yield Desk(scene)


def test_a_task_is_kept_over_a_restart_answered_and_good_without_a_network(desk: Desk) -> None:
    assert desk.give("o1", "task", desk.task()) is None
    kept = TaskBook(desk.scene.journal.reads, AGENT, desk.scene.packs, FIND)
    assert [task.id for task in kept.tasks_for("rack-1", "nj01/P-A")] == ["nj01/A-1"]
    assert kept.tasks_for("rack-2", "nj01/P-A") == []
    desk.scene.show(person("LI"), package("A"), slot("A-01"))
    assert desk.scene.outcomes == ["allowed"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"agent": "nj01.rack-9"}, "the task is for nj01.rack-9"),
        ({"rule_pack": "f" * 64}, "under rule pack ffff"),
        ({"key": SigningKey.from_seed(b"x" * 32)}, "JwsError|Signature|Key"),
    ],
)
def test_a_task_that_is_not_for_here_is_refused_with_the_reason(
    desk: Desk, changes: dict[str, Any], problem: str
) -> None:
    assert re.search(problem, desk.give("o1", "task", desk.task(**changes)) or "")
    assert desk.scene.tasks.tasks_for("rack-1", "nj01/P-A") == []


def test_a_revoked_task_stays_away_also_when_it_comes_later(desk: Desk) -> None:
    assert desk.give("o1", "revoke_task", {"task": "nj01/A-1"}) is None
    assert desk.give("o2", "task", desk.task()) == "the task was revoked"
    kept = TaskBook(desk.scene.journal.reads, AGENT, desk.scene.packs, FIND)
    assert kept.tasks_for("rack-1", "nj01/P-A") == []


def test_a_task_whose_key_is_no_longer_trusted_is_none_after_a_restart(desk: Desk) -> None:
    desk.give("o1", "task", desk.task())
    assert (
        TaskBook(desk.scene.journal.reads, AGENT, desk.scene.packs, lambda _: None).tasks_for("rack-1", "nj01/P-A")
        == []
    )


def test_a_slot_is_lit_after_the_answer_is_on_disk_until_its_time(desk: Desk) -> None:
    assert desk.give("o1", "light_slot", desk.light()) is None
    assert desk.scene.indicator.told == [("A-02", "amber", "order_answered")]
    assert desk.scene.light("A-02") == "amber"
    desk.scene.hands.pass_(299)
    desk.scene.station.tick()
    assert desk.scene.light("A-02") == "amber"
    desk.scene.hands.pass_(1)
    desk.scene.station.tick()
    assert desk.scene.light("A-02") == "off"


def test_its_sensor_or_an_order_ends_the_light(desk: Desk) -> None:
    desk.give("o1", "light_slot", desk.light())
    desk.scene.lay("A-02", occupied=True)
    assert desk.scene.light("A-02") == "off"
    desk.give("o2", "light_slot", desk.light())
    assert desk.scene.light("A-02") == "amber"
    assert desk.give("o3", "dark_slot", {"slot": SLOT}) is None
    assert desk.scene.light("A-02") == "off"


def test_no_light_outlasts_an_hour(desk: Desk) -> None:
    desk.give("o1", "light_slot", desk.light(until="2030-01-01T00:00:00.000000Z"))
    desk.scene.hands.pass_(3600)
    desk.scene.station.tick()
    assert desk.scene.light("A-02") == "off"


@pytest.mark.parametrize(
    ("kind", "changes", "problem"),
    [
        ("light_slot", {"slot": "nj01/S-9"}, "no slot nj01/S-9 here"),
        ("light_slot", {"until": "2020-01-01T00:00:00.000000Z"}, "a time that is over"),
        ("light_slot", {"until": "soon"}, "ValueError"),
        ("light_slot", {"colour": "pink"}, "colour"),
        ("dark_slot", {"slot": "nj01/S-9"}, "ValidationError|no slot"),
        ("task", {}, "ValidationError"),
    ],
)
def test_what_cannot_be_done_is_answered_with_why(desk: Desk, kind: str, changes: dict[str, Any], problem: str) -> None:
    assert re.search(problem, desk.give("o1", kind, desk.light(**changes)) or "")
    assert desk.scene.light("A-02") == "off"
