"""The rule pack: steps not written down are refused, and a pack that does not hold together is not put in force."""

from typing import Any

import pytest
import yaml

from custody.decisions import Allowed, Reason, Refused
from custody.errors import RulePackError
from custody.rule_pack import parse_rule_pack
from custody.things import Action, State
from wire.rule_packs import DEFAULT_PACK, load_rule_pack

PACK = load_rule_pack()
LEGAL = {
    (State.INTAKE, Action.SEAL): State.SEALED,
    (State.SEALED, Action.STOCK_IN): State.STORED,
    (State.STORED, Action.APPROVE_RELEASE): State.RELEASE_APPROVED,
    (State.RELEASE_APPROVED, Action.WITHDRAW_RELEASE): State.STORED,
    (State.RELEASE_APPROVED, Action.STOCK_OUT): State.OUT,
    (State.OUT, Action.STOCK_IN): State.RETURNED,
    (State.RETURNED, Action.SHELVE): State.STORED,
}


def content() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(DEFAULT_PACK.read_text("utf-8"))
    return loaded


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
def test_every_step_is_either_written_down_or_refused(state: State, action: Action) -> None:
    """J25: the walk over every pair; what is not in the book cannot be done."""
    step = PACK.step("nj01/I-1", state, action)
    if (state, action) in LEGAL:
        assert not isinstance(step, Refused)
        assert step.to_state is LEGAL[state, action]
        assert PACK.may("nj01/I-1", state, action) == Allowed(step.rule)
    else:
        assert step == Refused(Reason.WRONG_STATE, "custody.order-of-steps", "nj01/I-1")


def test_the_hash_names_the_content_not_the_spelling() -> None:
    again = content()
    assert parse_rule_pack(dict(reversed(again.items()))).hash == PACK.hash
    again["gate"]["presence_s"] += 1
    assert parse_rule_pack(again).hash != PACK.hash


def test_all_faults_are_named_at_once() -> None:
    bad = content()
    bad["transitions"][0]["to"] = "lost"
    bad["transitions"].append(bad["transitions"][1])
    del bad["refusals"]["expired"]
    bad["refusals"]["bored"] = "gate.hold"
    del bad["rules"]["gate.hold"]["zh"]
    bad["gate"]["people_required"]["out"] = 0
    bad["gate"]["presence_s"] = "long"
    with pytest.raises(RulePackError) as caught:
        parse_rule_pack(bad)
    told = "\n".join(caught.value.faults)
    for fault in (
        "transitions, row 1",
        "a second way to stock_in from sealed",
        "no rule for expired",
        "bored is no reason",
        "gate.hold has no wording",
        "gate.people_required.out",
        "gate.presence_s",
    ):
        assert fault in told
    assert len(caught.value.faults) == 7


@pytest.mark.parametrize("name", ["transitions", "refusals", "rules", "gate"])
def test_a_missing_part_is_a_fault_not_a_crash(name: str) -> None:
    bad = content()
    bad[name] = 3
    with pytest.raises(RulePackError, match=name):
        parse_rule_pack(bad)
