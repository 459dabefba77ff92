"""The rule pack: the book of rules as data, named by the hash of its content (J1, N5).

Read from YAML by whoever has files; here it is only checked and asked.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from custody.decisions import Allowed, Decision, Reason, Refused
from custody.errors import RulePackError
from custody.things import Action, Direction, State
from proof.canonical import canonical

GATE_VALID = "gate.permit.valid"
"""The rule by which a passage is allowed."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One step an item may take."""

    action: Action
    from_state: State
    to_state: State
    rule: str


@dataclass(frozen=True, slots=True)
class RulePack:
    """The rules in force: steps, who must be present, how long a permit may last, and each rule's wording."""

    name: str
    version: str
    hash: str
    transitions: Mapping[tuple[State, Action], Transition]
    refusals: Mapping[Reason, str]
    people_required: Mapping[Direction, int]
    presence: timedelta
    permit_longest: timedelta
    wording: Mapping[str, Mapping[str, str]]
    content: Mapping[str, Any] = field(repr=False)

    def refuse(self, reason: Reason, subject: str) -> Refused:
        """The refusal for `reason` with the rule this pack gives for it."""
        return Refused(reason, self.refusals[reason], subject)

    def step(self, thing: str, state: State, action: Action) -> Transition | Refused:
        """The step that `action` is from `state`, or the refusal of a skipped or reversed step (J25)."""
        return self.transitions.get((state, action)) or self.refuse(Reason.WRONG_STATE, thing)

    def may(self, thing: str, state: State, action: Action) -> Decision:
        """Whether `action` may be done in `state`."""
        step = self.step(thing, state, action)
        return step if isinstance(step, Refused) else Allowed(step.rule)


def pack_hash(content: Mapping[str, Any]) -> str:
    """The name of a pack's content: hex SHA-256 of its canonical bytes."""
    return hashlib.sha256(canonical(content)).hexdigest()


def parse_rule_pack(content: Mapping[str, Any]) -> RulePack:
    """The pack that `content` (parsed YAML) describes. Raises RulePackError with every fault at once."""
    faults: list[str] = []
    transitions: dict[tuple[State, Action], Transition] = {}
    wording = _mapping(content, "rules", faults)
    for number, row in enumerate(_list(content, "transitions", faults), start=1):
        try:
            step = Transition(Action(row["action"]), State(row["from"]), State(row["to"]), str(row["rule"]))
        except (KeyError, TypeError, ValueError) as error:
            faults.append(f"transitions, row {number}: {error}")
            continue
        if (step.from_state, step.action) in transitions:
            faults.append(f"transitions, row {number}: a second way to {step.action} from {step.from_state}")
        transitions[step.from_state, step.action] = step
        _worded(step.rule, wording, faults)
    refusals: dict[Reason, str] = {}
    stated = _mapping(content, "refusals", faults)
    for reason in Reason:
        if reason not in stated:
            faults.append(f"refusals: no rule for {reason}")
            continue
        refusals[reason] = str(stated[reason])
        _worded(refusals[reason], wording, faults)
    faults += [f"refusals: {name} is no reason" for name in stated if name not in set(Reason)]
    _worded(GATE_VALID, wording, faults)
    gate = _mapping(content, "gate", faults)
    people = gate.get("people_required")
    people = people if isinstance(people, Mapping) else {}
    required = {way: _positive(people.get(way), f"gate.people_required.{way}", faults) for way in Direction}
    presence = timedelta(seconds=_positive(gate.get("presence_s"), "gate.presence_s", faults))
    longest = timedelta(hours=_positive(gate.get("permit_longest_h"), "gate.permit_longest_h", faults))
    if faults:
        raise RulePackError(faults)
    return RulePack(
        str(content.get("name")), str(content.get("version")), pack_hash(content), transitions, refusals,
        required, presence, longest, wording, content,
    )  # fmt: skip


def _mapping(content: Mapping[str, Any], name: str, faults: list[str]) -> Mapping[str, Any]:
    value = content.get(name)
    if isinstance(value, Mapping):
        return value
    faults.append(f"{name}: missing, or not a mapping")
    return {}


def _list(content: Mapping[str, Any], name: str, faults: list[str]) -> list[Any]:
    value = content.get(name)
    if isinstance(value, list) and value:
        return value
    faults.append(f"{name}: missing, or not a list")
    return []


def _worded(rule: str, wording: Mapping[str, Any], faults: list[str]) -> None:
    text = wording.get(rule)
    if not isinstance(text, Mapping) or not all(text.get(language) for language in ("zh", "en")):
        fault = f"rules: {rule} has no wording in zh and en"
        if fault not in faults:
            faults.append(fault)


def _positive(value: Any, name: str, faults: list[str]) -> int:
    if type(value) is int and value > 0:
        return value
    faults.append(f"{name}: must be a whole number above 0")
    return 1
