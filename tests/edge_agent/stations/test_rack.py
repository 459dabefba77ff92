"""What a rack does: it asks the rule with what was shown, records before it lights, and tells what lies where (J18)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from custody.decisions import Reason
from custody.things import Action, Kind, State
from edge_agent.devices import Light, Weight
from edge_agent.permits import Change
from edge_agent.rule_packs import PackBook
from edge_agent.stations.slot_lights import SlotLights
from edge_agent.tasks import TaskBook
from proof.keys import SigningKey
from tests.edge_agent.hands import Hands, full_disk
from tests.edge_agent.rack_scene import AGENT, LI, WANG, RackScene, rack_scene
from tests.edge_agent.scene import CLOUD, PACK, SITE, item, package, person, phone, slot
from wire.labels import Label, write_label


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[RackScene]:
    with rack_scene(tmp_path) as scene:
        yield scene


def test_pass_box_and_slot_shown_one_after_the_other_take_the_step_and_the_slot_is_green(scene: RackScene) -> None:
    task = scene.task("A")
    scene.show(person("LI"))
    scene.show(package("A"))
    assert scene.light("A-01") == "amber"  # look here
    scene.show(slot("A-01"))
    assert scene.light("A-01") == "green"
    assert (scene.light("A-02"), scene.lamp) == ("off", "green")
    (decided,) = scene.facts("step_decided")
    assert decided.device == "rack-1.camera"
    picture = decided.body.pop("picture")
    assert decided.body == {
        "station": "rack-1",
        "task": task.id,
        "action": "place",
        "things": [{"kind": "package", "id": "nj01/P-A", "issue": 1}],
        "people": [LI],
        "details": {"slot": "nj01/S-A-01"},
        "outcome": "allowed",
        "rule": PACK.steps[State.ARRIVED, Action.PLACE].rule,
        "reason": None,
        "subject": None,
        "rule_pack": PACK.hash,
    }
    assert scene.journal.reads.rows("waiting_pictures", limit=5) == [(picture["sha256"],)]


def test_the_fact_is_on_disk_before_any_light_changes(scene: RackScene) -> None:
    scene.task("A")
    scene.show(person("LI"), package("A"), slot("A-01"))
    assert scene.indicator.told == [("A-01", "green", "step_decided")]
    scene.show(person("LI"), package("B"), slot("A-02"))
    assert scene.indicator.told[1:] == [("A-02", "red", "step_decided")]
    assert scene.outcomes == ["allowed", "no_permit"]


def test_nothing_is_decided_and_nothing_green_while_the_disk_is_full(scene: RackScene) -> None:
    scene.task("A")
    with full_disk():
        for _ in range(5):
            scene.show(person("LI"), package("A"), slot("A-01"))
        assert (scene.light("A-01"), scene.lamp) == ("off", "amber")
        scene.lay("A-02", occupied=True)
    scene.show(person("LI"), package("A"), slot("A-01"), seconds=1.0)
    assert scene.light("A-01") == "green"
    assert [fact.kind for fact in scene.facts()[2:]] == ["recording_blocked", "slot_changed", "step_decided"]


def test_a_task_is_done_once_also_after_a_restart(scene: RackScene) -> None:
    task = scene.task("A")
    scene.show(person("LI"), package("A"), slot("A-01"))
    scene.look_away(3)
    scene.show(person("LI"), package("A"), slot("A-01"))
    assert scene.outcomes == ["allowed", "already_spent"]
    again = TaskBook(scene.journal.reads, AGENT, scene.packs, {CLOUD.public.kid: CLOUD.public}.get)
    assert again.done == {task.id}
    assert again.tasks_for("rack-1", "nj01/P-A") == [task]


def test_a_task_under_another_rule_pack_is_none_after_a_restart_with_a_new_one(scene: RackScene) -> None:
    scene.task("A")
    packs = PackBook(scene.journal.reads, replace(PACK, hash="f" * 64), scene.hands.clock)
    again = TaskBook(scene.journal.reads, AGENT, packs, {CLOUD.public.kid: CLOUD.public}.get)
    assert again.tasks_for("rack-1", "nj01/P-A") == []


def test_labels_that_stay_in_sight_are_asked_once(scene: RackScene) -> None:
    scene.task("A")
    for _ in range(50):
        scene.show(person("LI"), package("A"), package("B"), slot("A-01"))
    assert scene.outcomes == ["allowed"]
    for _ in range(50):
        scene.show(person("LI"), package("A"), package("B"), slot("A-02"))
    assert scene.outcomes == ["allowed", "no_permit"]


FOREIGN = write_label(Label(Kind.PACKAGE, "nj01/P-A", 1), SigningKey.from_seed(b"x" * 32))


@pytest.mark.parametrize(
    ("texts", "reason", "subject"),
    [
        ([package("B")], "no_permit", "nj01/P-B"),
        ([item("A")], "no_permit", "nj01/I-A"),
        ([FOREIGN], "forged_label", FOREIGN),
        ([package("A", site="sz01")], "other_site", "sz01/P-A"),
        ([package("A"), package("A")], "copied_label", "nj01/P-A"),
        ([package("OLD")], "copied_label", "nj01/P-OLD"),
        ([package("NEW", issue=2)], "no_permit", "nj01/P-NEW"),
        ([package("LATER")], "not_yet_valid", "nj01/P-LATER"),
        ([package("PAST")], "expired", "nj01/P-PAST"),
        ([package("EDGE")], "clock_not_trustworthy", "nj01/P-EDGE"),
        ([package("THERE")], "unsuitable_slot", "nj01/S-A-01"),
        ([package("STORED")], "wrong_state", "nj01/P-STORED"),
        ([package("STRANGE")], "wrong_role", LI),
    ],
)
def test_every_refusal_is_recorded_with_its_reason_and_the_slot_is_red(
    scene: RackScene, texts: list[str], reason: str, subject: str
) -> None:
    now, hour = scene.hands.now, timedelta(hours=1)
    old = scene.task("A", "OLD").things
    scene.task(things=(replace(old[1], issue=2),))
    scene.make(scene.tasks.revoke(f"{SITE}/A-1"))
    scene.task("A")
    scene.task("NEW")
    scene.task("LATER", not_before=now + hour, not_after=now + 2 * hour)
    scene.task("PAST", not_before=now - 2 * hour, not_after=now - hour)
    scene.task("EDGE", not_before=now + timedelta(seconds=0.105))
    scene.task("THERE", slot=f"{SITE}/S-A-02")
    scene.task(things=(replace(old[0], id=f"{SITE}/P-STORED", state=State.STORED),))
    scene.task("STRANGE", people={})
    scene.show(person("LI"), slot("A-01"), *texts)
    assert scene.outcomes == [reason]
    (decided,) = scene.facts("step_decided")
    assert decided.body["rule"] == PACK.refusals[Reason(reason)]
    assert decided.body["subject"] == subject[:200]
    assert (scene.light("A-01"), scene.lamp) == ("red", "red")


def test_without_anybody_it_waits_and_a_stale_pass_is_what_the_refusal_is_about(scene: RackScene) -> None:
    scene.task("A")
    scene.show(package("A"), slot("A-01"))
    assert (scene.outcomes, scene.light("A-01")) == ([], "amber")
    scene.show(phone("LI", scene.hands.now - timedelta(minutes=1)))
    assert scene.outcomes == ["too_few_people"]
    assert scene.facts("step_decided")[0].body["subject"] == LI
    scene.show(phone("LI", scene.hands.now + timedelta(minutes=1)))
    assert scene.outcomes == ["too_few_people", "allowed"]


def test_what_was_shown_too_long_ago_counts_no_more(scene: RackScene) -> None:
    scene.task("A")
    scene.show(person("LI"), slot("A-01"))
    scene.hands.pass_(31)
    scene.show(package("A"))
    assert scene.outcomes == []
    scene.show(person("LI"))
    assert scene.outcomes == []
    scene.show(slot("A-01"))
    assert scene.outcomes == ["allowed"]


def test_a_step_of_two_waits_for_the_second_and_takes_no_bystander(scene: RackScene) -> None:
    shelve = {"action": Action.SHELVE, "details": {"seal_intact": True}}
    returned = replace(scene.task("X").things[0], id=f"{SITE}/P-A", state=State.RETURNED)
    scene.task(things=(returned,), **shelve)
    scene.show(person("ZHAO"), person("LI"), person("GUEST"), package("A"), slot("A-01"))
    assert (scene.outcomes, scene.light("A-01")) == ([], "amber")
    scene.show(person("WANG"))
    assert scene.outcomes == ["allowed"]
    body = scene.facts("step_decided")[0].body
    assert body["people"] == [LI, WANG]
    assert body["details"] == {"slot": "nj01/S-A-01", "seal_intact": True}


def test_the_wrong_role_alone_is_refused(scene: RackScene) -> None:
    scene.task("A")
    scene.show(person("ZHAO"), package("A"), slot("A-01"))
    assert scene.outcomes == ["wrong_role"]
    scene.show(person("LI"))
    assert scene.outcomes == ["wrong_role", "allowed"]


def test_one_task_for_several_things_waits_until_all_are_shown(scene: RackScene) -> None:
    scene.task("A", "B")
    scene.show(person("LI"), slot("A-01"), package("A"))
    assert scene.outcomes == []
    scene.show(package("B"))
    assert scene.outcomes == ["allowed"]
    assert [one["id"] for one in scene.facts("step_decided")[0].body["things"]] == ["nj01/P-A", "nj01/P-B"]


def test_two_boxes_for_one_slot_and_one_for_the_next_go_through_without_waiting(scene: RackScene) -> None:
    scene.task("A")
    scene.task("B")
    scene.task("C", slot=f"{SITE}/S-A-02")
    scene.show(person("LI"), package("A"), slot("A-01"))
    scene.show(package("B"), slot("A-01"))
    scene.show(package("C"), slot("A-01"))  # the old slot is still in sight: it is not taken for the new one
    assert scene.outcomes == ["allowed", "allowed"]
    scene.show(package("C"), slot("A-02"))
    assert scene.outcomes == ["allowed"] * 3
    assert [fact.body["details"]["slot"][-4:] for fact in scene.facts("step_decided")] == ["A-01", "A-01", "A-02"]


def test_a_thing_carried_past_and_other_codes_ask_nothing(scene: RackScene) -> None:
    for _ in range(3):
        scene.show(person("LI"), package("B"), "6901028000000")
    assert scene.facts("step_decided") == []


def test_a_hold_does_not_keep_a_thing_from_its_slot(scene: RackScene) -> None:
    scene.make(scene.book.set_hold(["nj01/P-A"], True, "2026-11-22T11:00:00.000000Z"))
    scene.task("A")
    scene.show(person("LI"), package("A"), slot("A-01"))
    assert scene.outcomes == ["allowed"]


def test_what_lies_in_a_slot_is_its_sensors_word_and_ends_its_light(scene: RackScene) -> None:
    scene.task("A")
    scene.show(person("LI"), package("A"), slot("A-01"))
    scene.lay("A-01", occupied=True)
    assert scene.light("A-01") == "off"
    scene.lay("A-02", occupied=True)  # nobody asked for this one: a fact all the same
    scene.lay("A-02", occupied=False)
    changes = [fact.body for fact in scene.facts("slot_changed")][2:]
    assert changes == [
        {"station": "rack-1", "slot": "nj01/S-A-01", "occupied": True},
        {"station": "rack-1", "slot": "nj01/S-A-02", "occupied": True},
        {"station": "rack-1", "slot": "nj01/S-A-02", "occupied": False},
    ]
    assert scene.station.state().occupied == ["nj01/S-A-01"]


def test_a_weight_at_which_the_scale_stands_still_is_told_with_the_thing_that_was_shown(scene: RackScene) -> None:
    scene.show(package("A"))
    for grams, stable in ((0, True), (700, False), (1203, True), (1201, True), (1204, False), (1203, True)):
        scene.station.on_weight(Weight(grams, stable))
    scene.show(package("B"))
    scene.station.on_weight(Weight(0, True))
    told = [fact.body for fact in scene.facts("weight_measured")]
    assert told == [
        {"station": "rack-1", "thing": "nj01/P-A", "weight_g": 1203, "stable": True},
        {"station": "rack-1", "thing": None, "weight_g": 0, "stable": True},
    ]
    assert scene.facts("weight_measured")[0].device == "rack-1.scale"


def test_a_weighing_waits_for_the_scale_and_takes_its_word(scene: RackScene) -> None:
    scene.task("A", action=Action.WEIGH, slot=None)
    scene.show(person("LI"), package("A"))
    scene.station.on_weight(Weight(600, False))
    scene.show(package("A"))
    assert scene.outcomes == []
    scene.station.on_weight(Weight(1203, True))
    scene.show(package("A"))
    (decided,) = scene.facts("step_decided")
    assert (decided.body["outcome"], decided.body["details"]) == ("allowed", {"weight_g": 1203})


def test_after_a_start_only_what_changed_meanwhile_is_told(tmp_path: Path) -> None:
    with rack_scene(tmp_path, laid=("A-01",)) as scene:
        assert [fact.body["occupied"] for fact in scene.facts("slot_changed")] == [True, False]
    with rack_scene(tmp_path, laid=("A-01", "A-02")) as scene:
        assert [fact.body["slot"] for fact in scene.facts("slot_changed")[2:]] == ["nj01/S-A-02"]
        assert scene.station.state().occupied == ["nj01/S-A-01", "nj01/S-A-02"]


def test_a_light_that_could_not_be_told_is_told_at_the_next_occasion(scene: RackScene) -> None:
    lights = SlotLights(scene.indicator, {"s": "Z-99"}, scene.hands.clock.mono_us, scene.problems.append)
    for _ in range(2):
        lights.show("s", Light.GREEN, 1000)
    lights.dark("s")
    assert scene.problems == ["there is no slot Z-99"] * 3
    told = SlotLights(scene.indicator, {"s": "A-01"}, scene.hands.clock.mono_us, scene.problems.append)
    for _ in range(2):
        told.show("s", Light.GREEN, 1000)
    assert (scene.light("A-01"), scene.problems[3:]) == ("green", [None])  # what is so already is not said again


def test_lights_go_out_by_themselves(scene: RackScene) -> None:
    scene.task("A")
    scene.show(person("LI"), package("A"), slot("A-01"))
    scene.hands.pass_(20)
    scene.station.tick()
    assert (scene.light("A-01"), scene.lamp) == ("off", "off")
    scene.station.lights.show("nj01/S-A-02", Light.AMBER, 1_000_000)
    assert scene.light("A-02") == "amber"
    scene.station.lights.dark("nj01/S-A-02")
    assert scene.light("A-02") == "off"


def test_a_clock_nobody_vouches_for_takes_no_step(tmp_path: Path) -> None:
    with rack_scene(tmp_path, Hands(error_ms=None)) as scene:
        scene.task("A")
        scene.show(person("LI"), package("A"), slot("A-01"))
        assert scene.outcomes == ["clock_not_trustworthy"]


def test_frames_are_read_less_often_while_nothing_is_shown(scene: RackScene) -> None:
    for _ in range(30):
        scene.show()
    assert 8 <= scene.frames_read <= 15


def test_a_revoked_task_is_none(scene: RackScene) -> None:
    task = scene.task("A")
    revoked = scene.tasks.revoke(task.id)
    assert isinstance(revoked, Change)
    scene.make(revoked)
    scene.show(person("LI"), package("A"), slot("A-01"))
    assert scene.outcomes == ["no_permit"]
    assert TaskBook(scene.journal.reads, AGENT, scene.packs, lambda _: None).tasks_for("rack-1", "nj01/P-A") == []
