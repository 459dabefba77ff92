"""What a pack says of analysis, and what one that says it wrongly is told."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from custody.analysis_rules import NUMBERS, rules_of
from custody.errors import RulePackError
from custody.pack_reader import parse_rule_pack
from wire.rule_packs import load_rule_pack

PACK = load_rule_pack()


def broken(change: Callable[[dict[str, Any]], object]) -> list[str]:
    content = json.loads(json.dumps(dict(PACK.content)))
    change(content["analysis"])
    with pytest.raises(RulePackError) as told:
        parse_rule_pack(content)
    return [str(fault) for fault in told.value.faults]


def test_the_shipped_pack_says_when_each_kind_stands_out_and_why() -> None:
    rules = rules_of(PACK)
    assert rules is not None
    assert set(rules.kinds) == set(NUMBERS)
    pair = rules.kinds["same_pair"]
    assert (pair.chance, pair.number("weight"), pair.told["by"][0]) == (0.001, 9, "approver")
    assert rules.kinds["after_hours"].share == 0.05
    assert all(each.basis["zh"] and each.basis["en"] for each in rules.kinds.values())


def test_a_pack_may_say_nothing_of_it_or_of_a_kind() -> None:
    content = json.loads(json.dumps(dict(PACK.content)))
    del content["analysis"]["kinds"]["dwell"]
    less = rules_of(parse_rule_pack(content))
    assert less is not None
    assert "dwell" not in less.kinds
    del content["analysis"]
    assert rules_of(parse_rule_pack(content)) is None


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda told: told.update(longest_days=0), "analysis.longest_days"),
        (lambda told: told.update(kinds=[]), "analysis:"),
        (lambda told: told["kinds"].update(guesses={}), "analysis.kinds.guesses"),
        (lambda told: told["kinds"].update(dwell=3), "analysis.kinds.dwell"),
        (lambda told: told["kinds"]["same_pair"].update(chance_ppm=0.5), "analysis.kinds.same_pair.chance_ppm"),
        (lambda told: told["kinds"]["same_pair"].update(chance_ppm=True), "analysis.kinds.same_pair.chance_ppm"),
        (lambda told: told["kinds"]["same_pair"].update(weight=11), "analysis.kinds.same_pair.weight"),
        (lambda told: told["kinds"]["same_pair"].pop("sample_at_least"), "analysis.kinds.same_pair.sample_at_least"),
        (lambda told: told["kinds"]["same_pair"].update(by=["boss"]), "analysis.kinds.same_pair.by.0"),
        (lambda told: told["kinds"]["dwell"].update(stages=[]), "analysis.kinds.dwell.stages"),
        (lambda told: told["kinds"]["dwell"].update(basis={"zh": "只有中文"}), "analysis.kinds.dwell.basis"),
        (lambda told: told["kinds"]["dwell"].update(sperad=4), "analysis.kinds.dwell.sperad"),
        (lambda told: told["kinds"]["lead_time"].update(breaches=[]), "analysis.kinds.lead_time.breaches"),
        (lambda told: told["kinds"]["lead_time"]["breaches"][0].pop("breach"), "analysis.kinds.lead_time.breaches.0"),
        (lambda t: t["kinds"]["lead_time"]["breaches"][0].update(warned_by=[]), "analysis.kinds.lead_time.breaches.0"),
        (lambda t: t["kinds"]["lead_time"]["breaches"][0].update(warned_by="x"), "analysis.kinds.lead_time.breaches.0"),
    ],
)
def test_each_fault_is_told_with_its_place(change: Callable[[dict[str, Any]], object], place: str) -> None:
    assert [fault for fault in broken(change) if fault.startswith(place)]
