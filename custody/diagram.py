"""A rule pack as a picture and as tables, in Mermaid and Markdown: for the papers and for whoever signs it. Pure."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from custody.rule_pack import RulePack, Step
from custody.things import Action, State

GATE = {"zh": "门口", "en": "gate"}
HEADS = {
    "zh": ("动作", "从", "到", "须有", "须备", "规则"),
    "en": ("action", "from", "to", "hands", "needs", "rule"),
}


def mermaid(pack: RulePack, language: str) -> str:
    """The states and steps as a Mermaid state diagram (mermaid.js.org, stateDiagram-v2)."""
    lines = ["stateDiagram-v2", "    direction LR"]
    lines += [f'    state "{told[language]}" as {state}' for state, told in pack.states.items()]
    lines += [f"    [*] --> {state}" for state, told in pack.states.items() if told.get("start")]
    for (state, action), step in pack.steps.items():
        if step.to(state) is not state:
            lines.append(f"    {state} --> {step.to(state)} : {_name(pack, action, language)}")
    lines += [f"    {state} --> [*]" for state, told in pack.states.items() if told.get("final")]
    return "\n".join(lines) + "\n"


def steps_table(pack: RulePack, language: str) -> list[tuple[str, ...]]:
    """A row a step, headed by HEADS: what, from, to, whose hands, what must be there, the rule's wording."""
    rows: list[tuple[str, ...]] = []
    for step, sources in _grouped(pack).items():
        rows.append((
            _name(pack, step.action, language),
            ", ".join(pack.states[state][language] for state in sources),
            "=" if step.target is None else pack.states[step.target][language],
            GATE[language] if step.by_gate else _hands(pack, step, language),
            ", ".join(step.needs),
            f"{pack.wording[step.rule][language]} ({step.rule})",
        ))  # fmt: skip
    return rows


def limits_table(pack: RulePack, language: str) -> list[tuple[str, str, str]]:
    """A row a time limit: its name, how long, on what it is based."""
    written = pack.section("limits")
    return [(name, _long(lasts), written[name]["basis"][language]) for name, lasts in pack.limits.items()]


def _grouped(pack: RulePack) -> Mapping[Step, list[State]]:
    found: dict[Step, list[State]] = {}
    for (state, _), step in pack.steps.items():
        found.setdefault(step, []).append(state)
    return found


def _hands(pack: RulePack, step: Step, language: str) -> str:
    roles = pack.section("roles")
    seats = [" / ".join(_told(roles, role, language) for role in sorted(seat)) for seat in step.seats]
    more = [" / ".join(_told(roles, role, language) for role in sorted(seat)) for seat in step.more]
    return " + ".join([*seats, *(f"({seat})" for seat in more)])


def _told(names: Mapping[str, Any], name: str, language: str) -> str:
    return str(names.get(name, {}).get(language, name))


def _name(pack: RulePack, action: Action, language: str) -> str:
    return _told(pack.section("actions"), action, language)


def _long(lasts: timedelta) -> str:
    return f"{lasts.days} d" if lasts.days and not lasts.seconds else f"{lasts // timedelta(hours=1)} h"


def markdown(heads: tuple[str, ...], rows: list[Any]) -> Iterator[str]:
    """A table in Markdown."""
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
