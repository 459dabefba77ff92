"""Lists of slots lit together (J18): all at once in their colour, each until it is confirmed, and never for ever."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from custody.permits import time_text
from edge_agent.downlink import Books, Orders
from edge_agent.lists import ListBook
from tests.edge_agent.cloud_peer import sign_order
from tests.edge_agent.hands import Hands
from tests.edge_agent.rack_scene import AGENT, RackScene, rack_scene
from tests.edge_agent.scene import CLOUD, package, person, slot
from tests.edge_agent.stations.test_misplacing import A1, A2, A3, bodies, lay, settle


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[RackScene]:
    with rack_scene(tmp_path, slots=3) as scene:
        settle(scene)
        yield scene


def give(scene: RackScene, id_: str, kind: str, body: dict[str, Any]) -> str | None:
    """What was in the way of the order."""
    books = Books(scene.book, scene.tasks, scene.packs, scene.lists)
    find = {CLOUD.public.kid: CLOUD.public}.get
    orders = Orders(AGENT, scene.journal, books, scene.hands.clock, find, lambda *_: None, [scene.station.lights])
    orders.on_order(sign_order(scene.hands, id_, kind, body, agent=AGENT))
    scene.station.tick()
    answer = scene.facts("order_answered")[-1].body
    assert answer["order"] == id_
    problem: str | None = answer["problem"]
    return problem


def a_list(scene: RackScene, *slots: str, **changes: Any) -> dict[str, Any]:
    until = time_text(scene.hands.now + timedelta(minutes=30))
    listed = [{"slot": one, "things": []} for one in slots]
    return {"list_id": "L-1", "way": "put", "colour": "blue", "until": until, "slots": listed, **changes}


def test_all_slots_of_a_list_are_lit_at_once_the_next_one_blinks_and_the_lamp_counts(scene: RackScene) -> None:
    assert give(scene, "o1", "light_list", a_list(scene, A3, A1)) is None
    assert scene.indicator.signs == {"A-01": "blue", "A-03": "blue blinking"}
    flashes = []
    for _ in range(32):
        scene.hands.pass_(0.2)
        scene.station.tick()
        flashes.append(scene.lamp)
    turned_on = sum(now == "amber" and before == "off" for before, now in pairwise(flashes))
    assert turned_on in (3, 4, 5)  # two flashes in each 3.2 s, of which these 6.4 s show two

    lay(scene, "A-03", occupied=True)
    assert scene.indicator.signs == {"A-01": "blue blinking", "A-03": "green"}
    assert bodies(scene, "list_slot_done") == [
        {"station": "rack-1", "list_id": "L-1", "slot": A3, "by": "sensor", "left": 1}
    ]
    scene.hands.pass_(3)
    scene.station.tick()
    assert scene.indicator.signs["A-03"] == "off"
    lay(scene, "A-01", occupied=True)
    assert bodies(scene, "list_ended") == [{"station": "rack-1", "list_id": "L-1", "how": "done", "left": []}]
    settle(scene, 4)
    assert (scene.indicator.signs["A-01"], scene.lamp) == ("off", "off")


def test_a_scan_confirms_where_a_sensor_cannot_tell(tmp_path: Path) -> None:
    with rack_scene(tmp_path, slots=3, laid=("A-01",)) as scene:
        settle(scene)
        give(scene, "o1", "light_list", a_list(scene, A1, A2))
        scene.task("A")
        scene.show(person("LI"), package("A"), slot("A-01"), seconds=1)
        scene.station.tick()
        assert [body["by"] for body in bodies(scene, "list_slot_done")] == ["scan"]
        scene.task("B", slot=A2)
        scene.show(person("LI"), package("B"), slot("A-02"))
        assert scene.outcomes == ["allowed", "allowed"]
        assert len(bodies(scene, "list_slot_done")) == 1  # that one's sensor can tell, and has not yet
        lay(scene, "A-02", occupied=True)
        assert [body["by"] for body in bodies(scene, "list_slot_done")] == ["scan", "sensor"]


def test_a_slot_that_is_to_be_looked_at_is_confirmed_by_its_label(scene: RackScene) -> None:
    give(scene, "o1", "light_list", a_list(scene, A1, A2, way="look"))
    scene.show(slot("A-02"), seconds=1)
    scene.station.tick()
    assert [(body["slot"], body["by"]) for body in bodies(scene, "list_slot_done")] == [(A2, "scan")]
    lay(scene, "A-01", occupied=True)  # nothing is to be moved for a look
    assert len(bodies(scene, "list_slot_done")) == 1


def test_two_lists_have_two_colours_and_a_slot_of_both_shows_the_older_ones(scene: RackScene) -> None:
    give(scene, "o1", "light_list", a_list(scene, A1, A2))
    assert give(scene, "o2", "light_list", a_list(scene, A2, A3, list_id="L-2")) == "another list is lit in blue"
    assert give(scene, "o3", "light_list", a_list(scene, A2, A3, list_id="L-2", colour="violet")) is None
    assert scene.indicator.signs == {"A-01": "blue blinking", "A-02": "blue", "A-03": "violet"}
    give(scene, "o4", "stop_list", {"list_id": "L-1"})
    assert scene.indicator.signs == {"A-01": "off", "A-02": "violet blinking", "A-03": "violet"}
    assert bodies(scene, "list_ended") == [{"station": "rack-1", "list_id": "L-1", "how": "stopped", "left": [A1, A2]}]


def test_a_list_survives_a_restart_with_what_was_done_and_needs_no_network(tmp_path: Path) -> None:
    hands = Hands()
    with rack_scene(tmp_path, hands, slots=3) as scene:
        settle(scene)
        give(scene, "o1", "light_list", a_list(scene, A1, A2, A3))
        lay(scene, "A-01", occupied=True)
    with rack_scene(tmp_path, hands, slots=3, laid=("A-01", "A-02")) as scene:  # A-02 was filled meanwhile
        settle(scene)
        assert [body["slot"] for body in bodies(scene, "list_slot_done")] == [A1, A2]
        assert scene.indicator.signs["A-03"] == "blue blinking"
        lay(scene, "A-03", occupied=True)
        assert [body["how"] for body in bodies(scene, "list_ended")] == ["done"]
    with rack_scene(tmp_path, hands, slots=3, laid=("A-01", "A-02", "A-03")) as scene:
        settle(scene)
        assert scene.indicator.signs == {}
        assert len(bodies(scene, "list_ended")) == 1


@pytest.mark.parametrize("restart", [False, True])
def test_no_list_is_lit_for_ever_whatever_its_order_and_the_clock_say(tmp_path: Path, restart: bool) -> None:
    hands = Hands()
    with rack_scene(tmp_path, hands, slots=3) as scene:
        settle(scene)
        until = time_text(hands.now + timedelta(days=300))
        give(scene, "o1", "light_list", a_list(scene, A1, until=until))
        if not restart:
            hands.pass_(12 * 3600)
            scene.station.tick()
            assert [body["how"] for body in bodies(scene, "list_ended")] == ["expired"]
            assert scene.indicator.signs["A-01"] == "off"
            return
    with rack_scene(tmp_path, hands, slots=3) as scene:
        scene.station.tick()
        assert scene.indicator.signs["A-01"] == "blue blinking"
        hands.pass_(12 * 3600)
        scene.station.tick()
        assert bodies(scene, "list_ended")[-1]["left"] == [A1]


def test_orders_about_lists_are_done_once_and_refused_with_a_reason(scene: RackScene) -> None:
    assert give(scene, "o1", "light_list", a_list(scene, A1, "nj01/S-9")) == "no slot nj01/S-9 here"
    past = time_text(scene.hands.now - timedelta(minutes=1))
    assert give(scene, "o2", "light_list", a_list(scene, A1, until=past)) == (
        "it was to be lit until a time that is over"
    )
    assert "ValidationError" in (give(scene, "o3", "light_list", a_list(scene)) or "")
    assert give(scene, "o4", "stop_list", {"list_id": "L-1"}) is None
    assert give(scene, "o5", "light_list", a_list(scene, A1)) == "the list was stopped"
    assert scene.indicator.signs == {}
    assert ListBook(scene.journal.reads, scene.hands.clock).lists == {}


def test_a_list_permits_nothing(scene: RackScene) -> None:
    give(scene, "o1", "light_list", a_list(scene, A1))
    scene.show(person("LI"), package("A"), slot("A-01"), seconds=1)
    assert scene.outcomes == ["no_permit"]
