"""The rules of alarms: read from the pack, every fault with its place, found by the events that concern them."""

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custody.alarm_rules import SECTION, Event, Hours, Rules, faults, rules_of
from custody.errors import RulePackError
from custody.pack_reader import parse_rule_pack
from custody.rule_pack import RulePack
from wire.rule_packs import load_rule_pack

PACK = load_rule_pack()
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
NAME = {"zh": "门", "en": "Door"}
COUNT: dict[str, Any] = {
    "name": NAME, "severity": "major", "when": "count", "sees": {"kind": "door_decided", "outcome": "refused"},
    "by": ["agent", "station"], "times": 3, "within_s": 60,
}  # fmt: skip


def rules(**told: Any) -> Rules:
    """The rules `told`, as a pack with nothing else of them has them."""
    content = json.loads(json.dumps(dict(PACK.content)))
    content[SECTION] = told
    return rules_of(parse_rule_pack(content))


def event(kind: str, at: datetime = NOON, **told: Any) -> Event:
    return Event(kind, at, at, {"agent": "nj01.a", **told})


def test_the_pack_that_ships_has_rules_and_one_without_any_is_right() -> None:
    assert {"repeated_refusals", "climate_hot", "zone_full"} <= set(rules_of(PACK).all)
    content = {name: told for name, told in PACK.content.items() if name != SECTION}
    without: RulePack = parse_rule_pack(json.loads(json.dumps(content)))
    assert (rules_of(without).all, rules_of(without).kinds) == ({}, frozenset())


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"name": {"zh": "门"}}, "name"),
        ({"severity": "loud"}, "severity"),
        ({"when": "sometimes"}, "when"),
        ({"by": []}, "by"),
        ({"by": "agent"}, "by"),
        ({"times": 1}, "times"),
        ({"times": True}, "times"),
        ({"within_s": 0}, "within_s"),
        ({"within_s": 32 * 86_400}, "within_s"),
        ({"within_s": None}, "within_s"),
        ({"then": {"kind": "door_opened"}}, "then"),
        ({"sees": {"outcome": "refused"}}, "sees.kind"),
        ({"sees": {"kind": []}}, "sees.kind"),
        ({"sees": {"kind": "alarm_raised"}}, "sees.kind"),
        ({"sees": {"kind": "door_decided", "people": [["a"]]}}, "sees.people"),
        ({"sees": {"kind": "door_opened", "outside": {"days": [0], "begin": "08:00", "end": "18:00", "zone": "UTC"}}},
         "sees.outside"),
        ({"sees": {"kind": "door_opened", "outside": {"days": [1], "begin": "8", "end": "18:00", "zone": "Mars/Base"}}},
         "sees.outside"),
        ({"when": "threshold"}, "field"),
        ({"when": "threshold", "field": "value"}, ""),
        ({"when": "threshold", "field": "value", "at_least": 1, "at_most": 2}, ""),
        ({"when": "threshold", "field": "value", "at_least": "hot"}, "at_least"),
        ({"when": "threshold", "field": "value", "at_least": 30, "over": 31}, "over"),
        ({"when": "threshold", "field": "value", "at_most": 0, "over": -1}, "over"),
        ({"when": "rate", "field": "value", "change": 0}, "change"),
        ({"when": "rate", "field": "value", "change": 5, "over": 6}, "over"),
        ({"when": "absence"}, "for_s"),
        ({"when": "sequence"}, "then"),
    ],
)  # fmt: skip
def test_every_fault_is_told_with_its_place(change: dict[str, Any], at: str) -> None:
    told = {**copy.deepcopy(COUNT), **change}
    places = {".".join(map(str, fault.at)) for fault in faults({"door": told})}
    assert f"{SECTION}.door.{at}".rstrip(".") in places
    with pytest.raises(RulePackError):
        rules(door=told)


@pytest.mark.parametrize("told", [[], {"door": []}, {"Door": COUNT}, {"d" * 41: COUNT}])
def test_what_are_no_rules_is_told(told: Any) -> None:
    assert list(faults(told))


def test_a_right_rule_has_no_fault() -> None:
    assert not list(faults({"door": COUNT}))


def test_hours_of_work_are_those_of_the_zone_and_may_go_over_midnight() -> None:
    told = {"days": [1, 2, 3, 4, 5], "begin": "07:30", "end": "19:00", "zone": "Asia/Shanghai"}
    sees = {"kind": "door_opened", "outside": told}
    pattern = rules(door={**COUNT, "sees": sees}).all["door"].sees
    thursday = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # 07:30 in Shanghai
    assert event("door_opened", thursday) not in pattern
    assert event("door_opened", thursday - timedelta(seconds=1)) in pattern
    assert event("door_opened", thursday + timedelta(hours=11, minutes=30)) in pattern
    assert event("door_opened", thursday + timedelta(days=2, hours=2)) in pattern  # Saturday
    night = rules(door={**COUNT, "sees": {"kind": "x", "outside": told | {"begin": "22:00", "end": "06:00"}}})
    hours = night.all["door"].sees.outside
    assert isinstance(hours, Hours)
    friday_night = datetime(2026, 11, 27, 15, tzinfo=UTC)  # 23:00
    assert friday_night in hours
    assert friday_night + timedelta(hours=6) in hours  # Saturday morning belongs to Friday's night
    assert friday_night + timedelta(hours=24) not in hours


def test_only_the_rules_that_an_event_concerns_are_asked() -> None:
    many = {
        f"hot_{number}": {
            "name": NAME, "severity": "info", "when": "threshold", "field": "value", "at_least": 30, "by": ["device"],
            "sees": {"kind": "reading", "device": f"room.{number}", "measures": "temperature"},
        } for number in range(1000)
    }  # fmt: skip
    found = rules(**many, door=COUNT)
    assert found.kinds == {"reading", "door_decided"}
    assert [rule.code for rule in found.concerned(event("reading", device="room.7"))] == ["hot_7"]
    assert [rule.code for rule in found.concerned(event("door_decided", outcome="refused"))] == ["door"]
    assert not list(found.concerned(event("reading", device=["room.7"])))
    assert not list(found.concerned(event("heartbeat")))


def test_a_place_is_named_by_what_the_event_says() -> None:
    rule = rules(door=COUNT).all["door"]
    assert rule.place_of(event("door_decided", station="store")) == "nj01.a:store"
    assert rule.place_of(event("door_decided")) is None
