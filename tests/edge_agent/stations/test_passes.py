"""Passes on phones at a gate: a good one is somebody, a picture of an old one is nobody and is told."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.edge_agent.hands import Hands
from tests.edge_agent.scene import OUTSIDE, Scene, gate_scene, package, person, phone

MINUTE = timedelta(minutes=1)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with gate_scene(tmp_path) as scene:
        yield scene


def test_a_good_pass_is_somebody_present(scene: Scene) -> None:
    scene.permit("A")
    scene.beam(OUTSIDE, broken=True)
    scene.show(phone("LI", scene.hands.now + MINUTE), package("A"))
    assert scene.outcomes == ["allowed"]
    assert scene.facts("passage_decided")[0].body["people"] == ["nj01/U-LI"]


def test_a_screenshot_of_an_old_pass_is_nobody_and_the_refusal_names_it(scene: Scene) -> None:
    scene.permit("A", people_required=2)
    screenshot = phone("WANG", scene.hands.now + MINUTE)
    scene.hands.pass_(300)
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("LI"), screenshot)
    scene.show(package("A"))
    assert scene.outcomes == ["too_few_people"]
    assert not scene.is_open()
    (decided,) = scene.facts("passage_decided")
    assert decided.body["people"] == ["nj01/U-LI"]
    assert decided.body["subject"] == "nj01/U-WANG"
    stale = {"genuineness": "stale", "id": "nj01/U-WANG", "kind": "person", "issue": 1, "copies": 1}
    assert stale in decided.body["sights"]
    for _ in range(10):
        scene.show(package("A"), screenshot)
    assert scene.outcomes == ["too_few_people"]
    scene.show(package("A"), phone("WANG", scene.hands.now + MINUTE))
    assert scene.outcomes == ["too_few_people", "allowed"]
    assert scene.is_open()


def test_a_stale_pass_shown_after_a_refusal_is_told_too(scene: Scene) -> None:
    scene.permit("A")
    scene.beam(OUTSIDE, broken=True)
    scene.show(package("A"))
    scene.show(package("A"), phone("LI", scene.hands.now - MINUTE))
    assert [fact.body["subject"] for fact in scene.facts("passage_decided")] == ["nj01/P-A", "nj01/U-LI"]


def test_a_stale_pass_alone_asks_nothing(scene: Scene) -> None:
    scene.beam(OUTSIDE, broken=True)
    for _ in range(5):
        scene.show(phone("LI", scene.hands.now - MINUTE))
    assert scene.facts("passage_decided") == []


def test_the_same_screen_in_two_places_of_a_frame_is_nobody(scene: Scene) -> None:
    scene.permit("A")
    good = phone("LI", scene.hands.now + MINUTE)
    scene.beam(OUTSIDE, broken=True)
    scene.show(good, good, package("A"))
    assert scene.outcomes == ["too_few_people"]


def test_a_clock_nobody_vouches_for_judges_no_pass(tmp_path: Path) -> None:
    with gate_scene(tmp_path, Hands(error_ms=None)) as scene:
        scene.permit("A")
        scene.beam(OUTSIDE, broken=True)
        scene.show(phone("LI", scene.hands.now + MINUTE), package("A"))
        (decided,) = scene.facts("passage_decided")
        assert decided.body["people"] == []
        assert [sight["genuineness"] for sight in decided.body["sights"]] == ["genuine", "stale"]
