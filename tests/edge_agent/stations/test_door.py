"""A door: it opens for who has something to do behind it, after that is on disk; what its contact says is told."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from custody.decisions import Use
from custody.pack_reader import parse_rule_pack
from custody.roles import Role
from custody.things import Kind
from edge_agent.journal.journal import check_chain
from edge_agent.stations.door import MOST_MOVED
from proof.keys import SigningKey
from tests.edge_agent.door_scene import DOOR, EXIT, GLASS, DoorScene, door_scene
from tests.edge_agent.hands import full_disk
from tests.edge_agent.rack_scene import LI, WANG
from tests.edge_agent.scene import PACK, SITE, package, person, phone
from wire.labels import Label, write_label


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[DoorScene]:
    with door_scene(tmp_path) as scene:
        yield scene


def test_a_keeper_with_a_task_behind_it_is_let_in_after_that_is_on_disk(scene: DoorScene) -> None:
    task, held = scene.task("A"), []
    scene.before_still = lambda: held.append(scene.unlocked)
    scene.show(person("LI"))
    assert scene.unlocked
    assert scene.lamp == "green"
    assert held == [False]  # it was locked while its picture was taken
    (body,) = scene.bodies("door_decided")
    assert (body["outcome"], body["rule"], body["people"]) == ("allowed", "door.leave", [LI])
    assert (body["task"], body["permit"], body["station"]) == (task.id, None, DOOR)
    assert (body["rule_pack"], body["picture"]["bytes"]) == (PACK.hash, 7)


def test_the_session_says_who_for_which_task_how_long_and_what_moved(scene: DoorScene) -> None:
    task = scene.task("A")
    scene.show(person("LI"))
    decided = scene.facts("door_decided")[0].seq
    scene.swing(shut=False)
    assert not scene.unlocked  # it locks again when it falls shut
    (opened,) = scene.facts("door_opened")
    assert (opened.body["decision"], opened.body["how"], opened.device) == (decided, "decision", "door-a.leaf")
    assert opened.body["picture"]["bytes"] == 7
    for slot in (f"{SITE}/S-A-01", f"{SITE}/S-A-02", f"{SITE}/S-A-01"):
        scene.station.on_moved(slot)
    scene.show(person("WANG"))
    scene.hands.pass_(19.9)
    scene.swing(shut=True)
    (closed,) = scene.bodies("door_closed")
    assert closed == {
        "station": DOOR, "opened": opened.seq, "people": [LI, WANG], "task": task.id, "permit": None,
        "open_ms": 20_000, "moved": [f"{SITE}/S-A-01", f"{SITE}/S-A-02"], "heads": None,
    }  # fmt: skip
    assert scene.lamp == "off"
    scene.station.on_moved(f"{SITE}/S-A-01")  # nobody is behind it: no session's
    assert scene.outcomes == ["allowed"]


def test_passes_that_opened_it_open_it_again_only_when_they_are_shown_anew(scene: DoorScene) -> None:
    scene.task("A")
    scene.show(person("LI"))
    scene.go_through()
    for _ in range(15):
        scene.show(person("LI"))
    assert scene.outcomes == ["allowed"]
    scene.look_away(2.1)
    scene.show(person("LI"), seconds=0.3)  # nobody was near: not every picture is read
    assert scene.outcomes == ["allowed", "allowed"]


@pytest.mark.parametrize(
    ("who", "changes", "reason"),
    [
        ("LI", {"station": "rack-9"}, "no_permit"),
        ("NOBODY", {}, "wrong_role"),
        ("LI", {"people": {LI: (Role.APPROVER,)}}, "wrong_role"),
        ("LI", {"not_after": timedelta(hours=-1)}, "expired"),
        ("LI", {"not_before": timedelta(hours=1)}, "not_yet_valid"),
    ],
)
def test_it_stays_shut_for_who_has_no_leave(
    scene: DoorScene, who: str, changes: dict[str, object], reason: str
) -> None:
    now = scene.hands.now
    scene.task("A", **{name: now + v if isinstance(v, timedelta) else v for name, v in changes.items()})
    scene.show(person(who))
    assert scene.outcomes == [reason]
    assert (scene.unlocked, scene.lamp) == (False, "red")
    scene.look_away(1)
    scene.show(person(who), seconds=0.5)
    assert scene.outcomes == [reason]  # said once
    scene.look_away(2.1)
    assert scene.lamp == "off"
    scene.show(person(who), seconds=0.3)
    assert scene.outcomes == [reason, reason]  # and to who comes again


def test_who_was_refused_and_stays_is_let_in_when_the_leave_comes(scene: DoorScene) -> None:
    scene.show(person("LI"))
    scene.permit("A", people_required=1)
    scene.show(person("LI"))
    assert scene.outcomes == ["no_permit", "allowed"]


def test_who_was_refused_and_left_did_not_come_in_with_the_next(scene: DoorScene) -> None:
    scene.task("A", people={WANG: (Role.KEEPER,)})
    scene.show(person("LI"))
    scene.look_away(2.1)
    scene.show(person("WANG"), seconds=0.3)
    scene.go_through()
    assert scene.outcomes == ["wrong_role", "allowed"]
    assert scene.bodies("door_closed")[0]["people"] == [WANG]


def test_a_contact_that_is_faster_than_the_lock_was_told_makes_no_way_out_forced(scene: DoorScene) -> None:
    def opens() -> None:
        """It opens within the word to the lock, and the contact's thread has told of it before that word ends."""
        told = len(scene.bodies("door_opened"))
        threading.Thread(target=scene.swing, kwargs={"shut": False}).start()
        while len(scene.bodies("door_opened")) == told:
            pass

    for pin, how in ((EXIT, "exit"), (GLASS, "break_glass")):
        scene.door.then = opens
        scene.press(pin)
        scene.door.then = lambda: None
        assert scene.bodies("door_opened")[-1]["how"] == how
        scene.press(pin, pressed=False)
        scene.swing(shut=True)
        scene.look_away(12)
    scene.swing(shut=False)
    assert scene.bodies("door_opened")[-1]["how"] == "forced"


