"""Something in another slot than the one lit or named: known at once and offline, told once, over when put right."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from custody.permits import time_text
from custody.tasks import TaskThing
from custody.things import Action, Kind, State
from edge_agent.permits import Change
from tests.edge_agent.hands import Hands, full_disk
from tests.edge_agent.rack_scene import RackScene, rack_scene
from tests.edge_agent.scene import package, person, slot
from wire.racks import LightList, ListedSlot, ListWay, StopList

A1, A2, A3 = "nj01/S-A-01", "nj01/S-A-02", "nj01/S-A-03"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[RackScene]:
    with rack_scene(tmp_path, slots=3) as scene:
        settle(scene)
        yield scene


def settle(scene: RackScene, seconds: float = 1.2) -> None:
    """What the sensors say becomes steady."""
    for _ in range(round(seconds * 5)):
        scene.hands.pass_(0.2)
        scene.station.tick()


def lay(scene: RackScene, name: str, *, occupied: bool) -> None:
    scene.lay(name, occupied=occupied)
    settle(scene)


def light(scene: RackScene, *slots: str, way: ListWay = "put", name: str = "L-1", minutes: int = 30) -> None:
    """The cloud asks for a list."""
    until = time_text(scene.hands.now + timedelta(minutes=minutes))
    listed = [ListedSlot(slot=one, things=[f"nj01/P-{one[-2:]}"]) for one in slots]
    change = scene.lists.add(LightList(list_id=name, way=way, colour="blue", until=until, slots=listed))
    assert isinstance(change, Change), change
    scene.make(change)
    scene.station.tick()


def bodies(scene: RackScene, kind: str) -> list[dict[str, Any]]:
    return [fact.body for fact in scene.facts(kind)]


def stored(name: str) -> tuple[TaskThing, ...]:
    return (TaskThing(Kind.PACKAGE, f"nj01/P-{name}", 1, State.STORED),)


def place_a(scene: RackScene) -> str:
    """Li shows pass, box and slot: the step into A-01 is allowed. Returns its task."""
    task = scene.task("A")
    scene.show(person("LI"), package("A"), slot("A-01"))
    assert scene.outcomes[-1] == "allowed"
    return task.id


def test_a_box_in_the_wrong_slot_is_told_by_light_and_fact_until_it_is_put_right(scene: RackScene) -> None:
    task = place_a(scene)
    lay(scene, "A-02", occupied=True)
    assert scene.indicator.signs["A-02"] == "red blinking"
    assert scene.indicator.signs["A-01"] == "amber blinking"
    scene.hands.pass_(20)
    scene.station.tick()
    assert scene.lamp == "red"
    assert bodies(scene, "slot_misplaced") == [{
        "station": "rack-1", "found": A2, "expected": A1, "moved": "put", "by": "sensor", "task": task, "list_id": None,
        "things": ["nj01/P-A"],
    }]  # fmt: skip
    assert scene.facts("slot_misplaced")[0].device == "rack-1.slots"
    lay(scene, "A-02", occupied=False)
    assert (scene.indicator.signs["A-02"], scene.indicator.signs["A-01"]) == ("off", "amber blinking")
    assert bodies(scene, "misplacement_ended") == []
    lay(scene, "A-01", occupied=True)
    assert bodies(scene, "misplacement_ended") == [
        {"station": "rack-1", "found": A2, "expected": A1, "how": "put_right"}
    ]
    assert (scene.indicator.signs["A-01"], scene.lamp) == ("off", "off")


def test_the_right_slot_is_no_misplacement_and_afterwards_nothing_is_expected(scene: RackScene) -> None:
    place_a(scene)
    lay(scene, "A-01", occupied=True)
    lay(scene, "A-02", occupied=True)  # without any task: the cloud's to judge
    assert bodies(scene, "slot_misplaced") == []


def test_a_slot_that_another_open_task_names_is_never_wrong(scene: RackScene) -> None:
    place_a(scene)
    scene.task("B", slot=A2)
    lay(scene, "A-02", occupied=True)
    assert bodies(scene, "slot_misplaced") == []
    lay(scene, "A-03", occupied=True)
    assert [body["found"] for body in bodies(scene, "slot_misplaced")] == [A3]


def test_two_boxes_on_their_way_are_not_taken_for_each_other(scene: RackScene) -> None:
    place_a(scene)
    scene.look_away(3)
    scene.task("B", slot=A2)
    scene.show(person("LI"), package("B"), slot("A-02"))
    assert scene.outcomes == ["allowed", "allowed"]
    lay(scene, "A-03", occupied=True)
    (told,) = bodies(scene, "slot_misplaced")
    assert (told["expected"], told["things"]) == (A2, [])  # it may be either of them
    lay(scene, "A-01", occupied=True)
    assert len(bodies(scene, "slot_misplaced")) == 1


def test_a_sensor_that_chatters_accuses_nobody(tmp_path: Path) -> None:
    with rack_scene(tmp_path, slots=3, laid=("A-02",)) as scene:
        settle(scene)
        place_a(scene)
        for occupied in (False, True) * 20:
            scene.lay("A-02", occupied=occupied)
            scene.hands.pass_(0.3)
            scene.station.tick()
        settle(scene)
        assert bodies(scene, "slot_misplaced") == []


def test_what_a_sensor_says_first_after_a_start_is_no_movement(tmp_path: Path) -> None:
    hands = Hands()
    with rack_scene(tmp_path, hands, slots=3) as scene:
        settle(scene)
        light(scene, A1)
    with rack_scene(tmp_path, hands, slots=3, laid=("A-02",)) as scene:
        settle(scene)
        assert bodies(scene, "slot_misplaced") == []
        assert scene.indicator.signs["A-01"] == "blue blinking"  # and the list is still lit


def test_it_is_still_red_and_not_told_again_after_a_restart(tmp_path: Path) -> None:
    hands = Hands()
    with rack_scene(tmp_path, hands, slots=3) as scene:
        settle(scene)
        place_a(scene)
        lay(scene, "A-02", occupied=True)
    with rack_scene(tmp_path, hands, slots=3, laid=("A-02",)) as scene:
        settle(scene)
        assert scene.indicator.signs["A-02"] == "red blinking"
        assert len(bodies(scene, "slot_misplaced")) == 1
        lay(scene, "A-02", occupied=False)
        lay(scene, "A-01", occupied=True)
        assert [body["how"] for body in bodies(scene, "misplacement_ended")] == ["put_right"]
    with rack_scene(tmp_path, hands, slots=3, laid=("A-01",)) as scene:
        settle(scene)
        assert scene.indicator.signs == {}


def test_nothing_is_expected_for_ever(scene: RackScene) -> None:
    place_a(scene)
    scene.hands.pass_(121)
    lay(scene, "A-02", occupied=True)
    assert bodies(scene, "slot_misplaced") == []


def test_a_box_held_to_a_wrong_label_is_told_and_over_once_it_is_taken_away(scene: RackScene) -> None:
    task = scene.task("A")
    scene.show(person("LI"), package("A"), slot("A-02"))
    scene.station.tick()
    assert scene.outcomes == ["unsuitable_slot"]
    assert (scene.indicator.signs["A-02"], scene.indicator.signs["A-01"]) == ("red blinking", "amber blinking")
    (told,) = bodies(scene, "slot_misplaced")
    assert (told["by"], told["found"], told["expected"], told["task"]) == ("scan", A2, A1, task.id)
    assert scene.facts("slot_misplaced")[0].device == "rack-1.camera"
    scene.look_away(60)
    assert [body["how"] for body in bodies(scene, "misplacement_ended")] == ["withdrawn"]
    assert (scene.indicator.signs["A-02"], scene.indicator.signs["A-01"]) == ("off", "off")


def test_a_box_held_to_a_wrong_label_and_laid_there_is_told_by_the_sensor_too(scene: RackScene) -> None:
    scene.task("A")
    scene.show(person("LI"), package("A"), slot("A-02"))
    lay(scene, "A-02", occupied=True)
    assert [body["by"] for body in bodies(scene, "slot_misplaced")] == ["scan", "sensor"]
    lay(scene, "A-02", occupied=False)
    scene.look_away(60)
    assert bodies(scene, "misplacement_ended") == []  # it lies in no slot, and its task says A-01
    scene.show(person("LI"), package("A"), slot("A-01"))
    lay(scene, "A-01", occupied=True)
    assert [body["how"] for body in bodies(scene, "misplacement_ended")] == ["put_right"]


def test_a_record_of_where_it_lies_ends_it(scene: RackScene) -> None:
    place_a(scene)
    lay(scene, "A-02", occupied=True)
    scene.look_away(60)
    scene.task("A", slot=A2, action=Action.MOVE, things=stored("A"))
    scene.show(person("LI"), package("A"), slot("A-02"), seconds=1)
    assert scene.outcomes == ["allowed", "allowed"]
    assert [body["how"] for body in bodies(scene, "misplacement_ended")] == ["recorded"]
    scene.station.lights.settle(A2)  # said again by the cloud: nothing
    settle(scene)
    assert len(bodies(scene, "misplacement_ended")) == 1


def test_the_cloud_can_say_that_it_is_recorded(scene: RackScene) -> None:
    place_a(scene)
    lay(scene, "A-02", occupied=True)
    scene.station.lights.settle(A2)
    scene.station.tick()
    assert [body["how"] for body in bodies(scene, "misplacement_ended")] == ["recorded"]


def test_taking_from_a_slot_that_is_not_lit_is_wrong_while_a_list_is_picked(tmp_path: Path) -> None:
    with rack_scene(tmp_path, slots=3, laid=("A-01", "A-02", "A-03")) as scene:
        settle(scene)
        light(scene, A1, way="pick")
        lay(scene, "A-02", occupied=False)
        (told,) = bodies(scene, "slot_misplaced")
        assert (told["moved"], told["found"], told["expected"], told["list_id"]) == ("taken", A2, A1, "L-1")
        lay(scene, "A-02", occupied=True)
        assert bodies(scene, "misplacement_ended") == []
        lay(scene, "A-01", occupied=False)
        assert [body["how"] for body in bodies(scene, "misplacement_ended")] == ["put_right"]


def test_what_a_step_lets_be_taken_is_not_wrong_while_a_list_is_picked(tmp_path: Path) -> None:
    with rack_scene(tmp_path, slots=3, laid=("A-01", "A-02", "A-03")) as scene:
        settle(scene)
        light(scene, A1, way="pick")
        scene.task("B", action=Action.MOVE, slot=A3, things=stored("B"))
        scene.show(person("LI"), package("B"), slot("A-03"))
        assert scene.outcomes == ["allowed"]
        lay(scene, "A-02", occupied=False)
        assert bodies(scene, "slot_misplaced") == []


def test_a_list_that_is_stopped_leaves_what_lies_wrong_until_it_is_taken_out(scene: RackScene) -> None:
    light(scene, A1)
    lay(scene, "A-02", occupied=True)
    scene.make(scene.lists.stop(StopList(list_id="L-1")))
    settle(scene)
    assert scene.indicator.signs["A-02"] == "red blinking"
    lay(scene, "A-02", occupied=False)
    assert [body["how"] for body in bodies(scene, "misplacement_ended")] == ["undone"]


def test_it_is_told_when_there_is_room_again(scene: RackScene) -> None:
    place_a(scene)
    with full_disk():
        lay(scene, "A-02", occupied=True)
        assert scene.indicator.signs["A-02"] == "red blinking"
    settle(scene, 3)
    assert [body["found"] for body in bodies(scene, "slot_misplaced")] == [A2]
