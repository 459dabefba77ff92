"""What is open at a station: nobody who is in the middle of something is interrupted by an update."""

from pathlib import Path

from tests.edge_agent.door_scene import GLASS, door_scene
from tests.edge_agent.rack_scene import rack_scene
from tests.edge_agent.scene import INSIDE, OUTSIDE, gate_scene, package, person, slot


def test_a_door_is_busy_from_the_pass_that_is_shown_until_it_has_fallen_shut(tmp_path: Path) -> None:
    with door_scene(tmp_path) as scene:
        scene.task("A")
        assert scene.station.busy() is None
        scene.show(person("LI"))
        assert scene.station.busy() == "door_open"
        scene.swing(shut=False)
        scene.look_away(90)
        assert scene.station.busy() == "door_open", "it stands open, whoever opened it"
        scene.swing(shut=True)
        scene.look_away(90)
        assert scene.station.busy() is None
        scene.press(GLASS)
        assert scene.station.busy() == "break_glass"


def test_a_gate_is_busy_while_somebody_stands_in_it_or_may_pass(tmp_path: Path) -> None:
    with gate_scene(tmp_path) as scene:
        scene.permit("A")
        assert scene.station.busy() is None
        scene.beam(OUTSIDE, broken=True)
        assert scene.station.busy() == "gate_open"
        scene.show(person("LI"), package("A"))
        scene.beam(OUTSIDE, broken=False)
        assert scene.is_open()
        assert scene.station.busy() == "gate_open"
        scene.walk_into(INSIDE)
        scene.look_away(90)
        assert scene.station.busy() is None
        scene.glass(pressed=True)
        assert scene.station.busy() == "break_glass"


def test_a_rack_is_busy_while_somebody_shows_things_there(tmp_path: Path) -> None:
    with rack_scene(tmp_path) as scene:
        scene.task("A")
        assert scene.station.busy() is None
        scene.show(person("LI"))
        assert scene.station.busy() == "task_open"
        scene.show(package("A"), slot("A-01"))
        scene.look_away(90)
        assert scene.station.busy() is None
