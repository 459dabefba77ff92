"""Who hears of an alarm, and who else when nobody takes notice of it (N13)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from custody.alarms import answer_within, chain_of, clear_codes, hears, level_at, longest_shelving, waited
from custody.errors import RulePackError
from custody.pack_reader import parse_rule_pack
from custody.roles import Role
from custody.rule_pack import RulePack
from wire.rule_packs import load_rule_pack

PACK = load_rule_pack()
SECOND = timedelta(seconds=1)
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def changed(**sections: Any) -> RulePack:
    content = json.loads(json.dumps(dict(PACK.content)))
    content["alarms"] |= sections
    return parse_rule_pack(content)


def test_a_rung_is_reached_at_its_second_and_not_before() -> None:
    for number, rung in enumerate(chain_of(PACK, "critical")):
        assert level_at(PACK, "critical", rung.after) == number
        assert level_at(PACK, "critical", rung.after - SECOND) == max(0, number - 1)
    assert level_at(PACK, "critical", timedelta(days=9)) == len(chain_of(PACK, "critical")) - 1
    assert level_at(PACK, "info", timedelta(days=9)) == 0


def test_each_role_hears_from_its_first_rung_on() -> None:
    assert hears(PACK, frozenset({Role.OPERATOR})) == {"info": 0, "warning": 0, "major": 0, "critical": 0}
    assert hears(PACK, frozenset({Role.SUPERVISOR})) == {"warning": 1, "major": 1, "critical": 1}
    assert hears(PACK, frozenset({Role.LEADER})) == {"major": 2, "critical": 2}
    assert hears(PACK, frozenset({Role.AUDITOR})) == {}


def test_what_was_set_aside_waits_from_when_that_ended() -> None:
    assert waited(NOON, None, NOON + SECOND) == SECOND
    assert waited(NOON, NOON + 5 * SECOND, NOON + 6 * SECOND) == SECOND


def test_a_pack_that_says_nothing_lets_all_who_clear_alarms_hear_of_them() -> None:
    content = json.loads(json.dumps(dict(PACK.content)))
    del content["alarms"]
    old = parse_rule_pack(content)
    assert hears(old, frozenset({Role.OPERATOR})) == dict.fromkeys(("info", "warning", "major", "critical"), 0)
    assert hears(old, frozenset({Role.LEADER})) == {}
    assert (clear_codes(old), longest_shelving(old)) == (None, timedelta(hours=24))


def test_what_is_over_by_itself_is_answered_where_the_pack_says_so() -> None:
    assert answer_within(PACK) == dict.fromkeys(("critical", "major"), timedelta(hours=48))
    content = json.loads(json.dumps(dict(PACK.content)))
    del content["alarms"]["answers"]
    assert answer_within(parse_rule_pack(content)) == {}


CHAINS = json.loads(json.dumps(PACK.content["alarms"]["chains"]))


@pytest.mark.parametrize(
    ("sections", "at"),
    [
        ({"chains": CHAINS | {"info": []}}, ("chains", "info")),
        ({"chains": {name: rungs for name, rungs in CHAINS.items() if name != "major"}}, ("chains", "major")),
        ({"chains": CHAINS | {"info": [{"after_s": 5, "roles": ["operator"]}]}}, ("chains", "info", 0, "after_s")),
        (
            {"chains": CHAINS | {"info": [*CHAINS["info"], {"after_s": 0, "roles": ["leader"]}]}},
            ("chains", "info", 1, "after_s"),
        ),
        ({"chains": CHAINS | {"info": [{"after_s": 0, "roles": []}]}}, ("chains", "info", 0, "roles")),
        ({"chains": CHAINS | {"info": [{"after_s": 0, "roles": ["king"]}]}}, ("chains", "info", 0, "roles", 0)),
        ({"chains": CHAINS | {"info": ["operator"]}}, ("chains", "info", 0)),
        ({"shelve_longest_h": 0}, ("shelve_longest_h",)),
        ({"answers": {"severities": ["major"]}}, ("answers",)),
        ({"answers": {"severities": [], "within_h": 1}}, ("answers", "severities")),
        ({"answers": {"severities": ["grave"], "within_h": 1}}, ("answers", "severities")),
        ({"answers": {"severities": ["major"], "within_h": 0}}, ("answers", "within_h")),
        ({"clear_codes": {}}, ("clear_codes",)),
        ({"clear_codes": {"test": {"zh": "测试"}}}, ("clear_codes", "test")),
    ],
)
def test_what_is_wrong_with_the_section_is_told_with_its_place(sections: Any, at: tuple[Any, ...]) -> None:
    with pytest.raises(RulePackError) as caught:
        changed(**sections)
    assert [fault.at for fault in caught.value.faults] == [("alarms", *at)]
