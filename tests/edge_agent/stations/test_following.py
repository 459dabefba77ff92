"""Somebody close behind a passage breaks the far beam again: that is told when their pass was not shown."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge_agent.stations.following import AFTER_US, STRIDE_US
from tests.edge_agent.scene import INSIDE, OUTSIDE, Scene, follow, gate_scene, package, person

LI, WANG = "nj01/U-LI", "nj01/U-WANG"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with gate_scene(tmp_path) as scene:
        scene.permit("A")
        scene.beam(OUTSIDE, broken=True)
        yield scene


def let_in(scene: Scene, *people: str) -> None:
    """They are let in, and the first goes through; the barrier is slow to close."""
    scene.show(*map(person, people), package("A"))
    follow(scene)
    scene.beam(OUTSIDE, broken=False)
    scene.walk_into(INSIDE)


def told(scene: Scene) -> list[dict[str, Any]]:
    """What is told once nobody can follow any more."""
    scene.look_away(AFTER_US / 1e6 + 0.2)
    return [fact.body for fact in scene.facts("passage_followed")]


def test_who_slips_through_behind_somebody_is_told_with_the_decision(scene: Scene) -> None:
    let_in(scene, "LI")
    scene.hands.pass_(0.8)
    scene.walk_into(INSIDE)  # they had passed the near beam before the first was through
    (decided,) = scene.facts("passage_decided")
    (body,) = told(scene)
    assert body == {"station": "gate-a", "direction": "in", "decisions": [decided.seq], "people": [LI], "went": 2}


def test_several_followers_are_counted(scene: Scene) -> None:
    let_in(scene, "LI")
    for _ in range(3):
        scene.hands.pass_(0.8)
        scene.walk_into(INSIDE)
    assert [body["went"] for body in told(scene)] == [4]


def test_two_whose_passes_were_shown_may_both_go(scene: Scene) -> None:
    let_in(scene, "LI", "WANG")
    scene.hands.pass_(0.8)
    scene.walk_into(INSIDE)
    assert told(scene) == []


def test_the_second_of_two_who_comes_through_both_beams_is_no_runner(scene: Scene) -> None:
    let_in(scene, "LI", "WANG")
    scene.hands.pass_(0.8)
    scene.walk_into(OUTSIDE)
    scene.walk_into(INSIDE)
    assert [fact.body["decision"] is None for fact in scene.facts("passage_crossed")] == [False]
    scene.hands.pass_(0.8)
    scene.walk_into(OUTSIDE)
    scene.walk_into(INSIDE)  # a third
    assert [fact.body["decision"] is None for fact in scene.facts("passage_crossed")] == [False, True]
    assert told(scene) == [], "told once, as somebody whom no decision let"


def test_an_arm_that_follows_its_body_is_nobody(scene: Scene) -> None:
    let_in(scene, "LI")
    scene.hands.pass_(STRIDE_US / 1e6 - 0.1)
    scene.walk_into(INSIDE)
    assert told(scene) == []


@pytest.mark.parametrize("shut", [True, False])
def test_who_comes_later_follows_nobody(scene: Scene, shut: bool) -> None:
    let_in(scene, "LI")
    if shut:
        follow(scene)
        scene.look_away(0.5)
    else:
        scene.look_away(AFTER_US / 1e6 + 0.1)
    scene.walk_into(INSIDE)
    assert told(scene) == []


def test_as_soon_as_the_gate_is_shut_it_is_told_and_the_next_passage_begins_anew(scene: Scene) -> None:
    scene.permit("B")
    let_in(scene, "LI")
    scene.hands.pass_(0.8)
    scene.walk_into(INSIDE)
    follow(scene)
    scene.show()
    assert [fact.body["went"] for fact in scene.facts("passage_followed")] == [2]
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("LI"), package("B"))
    scene.walk_into(INSIDE)
    assert len(told(scene)) == 1
