"""Break-glass (N7): it opens at once whatever stands in the way; it closes when everything about it is told."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.errors import DeviceError
from edge_agent.journal.journal import check_chain
from edge_agent.stations.break_glass import HeldOpen
from tests.edge_agent.hands import full_disk
from tests.edge_agent.scene import (
    INSIDE,
    OUTSIDE,
    Scene,
    follow,
    gate_scene,
    package,
    person,
)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with gate_scene(tmp_path) as scene:
        yield scene


def kinds(scene: Scene) -> list[str]:
    """Of everything told about life."""
    return [fact.kind for fact in scene.facts() if fact.kind.startswith("break_glass")]


def test_it_opens_at_once_stays_open_and_is_told_before_it_closes(scene: Scene) -> None:
    scene.glass(pressed=True)
    assert scene.is_open()
    assert scene.lamp == "green"
    (opened,) = scene.facts("break_glass_opened")
    assert opened.body == {"station": "gate-a", "input": "glass"}
    assert opened.device == "gate-a.glass"
    scene.hands.pass_(600)
    scene.station.tick()
    assert scene.is_open()
    scene.glass(pressed=False)
    assert not scene.is_open()
    assert scene.lamp == "off"
    (closed,) = scene.facts("break_glass_closed")
    assert closed.body == {"station": "gate-a", "opened": opened.seq, "open_ms": 600_000, "crossings": 0}
    assert scene.facts("break_glass_clip") == []  # no camera showed anything


def test_it_waits_for_nothing_that_the_station_does(scene: Scene) -> None:
    at_work, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        at_work.set()
        assert go_on.wait(240)

    scene.before_still = slow
    scene.walk_into(OUTSIDE)
    deciding = threading.Thread(target=lambda: scene.show(package("A")))
    deciding.start()
    assert at_work.wait(240)  # the station is busy with a refusal, and will then close the gate
    opened = threading.Event()

    def press() -> None:
        scene.glass(pressed=True)
        opened.set()

    pressing = threading.Thread(target=press)
    pressing.start()
    while not scene.is_open():
        assert not go_on.wait(0.01)
    assert not opened.is_set()
    assert kinds(scene) == []
    go_on.set()
    deciding.join(240)
    pressing.join(240)
    assert scene.outcomes == ["no_permit"]
    assert scene.is_open()
    assert kinds(scene) == ["break_glass_opened"]


def test_nothing_is_decided_while_it_is_open_and_no_end_of_a_passage_closes_it(scene: Scene) -> None:
    scene.permit("A")
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("LI"), package("A"))
    scene.glass(pressed=True)
    for _ in range(3):
        scene.show(package("B"))
    scene.hands.pass_(20)
    scene.station.tick()
    assert scene.outcomes == ["allowed"]
    assert len(scene.facts("passage_abandoned")) == 1
    assert scene.is_open()
    assert scene.lamp == "green"


def test_who_was_let_in_is_told_as_a_passage_and_others_as_without_one(scene: Scene) -> None:
    scene.permit("A")
    scene.beam(OUTSIDE, broken=True)
    scene.show(person("LI"), package("A"))
    scene.glass(pressed=True)
    scene.beam(OUTSIDE, broken=False)
    scene.walk_into(INSIDE)
    assert scene.is_open()
    scene.walk_into(INSIDE)
    scene.walk_into(OUTSIDE)
    crossed = [fact.body for fact in scene.facts("passage_crossed")]
    assert [one["things"] for one in crossed] == [["nj01/P-A"], []]
    assert [one["direction"] for one in crossed] == ["in", "out"]
    scene.glass(pressed=False)
    assert scene.facts("break_glass_closed")[0].body["crossings"] == 2


def test_a_crowd_is_counted_head_by_head(scene: Scene) -> None:
    scene.glass(pressed=True)
    for pin in (INSIDE, INSIDE, OUTSIDE, INSIDE, OUTSIDE, OUTSIDE):  # out, on each other's heels
        scene.walk_into(pin)
    scene.walk_into(INSIDE)  # turns back
    scene.hands.pass_(31)
    scene.walk_into(OUTSIDE)
    scene.walk_into(INSIDE)  # a fireman
    scene.glass(pressed=False)
    crossed = [fact.body for fact in scene.facts("passage_crossed")]
    assert [one["direction"] for one in crossed] == ["out", "out", "out", "in"]
    assert {one["decision"] for one in crossed} == {None}
    assert scene.facts("break_glass_closed")[0].body["crossings"] == 4


def test_who_stood_between_the_beams_when_it_was_pressed_is_counted_the_right_way(scene: Scene) -> None:
    scene.walk_into(INSIDE)
    scene.glass(pressed=True)
    scene.walk_into(OUTSIDE)
    assert [fact.body["direction"] for fact in scene.facts("passage_crossed")] == ["out"]


def test_stills_are_kept_every_second_and_told_in_clips(scene: Scene) -> None:
    scene.glass(pressed=True)
    scene.look_away(25)
    scene.glass(pressed=False)
    (opened,) = scene.facts("break_glass_opened")
    clips = scene.facts("break_glass_clip")
    assert [len(clip.body["pictures"]) for clip in clips] == [10, 10, 5]
    assert {(clip.body["opened"], clip.body["missed"], clip.device) for clip in clips} == {
        (opened.seq, 0, "gate-a.camera")
    }
    told = [picture["sha256"] for clip in clips for picture in clip.body["pictures"]]
    assert [digest for (digest,) in scene.journal.reads.rows("waiting_pictures", limit=100)] == told
    assert kinds(scene)[-1] == "break_glass_closed"


def test_of_a_long_opening_fewer_stills_are_kept(scene: Scene) -> None:
    scene.glass(pressed=True)
    scene.hands.pass_(600)
    scene.look_away(30)
    scene.glass(pressed=False)
    assert [len(clip.body["pictures"]) for clip in scene.facts("break_glass_clip")] == [3]


def test_a_full_disk_keeps_nobody_in_and_it_closes_when_all_is_told(scene: Scene) -> None:
    with full_disk():
        scene.glass(pressed=True)
        assert scene.is_open()
        assert scene.lamp == "amber"
        scene.look_away(3)
        scene.walk_into(INSIDE)
        scene.walk_into(OUTSIDE)
        scene.glass(pressed=False)
        scene.hands.pass_(5)
        scene.station.tick()
        assert scene.is_open()  # nothing of it is on disk, so it does not close
    scene.hands.pass_(2)
    scene.station.tick()
    assert not scene.is_open()
    assert scene.lamp == "off"
    assert [fact.kind for fact in scene.facts()[-5:]] == [
        "recording_blocked", "break_glass_opened", "passage_crossed", "break_glass_clip", "break_glass_closed",
    ]  # fmt: skip
    (clip,) = scene.facts("break_glass_clip")
    assert (clip.body["pictures"], clip.body["missed"]) == ([], 3)
    opened, closed = scene.facts("break_glass_opened")[0], scene.facts("break_glass_closed")[0]
    assert opened.at < scene.facts("recording_blocked")[0].at
    assert (closed.body["crossings"], closed.body["opened"]) == (1, opened.seq)
    assert check_chain(scene.journal.reads) == scene.journal.last


def test_pressed_again_before_it_could_close_it_is_one_opening(scene: Scene) -> None:
    with full_disk():
        scene.glass(pressed=True)
        scene.glass(pressed=False)
        scene.glass(pressed=True)
    scene.hands.pass_(2)
    scene.station.tick()
    assert scene.is_open()
    assert kinds(scene) == ["break_glass_opened"]
    scene.glass(pressed=False)
    assert not scene.is_open()
    scene.glass(pressed=True)
    assert kinds(scene) == ["break_glass_opened", "break_glass_closed", "break_glass_opened"]


def test_afterwards_the_gate_decides_as_before(scene: Scene) -> None:
    scene.permit("A")
    scene.glass(pressed=True)
    scene.show(package("A"))
    scene.glass(pressed=False)
    follow(scene)
    scene.walk_into(OUTSIDE)
    scene.show(person("LI"), package("A"))
    assert scene.outcomes == ["allowed"]


def test_a_stopping_agent_tells_that_it_closes(scene: Scene) -> None:
    scene.glass(pressed=True)
    scene.station.stop()
    assert not scene.is_open()
    assert kinds(scene) == ["break_glass_opened", "break_glass_closed"]


class Stubborn:
    """A gate that cannot be told at first; what it heard."""

    def __init__(self) -> None:
        self.deaf = True
        self.heard: list[str] = []

    def apply(self, decision: object) -> None:
        if self.deaf:
            raise DeviceError("no stage")
        self.heard.append("open")

    def close(self) -> None:
        self.heard.append("close")

    def watch(self, on_position: object) -> None:
        """It has no sensor."""

    def stop(self) -> None:
        """There is nothing to give back."""


def test_a_gate_that_could_not_be_told_is_told_again_and_a_second_press_keeps_it_open() -> None:
    stubborn = Stubborn()
    gate = HeldOpen(stubborn.apply, stubborn.close)
    with pytest.raises(DeviceError):
        gate.hold()
    stubborn.deaf = False
    gate.again()
    gate.again()
    gate.close()
    assert stubborn.heard == ["open"]
    gate.release()
    gate.hold()
    assert not gate.let_go()
    gate.close()
    gate.release()
    assert gate.let_go()
    gate.close()
    assert stubborn.heard == ["open", "open", "close"]
