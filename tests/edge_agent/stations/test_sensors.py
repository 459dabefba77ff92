"""What sensors say becomes readings at a pace, and evidence; a contact that chatters fills no journal."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.stations.gauges import Edges, Gauge, Pace
from tests.edge_agent.hands import full_disk
from tests.edge_agent.sensor_scene import Room, a_room


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with a_room(tmp_path) as room:
        yield room


def values(room: Room) -> list[float]:
    return [body["value"] for body in room.of("reading")]


def test_a_reading_says_what_was_measured_where_and_its_extremes_since_the_last(room: Room) -> None:
    room.measure(20.004)
    for value in (20.2, 25.0, 14.0, 20.1):
        room.measure(value, after_s=1)
    room.tick(10)
    first, second = room.facts
    assert (first.kind, first.device) == ("reading", "room.air")
    assert first.body == {
        "station": "room", "measures": "temperature", "value": 20.0, "unit": "°C", "low": 20.0, "high": 20.0,
    }  # fmt: skip
    assert second.body == {**first.body, "value": 20.1, "low": 14.0, "high": 25.0}


def test_a_change_within_the_deadband_is_told_only_when_it_is_time(room: Room) -> None:
    room.measure(20.0)
    for _ in range(80):
        room.measure(20.4, after_s=10)
        room.tick(0)
    assert values(room) == [20.0]
    room.measure(20.5, after_s=10)
    assert values(room) == [20.0, 20.5]
    for _ in range(90):
        room.measure(20.3, after_s=10)
    assert values(room) == [20.0, 20.5, 20.3]


def test_a_value_that_jumps_about_is_told_at_most_so_often_and_one_that_is_silent_not_at_all(room: Room) -> None:
    for number in range(1000):
        room.measure(20 + number % 2 * 5, after_s=0.1)
    assert 10 <= len(values(room)) <= 11
    room.tick(10)
    told = len(values(room))
    room.tick(10_000)
    assert len(values(room)) == told


def test_each_value_of_a_sensor_has_its_own_pace_and_one_without_a_deadband_is_told_at_any_change(room: Room) -> None:
    room.measure(20.0)
    room.measure(40.0, "humidity")
    room.measure(20.1, after_s=10)
    room.measure(40.1, "humidity")
    room.measure(40.1, "humidity", after_s=10)
    assert [(body["measures"], body["value"]) for body in room.of("reading")] == [
        ("temperature", 20.0), ("humidity", 40.0), ("humidity", 40.1),
    ]  # fmt: skip


def test_what_nobody_knows_is_not_told(room: Room) -> None:
    room.measure(5.0, "moonlight")
    assert room.facts == []


def test_contacts_are_evidence_and_after_a_start_only_news_is_told(room: Room) -> None:
    room.power.say("power_lost", False)
    room.power.say("power_lost", True)
    room.seal.say("tilted", True)
    room.panel.say("roof", True)
    told = [(fact.device, fact.body) for fact in room.facts]
    power = {"station": "room", "sensor": "ups", "contact": "power_lost"}
    assert told == [
        ("room.power", {**power, "active": False}),
        ("room.power", {**power, "active": True}),
        ("room.seal", {"station": "room", "sensor": "tilt", "contact": "tilted", "active": True}),
        ("room.panel", {"station": "room", "sensor": "alarmpanel", "contact": "roof", "active": True}),
    ]
    room.open()
    room.power.say("power_lost", True)
    room.seal.say("tilted", False)
    assert [fact.body["active"] for fact in room.facts[4:]] == [False]


def test_a_thousand_edges_a_second_are_a_few_facts_and_a_count_that_misses_none(room: Room) -> None:
    room.seal.say("tilted", False)
    for number in range(5000):
        room.hands.pass_(0.001)
        room.seal.say("tilted", number % 2 == 0)
        if number % 200 == 0:
            room.station.tick()
    room.seal.say("tilted", True)
    room.tick(1.1)
    singly, (chatter,) = room.of("contact_changed"), room.of("contact_chattered")
    assert len(singly) == 20
    assert len(singly) + chatter["edges"] == 5002
    assert chatter["active"] is True
    assert chatter["since"] < room.facts[-1].at
    room.open()
    room.seal.say("tilted", True)
    assert len(room.facts) == 21  # how it ended is known


def test_one_that_chatters_for_an_hour_is_told_of_once_a_minute(room: Room) -> None:
    for number in range(36_000):
        room.hands.pass_(0.1)
        room.seal.say("tilted", number % 2 == 0)
        room.station.tick()
    chatter = room.of("contact_chattered")
    assert 40 <= len(chatter) <= 60
    room.station.stop()
    counted = sum(body["edges"] for body in room.of("contact_chattered"))
    assert counted + len(room.of("contact_changed")) == 36_000


@pytest.mark.parametrize("seed", range(5))
def test_whatever_a_contact_does_no_change_is_lost_and_the_bound_holds(seed: int) -> None:
    dice, now, told, counted = random.Random(seed), 0, 0, 0
    edges = Edges(burst=5, each_us=1_000_000)
    for number in range(20_000):
        now += dice.choice((10, 1000, 100_000, 1_500_000))
        if edges.due(now):
            counted += edges.tell(now)
        told += edges.take(number % 2 == 0, now)
    assert told + counted + edges.excess == 20_000
    assert told <= 5 + now // 1_000_000 + 1


def test_a_contact_that_changes_now_and_then_is_always_told_by_itself() -> None:
    edges = Edges(burst=2, each_us=3_000_000)
    assert all(edges.take(number % 2 == 0, number * 3_000_000) for number in range(100))


def test_with_a_full_disk_contacts_are_owed_and_told_when_there_is_room(room: Room) -> None:
    with full_disk():
        room.power.say("power_lost", True)
        room.tick(2)
    room.tick(2)
    assert [fact.kind for fact in room.facts] == ["recording_blocked", "contact_changed"]


def test_a_gauge_is_due_by_its_extremes_too() -> None:
    pace = Pace(deadband={"co2": 50}, at_most_us=10, at_least_us=1000)
    gauge = Gauge("co2")
    gauge.take(400)
    assert gauge.due(pace, 0)
    gauge.tell(0)
    gauge.take(460)
    assert not gauge.due(pace, 9)
    gauge.take(401)
    assert gauge.due(pace, 10)