def test_a_task_that_is_done_opens_it_no_more(scene: DoorScene) -> None:
    scene.make(scene.tasks.do(scene.task("A")))
    scene.show(person("LI"))
    assert scene.outcomes == ["already_spent"]


def test_a_permit_for_a_gate_behind_it_opens_it_for_as_many_as_it_asks_for(scene: DoorScene) -> None:
    permit = scene.permit("A", people_required=2)
    scene.show(person("LI"))
    scene.show(person("WANG"))
    assert scene.outcomes == ["too_few_people", "allowed"]
    assert scene.bodies("door_decided")[1]["permit"] == permit.id
    scene.make(scene.book.spend([Use(permit.id, f"{SITE}/P-A")]))
    scene.go_through()
    scene.look_away(3)
    scene.show(person("LI"), person("WANG"))
    assert scene.outcomes[2:] == ["already_spent"]


def test_before_dear_things_two_have_to_come(tmp_path: Path) -> None:
    with door_scene(tmp_path, zones=("ordinary", "high_value")) as scene:
        scene.task("A")
        scene.show(person("LI"))
        scene.show(person("WANG"))
        assert scene.outcomes == ["too_few_people", "allowed"]


def test_what_is_carried_in_must_be_what_the_task_names_and_genuine(scene: DoorScene) -> None:
    scene.task("A")
    forged = write_label(Label(Kind.PACKAGE, f"{SITE}/P-A", 1), SigningKey.from_seed(b"x" * 32))
    for held in (package("B"), package("B", site="sz01"), forged):
        scene.show(person("LI"), held, seconds=0.3)
        scene.look_away(33)
    scene.show(person("LI"), package("A"), package("A"), seconds=0.3)
    scene.look_away(33)
    scene.show(person("LI"), package("A"), seconds=0.3)
    assert scene.outcomes == ["no_permit", "other_site", "forged_label", "copied_label", "allowed"]


def test_a_stale_pass_opens_nothing_and_the_refusal_is_about_it(scene: DoorScene) -> None:
    scene.task("A")
    scene.show(phone("LI", scene.hands.now - timedelta(seconds=30)))
    (body,) = scene.bodies("door_decided")
    assert (body["reason"], body["subject"], body["people"]) == ("too_few_people", LI, [])


def test_passes_alone_open_it_where_the_rules_say_so(tmp_path: Path) -> None:
    content = json.loads(json.dumps(dict(PACK.content)))
    content["doors"]["opens_for"] = ["task", "permit", "pass"]
    with door_scene(tmp_path, pack=parse_rule_pack(content)) as scene:
        scene.show(person("LI"), package("A"))
        scene.look_away(33)
        scene.show(person("LI"), seconds=0.3)
        assert scene.outcomes == ["no_permit", "allowed"]
        assert scene.bodies("door_decided")[1]["task"] is None


def test_nobody_opens_it_in_time_and_it_is_locked_again(scene: DoorScene) -> None:
    scene.task("A")
    scene.show(person("LI"))
    scene.hands.pass_(10)
    scene.station.tick()
    assert (scene.unlocked, scene.lamp) == (False, "off")
    scene.swing(shut=False)
    assert [body["how"] for body in scene.bodies("door_opened")] == ["forced"]


