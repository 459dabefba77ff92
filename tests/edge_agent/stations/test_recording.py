"""A gate on a full disk: it holds, says so, owes what moved meanwhile, and goes on by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.journal.journal import check_chain
from tests.edge_agent.hands import full_disk
from tests.edge_agent.scene import INSIDE, OUTSIDE, Scene, follow, gate_scene, package, person


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with gate_scene(tmp_path) as scene:
        scene.permit("A")
        scene.walk_into(OUTSIDE)
        yield scene


def test_nothing_opens_while_nothing_can_be_recorded_and_the_lamp_says_so(scene: Scene) -> None:
    with full_disk():
        for _ in range(30):
            scene.show(person("LI"), package("A"))
        assert not scene.is_open()
        assert scene.lamp == "amber"
        assert scene.book.spent == set()
    scene.show(person("LI"), package("A"), seconds=1.0)
    assert scene.is_open()
    assert scene.lamp == "green"
    assert [fact.kind for fact in scene.facts()[1:]] == ["recording_blocked", "passage_decided"]
    blocked = scene.facts("recording_blocked")[0]
    assert blocked.body["since"] < blocked.at
    assert blocked.body["decisions_not_made"] >= 1
    assert check_chain(scene.journal.reads) == scene.journal.last


def test_who_crosses_while_the_disk_is_full_is_told_of_when_there_is_room(scene: Scene) -> None:
    scene.show(person("LI"), package("A"))
    with full_disk():
        follow(scene)
        scene.hands.pass_(1)
        scene.walk_into(INSIDE)
        assert not scene.is_open()
        assert scene.lamp == "amber"
        crossed_at = scene.hands.now
    scene.hands.pass_(2)
    scene.station.tick()
    assert scene.lamp == "off"
    blocked, moved, crossed = scene.facts()[-3:]
    assert [blocked.kind, moved.kind, crossed.kind] == ["recording_blocked", "gate_moved", "passage_crossed"]
    assert crossed.at < blocked.at
    assert crossed.at == crossed_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_a_permit_stays_spent_until_its_abandonment_is_on_disk(scene: Scene) -> None:
    scene.show(person("LI"), package("A"))
    with full_disk():
        scene.hands.pass_(20)
        scene.station.tick()
        assert not scene.is_open()
        assert len(scene.book.spent) == 1
    scene.hands.pass_(2)
    scene.station.tick()
    assert scene.book.spent == set()
    assert len(scene.facts("passage_abandoned")) == 1
