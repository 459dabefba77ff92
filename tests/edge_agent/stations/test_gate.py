"""What a gate does: decides once a passage, records before it moves, closes when it should."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from custody.decisions import Reason, Use
from custody.permits import PermitThing
from custody.things import Direction, Kind
from edge_agent.permits import PermitBook
from proof.keys import SigningKey
from tests.edge_agent.hands import Hands
from tests.edge_agent.scene import (
    AGENT,
    CLOUD,
    INSIDE,
    OUTSIDE,
    PACK,
    Scene,
    follow,
    gate_scene,
    item,
    package,
    person,
)
from wire.labels import Label, write_label


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with gate_scene(tmp_path) as scene:
        yield scene


def test_a_permitted_package_opens_the_gate_after_the_fact_is_on_disk_and_crossing_closes_it(scene: Scene) -> None:
    scene.permit("A")
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("LI"))
    assert not scene.is_open()
    scene.show(package("A"))
    assert scene.is_open()
    assert scene.lamp == "green"
    follow(scene)
    scene.beam(OUTSIDE, broken=False)
    scene.walk_into(INSIDE)
    assert not scene.is_open()
    assert scene.lamp == "off"
    follow(scene)
    closed, decided, opened, crossed, closed_again = scene.facts()
    assert decided.body["outcome"] == "allowed"
    assert decided.body["people"] == ["nj01/U-LI"]
    assert decided.body["uses"] == [{"permit": "nj01/L-1", "thing": "nj01/P-A"}]
    assert decided.body["rule_pack"] == PACK.hash
    assert crossed.kind == "passage_crossed"
    assert crossed.body == {"station": "gate-a", "direction": "in", "decision": decided.seq, "things": ["nj01/P-A"]}
    assert [one.body["position"] for one in (closed, opened, closed_again)] == ["closed", "open", "closed"]


def test_one_passage_is_one_fact_however_many_frames_show_or_miss_the_label(scene: Scene) -> None:
    scene.permit("A")
    scene.beam(OUTSIDE, broken=True)
    for frame in range(60):
        scene.show(person("LI"), *([] if frame % 3 == 1 else [package("A")]))
    scene.walk_into(INSIDE)
    for _ in range(30):
        scene.show(package("A"))
    assert scene.outcomes == ["allowed"]
    assert len(scene.facts("passage_crossed")) == 1


def test_several_labels_in_one_frame_are_several_items_of_one_decision(scene: Scene) -> None:
    scene.permit("A", "B")
    scene.permit("C")
    scene.walk_into(OUTSIDE)
    scene.show(person("LI"), package("A"), package("B"), package("C"))
    (decided,) = scene.facts("passage_decided")
    assert [use["thing"] for use in decided.body["uses"]] == ["nj01/P-A", "nj01/P-B", "nj01/P-C"]


def test_one_label_without_permit_among_several_holds_them_all(scene: Scene) -> None:
    scene.permit("A")
    scene.walk_into(OUTSIDE)
    scene.show(person("LI"), package("A"), package("B"))
    assert scene.outcomes == ["no_permit"]
    assert not scene.is_open()
    assert scene.lamp == "red"
    assert scene.book.spent == set()


def test_an_item_by_itself_that_a_permit_has_in_a_package_is_packed(scene: Scene) -> None:
    box = PermitThing(Kind.PACKAGE, "nj01/P-A", 1, ("nj01/I-1",))
    permit = scene.permit(things=(box,))
    scene.walk_into(OUTSIDE)
    scene.show(person("LI"), item("1"))
    assert scene.outcomes == ["packed"]
    assert not scene.is_open()
    scene.make(scene.book.revoke(permit.id))
    scene.look_away(2.5)
    scene.show(item("1"))
    assert scene.outcomes == ["packed", "no_permit"]


def test_without_anybody_in_a_beam_the_station_waits_for_one(scene: Scene) -> None:
    scene.permit("A")
    for _ in range(5):
        scene.show(person("LI"), package("A"))
    assert scene.outcomes == []
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("LI"), package("A"))
    assert scene.outcomes == ["allowed"]


def test_an_approach_of_long_ago_is_none(scene: Scene) -> None:
    scene.walk_into(OUTSIDE)
    scene.hands.pass_(31)
    scene.show(package("A"))
    assert scene.outcomes == []


def test_the_direction_is_that_of_the_beam_broken_last(scene: Scene) -> None:
    scene.permit("A", direction=Direction.OUT)
    scene.walk_into(OUTSIDE)
    scene.walk_into(INSIDE)
    scene.show(person("LI"), package("A"))
    assert scene.facts("passage_decided")[0].body["direction"] == "out"
    assert scene.is_open()


FOREIGN = write_label(Label(Kind.PACKAGE, "nj01/P-A", 1), SigningKey.from_seed(b"x" * 32))


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        (["https://example.com/menu"], "unknown_label"),
        ([FOREIGN], "forged_label"),
        (["ST1:GARBAGE"], "forged_label"),
        ([package("A", site="sz01")], "other_site"),
        ([package("A"), package("A")], "copied_label"),
        ([package("OLD")], "copied_label"),
        ([package("B")], "no_permit"),
        ([item("A")], "no_permit"),
        ([package("HELD")], "legal_hold"),
        ([package("ELSEWHERE")], "wrong_gate"),
        ([package("INWARD")], "wrong_direction"),
        ([package("SPENT")], "already_spent"),
        ([package("LATER")], "not_yet_valid"),
        ([package("PAST")], "expired"),
        ([package("TWO")], "too_few_people"),
        ([package("EDGE")], "clock_not_trustworthy"),
    ],
)
def test_every_refusal_is_recorded_with_its_reason_and_opens_nothing(
    scene: Scene, shown: list[str], reason: str
) -> None:
    out, hour, now = Direction.OUT, timedelta(hours=1), scene.hands.now
    for name in ("A", "HELD"):
        scene.permit(name, direction=out)
    things = scene.permit("OLD", direction=out).things
    scene.permit(direction=out, things=tuple(replace(one, issue=2) for one in things))
    scene.make(scene.book.revoke("nj01/L-3"))
    scene.make(scene.book.set_hold(["nj01/P-HELD"], True, "2026-11-22T11:00:00.000000Z"))
    scene.permit("ELSEWHERE", direction=out, stations=("gate-b",))
    scene.permit("INWARD", direction=Direction.IN)
    scene.permit("LATER", direction=out, not_before=now + hour, not_after=now + 2 * hour)
    scene.permit("PAST", direction=out, not_before=now - 2 * hour, not_after=now - hour)
    scene.permit("TWO", direction=out, people_required=2)
    scene.permit("EDGE", direction=out, not_before=now + timedelta(seconds=0.205))
    spent = scene.permit("SPENT", direction=out)
    scene.make(scene.book.spend([Use(spent.id, "nj01/P-SPENT")]))
    scene.walk_into(INSIDE)
    scene.show(person("LI"))
    scene.show(person("LI"), *shown)
    assert scene.outcomes == [reason]
    assert not scene.is_open()
    assert scene.lamp == "red"
    (decided,) = scene.facts("passage_decided")
    assert decided.body["rule"] == PACK.refusals[Reason(reason)]


def test_a_clock_nobody_vouches_for_opens_nothing(tmp_path: Path) -> None:
    with gate_scene(tmp_path, Hands(error_ms=None)) as scene:
        scene.permit("A")
        scene.walk_into(OUTSIDE)
        scene.show(person("LI"), package("A"))
        assert scene.outcomes == ["clock_not_trustworthy"]
        assert not scene.is_open()


def test_a_refusal_is_recorded_once_while_the_label_stays_and_again_when_it_comes_back(scene: Scene) -> None:
    scene.beam(OUTSIDE, broken=True)
    for _ in range(40):
        scene.show(package("A"))
    assert scene.outcomes == ["no_permit"]
    scene.look_away(1.5)
    scene.show(package("A"))
    assert scene.outcomes == ["no_permit"]
    scene.look_away(2.5)
    assert scene.lamp == "off"
    scene.show(package("A"))
    assert scene.outcomes == ["no_permit", "no_permit"]


def test_another_person_changes_the_answer(scene: Scene) -> None:
    scene.permit("A", people_required=2)
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("LI"), package("A"))
    scene.show(package("A"))
    scene.show(person("WANG"), package("A"))
    assert scene.outcomes == ["too_few_people", "allowed"]


def test_a_pass_shown_too_long_ago_is_nobody_present_and_one_pass_twice_is_one_person(scene: Scene) -> None:
    scene.permit("A", people_required=2)
    scene.show(person("LI"))
    scene.hands.pass_(31)
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("WANG"))
    scene.show(person("WANG"), package("A"))
    assert scene.outcomes == ["too_few_people"]


def test_nobody_crosses_and_the_permit_is_good_again(scene: Scene) -> None:
    scene.permit("A")
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("LI"), package("A"))
    scene.hands.pass_(20)
    scene.station.tick()
    assert not scene.is_open()
    (abandoned,) = scene.facts("passage_abandoned")
    (decided,) = scene.facts("passage_decided")
    assert abandoned.body["decision"] == decided.seq
    assert abandoned.body["uses"] == decided.body["uses"]
    scene.show(person("LI"), package("A"))
    assert scene.outcomes == ["allowed", "allowed"]


def test_a_label_that_stays_before_an_abandoned_gate_does_not_open_it_again(scene: Scene) -> None:
    scene.permit("A")
    scene.beam(OUTSIDE, broken=True)
    for _ in range(450):
        scene.show(person("LI"), package("A"))
    assert scene.outcomes == ["allowed"]
    assert len(scene.facts("passage_abandoned")) == 1
    scene.look_away(2.5)
    scene.show(person("LI"), package("A"))
    assert scene.outcomes == ["allowed", "allowed"]


def test_what_was_abandoned_or_spent_is_so_after_a_restart(scene: Scene) -> None:
    permit = scene.permit("A")
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("LI"), package("A"))
    find = {CLOUD.public.kid: CLOUD.public}.get
    assert PermitBook(scene.journal.reads, AGENT, find).spent == {Use(permit.id, "nj01/P-A")}
    scene.hands.pass_(20)
    scene.station.tick()
    assert PermitBook(scene.journal.reads, AGENT, find).spent == set()


def test_a_refusal_while_the_gate_is_open_closes_it_and_without_the_stranger_it_opens_again(scene: Scene) -> None:
    scene.permit("A")
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("LI"), package("A"))
    assert scene.is_open()
    scene.show(package("A"), package("STRANGER"))
    assert not scene.is_open()
    assert scene.lamp == "red"
    assert scene.outcomes == ["allowed", "no_permit"]
    for _ in range(25):
        scene.show(package("A"))
    assert scene.is_open()
    assert scene.outcomes == ["allowed", "no_permit", "allowed"]
    assert len(scene.facts("passage_abandoned")) == 1
    assert [fact.kind for fact in scene.facts()[-2:]] == ["passage_abandoned", "passage_decided"]


def test_whoever_crosses_before_the_closing_gate_has_still_crossed(scene: Scene) -> None:
    scene.permit("A")
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("LI"), package("A"))
    scene.show(package("A"), package("STRANGER"))
    scene.walk_into(INSIDE)
    (crossed,) = scene.facts("passage_crossed")
    assert crossed.body["things"] == ["nj01/P-A"]
    assert scene.lamp == "red"


def test_a_second_permitted_thing_joins_the_open_passage(scene: Scene) -> None:
    scene.permit("A")
    scene.permit("B")
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("LI"), package("A"))
    scene.show(package("A"), package("B"))
    scene.walk_into(INSIDE)
    assert scene.outcomes == ["allowed", "allowed"]
    assert [fact.body["things"] for fact in scene.facts("passage_crossed")] == [["nj01/P-A"], ["nj01/P-B"]]


def test_codes_of_the_goods_are_no_question_beside_a_label_of_ours(scene: Scene) -> None:
    scene.permit("A")
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("LI"), package("A"), "6901028000000")
    for number in range(10):
        scene.show(f"690102800000{number}")
    assert scene.outcomes == ["allowed"]
    assert scene.is_open()


def test_a_closed_gate_lets_nobody_cross_and_an_open_one_without_decision_is_told(scene: Scene) -> None:
    scene.walk_into(OUTSIDE)
    scene.walk_into(INSIDE)
    assert scene.facts("passage_crossed") == []
    scene.permit("A")
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("LI"), package("A"))
    follow(scene)
    scene.walk_into(INSIDE)  # the first; the gate takes a moment to close
    scene.beam(OUTSIDE, broken=False)
    scene.hands.pass_(0.3)
    scene.walk_into(OUTSIDE)
    scene.walk_into(INSIDE)  # on the heels of the first
    crossed = [fact.body for fact in scene.facts("passage_crossed")]
    assert [one["decision"] is None for one in crossed] == [False, True]
    assert crossed[1] == {"station": "gate-a", "direction": "in", "decision": None, "things": []}


def test_the_picture_of_a_decision_is_kept_with_it(scene: Scene) -> None:
    scene.walk_into(OUTSIDE)
    scene.show(package("A"))
    (decided,) = scene.facts("passage_decided")
    ((digest,),) = scene.journal.reads.rows("waiting_pictures", limit=5)
    ((jpeg,),) = scene.journal.reads.rows("picture", sha256=digest)
    assert decided.body["picture"] == {"sha256": digest, "bytes": len(jpeg), "width": 4, "height": 4}


def test_a_very_long_text_is_kept_shortened(scene: Scene) -> None:
    scene.walk_into(OUTSIDE)
    scene.show("x" * 4000)
    (decided,) = scene.facts("passage_decided")
    assert decided.body["sights"][0]["id"] == "x" * 200


def test_codes_that_hold_anything_at_all_are_recorded(scene: Scene) -> None:
    scene.walk_into(OUTSIDE)
    scene.show(*(chr(number) * 300 for number in (*range(40), 0xD800, 0x1F512)))
    assert set(scene.outcomes) == {"unknown_label"}
    assert scene.facts("recording_blocked") == []


def test_more_things_than_one_fact_can_hold_are_judged_one_lot_after_the_other(scene: Scene) -> None:
    names = [f"{number:02}" for number in range(40)]
    scene.permit(*names)
    scene.walk_into(OUTSIDE)
    for _ in range(3):
        scene.show(person("LI"), *map(package, names))
    assert scene.outcomes == ["allowed", "allowed"]
    assert len(scene.book.spent) == 40
    scene.walk_into(INSIDE)
    assert len(scene.facts("passage_crossed")) == 2


def test_a_stopping_gate_closes_and_gives_back_what_was_not_used(scene: Scene) -> None:
    scene.permit("A")
    scene.walk_into(OUTSIDE)
    scene.show(person("LI"), package("A"))
    scene.station.stop()
    assert not scene.is_open()
    assert scene.book.spent == set()


def test_frames_are_read_less_often_while_nobody_is_near_and_at_once_when_somebody_is(scene: Scene) -> None:
    for _ in range(30):
        scene.show()
    assert 8 <= scene.frames_read <= 15
    before = scene.frames_read
    scene.beam(OUTSIDE, broken=True)
    scene.look_away(1)
    assert scene.frames_read == before + 10
    scene.beam(OUTSIDE, broken=False)
    scene.hands.pass_(31)
    scene.show(person("LI"))
    before = scene.frames_read
    scene.show(person("LI"), package("A"))
    assert scene.frames_read == before + 1
