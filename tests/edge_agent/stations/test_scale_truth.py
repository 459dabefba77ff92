"""A scale that is out of calibration is told of, and nothing rests on what it says until it is right again."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from custody.things import Action
from edge_agent.devices import Weight
from edge_agent.stations.scale_truth import ScaleTruth
from tests.edge_agent.hands import NOON
from tests.edge_agent.rack_scene import rack_scene
from tests.edge_agent.scene import package, person

TODAY = NOON.date()


def changes(truth: ScaleTruth, *grams: int, stable: bool = True) -> list[tuple[str, bool]]:
    return [change for one in grams for change in truth.see(Weight(one, stable), TODAY)]


def test_a_scale_that_stands_still_below_zero_is_doubted_until_it_shows_zero() -> None:
    truth = ScaleTruth(50, None)
    assert changes(truth, 0, 1200, -50) == []
    assert changes(truth, -80, stable=False) == []
    assert changes(truth, -51, -60) == [("below_zero", True)]
    assert changes(truth, 1200) == []  # something lies on it: that says nothing
    assert changes(truth, 12) == [("below_zero", False)]


def test_a_scale_that_is_tared_is_not_doubted_for_that() -> None:
    assert changes(ScaleTruth(None, None), -900) == []


@pytest.mark.parametrize(("day", "doubted"), [(-1, True), (0, False), (1, False)])
def test_a_verification_is_good_on_its_last_day_and_not_on_the_next(day: int, doubted: bool) -> None:
    truth = ScaleTruth(50, TODAY + timedelta(days=day))
    assert list(truth.see(None, TODAY)) == ([("verification_ended", True)] if doubted else [])
    assert list(truth.see(None, TODAY)) == []


def test_no_step_rests_on_a_scale_that_is_doubted(tmp_path: Path) -> None:
    with rack_scene(tmp_path, zero_g=50) as scene:
        scene.station.on_weight(Weight(-80, True))
        (doubted,) = scene.facts("scale_doubted")
        assert (doubted.device, doubted.body) == (
            "rack-1.scale", {"station": "rack-1", "why": "below_zero", "weight_g": -80, "until": None},
        )  # fmt: skip
        scene.task("A", action=Action.WEIGH, slot=None)
        scene.show(person("LI"), package("A"))
        scene.station.on_weight(Weight(1203, True))
        scene.show(package("A"))
        assert scene.outcomes == []
        assert {fact.body["thing"] for fact in scene.facts("weight_measured")} == {None}
        scene.station.on_weight(Weight(0, True))
        scene.station.on_weight(Weight(1203, True))
        scene.show(package("A"))
        assert scene.outcomes == ["allowed"]
        assert [fact.body["why"] for fact in scene.facts("scale_trusted")] == ["below_zero"]


def test_the_day_a_verification_ends_is_told_once_also_after_a_start_and_a_new_one_ends_it(tmp_path: Path) -> None:
    with rack_scene(tmp_path, verified_until=TODAY) as scene:
        scene.station.tick()
        assert scene.facts("scale_doubted") == []
        scene.hands.pass_(86_400)
        scene.station.tick()
        scene.station.tick()
        (told,) = scene.facts("scale_doubted")
        assert (told.body["why"], told.body["until"]) == ("verification_ended", TODAY.isoformat())
    with rack_scene(tmp_path, verified_until=TODAY - timedelta(days=1)) as scene:
        scene.station.tick()
        assert len(scene.facts("scale_doubted")) == 1
    with rack_scene(tmp_path, verified_until=date(2027, 11, 22)) as scene:
        scene.station.tick()
        assert [fact.body["why"] for fact in scene.facts("scale_trusted")] == ["verification_ended"]
