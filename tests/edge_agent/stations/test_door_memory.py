"""A door over a restart: a session goes on, or has ended, with a fact that says how long nobody looked."""

from collections.abc import Callable
from pathlib import Path

import pytest

from custody.permits import time_text
from edge_agent.devices import Position
from edge_agent.journal.renewal import renew
from tests.edge_agent.door_scene import DOOR, EXIT, DoorScene, door_scene
from tests.edge_agent.hands import Hands, full_disk
from tests.edge_agent.rack_scene import LI, WANG
from tests.edge_agent.scene import SITE, person

MINUTE_US = 60_000_000
KINDS = ("door_opened", "door_resumed", "door_held_open", "door_closed")


def let_in(scene: DoorScene) -> str:
    """LI is let in for a task; WANG shows a pass while it is open, and a slot changes. Returns the task's id."""
    task = scene.task("A")
    scene.show(person("LI"))
    scene.swing(shut=False)
    scene.show(person("WANG"))
    scene.station.on_moved(f"{SITE}/S-A-01")
    return task.id


def killed(scene: DoorScene, seconds: float = 30, *, power: bool = False) -> None:
    """No word from it any more; it is away for so long, and without power where that is what ended it."""
    scene.killed = True
    (scene.hands.reboot if power else scene.hands.pass_)(seconds)


def kinds(scene: DoorScene) -> list[str]:
    return [fact.kind for fact in scene.facts() if fact.kind in KINDS]


@pytest.mark.parametrize("power", [False, True])
def test_a_session_goes_on_after_a_kill_or_a_power_cut_and_is_told_once(tmp_path: Path, power: bool) -> None:
    hands = Hands()
    with door_scene(tmp_path, hands, above=True) as scene:
        task = let_in(scene)
        opened, away_from = scene.facts("door_opened")[0].seq, time_text(scene.hands.now)
        hands.pass_(5)
        killed(scene, power=power)
    with door_scene(tmp_path, hands, shut=False, above=True) as scene:
        assert scene.station.busy() == "door_open"
        assert not scene.unlocked
        scene.station.on_moved(f"{SITE}/S-A-02")
        hands.pass_(10)
        scene.swing(shut=True)
        (resumed,), (closed,) = scene.bodies("door_resumed"), scene.bodies("door_closed")
        assert kinds(scene) == ["door_opened", "door_resumed", "door_closed"]
        assert resumed == {
            "station": DOOR, "decision": 1, "opened": opened, "people": [LI, WANG], "task": task, "permit": None,
            "moved": [f"{SITE}/S-A-01"], "away_from": resumed["away_from"], "away_to": resumed["away_to"],
            "position": "open",
        }  # fmt: skip
        assert resumed["away_from"] < away_from < resumed["away_to"]
        assert closed["opened"] == opened
        assert (closed["people"], closed["task"]) == ([LI, WANG], task)
        assert closed["moved"] == [f"{SITE}/S-A-01", f"{SITE}/S-A-02"]
        assert 45_000 <= closed["open_ms"] < 46_000
        assert closed["heads"] is None  # nobody saw all of it
        assert scene.station.let_in(MINUTE_US)
    with door_scene(tmp_path, hands) as scene:  # over: told no more
        assert kinds(scene) == ["door_opened", "door_resumed", "door_closed"]


@pytest.mark.parametrize("power", [False, True])
def test_a_door_that_fell_shut_while_nobody_looked_ended_its_session_then(tmp_path: Path, power: bool) -> None:
    hands = Hands()
    with door_scene(tmp_path, hands) as scene:
        task = let_in(scene)
        killed(scene, power=power)
    with door_scene(tmp_path, hands) as scene:
        (resumed,) = scene.bodies("door_resumed")
        assert (resumed["position"], resumed["people"], resumed["task"]) == ("closed", [LI, WANG], task)
        assert kinds(scene) == ["door_opened", "door_resumed"]
        assert scene.station.let_in(MINUTE_US)  # they may be inside
        killed(scene, 50, power=power)
    with door_scene(tmp_path, hands) as scene:  # and are known to be after a second one
        assert kinds(scene) == ["door_opened", "door_resumed"]
        assert scene.station.let_in(MINUTE_US)
        hands.pass_(11)
        assert not scene.station.let_in(MINUTE_US)