def test_forced_is_told_with_what_the_camera_sees(scene: DoorScene) -> None:
    scene.show()
    scene.hands.pass_(1.5)
    scene.swing(shut=False)
    (body,) = scene.bodies("door_opened")
    assert (body["decision"], body["how"], body["picture"]["bytes"]) == (None, "forced", 7)
    assert (scene.unlocked, scene.lamp) == (False, "red")
    scene.swing(shut=True)
    scene.hands.pass_(5)
    scene.swing(shut=False)
    assert scene.bodies("door_opened")[1]["picture"] is None  # the last picture is older than the deed


def test_held_open_is_told_once_after_the_time_of_the_rules(scene: DoorScene) -> None:
    scene.task("A")
    scene.show(person("LI"))
    scene.swing(shut=False)
    scene.hands.pass_(59.9)
    scene.station.tick()
    assert scene.bodies("door_held_open") == []
    scene.hands.pass_(0.1)
    for _ in range(3):
        scene.station.tick()
    opened = scene.facts("door_opened")[0].seq
    assert scene.bodies("door_held_open") == [{"station": DOOR, "opened": opened, "open_ms": 60_000}]
    assert scene.lamp == "red"
    scene.swing(shut=True)
    assert scene.lamp == "off"


def test_the_site_file_may_give_a_door_another_time(tmp_path: Path) -> None:
    with door_scene(tmp_path, held_open_us=5_000_000) as scene:
        scene.swing(shut=False)
        scene.hands.pass_(5)
        scene.station.tick()
        assert len(scene.bodies("door_held_open")) == 1


def test_a_door_that_stands_open_at_the_start_was_found_so(tmp_path: Path) -> None:
    with door_scene(tmp_path, shut=False) as scene:
        assert [body["how"] for body in scene.bodies("door_opened")] == ["found"]
        assert scene.station.state().position == "open"


def test_from_inside_it_opens_at_once_and_for_anybody(scene: DoorScene) -> None:
    scene.press(EXIT)
    assert scene.unlocked
    scene.press(EXIT, pressed=False)
    scene.go_through()
    (body,) = scene.bodies("door_opened")
    assert (body["how"], body["decision"]) == ("exit", None)
    states = [scene.unlocked]
    scene.press(EXIT)
    scene.hands.pass_(10)
    scene.station.tick()
    assert [*states, scene.unlocked] == [False, False]


def test_break_glass_at_a_door_is_as_at_a_gate(scene: DoorScene) -> None:
    scene.task("A")
    scene.press(GLASS)
    assert scene.unlocked
    scene.show(person("LI"))
    assert scene.outcomes == []
    scene.go_through(90)
    assert scene.unlocked
    scene.station.tick()
    assert scene.bodies("door_held_open") == []
    scene.press(GLASS, pressed=False)
    kinds = [fact.kind for fact in scene.facts()]
    assert kinds == ["break_glass_opened", "door_opened", "door_closed", "break_glass_clip", "break_glass_closed"]
    assert scene.bodies("door_opened")[0]["how"] == "break_glass"
    assert scene.bodies("break_glass_closed")[0]["crossings"] == 0


def test_a_full_disk_opens_no_door_keeps_nobody_in_and_forgets_nothing(scene: DoorScene) -> None:
    scene.task("A")
    with full_disk():
        scene.show(person("LI"))
        assert (scene.unlocked, scene.lamp) == (False, "amber")
        scene.press(EXIT)
        assert scene.unlocked
        scene.go_through()
    scene.hands.pass_(2)
    scene.station.tick()
    opened, closed = scene.bodies("door_opened")[0], scene.bodies("door_closed")[0]
    assert (opened["how"], closed["opened"], closed["open_ms"]) == ("exit", None, 1000)
    scene.show(person("LI"))
    assert scene.outcomes == ["allowed"]
    check_chain(scene.journal.reads)


def test_a_rack_that_chatters_makes_no_fact_too_large(scene: DoorScene) -> None:
    scene.swing(shut=False)
    for number in range(MOST_MOVED + 10):
        scene.station.on_moved(f"{SITE}/S-{number}")
    scene.swing(shut=True)
    assert len(scene.bodies("door_closed")[0]["moved"]) == MOST_MOVED


def test_nobody_near_means_few_pictures_are_read(scene: DoorScene) -> None:
    scene.look_away(2)
    assert scene.frames_read <= 8


def test_a_stopping_agent_leaves_it_locked(scene: DoorScene) -> None:
    scene.task("A")
    scene.show(person("LI"))
    scene.station.stop()
    assert not scene.unlocked
    scene.look_away(3)
    scene.show(person("LI"))
    assert scene.outcomes == ["allowed"]
