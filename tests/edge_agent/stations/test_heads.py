"""Heads that a camera above a door or a gate counted are told with the session or after the passage."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_agent.devices import Frame
from edge_agent.stations.following import AFTER_US
from edge_agent.stations.heads import STALE_US, Heads
from edge_agent.vision.heads import HeadCounter
from simulators.crowd import FPS, Walker, film
from tests.edge_agent.door_scene import EXIT, DoorScene, door_scene
from tests.edge_agent.hands import Hands
from tests.edge_agent.rack_scene import LI, WANG
from tests.edge_agent.scene import HEAD, INSIDE, OUTSIDE, Scene, gate_scene, package, person
from wire.heads import HeadsBody


@pytest.fixture
def door(tmp_path: Path) -> Iterator[DoorScene]:
    with door_scene(tmp_path, above=True) as scene:
        scene.walk(seconds=1)
        yield scene


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Scene]:
    with gate_scene(tmp_path, above=True) as scene:
        scene.walk(seconds=1)
        yield scene


def test_a_tailgater_is_in_the_session_of_the_door(door: DoorScene) -> None:
    door.task("A")
    door.show(person("LI"))
    door.swing(shut=False)
    door.walk(Walker(0.5), Walker(0.5, start=0.9))
    door.swing(shut=True)
    (closed,) = door.bodies("door_closed")
    assert (closed["people"], closed["heads"]) == ([LI], {"in": 2, "out": 0})


def test_heads_before_it_was_opened_and_after_it_was_shut_are_no_session_s(door: DoorScene) -> None:
    door.walk(Walker(0.5))
    door.press(EXIT)
    door.swing(shut=False)
    door.walk(Walker(0.5, way=-1))
    door.swing(shut=True)
    door.walk(Walker(0.5))
    assert [body["heads"] for body in door.bodies("door_closed")] == [{"in": 0, "out": 1}]


def test_a_camera_that_went_away_meanwhile_tells_nothing_rather_than_nobody(door: DoorScene) -> None:
    door.press(EXIT)
    door.swing(shut=False)
    door.walk(Walker(0.5), seconds=1)
    door.hands.pass_(STALE_US / 1e6 + 0.1)
    door.walk(seconds=1)  # it is back, but somebody may have run through
    door.swing(shut=True)
    assert [body["heads"] for body in door.bodies("door_closed")] == [None]


def test_a_camera_that_is_dead_when_the_door_opens_or_shuts_tells_nothing(door: DoorScene) -> None:
    door.hands.pass_(STALE_US / 1e6 + 0.1)
    door.swing(shut=False)
    door.walk(seconds=1)
    door.swing(shut=True)
    door.swing(shut=False)
    door.hands.pass_(STALE_US / 1e6 + 0.1)
    door.swing(shut=True)
    assert [body["heads"] for body in door.bodies("door_closed")] == [None, None]


def test_a_door_without_such_a_camera_tells_nothing(tmp_path: Path) -> None:
    with door_scene(tmp_path) as scene:
        scene.go_through()
        assert [body["heads"] for body in scene.bodies("door_closed")] == [None]


def passes(gate: Scene, *walkers: Walker) -> None:
    """Li passes in with package A, and these people walk under the camera."""
    gate.permit("A")
    gate.beam(OUTSIDE, broken=True)
    gate.show(person("LI"), package("A"))
    gate.beam(OUTSIDE, broken=False)
    gate.walk(*walkers)
    gate.walk_into(INSIDE)


def test_who_follows_close_behind_through_a_gate_is_counted_with_the_passage(gate: Scene) -> None:
    passes(gate, Walker(0.5))
    gate.walk(Walker(0.5), seconds=AFTER_US / 1e6 - 0.7)
    gate.station.tick()
    assert gate.facts("heads_counted") == []
    gate.walk(seconds=0.5)
    gate.station.tick()
    (counted,) = gate.facts("heads_counted")
    (decided,) = gate.facts("passage_decided")
    assert counted.body == {
        "station": "gate-a", "direction": "in", "decisions": [decided.seq], "people": ["nj01/U-LI"],
        "heads": {"in": 2, "out": 0},
    }  # fmt: skip
    gate.walk(Walker(0.5))
    gate.station.tick()
    assert len(gate.facts("heads_counted")) == 1


def test_a_passage_that_nobody_took_is_told_with_nobody(gate: Scene) -> None:
    gate.permit("A")
    gate.beam(OUTSIDE, broken=True)
    gate.show(person("LI"), package("A"))
    gate.walk(seconds=21)
    gate.station.tick()
    gate.station.tick()
    (counted,) = gate.facts("heads_counted")
    assert counted.body["heads"] == {"in": 0, "out": 0}


def test_a_gate_whose_camera_above_is_dead_says_nothing(gate: Scene) -> None:
    gate.hands.pass_(STALE_US / 1e6 + 1)
    passes(gate, Walker(0.5))
    gate.hands.pass_(AFTER_US / 1e6)
    gate.station.tick()
    assert (gate.facts("heads_counted"), len(gate.facts("passage_crossed"))) == ([], 1)


@pytest.mark.parametrize(("inward", "told"), [("down", HeadsBody(in_=1, out=0)), ("up", HeadsBody(in_=0, out=1))])
def test_which_way_in_the_picture_leads_in_is_told_by_the_site(inward: str, told: HeadsBody) -> None:
    hands = Hands()
    heads = Heads(HeadCounter(head=HEAD), hands.clock.mono_us, "down" if inward == "down" else "up", 0.1, 0.9)
    mark = None
    for number, picture in enumerate(film([Walker(0.5)], 5, np.random.default_rng(1))):
        hands.pass_(1 / FPS)
        heads.on_frame(Frame(picture, hands.mono_us))
        mark = heads.mark() if number == 0 else mark
    assert heads.since(mark) == told


def test_two_with_a_pass_each_are_two_heads(door: DoorScene) -> None:
    door.task("A")
    door.show(person("LI"), person("WANG"))
    door.swing(shut=False)
    door.walk(Walker(0.3), Walker(0.7))
    door.swing(shut=True)
    (closed,) = door.bodies("door_closed")
    assert (closed["people"], closed["heads"]) == ([LI, WANG], {"in": 2, "out": 0})