def test_the_contact_that_has_not_spoken_yet_makes_nobody_forgotten(tmp_path: Path) -> None:
    with door_scene(tmp_path) as scene:
        let_in(scene)
        killed(scene)
    with door_scene(tmp_path, scene.hands, told=False) as scene:
        assert scene.station.let_in(1)
        scene.station.tick()
        assert kinds(scene) == ["door_opened"]
        scene.station.on_position(Position.OPEN)
        assert kinds(scene) == ["door_opened", "door_resumed"]


def test_one_that_was_unlocked_and_stands_open_was_opened_by_whom_it_let(tmp_path: Path) -> None:
    with door_scene(tmp_path) as scene:
        task = scene.task("A")
        scene.show(person("LI"))
        killed(scene, 3)
    with door_scene(tmp_path, scene.hands, shut=False) as scene:
        (told,) = scene.facts("door_resumed")
        assert (told.body["decision"], told.body["opened"], told.body["people"]) == (1, None, [LI])
        scene.hands.pass_(4)
        killed(scene, 4)
    with door_scene(tmp_path, scene.hands, shut=False) as scene:  # and again: it is the same session
        assert scene.bodies("door_resumed")[1]["opened"] == told.seq
        scene.swing(shut=True)
        (closed,) = scene.bodies("door_closed")
        assert (closed["opened"], closed["task"], closed["open_ms"]) == (told.seq, task.id, 8000)


def test_one_that_was_unlocked_and_is_shut_may_have_let_them_in(tmp_path: Path) -> None:
    with door_scene(tmp_path) as scene:
        scene.task("A")
        scene.show(person("LI"))
        killed(scene)
    with door_scene(tmp_path, scene.hands) as scene:
        (told,) = scene.bodies("door_resumed")
        assert (told["decision"], told["opened"], told["position"]) == (1, None, "closed")
        assert scene.station.let_in(MINUTE_US)
        assert not scene.unlocked
        scene.swing(shut=False)
        assert scene.bodies("door_opened")[-1]["how"] == "forced"  # nobody may use the old decision any more


def waits_too_long(scene: DoorScene) -> None:
    scene.hands.pass_(10)
    scene.station.tick()


def stops(scene: DoorScene) -> None:
    scene.station.stop()


def leaves_by_the_button(scene: DoorScene) -> None:
    waits_too_long(scene)
    scene.press(EXIT)
    scene.go_through()


@pytest.mark.parametrize("then", [waits_too_long, stops, leaves_by_the_button])
def test_what_nobody_opened_in_time_or_is_over_is_not_remembered(
    tmp_path: Path, then: Callable[[DoorScene], None]
) -> None:
    with door_scene(tmp_path) as scene:
        scene.task("A")
        scene.show(person("LI"))
        then(scene)
        killed(scene)
    with door_scene(tmp_path, scene.hands) as scene:
        assert scene.bodies("door_resumed") == []
        assert not scene.station.let_in(MINUTE_US)


def test_a_door_that_was_forced_goes_on_so_and_is_told_as_held_open_once(tmp_path: Path) -> None:
    with door_scene(tmp_path) as scene:
        scene.swing(shut=False)
        scene.hands.pass_(60)
        scene.station.tick()
        killed(scene)
    with door_scene(tmp_path, scene.hands, shut=False) as scene:
        scene.station.tick()
        assert kinds(scene) == ["door_opened", "door_held_open", "door_resumed"]
        assert not scene.station.let_in(MINUTE_US)


def test_who_is_inside_is_carried_into_a_journal_that_is_made_anew(tmp_path: Path) -> None:
    with door_scene(tmp_path) as scene:
        let_in(scene)
        killed(scene)
    renew(tmp_path, "damaged")
    with door_scene(tmp_path, scene.hands, shut=False) as scene:
        assert [body["people"] for body in scene.bodies("door_resumed")] == [[LI, WANG]]


def test_a_full_disk_remembers_what_its_facts_say_as_soon_as_they_are_on_it(tmp_path: Path) -> None:
    with door_scene(tmp_path) as scene:
        scene.task("A")
        scene.show(person("LI"))
        with full_disk():
            scene.swing(shut=False)
            scene.station.on_moved(f"{SITE}/S-A-01")
        scene.hands.pass_(2)
        scene.station.tick()
        opened = scene.facts("door_opened")[0].seq
        killed(scene)
    with door_scene(tmp_path, scene.hands, shut=False) as scene:
        assert scene.bodies("door_resumed")[0]["opened"] == opened
