"""The rule pack: steps not written down are refused, and a pack that does not hold together is not put in force."""

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from custody.decisions import Reason, Refused
from custody.errors import RulePackError
from custody.pack_reader import parse_rule_pack, start_faults
from custody.rule_pack import Step
from custody.things import Action, Kind, State
from wire.rule_packs import DEFAULT_PACK, check_file, load_rule_pack, told

PACK = load_rule_pack()


def content() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(DEFAULT_PACK.read_text("utf-8"))
    return loaded


def legal() -> dict[tuple[str, str], str]:
    """State and action → where it leads, as the file says it, read without the program."""
    book, found = content(), {}
    open_states = [name for name, says in book["states"].items() if not says.get("final")]
    for row in book["steps"]:
        for state in open_states if row["from"] == "any" else row["from"]:
            found[state, row["action"]] = state if row["to"] == "same" else row["to"]
    return found


LEGAL = legal()


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("action", Action)
def test_every_step_is_either_written_down_or_refused(state: State, action: Action) -> None:
    """J25: the walk over every pair; what is not in the book cannot be done."""
    step = PACK.step("nj01/I-1", state, action)
    if (state.value, action.value) in LEGAL:
        assert isinstance(step, Step)
        assert step.to(state) == LEGAL[state.value, action.value]
    else:
        assert step == Refused(Reason.WRONG_STATE, "custody.order-of-steps", "nj01/I-1")


def test_the_default_pack_uses_every_state_and_action_and_no_two_seats_are_one_person() -> None:
    assert set(PACK.states) == set(State)
    assert {action for _, action in PACK.steps} == set(Action) - {Action.REGISTER}
    assert PACK.starts(Kind.ITEM) == [State.INTAKE, State.OPENED]


def test_the_hash_names_the_content_not_the_spelling() -> None:
    again = content()
    assert parse_rule_pack(dict(reversed(again.items()))).hash == PACK.hash
    again["gate"]["presence_s"] += 1
    assert parse_rule_pack(again).hash != PACK.hash


def _row(book: dict[str, Any], action: str) -> dict[str, Any]:
    row: dict[str, Any] = next(row for row in book["steps"] if row["action"] == action)
    return row


FAULTS: dict[str, tuple[Any, str]] = {
    "an unreachable state": (lambda b: _row(b, "declare_missing").update(to="stored"), "states.missing: nothing leads"),
    "a cycle without exit": (lambda b: _row(b, "found").update(to="missing"), "states.missing: no way leads from it"),
    "a step out of an end": (lambda b: _row(b, "weigh")["from"].append("destroyed"), "destroyed is final, yet weigh"),
    "no start": (lambda b: [s.pop("start", None) for s in b["states"].values()], "no state is a start"),
    "an unknown role": (lambda b: _row(b, "place").update(seats=[["butler"]]), "seats.0.0: 'butler' is no role"),
    "an empty seat": (lambda b: _row(b, "place").update(seats=[[]]), "seats.0: nobody may sit there"),
    "no hand at all": (lambda b: _row(b, "place").update(seats=[]), "at least one hand is needed"),
    "an unknown state": (lambda b: _row(b, "place").update(to="lost"), "'lost' is no state"),
    "an unknown action": (lambda b: _row(b, "place").update(action="hide"), "'hide' is no action"),
    "an unknown detail": (lambda b: _row(b, "place").update(needs=["luck"]), "'luck' is no detail"),
    "an unknown member": (lambda b: _row(b, "place").update(seat=[]), "steps.5.seat: is not known"),
    "an unknown limit": (lambda b: _row(b, "handover").update(waits="ages"), "'ages' is no limit"),
    "a second way": (lambda b: b["steps"].append(copy.deepcopy(_row(b, "place"))), "a second way to place"),
    "a limit without basis": (lambda b: b["limits"]["hands"].pop("basis"), "limits.hands.basis"),
    "a limit of nothing": (lambda b: b["limits"]["hands"].update(hours=0), "limits.hands.hours: must be"),
    "a reason without rule": (lambda b: b["refusals"].pop("expired"), "no rule for expired"),
    "a rule for no reason": (lambda b: b["refusals"].update(bored="gate.hold"), "'bored' is no reason"),
    "a rule in one language": (lambda b: b["rules"]["gate.hold"].pop("zh"), "rules.gate.hold: has no wording"),
    "nobody at a gate": (lambda b: b["gate"]["people_required"].update(out=0), "gate.people_required.out"),
    "a time that is none": (lambda b: b.update(effective_from="soon"), "effective_from: must be a time"),
    "goods in no zone": (lambda b: b["goods"]["cash"].update(zones=["attic"]), "'attic' is no zone class"),
    "a seal that is no expression": (lambda b: b["seals"].update(number="[" ), "no regular expression"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_each_kind_of_fault_is_found(name: str) -> None:
    bad, (break_it, said) = content(), FAULTS[name]
    break_it(bad)
    with pytest.raises(RulePackError) as caught:
        parse_rule_pack(bad)
    assert said in str(caught.value)


def test_all_faults_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    text = DEFAULT_PACK.read_text("utf-8")
    text = text.replace(
        "seats: [[keeper]], needs: [slot], held: true, rule: custody.place", "seats: [[butler]], rule: x"
    )
    text = text.replace("presence_s: 30", "presence_s: long")
    path = tmp_path / "pack.yaml"
    path.write_text(text, "utf-8")
    pack, faults = check_file(path)
    lines = told(path, faults)
    assert pack is None
    place = next(n for n, line in enumerate(text.splitlines(), 1) if "butler" in line)
    presence = next(n for n, line in enumerate(text.splitlines(), 1) if "presence_s" in line)
    assert any(line.startswith(f"{path}:{place}: steps.5.seats.0.0: 'butler'") for line in lines)
    assert any(line.startswith(f"{path}:{presence}: gate.presence_s") for line in lines)
    assert any("rules.x: has no wording" in line for line in lines)


def test_a_back_dated_start_is_a_fault() -> None:
    """J27: rules take effect only forward."""
    now = datetime(2026, 11, 25, tzinfo=UTC)
    early = parse_rule_pack(content() | {"effective_from": (now - timedelta(seconds=1)).isoformat()})
    assert "rules take effect only forward" in str(start_faults(early, now)[0])
    assert start_faults(parse_rule_pack(content() | {"effective_from": now.isoformat()}), now) == []
    without = content()
    del without["effective_from"]
    assert start_faults(parse_rule_pack(without), now)


@pytest.mark.parametrize("name", ["states", "steps", "refusals", "rules", "gate", "limits", "rights", "goods", "zones"])
def test_a_missing_part_is_a_fault_not_a_crash(name: str) -> None:
    bad = content()
    bad[name] = 3
    with pytest.raises(RulePackError, match=name):
        parse_rule_pack(bad)


def test_a_pack_of_the_first_format_is_still_read() -> None:
    """Cases that were opened under it go on under it."""
    first = yaml.safe_load((Path(__file__).parents[1] / "assets" / "rule_pack_first_format.yaml").read_text("utf-8"))
    pack = parse_rule_pack(first)
    step = pack.step("x", State.SEALED, Action.STOCK_IN)
    assert isinstance(step, Step)
    assert (step.to(State.SEALED), step.by_gate) == (State.STORED, True)
    assert pack.refuse(Reason.WRONG_ROLE, "x").rule == "custody.order-of-steps"
